"""What carriers tell us of our messages: kept raw at once, applied later in batches.

Receipts come late, twice and in any order: a rank guards each attempt, and a message's status is a function of its
attempts. Must never call a carrier.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, bindparam, or_, select, type_coerce, update
from sqlalchemy.orm import Session

from incident.delivery import carriers, references
from incident.delivery.failures import tell_run
from incident.delivery.outcomes import FAILED, RECEIPT_RETRY_SECONDS, Tried, message_status, risen
from incident.delivery.rows import among, hold_incidents, insert_once, locked, note, write_each
from incident.domain.ids import new_id
from incident.domain.message_states import may_become
from incident.store.tables import Attempt, Message, Receipt, Suppression
from notify.message import StatusUpdate

# A receipt may be quicker than the record of the call it belongs to.
PATIENCE = timedelta(minutes=2)
SOON = timedelta(seconds=1)
BATCH = 500
MOST_CONFIGURATION_RETRIES = 2


def receipt_row(update_: StatusUpdate, secret: str, now: datetime) -> dict[str, Any]:
    """A delivery report as it is kept."""
    attempt_id = references.attempt_of(update_.reference, secret) if update_.reference else None
    return {
        "id": new_id(now),
        "carrier": update_.carrier,
        "carrier_id": update_.carrier_id[:80],
        "reference": attempt_id or "",
        "status": update_.status,
        "code": update_.code[:20],
        "raw": {"form": dict(update_.raw), "kind": update_.kind, "retries": update_.retries},
        "received_at": now,
    }


@dataclass(slots=True)
class _Known:
    """An attempt as it stands, moved by the receipts of one batch."""

    id: str
    message_id: str
    n: int
    carrier: str
    carrier_id: str | None
    status: str
    outcome: str
    code: str = ""
    kind: str = ""
    retries: int = 0
    moved: bool = False


def waits(now: datetime) -> ColumnElement[bool]:
    """Not applied yet, and its time to be looked at has come."""
    return and_(Receipt.applied_at.is_(None), or_(Receipt.again_at.is_(None), Receipt.again_at <= now))


def apply(session: Session, now: datetime, limit: int = BATCH) -> int:
    """Apply what has come in. Returns how many receipts were taken."""
    receipts = session.execute(_WAITING, {"b_now": now, "b_limit": limit}).all()
    if not receipts:
        return 0
    attempts = _attempts(session, receipts)
    _hold(session, receipts, attempts)
    messages = _messages(session, {attempt.message_id for attempt in attempts.values()})
    # Held now: read the attempts again, since they may have moved while we waited. What came meanwhile is not held.
    attempts = {r: known for r, known in _attempts(session, receipts).items() if known.message_id in messages}
    taken = [receipt for receipt in receipts if _take(receipt, attempts, now)]
    early = set(receipts) - set(taken)
    touched = _write_attempts(session, {attempt.id: attempt for attempt in attempts.values()}.values())
    _free(session, messages, touched)
    _settle(session, messages, {attempt.message_id: attempt for attempt in touched}, now)
    for carrier in sorted({receipt.carrier for receipt in receipts}):
        carriers.heard(session, carrier, now)
    _mark_applied(session, taken, now)
    _put_off(session, early, now)
    return len(taken)


# Rows, not objects, and what the carrier said is read only where it matters: these come by the thousand.
_WAITING = (
    select(
        Receipt.id, Receipt.carrier, Receipt.carrier_id, Receipt.reference, Receipt.status, Receipt.code,
        Receipt.received_at, type_coerce(Receipt.raw, Text).label("raw"),
    )
    .where(
        Receipt.applied_at.is_(None), or_(Receipt.again_at.is_(None), Receipt.again_at <= bindparam("b_now"))
    )
    .order_by(Receipt.received_at, Receipt.id)
    .limit(bindparam("b_limit"))
)  # fmt: skip
_ATTEMPTS = select(
    Attempt.id, Attempt.message_id, Attempt.n, Attempt.carrier, Attempt.carrier_id, Attempt.status, Attempt.outcome
)  # fmt: skip
_BY_REFERENCE = _ATTEMPTS.where(among(Attempt.id, "ids"))
_BY_CARRIER = _ATTEMPTS.where(Attempt.carrier == bindparam("b_carrier"), among(Attempt.carrier_id, "ids"))


def _attempts(session: Session, receipts: Sequence[Any]) -> dict[str, _Known]:
    """The attempts these receipts speak of, by receipt id: by our signed reference, else by the carrier's id."""
    named = [r.reference for r in receipts if r.reference]
    known = [_Known(*row) for row in session.execute(_BY_REFERENCE, {"ids": named})] if named else []
    by_id = {attempt.id: attempt for attempt in known}
    nameless: dict[str, list[str]] = {}
    for receipt in receipts:
        if receipt.reference not in by_id:
            nameless.setdefault(receipt.carrier, []).append(receipt.carrier_id)
    for carrier, ids in nameless.items():
        rows = session.execute(_BY_CARRIER, {"b_carrier": carrier, "ids": ids})
        known += [by_id.get(row.id) or _Known(*row) for row in rows]
    by_carrier = {(attempt.carrier, attempt.carrier_id): attempt for attempt in known}
    found = {}
    for receipt in receipts:
        attempt = by_id.get(receipt.reference) or by_carrier.get((receipt.carrier, receipt.carrier_id))
        if attempt is not None and attempt.carrier_id in (None, receipt.carrier_id):
            found[receipt.id] = attempt
    return found


