"""Finds out what became of messages whose call ended in the dark.

One reconciler at a time pages each carrier's list once and matches all unknown messages by number, body and time. What
was looked for twice, 60 seconds apart, and is not there was not sent: a critical one is sent again, up to three times and
each time only after two new looks, while its time is not over; the rest waits for the duty officer. A carrier without a
list cannot be asked: the message is held, a mail excepted, which is recognised when it comes twice. Every decision stands
on the timeline.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ScalarSelect, Select, and_, func, select, update
from sqlalchemy.orm import Session, aliased

from incident.delivery.failures import tell_run
from incident.delivery.outcomes import FAILED, LOOK_AFTER_SECONDS, LOOK_AGAIN_SECONDS
from incident.delivery.rows import locked, note, some
from incident.domain.actors import SYSTEM
from incident.domain.message_states import FINAL_STATUSES
from incident.store.sessions import Store, lock
from incident.store.tables import Attempt, Incident, Message, Transition
from incident.timeline import ledger
from notify.gateway import Gateway
from notify.message import Listed
from notify.phone import strip_marks

log = logging.getLogger(__name__)

GRACE = timedelta(minutes=2)  # the carrier's clock and ours differ
LOOKS = 2
MOST_RESENT = 3
BATCH = 1000
HELD = "held"

Decision = Literal["found", "missing", "resent", "held"]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A message in the dark, with its last attempt; `started_at`: since when that carrier may have it, `called_at`: when
    it was asked last."""

    id: str
    address: str
    body: str
    critical: bool
    looked: int
    valid_until: datetime | None
    incident_id: str | None
    attempt_id: str
    carrier: str
    started_at: datetime
    called_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    unknown: Unknown
    decision: Decision
    listed: Listed | None = None


def due(session: Session, now: datetime, limit: int = BATCH) -> list[Unknown]:
    """Unknown messages that it is time to look for, and that nobody has put aside."""
    rows = session.execute(
        select(
            Message.id, Message.address, Message.body, Message.critical, Message.looked,
            Message.valid_until, Message.incident_id, Attempt.id, Attempt.carrier, _since(),
            Attempt.started_at,
        )
        .join(Attempt, and_(Attempt.message_id == Message.id, Attempt.n == Message.attempts))
        .where(Message.status == "unknown", Message.look_at <= now)
        .order_by(Attempt.started_at, Message.id)
        .limit(limit)
    )  # fmt: skip
    return [Unknown(*tuple(row)) for row in rows]


def _since() -> ScalarSelect[datetime]:
    """When this carrier may first have taken the message: a repetition by the same key leaves the first in its list."""
    asked = aliased(Attempt)
    return (
        select(func.min(asked.started_at))
        .where(asked.message_id == Message.id, asked.carrier == Attempt.carrier, asked.carrier_id.is_(None))
        .scalar_subquery()
    )


def reconcile(store: Store, gateway: Gateway, now: datetime) -> int:
    """Look for what is due. Returns how many messages are no longer in the dark."""
    with store.reading() as session:
        unknowns = due(session, now)
    solved = 0
    for carrier in sorted({unknown.carrier for unknown in unknowns}):
        ours = [unknown for unknown in unknowns if unknown.carrier == carrier]
        try:
            listing = _listing(gateway, carrier, ours)
        except Exception:
            log.warning("the list of %s could not be read", carrier, exc_info=True)
            _postpone(store, ours, now)
            continue
        solved += _decide(store, carrier, ours, listing, now)
    return solved


def _listing(gateway: Gateway, carrier: str, ours: Sequence[Unknown]) -> Sequence[Listed] | None:
    sender = gateway.named(carrier)
    return None if sender is None else sender.list(min(u.started_at for u in ours) - GRACE)


def _postpone(store: Store, ours: Sequence[Unknown], now: datetime) -> None:
    with store.writing() as session:
        session.execute(
            update(Message)
            .where(Message.id.in_([u.id for u in ours]), Message.status == "unknown")
            .values(look_at=now + timedelta(seconds=LOOK_AFTER_SECONDS))
            .execution_options(synchronize_session=False)
        )


