"""Which messages are ours to send now: a short lease without an attempt, then the attempt row with a longer one, then the call.

A lease that ran out without an attempt is harmless: the message goes back. With one, the call may have been made: the
message becomes unknown and is looked for. Must never call a carrier.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, case, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from incident.delivery import drills, references
from incident.delivery.lanes import Lane, View
from incident.delivery.outcomes import NOTHING_TRIED, Tried
from incident.delivery.rows import among, insert_all, locked, note, table, write_each
from incident.domain.drill import FROZEN
from incident.domain.ids import new_id
from incident.store.tables import Attempt, Message, MessageCause, Request, Suppression
from notify import message as wire
from notify.message import Channel, Sender

HELD_SECONDS = 15  # claimed and not begun: so long others wait for what a killed process held
LEASE_SECONDS = 30  # begun: longer than any call takes
LATEST_SECONDS = 15  # a call that has not begun so long after its attempt was written is not made any more

# Nobody waits for an answer to it any more: in each request it was written for, the person has declined, was replaced or
# let go. Who accepts need not be reminded or rung up, nor be sent again what did not go; the text of a summons still says
# where and when.
_POINTLESS = or_(Message.kind == "remind", Message.channel == "voice", Message.attempts > 0)
_AWAITED = or_(
    Request.id.is_(None),
    Request.state == "asked",
    and_(Request.state == "accepted", ~_POINTLESS),
)
_OVER = and_(
    exists().where(MessageCause.message_id == Message.id),
    ~select(MessageCause.message_id)
    .outerjoin(Request, Request.id == MessageCause.request_id)
    .where(MessageCause.message_id == Message.id, _AWAITED)
    .exists(),
)
_HELD = (
    select(Message.id, Message.claim_token)
    .where(
        among(Message.id, "ids"),
        Message.status == "sending",
        among(Message.claim_token, "tokens"),
    )
    .order_by(Message.id)
)
_taken = aliased(Attempt)
# The attempt since which nobody knows whether the carrier has this message, if there is one.
_IN_THE_DARK = (
    select(func.min(Attempt.n))
    .where(
        Attempt.message_id == Message.id,
        Attempt.outcome.in_(("calling", "unknown")),
        ~exists().where(
            _taken.message_id == Attempt.message_id, _taken.n > Attempt.n, _taken.outcome == "accepted"
        ),
    )
    .scalar_subquery()
)
_OURS = _HELD.add_columns(
    select(Suppression.reason)
    .where(Suppression.address == Message.address)
    .scalar_subquery()
    .label("reason"),
    case((Message.attempts > 0, func.coalesce(_IN_THE_DARK, Message.attempts + 1)), else_=1).label("first"),
    _OVER.label("over"),
)


def _which(held: Sequence[Claimed]) -> dict[str, list[str]]:
    return {"ids": [one.id for one in held], "tokens": [one.token for one in held]}


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
    order: tuple[int, int, datetime, str]
    parts: int = 1
    critical: bool = False
    tried: Tried = NOTHING_TRIED
    probe: bool = False  # goes to a paused carrier, to see whether it was mended
    person_id: str | None = None
    drill: bool = False

    @property
    def text(self) -> str | None:
        """What a carrier must be ready to take; None when it is to be seen whether it does."""
        return None if self.kind == "test" else self.body


@dataclass(frozen=True, slots=True)
class Call:
    """One call about to be made; its attempt row is committed before it begins."""

    claimed: Claimed
    attempt_id: str
    sender: Sender
    message: wire.Message
    not_after: datetime
    anyway: bool = False  # also when the carrier is known to be down: a probe, or there is nobody else


def claim(session: Session, view: View, limit: int, token: str, now: datetime) -> list[Claimed]:
    """Lease the most urgent due messages: so many of the lanes that are free, of a paced one no more than its pace lets
    go now, and one of every lane that is being probed."""
    claimed = _claim(session, tuple(view.free), limit, token, now) if view.free else []
    for lane, parts in view.paced:
        claimed += _claim(session, (lane,), min(parts, limit), token, now)
    for lane in view.probing:
        claimed += [replace(one, probe=True) for one in _claim(session, (lane,), 1, token, now)]
    note(session, ((one.id, "created", "sending", "") for one in claimed), now)
    return sorted(claimed, key=lambda one: one.order)


@lru_cache(maxsize=64)
def _due(lanes: tuple[Lane, ...]) -> Select[str]:
    return (
        select(Message.id)
        .where(
            Message.status == "created",
            Message.not_before <= bindparam("b_now"),
            or_(*(lane.condition() for lane in lanes)),
            or_(Message.valid_until.is_(None), Message.valid_until > bindparam("b_now")),
        )
        .order_by(Message.priority, Message.turn, Message.not_before, Message.id)
        .limit(bindparam("b_limit"))
    )


def _claim(session: Session, lanes: tuple[Lane, ...], limit: int, token: str, now: datetime) -> list[Claimed]:
    until = now + timedelta(seconds=HELD_SECONDS)
    rows = session.connection().execute(
        _lease(lanes, session.get_bind().dialect.name == "sqlite"),
        {"b_now": now, "b_limit": limit, "b_token": token, "b_until": until},
    )
    return [
        Claimed(
            id=row.id, token=token, channel=row.channel, address=row.address, subject=row.subject, body=row.body,
            kind=row.kind, attempts=row.attempts, incident_id=row.incident_id, valid_until=row.valid_until,
            order=(row.priority, row.turn, row.not_before, row.id),
            parts=row.parts, critical=row.critical, tried=Tried.read(row.passed_over),
            person_id=row.person_id, drill=row.drill,
        )
        for row in rows
    ]  # fmt: skip


_COLUMNS = (
    "id", "channel", "address", "subject", "body", "kind", "attempts", "incident_id", "valid_until", "priority",
    "not_before", "turn", "parts", "critical", "passed_over", "person_id", "drill",
)  # fmt: skip


@lru_cache(maxsize=64)
def _lease(lanes: tuple[Lane, ...], whole: bool) -> Any:
    """Built once for each set of lanes. `whole`: the writer holds the whole database, no row need be locked."""
    due = _due(lanes) if whole else _due(lanes).with_for_update(skip_locked=True)
    messages = table(Message)
    return (
        update(messages)
        .where(messages.c.id.in_(due.scalar_subquery()))
        .values(status="sending", claim_token=bindparam("b_token"), claim_until=bindparam("b_until"))
        .returning(*(messages.c[name] for name in _COLUMNS))
    )


def ours(
    session: Session, held: Sequence[Claimed], now: datetime, ended: list[str]
) -> list[tuple[Claimed, int]]:
    """Those of them that are still ours, locked, each with the attempt that first used its key. What ran out and was
    claimed anew, by us too, is not; what nobody may or need be sent any more is cancelled here, and added to `ended`. So is
    what would break the rules of a drill: every call to a carrier comes this way.

    Waits for nobody: the turn holds other messages already, and whoever stops an incident takes its rows in another
    order. What somebody else holds is left to its lease.
    """
    if not held:
        return []
    rows = session.execute(locked(session, _OURS, skip=True), _which(held))
    known = {(row.id, str(row.claim_token)): row for row in rows}
    refused = drills.refused(session, held)
    kept: list[tuple[Claimed, int]] = []
    dropped: list[tuple[Claimed, str, str]] = []
    for one in held:
        row = known.get((one.id, one.token))
        if row is None:
            continue
        if why := _moot(one, row):
            dropped.append((one, "cancelled", why))
        elif why := refused.get(one.id, ""):
            dropped.append((one, "cancelled" if why == FROZEN else "validation-failed", why))
        else:
            kept.append((one, int(row.first)))
    drop(session, dropped, now, ended)
    return kept


def _moot(one: Claimed, row: Row[Any]) -> str:
    """Why nobody may or need be sent this; "" when it goes. The one answer to somebody who was texted by mistake goes to
    an address that asked for nothing."""
    if row.reason is not None and not (one.kind == "reply" and row.reason == "wrong_number"):
        return "suppressed"
    return "not_awaited" if row.over else ""


def begin(session: Session, calls: Sequence[Call], now: datetime) -> None:
    """Write the attempt rows of calls that are made as soon as this is committed."""
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
    until = now + timedelta(seconds=LEASE_SECONDS)
    begun = [
        {"id": one.claimed.id, "attempts": one.claimed.attempts + 1, "claim_until": until} for one in calls
    ]
    write_each(session, Message, begun)


def call(one: Claimed, sender: Sender, first: int, anyway: bool, secret: str, now: datetime) -> Call:
    """`first`: the attempt that first used the key of this one."""
    attempt_id = new_id(now)
    # What follows an attempt in the dark must look like a repetition to the carrier, whatever was refused in between; what
    # follows a known end must not.
    key = one.id if first == 1 else f"{one.id}-{first - 1}"
    # A mail keeps its Message-ID from one attempt to the next, so that a reader's program sees the second as the first.
    reference = one.id if one.channel == "email" else references.signed(attempt_id, secret)
    thread = f"incident-{one.incident_id}" if one.channel == "email" and one.incident_id else ""
    return Call(
        one,
        attempt_id,
        sender,
        wire.Message(one.channel, one.address, one.body, one.subject, reference, in_reply_to=thread, key=key),
        now + timedelta(seconds=LATEST_SECONDS),
        anyway,
    )


def drop(
    session: Session, dropped: Iterable[tuple[Claimed, str, str]], now: datetime, ended: list[str]
) -> None:
    """End these here: (message, status, why). `ended` grows by them: the run must hear of it, but not in a turn that holds
    messages already."""
    dropped = list(dropped)
    ended += [one.id for one, _, _ in dropped]
    for one, status, why in dropped:
        session.execute(
            update(Message)
            .where(Message.id == one.id)
            .values(status=status, error=why, finished_at=now, claim_until=None)
            .execution_options(synchronize_session=False)
        )
    note(session, ((one.id, "sending", status, why) for one, status, why in dropped), now)


def release(session: Session, held: Sequence[Claimed], now: datetime, rest_seconds: float = 0.0) -> None:
    """Give back what was leased and not begun; nobody takes it for so long."""
    if not held:
        return
    rows = session.execute(locked(session, _HELD, skip=True), _which(held))
    pairs = {(row.id, str(row.claim_token)) for row in rows}
    mine = [one.id for one in held if (one.id, one.token) in pairs]
    rest = {"not_before": now + timedelta(seconds=rest_seconds)} if rest_seconds else {}
    if mine:
        session.execute(
            update(Message)
            .where(among(Message.id, mine))
            .values(status="created", claim_token=None, claim_until=None, **rest)
            .execution_options(synchronize_session=False)
        )
        note(session, ((one, "sending", "created", "released") for one in mine), now)


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
            .where(among(Attempt.message_id, [row.id for row in lost]), Attempt.outcome == "calling")
        )
    )
    unbegun = [row.id for row in lost if row.id not in calling]
    no_sync = {"synchronize_session": False}
    session.execute(
        update(Message)
        .where(among(Message.id, unbegun))
        .values(status="created", claim_token=None, claim_until=None)
        .execution_options(**no_sync)
    )
    session.execute(
        update(Message)
        .where(among(Message.id, calling))
        .values(status="unknown", claim_until=None, look_at=now)
        .execution_options(**no_sync)
    )
    session.execute(
        update(Attempt)
        .where(among(Attempt.message_id, calling), Attempt.outcome == "calling")
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


def expire_stale(session: Session, now: datetime, limit: int = 1000) -> list[str]:
    """Texts whose time is over are not sent any more. Returns which; what may have gone is looked for instead."""
    query = (
        select(Message.id, Message.passed_over)
        .where(Message.status == "created", Message.valid_until <= now)
        .order_by(Message.id)
        .limit(limit)
    )
    over = session.execute(locked(session, query, skip=True)).all()
    dark = {row.id for row in over if Tried.read(row.passed_over).only}
    if dark:
        session.execute(
            update(Message)
            .where(among(Message.id, dark))
            .values(status="unknown", look_at=now)
            .execution_options(synchronize_session=False)
        )
        note(session, ((message, "created", "unknown", "valid_until") for message in sorted(dark)), now)
    stale = [row.id for row in over if row.id not in dark]
    if stale:
        session.execute(
            update(Message)
            .where(among(Message.id, stale))
            .values(status="expired", finished_at=now, error="valid_until")
            .execution_options(synchronize_session=False)
        )
        note(session, ((message, "created", "expired", "valid_until") for message in stale), now)
    return stale
