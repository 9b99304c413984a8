"""How ready the house is: when each playbook was last drilled, and how many numbers have lately proved to be right.

Reads only. Must never judge a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident.store.tables import Incident, Person, Request

CONFIRMED_WITHIN = timedelta(days=90)
DRILLED_WITHIN = timedelta(days=365)
BY_TELEPHONE = ("sms", "voice", "phone")  # an answer by which a number has shown that it is theirs


@dataclass(frozen=True, slots=True)
class Readiness:
    """`drilled`: by playbook, when its last drill was opened. `confirmed` of `numbers` mobile numbers were answered from
    within the last 90 days, in drills or in earnest."""

    drilled: dict[str, datetime]
    numbers: int
    confirmed: int
    now: datetime

    @property
    def percent(self) -> int:
        """Rounded down: 99 of 100 is not all."""
        return self.confirmed * 100 // self.numbers if self.numbers else 0

    def stale(self, playbook: str) -> bool:
        """Not drilled within twelve months."""
        last = self.drilled.get(playbook)
        return last is None or self.now - last > DRILLED_WITHIN


def readiness(session: Session, now: datetime) -> Readiness:
    """As the record has it now; a drill that was opened by mistake is none."""
    last = (
        select(Incident.playbook, func.max(Incident.opened_at).label("at"))
        .where(Incident.mode == "drill", Incident.status != "cancelled")
        .group_by(Incident.playbook)
    )
    reachable = (Person.active, Person.phone.is_not(None), Person.wrong_number_at.is_(None))
    answered = select(Request.person_id).where(
        Request.answered_at >= now - CONFIRMED_WITHIN, Request.via.in_(BY_TELEPHONE)
    )
    people = select(func.count()).select_from(Person).where(*reachable)
    return Readiness(
        drilled={row.playbook: row.at for row in session.execute(last)},
        numbers=session.scalar(people) or 0,
        confirmed=session.scalar(people.where(Person.id.in_(answered))) or 0,
        now=now,
    )
