"""A carrier in memory, for tests: keeps what it was given and fails when told to.

It must never be wired into a running service: `incident simulator` is what that uses.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from notify.message import Capabilities, Listed, Message, Receipt, Reply, SendFailure, UnknownOutcome
from notify.phone import segments

TWO_WAY = Capabilities(two_way=True)  # it never reports by itself: a test hands in what it wants reported
ONE_WAY = Capabilities()


@dataclass(frozen=True, slots=True)
class Script:
    """What the next call does: raise `failure` (None: accept), and whether the message went all the same."""

    failure: SendFailure | None = None
    went: bool = True


def refuses(failure: SendFailure) -> Script:
    """The carrier says no; nothing goes."""
    return Script(failure, went=False)


def unknown_but_sent() -> Script:
    """The answer is lost after the carrier took the message."""
    return Script(UnknownOutcome("connection reset"), went=True)


def hangs() -> Script:
    """No answer in time, and the carrier never took it."""
    return Script(UnknownOutcome("timed out"), went=False)


class MemorySender:
    """Takes a script per call; without one it accepts. `listing=False` is a carrier that has no list."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        name: str = "memory",
        capabilities: Capabilities = TWO_WAY,
        listing: bool = True,
        status: Literal["accepted", "sent"] = "accepted",
    ) -> None:
        self._clock = clock
        self._name = name
        self._capabilities = capabilities
        self._listing = listing
        self._status: Literal["accepted", "sent"] = status
        self._scripts: deque[Script] = deque()
        self._lock = threading.Lock()
        self.calls: list[Message] = []
        self.sent: list[Message] = []
        self._listed: list[Listed] = []
        self._came_in: list[tuple[datetime, Reply]] = []

    @property
    def name(self) -> str:
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def will(self, *scripts: Script) -> None:
        """The next calls, in order."""
        self._scripts.extend(scripts)

    def to(self, address: str) -> Sequence[Message]:
        """What this address received."""
        return [message for message in self.sent if message.to == address]

    def send(self, message: Message) -> Receipt:
        with self._lock:
            script = self._scripts.popleft() if self._scripts else Script()
            self.calls.append(message)
            carrier_id = self._take(message) if script.went else ""
        if script.failure is not None:
            raise script.failure
        return Receipt(self.name, carrier_id, self._status, segments(message.body).parts)

    def _take(self, message: Message) -> str:
        carrier_id = f"{self.name}-{len(self.sent) + 1}"
        self.sent.append(message)
        self._listed.append(Listed(carrier_id, message.to, message.body, self._status, "", self._clock()))
        return carrier_id

    def receives(self, reply: Reply) -> None:
        """A text comes in; its webhook is the test's own affair."""
        self._came_in.append((self._clock(), reply))

    def replies(self, since: datetime) -> Sequence[Reply]:
        return [reply for at, reply in self._came_in if at >= since]

    def list(self, since: datetime) -> Sequence[Listed] | None:
        if not self._listing:
            return None
        return [listed for listed in self._listed if listed.created_at >= since]
