"""Which units have answered, who answered for each, when and how. Reads only; never decides what an answer is worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from incident.domain.address import USUAL, called
from incident.domain.names import search_key
from incident.domain.words import Said
from incident.report import queries


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
    xung_ho: str = USUAL

    @property
    def called(self) -> Said:
        return called(self.xung_ho, self.person)


def units_answered(session: Session, incident_id: str) -> tuple[UnitAnswer, ...]:
    """Unit by unit, those that have not answered first. Groups counted by person are not units, and not listed."""
    found = session.execute(queries.UNITS, {"incident": incident_id})
    rows = [UnitAnswer(*tuple(row)) for row in found]
    return tuple(sorted(rows, key=lambda row: (row.state != "asked", search_key(row.unit), row.asked_at)))
