"""Which messages are ours to send now: a short lease without an attempt, then the attempt row with a longer one, then the call.

A lease that ran out without an attempt is harmless: the message goes back. With one, the call may have been made: the
message becomes unknown and is looked for. Must never call a carrier.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from incident.delivery import references
from incident.delivery.carriers import Lanes
from incident.delivery.rows import insert_all, locked, note, some, table
from incident.domain.ids import new_id
from incident.store.tables import Attempt, Message, Suppression
from notify import message as wire
from notify.gateway import Gateway
from notify.message import Channel, Sender

HELD_SECONDS = 15  # claimed and not begun: so long others wait for what a killed process held
LEASE_SECONDS = 30  # begun: longer than any call takes
LATEST_SECONDS = 15  # a call that has not begun so long after its attempt was written is not made any more


_OURS = (
    select(
        Message.id,
        Message.claim_token,
        select(Suppression.reason)
        .where(Suppression.address == Message.address)
        .scalar_subquery()
        .label("reason"),
        select(func.count())
        .where(Attempt.message_id == Message.id, Attempt.outcome.not_in(("calling", "unknown")))
        .scalar_subquery()
        .label("ended"),
    )
    .where(
        Message.id.in_(bindparam("ids", expanding=True)),
        Message.status == "sending",
        Message.claim_token.in_(bindparam("tokens", expanding=True)),
    )
    .order_by(Message.id)
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A leased message, with all that sending needs."""

    id: str
    token: str
    channel: Channel
    address: str
    subject: str
    body: str
    kind: str
    attempts: int
    incident_id: str | None
    valid_until: datetime | None
    order: tuple[int, datetime, str]
    probe: bool = False  # goes to a paused carrier, to see whether it was mended


@dataclass(frozen=True, slots=True)
class Call:
    """One call about to be made; its attempt row is committed before it begins."""

    claimed: Claimed
    attempt_id: str
    sender: Sender
    message: wire.Message
    not_after: datetime


def claim(session: Session, lanes: Lanes, limit: int, token: str, now: datetime) -> list[Claimed]:
    """Lease the most urgent due messages, and one for every channel that is being probed."""
    claimed = _claim(session, lanes.open, limit, token, now) if lanes.open else []
    for channel in lanes.probing:
        claimed += [replace(one, probe=True) for one in _claim(session, (channel,), 1, token, now)]
    note(session, ((one.id, "created", "sending", "") for one in claimed), now)
    return sorted(claimed, key=lambda one: one.order)


def _claim(
    session: Session, channels: Collection[Channel], limit: int, token: str, now: datetime
) -> list[Claimed]:
    due = (
        select(Message.id)
        .where(
            Message.status == "created",
            Message.not_before <= now,
            Message.channel.in_(channels),
            or_(Message.valid_until.is_(None), Message.valid_until > now),
        )
        .order_by(Message.priority, Message.not_before, Message.id)
        .limit(limit)
    )
    rows = session.connection().execute(
        update(table(Message))
        .where(table(Message).c.id.in_(locked(session, due, skip=True)))
        .values(status="sending", claim_token=token, claim_until=now + timedelta(seconds=HELD_SECONDS))
        .returning(*(table(Message).c[name] for name in _COLUMNS))
    )
    return [
        Claimed(
            id=row.id, token=token, channel=row.channel, address=row.address, subject=row.subject, body=row.body,
            kind=row.kind, attempts=row.attempts, incident_id=row.incident_id, valid_until=row.valid_until,
            order=(row.priority, row.not_before, row.id),
        )
        for row in rows
    ]  # fmt: skip


_COLUMNS = (
    "id", "channel", "address", "subject", "body", "kind", "attempts", "incident_id", "valid_until", "priority",
    "not_before",
)  # fmt: skip


def begin(
    session: Session,
    held: Sequence[Claimed],
    gateway: Gateway,
    paused: Collection[str],
    secret: str,
    now: datetime,
) -> list[Call]:
    """Write the attempt rows of the next calls. Left out: what is no longer ours, and what nobody may be sent."""
    if not held:
        return []
    ours = _still_ours(session, held)
    calls: list[Call] = []
    dropped: list[tuple[Claimed, str, str]] = []
    for one in held:
        if (one.id, one.token) not in ours:
            continue
        sender = gateway.choose(one.channel, one.address, paused) or gateway.choose(one.channel, one.address)
        known = ours[one.id, one.token]
        if _barred(one, known.reason):
            dropped.append((one, "cancelled", "suppressed"))
        elif sender is None:
            dropped.append((one, "technical-failure", "NO_CARRIER"))
        else:
            calls.append(_call(one, sender, known.ended, secret, now))
    _write_attempts(session, calls, now)
    _drop(session, dropped, now)
    return calls


def _still_ours(session: Session, held: Sequence[Claimed]) -> dict[tuple[str, str], Row[Any]]:
    """By message and token, why its address asked for nothing, if it did, and how many attempts came to an end. What ran
    out and was claimed anew, by us too, does not belong to the old claim and is not there."""
    which = {"ids": some([one.id for one in held]), "tokens": some([one.token for one in held])}
    rows = session.execute(locked(session, _OURS), which)
    return {(row.id, str(row.claim_token)): row for row in rows}


