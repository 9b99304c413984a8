"""A word said back to one person by SMS: answers to replies, the one apology, a place given back.

Responsible for the outbox row alone. Must never decide whether somebody is to be told.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from incident import wording
from incident.domain.ids import new_id
from incident.response.withdrawing import PERHAPS_GONE
from incident.store.tables import Incident, Message, Person

NEVER_LEFT = ("created", "cancelled", "validation-failed")
LIVES = timedelta(hours=2)


def case(incident: Incident | None) -> wording.Case:
    if incident is None:
        return wording.Case("", "live", "")
    return wording.Case(incident.code, incident.mode, incident.short_name, incident.title)


def say(
    session: Session,
    house: wording.House,
    person: Person,
    kind: str,
    incident: Incident | None,
    now: datetime,
    **slots: object,
) -> bool:
    """Put the SMS of a kind of `wording.SMS` into the outbox. False when these very words were said to this number
    before: twice they tell nothing new, and could not be told apart at the carrier."""
    address = str(person.phone)
    reader = wording.Reader(name=person.name, xung_ho=person.xung_ho)
    text = wording.sms(kind, house, case(incident), reader, **slots)
    if _was_said(session, address, text.body):
        return False
    id = new_id(now)
    session.add(
        Message(
            id=id,
            dedupe_key=f"reply:{id}",
            incident_id=incident.id if incident else None,
            person_id=person.id,
            kind="reply",
            channel="sms",
            address=address,
            body=text.body,
            encoding=text.encoding,
            parts=text.parts,
            priority=5 if incident is None or incident.mode == "live" else 55,
            drill=bool(incident and incident.mode == "drill"),
            created_at=now,
            not_before=now,
            valid_until=now + LIVES,
        )
    )
    return True


def _was_said(session: Session, address: str, body: str) -> bool:
    """Asked without writing first what is not written yet: of two hundred answers each would be written by itself."""
    for row in session.new:
        if isinstance(row, Message) and (row.address, row.body) == (address, body):
            return True
    with session.no_autoflush:
        said = select(Message.id).where(Message.address == address, Message.body == body).limit(1)
        return session.scalar(said) is not None


def heard_from_us(session: Session, address: str) -> bool:
    """Whether any SMS ever left for this number, or may have."""
    left = select(Message.id).where(
        Message.address == address,
        Message.channel == "sms",
        or_(Message.status.not_in(NEVER_LEFT), PERHAPS_GONE),
    )
    return session.scalar(left.limit(1)) is not None