def _hold(session: Session, receipts: Sequence[Any], attempts: Mapping[str, _Known]) -> None:
    """A failure may have to be left for the door: its incident is held before any message is."""
    failing = {
        attempts[r.id].message_id for r in receipts if r.status.endswith("-failure") and r.id in attempts
    }
    if failing:
        ids = session.scalars(select(Message.incident_id).where(among(Message.id, failing))).all()
        hold_incidents(session, [one for one in ids if one])


def _messages(session: Session, ids: set[str]) -> dict[str, Any]:
    query = (
        select(Message.id, Message.status, Message.address, Message.valid_until, Message.passed_over)
        .where(among(Message.id, ids))
        .order_by(Message.id)
    )
    return {row.id: row for row in session.execute(locked(session, query))}


def _take(receipt: Any, attempts: Mapping[str, _Known], now: datetime) -> bool:
    attempt = attempts.get(receipt.id)
    if attempt is None:
        return bool(receipt.received_at <= now - PATIENCE)  # it is none of ours, or its attempt is long gone
    if attempt.outcome == "calling" and receipt.status.endswith("-failure"):
        return False  # the call has not come back: what it says must not overwrite this later
    if attempt.carrier_id is None and receipt.carrier_id:
        attempt.carrier_id, attempt.moved = receipt.carrier_id, True
    if risen(attempt.status, receipt.status):
        attempt.status, attempt.code, attempt.moved = receipt.status, receipt.code, True
        attempt.outcome = "accepted"
        if receipt.status.endswith("-failure"):
            said = json.loads(receipt.raw)
            attempt.kind, attempt.retries = said.get("kind", ""), said.get("retries", 0)
    return True


def _write_attempts(session: Session, attempts: Any) -> list[_Known]:
    touched = [attempt for attempt in attempts if attempt.moved]
    rows = [
        {
            "id": attempt.id,
            "status": attempt.status,
            "carrier_id": attempt.carrier_id,
            "code": attempt.code,
            "outcome": "accepted",
        }
        for attempt in touched
    ]
    # Another attempt may have this carrier's id already.
    write_each(session, Attempt, rows, instead={"carrier_id": None})
    return touched


