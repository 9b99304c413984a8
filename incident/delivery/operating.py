"""What an operator sees of the carriers, and does with them: their state, their hour, a test message, the account's balance.

Reads the database, asks a carrier only for its balance. Must never name a person or a number but the one who tests.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from incident.delivery import health
from incident.delivery.carriers import read
from incident.delivery.outcomes import Tried
from incident.delivery.rows import insert_once
from incident.domain.ids import first_id, new_id
from incident.store.sessions import Store
from incident.store.tables import Attempt, CarrierState, Message
from notify.gateway import Gateway
from notify.message import Capabilities, Channel, HasBalance
from notify.phone import segments, strip_marks

log = logging.getLogger(__name__)

TEST = "test"
TEST_WORTH = timedelta(minutes=10)
TEST_REST = timedelta(seconds=30)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST_CODES = 5
LOW_BALANCE = 10.0  # in Twilio's currencies a few hundred SMS; a described gateway says its own

State = Literal["well", "held", "paused", "avoided", "returning"]


@dataclass(frozen=True, slots=True)
class CarrierView:
    """One carrier. `hour`: calls of the last hour by how they ended; `codes`: the commonest codes of failed calls of the
    last day; `why`: a machine word or a carrier's text; `share`: percent of its traffic that it keeps."""

    name: str
    channels: tuple[Channel, ...]
    prefixes: tuple[str, ...]
    can: Capabilities
    state: State
    why: str
    since: datetime | None
    held_by: str
    share: int
    hour: Mapping[str, int]
    codes: tuple[tuple[str, int], ...]
    heard_at: datetime | None
    balance: float | None
    currency: str
    balance_at: datetime | None
    balance_low: float | None = None

    @property
    def low(self) -> bool:
        return is_low(self.balance, self.balance_low)


def is_low(balance: float | None, low: float | None) -> bool:
    return balance is not None and balance < (LOW_BALANCE if low is None else low)


def every(session: Session, gateway: Gateway, now: datetime) -> tuple[CarrierView, ...]:
    """All configured carriers, in their order."""
    rows = {row.name: row for row in session.scalars(select(CarrierState))}
    states = read(session)
    calls, codes = _calls(session, now), _codes(session, now)
    names = dict.fromkeys(route.sender.name for route in gateway.routes)
    return tuple(
        _view(gateway, name, rows.get(name), health.of(states, name), calls[name], codes[name])
        for name in names
    )


def _view(
    gateway: Gateway,
    name: str,
    row: CarrierState | None,
    one: health.Health,
    hour: Mapping[str, int],
    codes: Counter[str],
) -> CarrierView:
    routes = [route for route in gateway.routes if route.sender.name == name]
    state = state_of(one)
    return CarrierView(
        name=name,
        channels=tuple(dict.fromkeys(route.channel for route in routes)),
        prefixes=tuple(dict.fromkeys(prefix for route in routes for prefix in route.prefixes)),
        can=routes[0].sender.capabilities,
        state=state,
        why=(row.reason if row is not None and state in ("held", "paused") else one.since),
        since=one.paused_at or one.share_at,
        held_by=one.held_by,
        share=one.share,
        hour=hour,
        codes=tuple(codes.most_common(MOST_CODES)),
        heard_at=row.last_callback_at if row is not None else None,
        balance=row.balance if row is not None else None,
        currency=row.currency if row is not None else "",
        balance_at=row.balance_at if row is not None else None,
        balance_low=row.balance_low if row is not None else None,
    )


def state_of(one: health.Health) -> State:
    if one.held_by:
        return "held"
    if one.paused_at is not None:
        return "paused"
    if one.share == 0:
        return "avoided"
    return "well" if one.share == health.WELL else "returning"


def _calls(session: Session, now: datetime) -> Mapping[str, Counter[str]]:
    rows = session.execute(
        select(Attempt.carrier, Attempt.outcome, func.count())
        .where(Attempt.id >= first_id(now - HOUR))
        .group_by(Attempt.carrier, Attempt.outcome)
    )
    return _counted(rows)


def _codes(session: Session, now: datetime) -> Mapping[str, Counter[str]]:
    rows = session.execute(
        select(Attempt.carrier, Attempt.code, func.count())
        .where(Attempt.id >= first_id(now - DAY), Attempt.code != "")
        .group_by(Attempt.carrier, Attempt.code)
    )
    return _counted(rows)


class _Empty(dict[str, Counter[str]]):
    def __missing__(self, name: str) -> Counter[str]:
        return Counter()


def _counted(rows: object) -> _Empty:
    found = _Empty()
    for carrier, key, n in rows:  # type: ignore[attr-defined]
        found.setdefault(carrier, Counter())[key] += n
    return found


# ------------------------------------------------------------------ a test message


def test(
    session: Session,
    gateway: Gateway,
    carrier: str,
    channel: Channel,
    person_id: str,
    address: str,
    text: str,
    now: datetime,
) -> bool:
    """Write a message that goes by this carrier and by no other. False when one has just been written."""
    others = {sender.name for sender in gateway.senders(channel, address)} - {carrier}
    last = session.scalar(
        select(func.max(Message.created_at)).where(Message.kind == TEST, Message.address == address)
    )
    if last is not None and now - last < TEST_REST:
        return False
    body = strip_marks(text) if channel == "sms" else text
    counted = segments(body)
    row = {
        "id": new_id(now),
        "dedupe_key": f"{TEST}:{uuid.uuid4().hex}",
        "incident_id": None,
        "person_id": person_id,
        "mailing_id": None,
        "kind": TEST,
        "channel": channel,
        "address": address,
        "subject": text[:100] if channel == "email" else "",
        "body": body,
        "encoding": counted.encoding if channel == "sms" else "UTF-8",
        "parts": counted.parts if channel == "sms" else 1,
        "priority": 5,
        "critical": False,
        "drill": False,
        "created_at": now,
        "not_before": now,
        "valid_until": now + TEST_WORTH,
        "status": "created",
        "passed_over": str(Tried(never=frozenset(others))),
    }
    insert_once(session, Message, [row])
    return True


def last_test(session: Session, address: str) -> Message | None:
    """The newest test message to this address."""
    newest = select(Message).where(Message.kind == TEST, Message.address == address)
    return session.scalar(newest.order_by(Message.created_at.desc(), Message.id.desc()).limit(1))


# ------------------------------------------------------------------ the account


def ask_balances(store: Store, gateway: Gateway, now: datetime) -> int:
    """Ask each carrier that can say it what is left on the account, and keep it. Returns how many answered."""
    answered = 0
    for sender in {route.sender.name: route.sender for route in gateway.routes}.values():
        if not isinstance(sender, HasBalance):
            continue
        try:
            found = sender.balance()
        except Exception as fault:  # what is left on an account matters less than anything else
            log.warning("the balance of %s could not be read: %s", sender.name, type(fault).__name__)
            continue
        if found is None:
            continue
        answered += 1
        with store.writing() as session:
            insert_once(session, CarrierState, [{"name": sender.name, "reason": ""}])
            kept = {
                "balance": found.amount, "currency": found.currency[:5], "balance_at": now, "balance_low": found.low,
            }  # fmt: skip
            session.execute(update(CarrierState).where(CarrierState.name == sender.name).values(kept))
    return answered
