"""The one SMS for an open incident when the shift changes: to both officers, the head of the task force, its secretary.

Who they are follows from the run; the words are `wording`'s. Must never decide who is on duty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident import wording
from incident.directory import rota
from incident.domain.address import called
from incident.domain.ids import new_id
from incident.report.cards import gather_list
from incident.report.record import IncidentCard
from incident.response import casting
from incident.response.advance import state_of
from incident.response.desk import Desk
from incident.response.telling import DRILL_LATER
from incident.store.tables import Handover, Incident, Message, Person
from playbooks import run as run_state
from playbooks.budget import GAP

CONCERNED = ("to_truong", "thu_ky")
ACCEPTED = "accepted"
WORTH = timedelta(hours=2)  # told later than this, the change is no news
PRIORITY = 20
# That people are missing, never how many: the text may be read over a shoulder, and the room has the number.
STILL: tuple[tuple[str, Callable[[IncidentCard], object]], ...] = (
    ("con nguoi chua tra loi", lambda card: card.missing),
    ("co viec qua han", lambda card: card.overdue),
)


def tell_the_change(
    session: Session,
    desk: Desk,
    row: Handover,
    turn: rota.Turn,
    incidents: Sequence[Incident],
    now: datetime,
) -> None:
    if not desk.sms or now >= row.begins_at + WORTH:
        return
    house = casting.house(session, desk.settings.public_url, desk.two_way)
    free_at: dict[str, datetime] = {}
    for incident in incidents:
        card = gather_list(session, now, only=incident.id)[0]
        officer = session.get_one(Person, turn.person)
        for person in _told(session, incident, row, turn):
            text = _text(house, incident, card, person, officer, row.begins_at)
            at = free_at.get(person.id) or _free(session, person, now)
            free_at[person.id] = at + GAP
            session.add(_message(session, incident, person, text, row, at, now))
    desk.store.after_commit(session, desk.ring)


def _told(session: Session, incident: Incident, row: Handover, turn: rota.Turn) -> list[Person]:
    run = state_of(session, incident.id)
    ids = [row.outgoing, turn.person, row.incoming, *(p for role in CONCERNED for p in _serving(run, role))]
    people = [session.get_one(Person, id) for id in dict.fromkeys(ids)]
    return [person for person in people if casting.reachable(person, True)]


def _serving(run: run_state.Run, role: str) -> Sequence[str]:
    """Whoever has accepted in the role, a stand-in too; until then its holders."""
    seats = [a for step in run.steps.values() for a in step.actors if a.role == role]
    accepted = dict.fromkeys(a.person for a in seats if a.state == ACCEPTED)
    if accepted:
        return list(accepted)
    return run.roles[role].people[:1] if role in run.roles else ()


def _text(
    house: wording.House,
    incident: Incident,
    card: IncidentCard,
    person: Person,
    officer: Person,
    begins_at: datetime,
) -> wording.Sms:
    still = [words for words, true in STILL if true(card)]
    return wording.sms(
        "shift" if still else "shift.clear",
        house,
        wording.Case(incident.code, incident.mode, incident.short_name),
        wording.Reader(person.name, xung_ho=person.xung_ho),
        at=wording.clock(begins_at),
        who=called(officer.xung_ho, officer.name),
        still=", ".join(still).capitalize(),
    )


def _free(session: Session, person: Person, now: datetime) -> datetime:
    """Not within three minutes of what the phone was last told."""
    last = session.scalar(
        select(func.max(Message.not_before)).where(
            Message.address == person.phone, Message.kind != "reply", Message.status != "cancelled"
        )
    )
    return now if last is None else max(now, last + GAP)


def _message(
    session: Session,
    incident: Incident,
    person: Person,
    text: wording.Sms,
    row: Handover,
    not_before: datetime,
    now: datetime,
) -> Message:
    said = select(Message.id).where(Message.address == person.phone, Message.body == text.body)
    if session.scalar(said) is not None:  # the same words could not be told apart at the carrier
        text = wording.told_apart(text, wording.day(row.begins_at))
    drill = incident.mode == "drill"
    return Message(
        id=new_id(now),
        dedupe_key=f"{incident.id}:shift:{row.id}:{person.id}:sms",
        incident_id=incident.id,
        person_id=person.id,
        kind="shift",
        channel="sms",
        address=str(person.phone),
        body=text.body,
        encoding=text.encoding,
        parts=text.parts,
        priority=PRIORITY + (DRILL_LATER if drill else 0),
        drill=drill,
        created_at=now,
        not_before=not_before,
        valid_until=row.begins_at + WORTH,
    )
