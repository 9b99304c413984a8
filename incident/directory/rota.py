"""The rota of the officers on duty, turn by turn, and who stays responsible until a hand-over is accepted.

The rota says who is due; a hand-over says who has taken over. Between the two, both are on duty for what was already
open. Reads only; must never know an incident: `since` is the moment from which somebody wants to know.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from incident.domain.address import called
from incident.domain.words import Said
from incident.store.tables import Handover, Person, Shift

OFFICER = "on_duty"
LEADER = "lanh_dao_truc"


@dataclass(frozen=True, slots=True)
class Turn:
    id: str
    person: str
    xung_ho: str
    name: str
    starts_at: datetime
    ends_at: datetime

    @property
    def called(self) -> Said:
        """As they are addressed."""
        return called(self.xung_ho, self.name)


def current_turn(session: Session, now: datetime, kind: str = OFFICER) -> Turn | None:
    """The turn that runs now; of several the one that began last."""
    return _first(session, kind, Shift.starts_at <= now, Shift.ends_at > now, Person.active)


def next_turn(session: Session, now: datetime, kind: str = OFFICER) -> Turn | None:
    query = _turns(kind).where(Shift.starts_at > now, Person.active).order_by(None)
    row = session.execute(query.order_by(Shift.starts_at, Shift.id).limit(1)).one_or_none()
    return None if row is None else Turn(*row)


def turn_before(session: Session, turn: Turn) -> Turn | None:
    """Whose turn ran until this one began, if it was another person's."""
    return _first(
        session,
        OFFICER,
        Shift.starts_at < turn.starts_at,
        Shift.ends_at >= turn.starts_at,
        Shift.person != turn.person,
    )


def turns(session: Session, kind: str, start: datetime, end: datetime) -> list[Turn]:
    """Every turn that touches the time from `start` to `end`, in order."""
    query = _turns(kind).where(Shift.starts_at < end, Shift.ends_at > start).order_by(None)
    return [Turn(*row) for row in session.execute(query.order_by(Shift.starts_at, Shift.id))]


def handover_of(session: Session, begins_at: datetime) -> Handover | None:
    return session.scalar(select(Handover).where(Handover.begins_at == begins_at))


def asked_to_take_over(session: Session, turn: Turn) -> Handover | None:
    """A hand-over in the middle of this turn that nobody has accepted yet."""
    return session.scalar(
        select(Handover)
        .where(Handover.begins_at > turn.starts_at, Handover.begins_at < turn.ends_at)
        .where(Handover.accepted_at.is_(None), Handover.handed_at.is_not(None))
        .order_by(Handover.begins_at.desc())
        .limit(1)
    )


def also_on_duty(session: Session, now: datetime, since: datetime) -> list[str]:
    """Who is told beside the rota's officer about what has been open `since` then: the one whose turn has ended and
    whose successor has not accepted, and whoever was asked to take over out of turn."""
    turn = current_turn(session, now)
    if turn is None:
        return []
    people: list[str] = []
    if turn.starts_at > since:
        row = handover_of(session, turn.starts_at)
        if row is None:
            before = turn_before(session, turn)
            people += [before.person] if before else []
        elif row.accepted_at is None:
            people += [row.outgoing, row.incoming]
    asked = asked_to_take_over(session, turn)
    people += [asked.incoming] if asked and asked.begins_at <= now else []
    return [person for person in dict.fromkeys(people) if person != turn.person]


def _turns(kind: str) -> Select[str, str, str, str, datetime, datetime]:
    return (
        select(Shift.id, Shift.person, Person.xung_ho, Person.name, Shift.starts_at, Shift.ends_at)
        .join(Person, Person.id == Shift.person)
        .where(Shift.kind == kind)
        .order_by(Shift.starts_at.desc(), Person.sort_name, Person.id)
    )


def _first(
    session: Session, kind: str, *where: ColumnElement[bool] | InstrumentedAttribute[bool]
) -> Turn | None:
    row = session.execute(_turns(kind).where(*where).limit(1)).one_or_none()
    return None if row is None else Turn(*row)
