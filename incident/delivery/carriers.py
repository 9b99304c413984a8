"""Which carriers are paused. A configuration fault pauses one; a single probe every 30 seconds finds out when it is mended.

Must never know what was being sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from incident.delivery.outcomes import PROBE_SECONDS
from incident.delivery.rows import insert_once
from incident.domain.actors import SYSTEM
from incident.store.tables import CarrierState
from incident.timeline import ledger
from notify.gateway import Gateway
from notify.message import Channel

CHANNELS: tuple[Channel, ...] = ("sms", "voice", "email")


@dataclass(frozen=True, slots=True)
class Lanes:
    """Channels that are open, and those where one message may go to see whether the carrier was mended."""

    open: tuple[Channel, ...]
    probing: tuple[Channel, ...]
    paused: frozenset[str]


def paused(session: Session) -> Mapping[str, datetime]:
    """The names of the paused carriers, and when each last refused."""
    rows = session.execute(
        select(CarrierState.name, CarrierState.paused_at).where(CarrierState.paused_at.is_not(None))
    )
    return {name: at for name, at in rows if at is not None}


def lanes(gateway: Gateway, stopped: Mapping[str, datetime], now: datetime) -> Lanes:
    open_, probing = list[Channel](), list[Channel]()
    for channel in CHANNELS:
        names = [route.sender.name for route in gateway.routes if route.channel == channel]
        resting = [stopped[name] for name in names if name in stopped]
        if len(resting) < len(names) or not names:
            open_.append(channel)
        elif max(resting) <= now - timedelta(seconds=PROBE_SECONDS):
            probing.append(channel)
    return Lanes(tuple(open_), tuple(probing), frozenset(stopped))


def pause(session: Session, name: str, reason: str, now: datetime) -> None:
    """The first refusal is put on the record; later ones only move the time of the next probe."""
    insert_once(session, CarrierState, [{"name": name, "reason": ""}])
    known = session.scalar(select(CarrierState.paused_at).where(CarrierState.name == name))
    session.execute(
        update(CarrierState).where(CarrierState.name == name).values(paused_at=now, reason=reason[:200])
    )
    if known is None:
        _record(session, "carrier_paused", {"carrier": name, "reason": reason}, now)


def probed(session: Session, now: datetime) -> None:
    """A probe is on its way: the next one is due 30 seconds from now."""
    session.execute(update(CarrierState).where(CarrierState.paused_at.is_not(None)).values(paused_at=now))


def resume(session: Session, name: str, now: datetime) -> None:
    session.execute(update(CarrierState).where(CarrierState.name == name).values(paused_at=None, reason=""))
    _record(session, "carrier_resumed", {"carrier": name}, now)


def heard(session: Session, name: str, now: datetime) -> None:
    """A receipt came in: the callbacks are alive."""
    insert_once(session, CarrierState, [{"name": name, "reason": ""}])
    session.execute(update(CarrierState).where(CarrierState.name == name).values(last_callback_at=now))


def _record(session: Session, kind: str, data: dict[str, str], now: datetime) -> None:
    head = ledger.system_head(session)
    ledger.append(session, head, kind, occurred_at=now, recorded_at=now, actor=SYSTEM, data=data)