def _decide(
    store: Store, carrier: str, ours: Sequence[Unknown], listing: Sequence[Listed] | None, now: datetime
) -> int:
    with store.writing() as session:
        incidents = _incidents(session, ours)
        still = {(row.id, row.looked) for row in session.execute(locked(session, _still(ours)))}
        # Whoever was stopped between the list and this line must not decide by a list that others have overtaken.
        ours = [unknown for unknown in ours if (unknown.id, unknown.looked) in still]
        if listing is None:
            findings = [
                _finding(session, unknown, None, now) if _recognised(unknown) else Finding(unknown, "held")
                for unknown in ours
            ]
        else:
            found = match(ours, listing, _bound(session, carrier, listing))
            findings = [_finding(session, unknown, found.get(unknown.id), now) for unknown in ours]
        for finding in findings:
            _write(session, finding, now)
        _transitions(session, findings, now)
        _tell(session, incidents, findings, now)
        tell_run(
            session, [f.unknown.id for f in findings if f.listed and _rest(f.listed.status) in FAILED], now
        )
        return sum(1 for finding in findings if finding.decision in ("found", "resent"))


def _incidents(session: Session, ours: Sequence[Unknown]) -> Mapping[str, Incident]:
    """Held before the messages: a decision goes on their timelines."""
    ids = some([u.incident_id for u in ours if u.incident_id])
    rows = lock(session, select(Incident).where(Incident.id.in_(ids)).order_by(Incident.id))
    return {incident.id: incident for incident in rows}


def _still(ours: Sequence[Unknown]) -> Select[str, int]:
    return (
        select(Message.id, Message.looked)
        .where(Message.id.in_(some([u.id for u in ours])), Message.status == "unknown")
        .order_by(Message.id)
    )


def _bound(session: Session, carrier: str, listing: Sequence[Listed]) -> set[str]:
    """Carrier's ids that belong to another attempt already."""
    ids = some([listed.carrier_id for listed in listing])
    bound: set[str] = set()
    for start in range(0, len(ids), BATCH):
        bound.update(
            one
            for one in session.scalars(
                select(Attempt.carrier_id).where(
                    Attempt.carrier == carrier, Attempt.carrier_id.in_(ids[start : start + BATCH])
                )
            )
            if one
        )
    return bound


def match(unknowns: Iterable[Unknown], listing: Iterable[Listed], bound: set[str]) -> Mapping[str, Listed]:
    """Pair unknown messages with the carrier's, by number and body, the earliest with the earliest. Pure.

    No text goes twice to one number, a resend excepted: whatever the list holds of it beyond what is bound is ours.
    """
    unknowns = sorted(unknowns, key=lambda one: one.started_at)
    ours = [listed for listed in listing if listed.carrier_id not in bound]
    free: dict[tuple[str, str], list[Listed]] = {}
    for listed in sorted(ours, key=lambda one: one.created_at):
        if listed.body is not None:
            free.setdefault((listed.to, _same(listed.body)), []).append(listed)
    found: dict[str, Listed] = {}
    for unknown in unknowns:
        for listed in free.get((unknown.address, _same(unknown.body)), []):
            if listed.created_at >= unknown.started_at - GRACE:
                free[unknown.address, _same(unknown.body)].remove(listed)
                found[unknown.id] = listed
                break
    return found | _calls(unknowns, [listed for listed in ours if listed.body is None])


def _calls(unknowns: Sequence[Unknown], calls: Sequence[Listed]) -> dict[str, Listed]:
    """A call has no body: by number and time, the nearest pair first, and never further apart than clocks may be."""
    pairs = [
        (abs(call.created_at - (unknown.called_at or unknown.started_at)), unknown.id, call)
        for unknown in unknowns
        for call in calls
        if call.to == unknown.address
    ]
    found: dict[str, Listed] = {}
    taken: set[str] = set()
    for apart, unknown_id, call in sorted(pairs, key=lambda pair: pair[0]):
        if apart <= GRACE and unknown_id not in found and call.carrier_id not in taken:
            found[unknown_id] = call
            taken.add(call.carrier_id)
    return found