def _free(session: Session, messages: Mapping[str, Any], touched: Collection[_Known]) -> None:
    """What became of a call in the dark is known: its carrier need not be asked for it again, and others may have it."""
    tried = {one.message_id: Tried.read(messages[one.message_id].passed_over) for one in touched}
    known = {one.message_id for one in touched if one.carrier == tried[one.message_id].only}
    write_each(
        session, Message, [{"id": one, "passed_over": str(tried[one].settled)} for one in sorted(known)]
    )


def _settle(
    session: Session, messages: Mapping[str, Any], touched: Mapping[str, _Known], now: datetime
) -> None:
    """Give each message the status that follows from its attempts."""
    all_attempts: dict[str, list[tuple[int, str]]] = {}
    lost: Counter[str] = (
        Counter()
    )  # taken by a carrier and lost there; a call that was never taken is no such failure
    columns = (Attempt.message_id, Attempt.n, Attempt.status, Attempt.outcome)
    for message_id, n, status, outcome in session.execute(
        select(*columns).where(among(Attempt.message_id, touched))
    ):
        all_attempts.setdefault(message_id, []).append((n, status))
        lost[message_id] += status == "temporary-failure" and outcome == "accepted"
    changes: list[dict[str, Any]] = []
    for message_id, attempt in sorted(touched.items()):
        message = messages[message_id]
        values = _values(message, all_attempts[message_id], lost[message_id], attempt, now)
        if values is not None and may_become(message.status, values["status"], "receipt"):
            changes.append({"id": message_id, "before": message.status, **_UNCHANGED, **values})
        if attempt.kind == "optout":
            barred = {"address": message.address, "reason": "optout", "at": now}
            insert_once(session, Suppression, [barred])
    for again in (False, True):
        rows = [row for row in changes if ("not_before" in row) is again]
        write_each(session, Message, rows)
    moves = [(c["id"], c["before"], c["status"], f"receipt {touched[c['id']].code}".strip()) for c in changes]
    note(session, moves, now)
    tell_run(session, [message for message, _, after, _ in moves if after in FAILED], now)


_UNCHANGED: dict[str, Any] = {"claim_until": None, "look_at": None, "finished_at": None, "error": ""}


def _values(
    message: Any, attempts: list[tuple[int, str]], lost: int, moved: _Known, now: datetime
) -> dict[str, Any] | None:
    """What changes in the message; None when it is at rest and stays there."""
    status = message_status(attempts, message.status)
    if status == message.status:
        return None
    if status == "temporary-failure":
        return _again(message, lost, moved, now)
    if status in FAILED:
        return {"status": status, "finished_at": now, "error": moved.code or "refused"}
    return {"status": status, "finished_at": now if status == "delivered" else None}


def _again(message: Any, failures: int, moved: _Known, now: datetime) -> dict[str, Any]:
    """The carrier took it and lost it, so many times: once more after a while, as often as the class of its code allows."""
    allowed = MOST_CONFIGURATION_RETRIES if moved.kind == "configuration" else moved.retries
    at = now + timedelta(seconds=RECEIPT_RETRY_SECONDS * failures)
    if failures > allowed or (message.valid_until is not None and message.valid_until <= at):
        return {"status": "technical-failure", "finished_at": now, "error": moved.code or "failed"}
    return {"status": "created", "not_before": at, "claim_token": None, "error": moved.code}


def _mark_applied(session: Session, taken: Sequence[Any], now: datetime) -> None:
    session.execute(
        update(Receipt)
        .where(among(Receipt.id, [receipt.id for receipt in taken]))
        .values(applied_at=now)
        .execution_options(synchronize_session=False)
    )


def _put_off(session: Session, early: Collection[Any], now: datetime) -> None:
    """Looked at again when they are twice as old: what is none of ours must not stand before what is."""
    again = [
        {"id": r.id, "again_at": now + max(SOON, now - r.received_at)}
        for r in sorted(early, key=lambda r: r.id)
    ]
    write_each(session, Receipt, again)
