"""Lanes: the due messages that the same carriers can carry. What is closed or paced is not even claimed, so that whatever
is more urgent and comes later never stands behind it.

Pure but for the conditions it gives to a query. Must never call a carrier.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import get_args

from sqlalchemy import ColumnElement, and_, literal, not_, or_

from incident.delivery import health, pace
from incident.delivery.health import Health
from incident.store.tables import Message
from notify.gateway import Gateway
from notify.message import Channel, Sender

CHANNELS: tuple[Channel, ...] = get_args(Channel)


@dataclass(frozen=True, slots=True)
class Lane:
    """Addresses of a channel that begin with one of `begins` (empty: any), and with none of `not_begins`.

    `answering`: beside those that are paused; what each of them has refused can go by a paused one only, and rests, as does
    what only one that is `held` may be asked about. `resting`: these are meant, and not the others.
    """

    channel: Channel
    senders: tuple[Sender, ...]
    begins: tuple[str, ...] = ()
    not_begins: tuple[str, ...] = ()
    answering: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    resting: bool = False

    def holds(self, channel: Channel, address: str) -> bool:
        if channel != self.channel or (self.begins and not address.startswith(self.begins)):
            return False
        return not address.startswith(self.not_begins) if self.not_begins else True

    def condition(self) -> ColumnElement[bool]:
        parts: list[ColumnElement[bool]] = [Message.channel == self.channel]
        if self.begins:
            parts.append(or_(*(Message.address.startswith(one, autoescape=True) for one in self.begins)))
        parts += [not_(Message.address.startswith(one, autoescape=True)) for one in self.not_begins]
        if self.answering:
            refused = and_(
                *(_refused_by(name) for name in self.answering), not_(Message.passed_over.contains("="))
            )
            parts.append(refused if self.resting else not_(refused))
        parts += [not_(Message.passed_over.endswith(f"={name}", autoescape=True)) for name in self.held]
        return and_(*parts)


def _refused_by(name: str) -> ColumnElement[bool]:
    """As `outcomes.Tried` writes it."""
    return (literal(",") + Message.passed_over + ",").contains(f",{name}!,", autoescape=True)


@dataclass(slots=True)
class View:
    """What may be claimed now: lanes that are free, lanes with so many parts, lanes of which one message is a probe.
    `opens`: when the first of the lanes that are paced opens again."""

    free: list[Lane] = field(default_factory=list)
    paced: list[tuple[Lane, int]] = field(default_factory=list)
    probing: list[Lane] = field(default_factory=list)
    opens: datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.free or self.paced or self.probing)


def of(gateway: Gateway) -> tuple[Lane, ...]:
    """Every address of every channel is in exactly one lane. A lane without a carrier is there too: what is in it fails."""
    return tuple(lane for channel in CHANNELS for lane in _of(gateway, channel))


def _of(gateway: Gateway, channel: Channel) -> list[Lane]:
    routes = [route for route in gateway.routes if route.channel == channel]
    prefixes = sorted({prefix for route in routes for prefix in route.prefixes})
    lanes = []
    for begin in (*prefixes, ""):
        senders = tuple(r.sender for r in routes if not r.prefixes or begin.startswith(r.prefixes))
        longer = tuple(one for one in prefixes if one != begin and one.startswith(begin))
        lanes.append(Lane(channel, senders, (begin,) if begin else (), longer))
    return lanes


def view(lanes: Collection[Lane], states: Mapping[str, Health], now: datetime) -> View:
    found = View()
    for lane in lanes:
        answering = [s for s in lane.senders if health.of(states, s.name).paused_at is None]
        probe = any(
            health.probe_due(health.of(states, s.name), now) for s in lane.senders if s not in answering
        )
        if lane.senders and not answering:
            if probe:
                found.probing.append(lane)
            continue
        if len(answering) < len(lane.senders):
            held = (s.name for s in lane.senders if health.of(states, s.name).held_by)
            lane = replace(lane, answering=tuple(s.name for s in answering), held=tuple(held))
            if probe:
                found.probing.append(replace(lane, resting=True))
        parts, opens = _allowance(answering, states, now)
        if parts is None:
            found.free.append(lane)
        elif parts:
            found.paced.append((lane, parts))
        elif opens is not None:
            found.opens = opens if found.opens is None else min(found.opens, opens)
    return found


def _allowance(
    senders: Collection[Sender], states: Mapping[str, Health], now: datetime
) -> tuple[int | None, datetime | None]:
    """How many parts these carriers take now (None: any number), or when the first of them takes one."""
    carrying = [s for s in senders if not health.of(states, s.name).avoided] or senders
    total, opens = 0, list[datetime]()
    for sender in carrying:
        rate = sender.capabilities.parts_per_second
        if rate is None:
            return None, None
        free_at = health.of(states, sender.name).free_at
        total += pace.budget(free_at, rate, now)
        opens.append(pace.open_at(free_at, now))
    return (None, None) if not opens else (total, min(opens))