def _barred(one: Claimed, reason: str | None) -> bool:
    """Nothing goes to an address that asked for nothing, except the one answer to somebody who was texted by mistake."""
    return reason is not None and not (one.kind == "reply" and reason == "wrong_number")


def _call(one: Claimed, sender: Sender, ended: int, secret: str, now: datetime) -> Call:
    attempt_id = new_id(now)
    # An attempt that failed after it was taken must not look like a repetition to the carrier; one in the dark must.
    key = f"{one.id}-{ended}" if ended else one.id
    # A mail keeps its Message-ID from one attempt to the next, so that a reader's program sees the second as the first.
    reference = references.signed(attempt_id, secret) if one.channel == "sms" else one.id
    left = None if one.valid_until is None else max(1, int((one.valid_until - now).total_seconds()))
    thread = f"incident-{one.incident_id}" if one.channel == "email" and one.incident_id else ""
    return Call(
        one,
        attempt_id,
        sender,
        wire.Message(
            one.channel, one.address, one.body, one.subject, reference, left, in_reply_to=thread, key=key
        ),
        now + timedelta(seconds=LATEST_SECONDS),
    )


def _write_attempts(session: Session, calls: Sequence[Call], now: datetime) -> None:
    if not calls:
        return
    insert_all(
        session,
        Attempt,
        [
            {
                "id": call.attempt_id,
                "message_id": call.claimed.id,
                "n": call.claimed.attempts + 1,
                "carrier": call.sender.name,
                "started_at": now,
                "outcome": "calling",
                "status": "sending",
                "code": "",
            }
            for call in calls
        ],
    )
    messages = table(Message)
    session.connection().execute(
        update(messages)
        .where(messages.c.id == bindparam("b_id"))
        .values(attempts=bindparam("b_n"), claim_until=bindparam("b_until")),
        [
            {
                "b_id": call.claimed.id,
                "b_n": call.claimed.attempts + 1,
                "b_until": now + timedelta(seconds=LEASE_SECONDS),
            }
            for call in calls
        ],
    )


def _drop(session: Session, dropped: Sequence[tuple[Claimed, str, str]], now: datetime) -> None:
    for one, status, why in dropped:
        session.execute(
            update(Message)
            .where(Message.id == one.id)
            .values(status=status, error=why, finished_at=now, claim_until=None)
            .execution_options(synchronize_session=False)
        )
    note(session, ((one.id, "sending", status, why) for one, status, why in dropped), now)


def release(session: Session, held: Sequence[Claimed], now: datetime) -> None:
    """Give back what was leased and not begun."""
    if not held:
        return
    known = _still_ours(session, held)
    ours = {one.id for one in held if (one.id, one.token) in known}
    if ours:
        session.execute(
            update(Message)
            .where(Message.id.in_(some(ours)))
            .values(status="created", claim_token=None, claim_until=None)
            .execution_options(synchronize_session=False)
        )
        note(session, ((one, "sending", "created", "released") for one in sorted(ours)), now)


def expire_leases(session: Session, now: datetime, limit: int = 500) -> int:
    """Whoever held these died: without an attempt they are due again, with one they are unknown."""
    query = (
        select(Message.id, Message.attempts)
        .where(Message.status == "sending", Message.claim_until < now)
        .order_by(Message.id)
        .limit(limit)
    )
    lost = session.execute(locked(session, query, skip=True)).all()
    if not lost:
        return 0
    calling = set(
        session.scalars(
            select(Attempt.message_id)
            .join(Message, and_(Message.id == Attempt.message_id, Message.attempts == Attempt.n))
            .where(Attempt.message_id.in_([row.id for row in lost]), Attempt.outcome == "calling")
        )
    )
    unbegun = [row.id for row in lost if row.id not in calling]
    no_sync = {"synchronize_session": False}
    session.execute(
        update(Message)
        .where(Message.id.in_(unbegun))
        .values(status="created", claim_token=None, claim_until=None)
        .execution_options(**no_sync)
    )
    session.execute(
        update(Message)
        .where(Message.id.in_(calling))
        .values(status="unknown", claim_until=None, look_at=now)
        .execution_options(**no_sync)
    )
    session.execute(
        update(Attempt)
        .where(Attempt.message_id.in_(calling), Attempt.outcome == "calling")
        .values(outcome="unknown", status="unknown", finished_at=now)
        .execution_options(**no_sync)
    )
    note(session, ((m, "sending", "created", "lease expired") for m in unbegun), now)
    note(
        session,
        ((m, "sending", "unknown", "lease expired after the call began") for m in sorted(calling)),
        now,
    )
    return len(lost)


def expire_stale(session: Session, now: datetime, limit: int = 1000) -> int:
    """Texts whose time is over are not sent any more."""
    query = (
        select(Message.id)
        .where(Message.status == "created", Message.valid_until <= now)
        .order_by(Message.id)
        .limit(limit)
    )
    stale = session.scalars(locked(session, query, skip=True)).all()
    if stale:
        session.execute(
            update(Message)
            .where(Message.id.in_(stale))
            .values(status="expired", finished_at=now, error="valid_until")
            .execution_options(synchronize_session=False)
        )
        note(session, ((message, "created", "expired", "valid_until") for message in stale), now)
    return len(stale)
