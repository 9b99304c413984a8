"""Who carries a message now: the preferred carrier that is well, has not been tried in vain and whose pace allows it.

Decides on values that were read and locked before; must never know a table or call a carrier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from incident.delivery import health, pace
from incident.delivery.claims import Claimed
from incident.delivery.health import Health
from notify.gateway import Gateway
from notify.message import Sender


@dataclass(frozen=True, slots=True)
class Choice:
    """`sender` None: no carrier at all (`why`), or (`wait`) none that takes it now. `anyway`: though the carrier is known to
    be down."""

    sender: Sender | None = None
    anyway: bool = False
    wait: bool = False
    why: str = "NO_CARRIER"


UNREGISTERED = Choice(why="UNREGISTERED")  # those who are left take only texts that were registered with them


@dataclass(slots=True)
class Choosing:
    """The choices of one turn. `probes`: which message goes to a carrier that is avoided, to see whether it was mended.
    `stamps`: the paces that were drawn on, by carrier, as they will be. `opens`: when the first of those that were
    closed opens."""

    gateway: Gateway
    states: Mapping[str, Health]
    now: datetime
    probes: dict[str, str] = field(default_factory=dict)
    stamps: dict[str, datetime] = field(default_factory=dict)
    opens: datetime | None = None

    def choose(self, one: Claimed) -> Choice:
        senders = self._left(one)
        if not senders:
            able = self.gateway.senders(one.channel, one.address)
            return UNREGISTERED if able and not one.tried.only else Choice()
        if one.tried.only:  # may have it already: nobody else is asked, whatever it answers
            held = self._state(senders[0]).held_by
            return Choice(wait=True) if held else Choice(senders[0], anyway=True)
        for sender in senders:
            if self._may_probe(sender, one):
                self.probes[sender.name] = one.id
                return Choice(sender, anyway=True)
            if health.takes(self._state(sender), one.id, one.critical):
                return Choice(sender)
        last = max(senders, key=lambda s: (self._state(s).paused_at is None, self._state(s).share))
        return Choice(wait=True) if self._state(last).paused_at is not None else Choice(last, anyway=True)

    def _left(self, one: Claimed) -> Sequence[Sender]:
        """Those that have not been tried in this round; when nobody is left (the settings or the pauses have changed), all
        that did not refuse its text, and at last all there are."""
        able = self.gateway.senders(one.channel, one.address)
        if one.tried.only:
            return [s for s in able if s.name == one.tried.only]
        senders = self.gateway.senders(one.channel, one.address, one.text)
        fresh = [s for s in senders if s.name not in one.tried]
        if all(self._state(s).paused_at is not None for s in fresh):
            fresh = [s for s in senders if s.name not in one.tried.never]
        return fresh or (senders if len(senders) == len(able) else ())

    def _state(self, sender: Sender) -> Health:
        return health.of(self.states, sender.name)

    def _may_probe(self, sender: Sender, one: Claimed) -> bool:
        state = self._state(sender)
        if sender.name in self.probes or not health.probe_due(state, self.now):
            return False
        return one.probe or health.may_probe(state, one.critical, self.now)

    def draw(self, sender: Sender, parts: int) -> bool:
        """Whether the carrier's pace lets these parts begin now; if so they are drawn from it."""
        rate = sender.capabilities.parts_per_second
        if rate is None:
            return True
        free_at = self.stamps.get(sender.name) or self._state(sender).free_at
        opens = pace.open_at(free_at, self.now)
        if opens > self.now:
            self.opens = opens if self.opens is None else min(self.opens, opens)
            return False
        self.stamps[sender.name] = pace.after(free_at, rate, parts, self.now)
        return True
