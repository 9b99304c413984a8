"""One notice to many people outside of what the run asks for: that it is over, that it became part of another incident, that
another body has the lead. Nobody answers it. Written in the caller's transaction; must never decide who is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from incident import wording
from incident.domain.ids import new_id
from incident.response import casting
from incident.response.desk import Desk
from incident.store.tables import Incident, Mailing

VALID = timedelta(hours=12)
PRIORITY, DRILL_LATER = 40, 50


def announce(
    session: Session,
    desk: Desk,
    incident: Incident,
    people: Sequence[str],
    now: datetime,
    *,
    step: str,
    purpose: str,
    sms: tuple[str, Mapping[str, object]],
    mail: tuple[str, wording.Facts],
    via: tuple[str, ...] = ("sms", "email"),
) -> None:
    """One mailing to these people. `step` sets the notices of one moment apart; `sms`: a kind of `wording.SMS` and its
    slots, `mail`: a kind of `wording.SUBJECTS` and its facts. While sending is stopped it is kept back."""
    if not people:
        return
    house = casting.house(session, desk.settings.public_url, desk.two_way)
    case = wording.Case(incident.code, incident.mode, incident.short_name, incident.title)
    text = wording.sms(sms[0], house, case, wording.Reader(), **sms[1])
    letter = wording.email(mail[0], house, case, wording.Reader(name="{ten}"), mail[1])
    session.add(
        Mailing(
            id=new_id(now), effect_key=f"{incident.id}:{step}:{incident.chain_seq}", incident_id=incident.id,
            step=step, activation=incident.chain_seq, role="", purpose=purpose, ack=False, via=list(via),
            body=text.body, subject=letter.subject, email_body=letter.body,
            audience=[[person, person] for person in people], total=len(people),
            priority=PRIORITY + (DRILL_LATER if incident.mode == "drill" else 0), critical=False,
            valid_until=now + VALID, created_at=now, done_at=incident.stopped_at,
        )
    )  # fmt: skip
