"""One SMS to one person about one incident, outside of what the run asks for: a receipt, a fresh link, a warning.

Written in the caller's transaction; sending is delivery's. Must never decide whether somebody is told.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident import wording
from incident.domain.ids import new_id, new_token, token_hash
from incident.response import casting
from incident.response.desk import Desk
from incident.store.tables import Incident, Link, Message, Person

VALID = timedelta(hours=6)
DRILL_LATER = 50


def text_to(
    session: Session, desk: Desk, incident: Incident, person: Person, kind: str, **slots: object
) -> wording.Sms:
    """The words of `wording.SMS[kind]` for this person."""
    seen = incident.names.get(person.id, {})
    reader = wording.Reader(name=person.name, xung_ho=person.xung_ho, rank=seen.get("rank", "ngang"))
    house = casting.house(session, desk.settings.public_url, desk.two_way)
    case = wording.Case(incident.code, incident.mode, incident.short_name, incident.title)
    return wording.sms(kind, house, case, reader, **slots)


def send(
    session: Session,
    desk: Desk,
    incident: Incident,
    person: Person,
    kind: str,
    text: wording.Sms,
    now: datetime,
) -> bool:
    """Put it into the outbox, ahead of reminders. False when the person has no number that can be tried."""
    if not casting.reachable(person, desk.sms):
        return False
    text = _told_apart(session, str(person.phone), text, now)
    _put(session, desk, incident, person, kind, "sms", str(person.phone), "", text, now)
    return True


def write(
    session: Session,
    desk: Desk,
    incident: Incident,
    person: Person,
    kind: str,
    mail: wording.Email,
    now: datetime,
) -> bool:
    """The same by letter. False when the person has no address."""
    if not casting.reach(person, desk).email:
        return False
    text = wording.Sms(mail.body, "mail", 1)
    _put(session, desk, incident, person, kind, "email", str(person.email), mail.subject, text, now)
    return True


def _put(
    session: Session,
    desk: Desk,
    incident: Incident,
    person: Person,
    kind: str,
    channel: str,
    address: str,
    subject: str,
    text: wording.Sms,
    now: datetime,
) -> None:
    id = new_id(now)
    session.add(
        Message(
            id=id,
            dedupe_key=f"direct:{id}",
            incident_id=incident.id,
            person_id=person.id,
            kind=kind,
            channel=channel,
            address=address,
            subject=subject,
            body=text.body,
            encoding=text.encoding,
            parts=text.parts,
            priority=10 + (DRILL_LATER if incident.mode == "drill" else 0),
            critical=True,
            drill=incident.mode == "drill",
            created_at=now,
            not_before=now,
            valid_until=now + VALID,
        )
    )
    desk.store.after_commit(session, desk.ring)


def _told_apart(session: Session, address: str, text: wording.Sms, now: datetime) -> wording.Sms:
    """The same words to the same phone could not be told apart at the carrier: the later ones say their time."""
    said = select(Message.id).where(Message.address == address, Message.body == text.body).limit(1)
    if session.scalar(said) is None:
        return text
    return wording.told_apart(text, wording.stamp(now))


def approval_address(
    session: Session, desk: Desk, incident: Incident, person_id: str, revision_id: str, now: datetime
) -> str:
    """A new personal link for one revision. Only its hash is kept; older ones live out their sixty minutes."""
    token = new_token()
    session.add(
        Link(
            token_hash=token_hash(token),
            incident_id=incident.id,
            person_id=person_id,
            purpose="approve",
            revision_id=revision_id,
            created_at=now,
        )
    )
    return f"{desk.settings.public_url}/d/{token}"
