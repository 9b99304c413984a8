"""Who of those told was reached, and why the others were not: from messages, carriers' reports and answers.

A carrier's report says where a message is, never that a person has read it; only an answer does. Reads only.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident.domain.address import called
from incident.domain.names import search_key
from incident.domain.words import Said
from incident.report import queries
from incident.store.tables import Attempt, Message, MessageCause, Person, Request, Unit

# How far one was reached, the best first. "handed": a mail server took it, or the carrier sent it on.
STAGES = ("answered", "delivered", "handed", "taken", "moving", "unknown", "stopped", "failed")
REACHED = frozenset({"answered", "delivered", "handed"})
NOT_YET = frozenset({"taken", "moving", "unknown"})
STAGE_OF = {
    "delivered": "delivered", "sent": "handed", "accepted": "taken", "created": "moving", "sending": "moving",
    "temporary-failure": "moving", "unknown": "unknown", "expired": "stopped", "cancelled": "stopped",
}  # fmt: skip
REPLACED = "replaced"

_MESSAGES = select(
    Message.id, Message.person_id, Message.channel, Message.status, Message.error, Message.created_at,
    Message.finished_at, Message.attempts, Message.parts,
).where(queries.of_this(Message.incident_id), Message.kind != "reply").order_by(Message.created_at, Message.id)  # fmt: skip
_REQUESTS = select(
    Request.id, Request.person_id, Request.party, Request.grouped, Request.state, Request.reason,
    Request.asked_at, Request.answered_at,
).where(queries.of_this(Request.incident_id))  # fmt: skip
_CAUSES = (
    select(MessageCause.message_id, Request.person_id)
    .join(Request, Request.id == MessageCause.request_id)
    .where(queries.of_this(Request.incident_id))
)
_PEOPLE = (
    select(Person.id, Person.name, Person.sort_name, Person.xung_ho, Person.unit, Unit.short_name)
    .join(Unit, Unit.key == Person.unit)
    .where(Person.id.in_(select(Request.person_id).where(queries.of_this(Request.incident_id)))
        | Person.id.in_(select(Message.person_id).where(queries.of_this(Message.incident_id))))
)  # fmt: skip
_CALLS = (
    select(Attempt.carrier, Attempt.outcome, func.count().label("n"))
    .join(Message, Message.id == Attempt.message_id)
    .where(queries.of_this(Message.incident_id))
    .group_by(Attempt.carrier, Attempt.outcome)
)
_UNITS = select(Unit.key, Unit.short_name)


@dataclass(frozen=True, slots=True)
class Told:
    """One message to one person: `error` as the carrier or we put it."""

    channel: str
    status: str
    error: str
    at: datetime
    finished_at: datetime | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """One who was told, by name. `unit` is where they serve; `party` the unit they answer for, empty for a named role.
    `reason`: a key of `labels.reason`, or a carrier's error, of one who was not reached."""

    person_id: str
    name: str
    called: Said
    unit: str
    party: str
    stage: str
    state: str
    reason: str
    asked_at: datetime | None
    messages: tuple[Told, ...]

    @property
    def reached(self) -> bool:
        return self.stage in REACHED

    @property
    def lost(self) -> bool:
        return self.stage not in REACHED | NOT_YET and self.state != REPLACED


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of `total` are reached, still on the way, or lost."""

    total: int
    reached: int
    lost: int

    @property
    def waiting(self) -> int:
        return self.total - self.reached - self.lost


@dataclass(frozen=True, slots=True)
class CarrierCalls:
    """Calls to one carrier by how they ended: accepted | not-sent | refused | unknown | calling."""

    carrier: str
    outcomes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reach:
    """`people` sorted: the lost first, then those on the way, then by name. `stages`: people by stage."""

    people: tuple[Recipient, ...]
    named: Counted
    units: Counted
    stages: Mapping[str, int]
    reasons: tuple[tuple[str, int], ...]
    carriers: tuple[CarrierCalls, ...]
    parts: int


def reach(session: Session, incident_id: str) -> Reach:
    """How far the messages of an incident came, person by person and unit by unit."""
    this = {"incident": incident_id}
    messages = session.execute(_MESSAGES, this).all()
    requests = session.execute(_REQUESTS, this).all()
    titles = {row.key: row.short_name for row in session.execute(_UNITS)}
    told = _told(messages, session.execute(_CAUSES, this).all())
    asked: dict[str, list[Any]] = defaultdict(list)
    for request in requests:
        asked[request.person_id].append(request)
    people = tuple(
        sorted(
            (
                _recipient(row, asked[row.id], told.get(row.id, ()), titles)
                for row in session.execute(_PEOPLE, this)
            ),
            key=lambda one: (not one.lost, one.reached, search_key(one.unit), search_key(one.name)),
        )
    )
    return Reach(
        people,
        _count([one] for one in people if not one.party),
        _count(_by_party(people).values()),
        Counter(one.stage for one in people),
        tuple(Counter(one.reason for one in people if one.lost).most_common()),
        _carriers(session.execute(_CALLS, this).all()),
        sum(row.parts for row in messages if row.attempts and row.channel == "sms"),
    )


def _told(messages: Sequence[Any], causes: Sequence[Any]) -> dict[str, list[Any]]:
    """Messages by person: a shared phone gets one message for all who are asked through it."""
    by_message: dict[str, set[str]] = defaultdict(set)
    for cause in causes:
        by_message[cause.message_id].add(cause.person_id)
    told: dict[str, list[Any]] = defaultdict(list)
    for row in messages:
        for person in sorted(by_message[row.id] | ({row.person_id} if row.person_id else set())):
            told[person].append(row)
    return told


def _recipient(
    person: Any, requests: Sequence[Any], messages: Sequence[Any], titles: Mapping[str, str]
) -> Recipient:
    newest = max(requests, key=lambda r: (r.state != REPLACED, r.asked_at), default=None)
    party = next((titles[r.party] for r in requests if r.grouped and r.party in titles), "")
    stage = _stage(requests, [row.status for row in messages])
    return Recipient(
        person.id,
        person.name,
        called(person.xung_ho, person.name),
        person.short_name,
        party,
        stage,
        newest.state if newest is not None else "",
        "" if stage in REACHED else _reason(requests, messages),
        newest.asked_at if newest is not None else None,
        tuple(
            Told(row.channel, row.status, row.error, row.created_at, row.finished_at, row.attempts)
            for row in messages
        ),
    )


def _stage(requests: Iterable[Any], statuses: Sequence[str]) -> str:
    if any(
        request.answered_at is not None and request.state in ("accepted", "declined") for request in requests
    ):
        return "answered"
    found = {STAGE_OF.get(status, "failed") for status in statuses} or {"failed"}
    # What failed on one channel is no loss while another still moves; what was stopped hides no failure.
    order = (*STAGES[:6], "failed", "stopped")
    return min(found, key=order.index)


def _reason(requests: Iterable[Any], messages: Sequence[Any]) -> str:
    given = next((request.reason for request in requests if request.reason and not messages), "")
    ended = [row for row in messages if row.error]
    return given or (ended[-1].error if ended else "")


def _by_party(people: Iterable[Recipient]) -> dict[str, list[Recipient]]:
    parties: dict[str, list[Recipient]] = defaultdict(list)
    for one in people:
        if one.party:
            parties[one.party].append(one)
    return parties


def _count(groups: Iterable[Sequence[Recipient]]) -> Counted:
    """A unit is reached with the first of its people, and lost with the last."""
    groups = list(groups)
    reached = sum(1 for group in groups if any(one.reached for one in group))
    lost = sum(1 for group in groups if all(one.lost for one in group))
    return Counted(len(groups), reached, lost)


def _carriers(rows: Sequence[Any]) -> tuple[CarrierCalls, ...]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        found[row.carrier][row.outcome] = row.n
    return tuple(CarrierCalls(name, outcomes) for name, outcomes in sorted(found.items()))
