"""Which units have answered, who answered for each, when and how. Reads only; never decides what an answer is worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.store.tables import Person, Request, Unit


@dataclass(frozen=True, slots=True)
class UnitAnswer:
    """One unit asked in one step. `person` is its contact; `reason` says who answered in their place, or who wrote the
    answer down."""

    request_id: str
    step: str
    role: str
    unit: str
    person_id: str
    person: str
    phone: str | None
    landline: str | None
    state: str
    asked_at: datetime
    answered_at: datetime | None
    via: str | None
    reason: str


def units_answered(session: Session, incident_id: str) -> tuple[UnitAnswer, ...]:
    """Unit by unit, those that have not answered first. Groups counted by person are not units, and not listed."""
    found = (
        select(
            Request.id, Request.step, Request.role, Unit.short_name, Person.id, Person.name, Person.phone,
            Person.landline, Request.state, Request.asked_at, Request.answered_at, Request.via, Request.reason,
        )
        .join(Person, Person.id == Request.person_id)
        .join(Unit, Unit.key == Request.party)
        .where(Request.incident_id == incident_id, Request.grouped)
    )  # fmt: skip
    rows = [UnitAnswer(*tuple(row)) for row in session.execute(found)]
    return tuple(sorted(rows, key=lambda row: (row.state != "asked", row.unit, row.asked_at)))