def _recognised(unknown: Unknown) -> bool:
    """A mail that comes twice has one Message-ID, and its reader's program knows it: it may be sent again unasked
    (decision 0018)."""
    return "@" in unknown.address


def _same(body: str) -> str:
    """Without marks: a carrier that takes none lists what it was sent, and not what we wrote."""
    return " ".join(strip_marks(body).split())


def _finding(session: Session, unknown: Unknown, listed: Listed | None, now: datetime) -> Finding:
    if listed is not None:
        return Finding(unknown, "found", listed)
    if unknown.looked + 1 < LOOKS:
        return Finding(unknown, "missing")
    timely = unknown.valid_until is None or unknown.valid_until > now
    again = unknown.critical and timely and _resent(session, unknown) < MOST_RESENT
    return Finding(unknown, "resent" if again else "held")


def _resent(session: Session, unknown: Unknown) -> int:
    """How often it was sent again after it was looked for in vain. What a repetition came to otherwise (refused before it
    was processed, asked anew by the same key) does not count."""
    query = select(func.count()).where(
        Transition.message_id == unknown.id, Transition.before == "unknown", Transition.why == "resent"
    )
    return session.scalar(query) or 0


def _write(session: Session, finding: Finding, now: datetime) -> None:
    unknown, listed = finding.unknown, finding.listed
    if listed is not None:
        attempt = update(Attempt).where(Attempt.id == unknown.attempt_id)
        values = {
            "carrier_id": listed.carrier_id,
            "outcome": "accepted",
            "status": listed.status,
            "code": listed.code,
        }
        session.execute(attempt.values(values).execution_options(synchronize_session=False))
    session.execute(
        update(Message)
        .where(Message.id == unknown.id, Message.status == "unknown")
        .values(_change(finding, now))
        .execution_options(synchronize_session=False)
    )


def _change(finding: Finding, now: datetime) -> dict[str, Any]:
    """What the decision changes in the message."""
    looked = finding.unknown.looked + 1
    if finding.listed is not None:
        status = _rest(finding.listed.status)
        done = now if status in FINAL_STATUSES else None
        return {"status": status, "look_at": None, "error": finding.listed.code, "finished_at": done}
    if finding.decision == "resent":
        again = {"not_before": now, "claim_token": None, "error": "resent"}
        return {"status": "created", "look_at": None, "looked": 0, **again}
    if finding.decision == "held":
        return {"look_at": None, "looked": looked, "error": HELD}
    return {"look_at": now + timedelta(seconds=LOOK_AGAIN_SECONDS), "looked": looked}


def _rest(status: str) -> str:
    """A failure found in the list is final: its receipt, had it come, might have allowed another attempt."""
    return "technical-failure" if status == "temporary-failure" else status


def _transitions(session: Session, findings: Sequence[Finding], now: datetime) -> None:
    note(
        session,
        (
            (f.unknown.id, "unknown", "created" if f.listed is None else _rest(f.listed.status), f.decision)
            for f in findings
            if f.decision in ("found", "resent")
        ),
        now,
    )


def _tell(
    session: Session, incidents: Mapping[str, Incident], findings: Sequence[Finding], now: datetime
) -> None:
    """One entry for each decision and incident ("6 tin chưa rõ"), not one for each message."""
    for incident_id, incident in sorted(incidents.items()):
        for decision in ("found", "resent", "held"):
            count = sum(
                1 for f in findings if f.decision == decision and f.unknown.incident_id == incident_id
            )
            if count:
                ledger.append(
                    session,
                    incident,
                    "delivery_unknown_decided",
                    occurred_at=now,
                    recorded_at=now,
                    actor=SYSTEM,
                    data={"decision": decision, "count": count},
                )
