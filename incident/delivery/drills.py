"""What must not leave: a drill's text without its marks or to somebody who takes no part, a real text that bears them.

Asked on the threshold of every call, whoever wrote the message. Must never call a carrier.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from incident.domain.actors import SYSTEM
from incident.domain.drill import FROZEN, NOT_ENROLLED, REFUSALS, STOP, fault
from incident.store.sessions import lock
from incident.store.tables import Drill, Incident, Message, Participant
from incident.timeline import ledger

SHOWN = 20  # so many of those refused are named in one entry


class Leaving(Protocol):
    """What is asked of a message about to leave."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def incident_id(self) -> str | None: ...
    @property
    def person_id(self) -> str | None: ...
    @property
    def drill(self) -> bool: ...


def refused(session: Session, leaving: Sequence[Leaving]) -> dict[str, str]:
    """By message, why it must not leave: one of `domain.drill.REFUSALS`, or FROZEN. Of real ones alone nothing is asked."""
    found = {one.id: why for one in leaving if (why := fault(one.drill, one.subject, one.body))}
    drilled = [one for one in leaving if one.drill and one.id not in found]
    if drilled:
        enrolled = _enrolled(session, {(str(one.incident_id), str(one.person_id)) for one in drilled})
        for one in drilled:
            frozen = enrolled.get((str(one.incident_id), str(one.person_id)))
            if frozen is None:
                found[one.id] = NOT_ENROLLED
            elif frozen and one.kind != STOP:
                found[one.id] = FROZEN
    return found


def _enrolled(session: Session, asked: Collection[tuple[str, str]]) -> dict[tuple[str, str], bool]:
    """Those of (incident, person) who take part; True where their drill was stopped by a real incident."""
    where = tuple_(Participant.incident_id, Participant.person_id).in_(sorted(asked))
    rows = session.execute(
        select(Participant.incident_id, Participant.person_id, Drill.frozen_at)
        .outerjoin(Drill, Drill.incident_id == Participant.incident_id)
        .where(where)
    )
    return {(incident, person): frozen is not None for incident, person, frozen in rows}


def tell_refused(session: Session, ended: Collection[str], now: datetime) -> None:
    """Write on the timelines what was refused here, and why. Locks those incidents, before any message."""
    rows = session.execute(
        select(Message.incident_id, Message.error, Message.channel, Message.person_id)
        .where(
            Message.id.in_(ended),
            Message.status == "validation-failed",
            Message.error.in_(REFUSALS),
            Message.incident_id.is_not(None),
        )
        .order_by(Message.incident_id, Message.id)
    ).all()
    if not rows:
        return
    people: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for row in rows:
        people[row.incident_id, row.error, row.channel].append(row.person_id)
    of = select(Incident).where(Incident.id.in_({row.incident_id for row in rows})).order_by(Incident.id)
    incidents = {incident.id: incident for incident in lock(session, of)}
    for (incident_id, why, channel), persons in people.items():
        named = list(dict.fromkeys(person for person in persons if person))
        data = {"why": why, "channel": channel, "count": len(persons), "people": named[:SHOWN]}
        ledger.append(
            session, incidents[incident_id], "message_refused",
            occurred_at=now, recorded_at=now, actor=SYSTEM, data=data,
        )  # fmt: skip
