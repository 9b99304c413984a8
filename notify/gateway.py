"""Which sender carries which channel and prefix, and who comes next when the first cannot.

Pure order, no memory: which carrier is healthy and when to drift back is decided by whoever keeps state. It must never
know how a carrier speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from notify.message import (
    Channel,
    ConfigurationFault,
    Message,
    Receipt,
    Sender,
    SendFailure,
    TemporaryFailure,
)


@dataclass(frozen=True, slots=True)
class Route:
    """A sender of a channel, for addresses that begin with one of `prefixes` (none given: all)."""

    channel: Channel
    sender: Sender
    prefixes: tuple[str, ...] = ()

    def carries(self, channel: Channel, to: str) -> bool:
        return channel == self.channel and (not self.prefixes or to.startswith(self.prefixes))


class Gateway:
    """Routes in order of preference. `takes` says whether a sender takes a text at all: not each takes every one."""

    def __init__(
        self, routes: Iterable[Route], takes: Callable[[Sender, str], bool] = lambda sender, text: True
    ) -> None:
        self.routes = tuple(routes)
        self.takes = takes

    def has(self, channel: Channel) -> bool:
        """Whether any carrier is configured for this channel."""
        return any(route.channel == channel for route in self.routes)

    def senders(self, channel: Channel, to: str, text: str | None = None) -> tuple[Sender, ...]:
        """All that could carry it, the preferred one first; of a `text`, all that take it."""
        return tuple(
            route.sender
            for route in self.routes
            if route.carries(channel, to) and (text is None or self.takes(route.sender, text))
        )

    def choose(self, channel: Channel, to: str, passed_over: Collection[str] = ()) -> Sender | None:
        """The first whose name is not among those passed over; None when there is nobody left."""
        return next((s for s in self.senders(channel, to) if s.name not in passed_over), None)

    def named(self, name: str) -> Sender | None:
        """The sender that an attempt row remembers by name."""
        return next((route.sender for route in self.routes if route.sender.name == name), None)

    @property
    def calls_back(self) -> bool:
        """Whether any SMS carrier is known to report what became of a message."""
        return any(r.sender.capabilities.receipts != "none" for r in self.routes if r.channel == "sms")

    def two_way_everywhere(self) -> bool:
        """Whether every SMS carrier takes answers: what a text to many may offer, since any of them may have to take it."""
        can = [route.sender.capabilities.two_way for route in self.routes if route.channel == "sms"]
        return bool(can) and all(can)

    def two_way(self, to: str) -> bool:
        """Whether an answer by SMS can come back from this number whichever carrier takes the text: a text that asks for a
        reply must not go out by one that takes none."""
        senders = self.senders("sms", to)
        return bool(senders) and all(sender.capabilities.two_way for sender in senders)

    def send(self, message: Message) -> Receipt:
        """Tries in order, and goes on only after what provably was not processed; an unknown outcome stops here."""
        failure: SendFailure = ConfigurationFault("NO_CARRIER", f"no carrier for {message.channel}")
        for sender in self.senders(message.channel, message.to):
            try:
                return sender.send(message)
            except (TemporaryFailure, ConfigurationFault) as fault:
                failure = fault
        raise failure
