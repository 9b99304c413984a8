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
from incident.store.tables import Incident, Link, Message, MessageCause, Person, Revision, Statement

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
    if isinstance(slots.get("what"), str):
        return wording.sms_with_room(kind, house, case, reader, str(slots.pop("what")), **slots)
    return wording.sms(kind, house, case, reader, **slots)


def text_meant(session: Session, revision: Revision) -> str:
    """What is to be approved, as it stands in a sentence: "thông tin ban đầu", "đính chính: thông tin ban đầu"."""
    title = session.get_one(Statement, revision.statement_id).title
    return ": ".join(part[:1].lower() + part[1:] for part in title.split(": "))


def send(
    session: Session,
    desk: Desk,
    incident: Incident,
    person: Person,
    kind: str,
    text: wording.Sms,
    now: datetime,
    request: str | None = None,
) -> bool:
    """Put it into the outbox, ahead of reminders. `request`: the id of what it asks the person to answer. False when the
    person has no number that can be tried."""
    if not casting.reachable(person, desk.sms):
        return False
    text = _told_apart(session, str(person.phone), text, now)
    _put(session, desk, incident, person, kind, "sms", str(person.phone), "", text, now, request)
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
    request: str | None = None,
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
    if request is not None:
        session.add(MessageCause(effect_key=f"direct:{id}", message_id=id, request_id=request))
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
    """A new personal link for one revision. Older ones live out their sixty minutes."""
    return personal_address(session, desk, incident, person_id, "approve", now, revision_id)


def personal_address(
    session: Session,
    desk: Desk,
    incident: Incident,
    person_id: str,
    purpose: str,
    now: datetime,
    revision_id: str | None = None,
) -> str:
    """A new signed link of a purpose (ack | room | approve) for one person. Only its hash is kept."""
    token = new_token()
    session.add(
        Link(
            token_hash=token_hash(token), incident_id=incident.id, person_id=person_id, purpose=purpose,
            revision_id=revision_id, created_at=now,
        )
    )  # fmt: skip
    return f"{desk.settings.public_url}/{'d' if purpose == 'approve' else 'a'}/{token}"
