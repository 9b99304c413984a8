"""What is said to somebody who picks up the phone we called, and to the key they press.

Reads only: what a key changes is `inbox`'s to say, once it is stored. Whoever picks up hears of nothing that is over: an
answer given elsewhere, or an incident closed meanwhile, ends the call with thanks. Must never know how a phone is told.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident import spoken
from incident.response.advance import state_of
from incident.response.desk import Desk
from incident.response.saying import case
from incident.store.tables import Incident, Message, MessageCause, Person, Request
from incident.wording import Reader
from playbooks.run import OPEN

KEYS = {"1": ("accepted", "heard"), "2": ("declined", "not_now")}  # of a call-up, of an approval
AGAIN = "3"


@dataclass(frozen=True, slots=True)
class Script:
    """`words` to be read; `asks`: a key is awaited after them, and `farewell` said when none comes."""

    words: str
    asks: bool = False
    farewell: str = ""


def picked_up(desk: Desk, message_id: str | None) -> Script:
    """What is read to who picks up, for the message that the call is."""
    with desk.store.reading() as session:
        message = session.get(Message, message_id) if message_id else None
        if message is None or message.person_id is None or message.incident_id is None:
            return Script(spoken.NOBODYS)
        incident = session.get_one(Incident, message.incident_id)
        over = _over(session, message, incident)
        if over:
            return Script(_said(session, message, incident, over))
        return Script(message.body, True, _said(session, message, incident, "silent"))


def key_pressed(desk: Desk, message_id: str | None, key: str) -> Script:
    """What is said to a key; any other key than those offered has the words read again."""
    if key not in KEYS:
        return picked_up(desk, message_id)
    with desk.store.reading() as session:
        message = session.get(Message, message_id) if message_id else None
        if message is None or message.person_id is None or message.incident_id is None:
            return Script(spoken.NOBODYS)
        incident = session.get_one(Incident, message.incident_id)
        kind = "closed" if incident.status != "open" else KEYS[key][message.kind == "approve"]
        return Script(_said(session, message, incident, kind))


def _over(session: Session, message: Message, incident: Incident) -> str:
    """Why nothing is asked any more, as a kind of `spoken.ANSWERS`; empty while it is."""
    if incident.status != "open":
        return "closed"
    waits = _approval_waits if message.kind == "approve" else _request_waits
    return "" if waits(session, message) else "answered"


def _request_waits(session: Session, message: Message) -> bool:
    asked = select(Request.id).join(MessageCause, MessageCause.request_id == Request.id)
    waiting = asked.where(MessageCause.message_id == message.id, Request.state == "asked")
    return session.scalar(waiting.limit(1)) is not None


def _approval_waits(session: Session, message: Message) -> bool:
    run = state_of(session, str(message.incident_id))
    keys = session.scalars(select(MessageCause.effect_key).where(MessageCause.message_id == message.id))
    for key in keys:
        _, step, activation = key.split(":")[:3]
        state = run.steps.get(step)
        if state and state.state in OPEN and str(state.activation) == activation:
            return any(a.person == message.person_id and a.state == "asked" for a in state.actors)
    return False


def _said(session: Session, message: Message, incident: Incident, kind: str) -> str:
    person = session.get_one(Person, str(message.person_id))
    return spoken.answer(kind, case(incident), Reader(name=person.name, xung_ho=person.xung_ho))
