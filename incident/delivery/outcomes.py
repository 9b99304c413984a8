"""What follows from the way a call ended, and what a message's status is, given its attempts. Pure; tables with tests.

The third outcome is the one that matters: a time-out or a reset says nothing, so the message becomes `unknown` and is
looked for, and is never simply sent again. Must never know a table or a carrier.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from notify.message import (
    ConfigurationFault,
    PermanentFailure,
    Receipt,
    SendFailure,
    TemporaryFailure,
    UnknownOutcome,
)

BACKOFF_SECONDS = (2, 5, 15, 60, 60, 120, 300)
MOST_TRIES = 8
PROBE_SECONDS = 30
LOOK_AFTER_SECONDS = 30
LOOK_AGAIN_SECONDS = 60
RECEIPT_RETRY_SECONDS = 60
MOST_ASKED = 4  # calls by one key to a carrier that knows a repetition, before the message is looked for

# Calls that were not made after all: nobody was asked, so they say nothing and count for nothing.
LATE, AVOIDED = "LATE", "AVOIDED"
NOT_MADE = (LATE, AVOIDED)

# Where an attempt stands; a receipt never moves it back. Only a late "delivered" corrects a failure.
RANK = {
    "sending": 0,
    "unknown": 1,
    "accepted": 2,
    "sent": 3,
    "temporary-failure": 4,
    "permanent-failure": 4,
    "technical-failure": 4,
    "delivered": 5,
}
HOLDING = ("delivered", "sent", "accepted")  # the best of these that any attempt has is the message's
FAILED = ("permanent-failure", "technical-failure", "validation-failed", "expired", "cancelled")


# A refusal of the text or of the prefix is this carrier's; one of the person's address is everybody's.
OF_THE_CARRIER = ("content", "other")
Then = Literal["anew", "next", "never", "only"]


@dataclass(frozen=True, slots=True)
class Tried:
    """The carriers that a message goes without: `once` until each has been tried in this round, `never` since they
    refused its text. `only`: the one that may have it already, and is asked again by the same key."""

    once: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    only: str = ""

    @classmethod
    def read(cls, text: str) -> Tried:
        """From `message.passed_over`: "a,b" were tried, "c!" refused, "=d" is the only one."""
        if not text:
            return NOTHING_TRIED
        words = text.split(",")
        return cls(
            frozenset(word for word in words if word[0] != "=" and word[-1] != "!"),
            frozenset(word[:-1] for word in words if word[-1] == "!"),
            next((word[1:] for word in words if word[0] == "="), ""),
        )

    def __str__(self) -> str:
        only = [f"={self.only}"] if self.only else []
        return ",".join([*sorted(self.once), *(f"{name}!" for name in sorted(self.never)), *only])

    def __contains__(self, name: str) -> bool:
        return name in self.once or name in self.never

    @property
    def settled(self) -> Tried:
        """Once it is known what became of it where it was asked for: anybody may have it again."""
        return replace(self, only="")

    def after(self, then: Then, name: str) -> Tried:
        """Once a call to this carrier has ended: begin a new round, go to the next carrier, never come back with this
        text, or ask this one alone again."""
        match then:
            case "next":
                return Tried(self.once | {name}, self.never)
            case "never":
                return Tried(self.once, self.never | {name})
            case "only":
                return Tried(frozenset(), self.never, name)
        return Tried(frozenset(), self.never)


NOTHING_TRIED = Tried()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`status` of the message; `outcome` and `attempt` of the attempt row. `suppress`: nothing more to this address.
    `then`: what it means for the choice of the next carrier (`Tried.after`)."""

    status: str
    outcome: str
    attempt: str
    code: str = ""
    error: str = ""
    wait_seconds: int | None = None
    look_seconds: int | None = None
    suppress: bool = False
    then: Then = "anew"


def judge(
    ended: Receipt | SendFailure,
    tries: int,
    elsewhere: bool = False,
    idempotent: bool = False,
    repeated: bool = False,
) -> Verdict:
    """`tries`: calls of this message to this carrier that ended in this way, with this one. `elsewhere`: another carrier
    could take it at once. `idempotent`: asked again by the same key, the carrier sends once. `repeated`: this call did
    that, after one in the dark."""
    verdict = _judged(ended, tries, elsewhere, idempotent)
    if repeated and verdict.outcome in ("not-sent", "refused"):
        # What became of the call before is as unknown as it was: nobody else may have it yet.
        look = LOOK_AFTER_SECONDS
        return replace(
            verdict, status="unknown", wait_seconds=None, look_seconds=look, suppress=False, then="anew"
        )
    return verdict


def _judged(ended: Receipt | SendFailure, tries: int, elsewhere: bool, idempotent: bool) -> Verdict:
    match ended:
        case Receipt():
            return Verdict(ended.status, "accepted", ended.status)
        case TemporaryFailure():
            return _again(ended, tries, elsewhere)
        case ConfigurationFault():
            verdict = Verdict(
                "created", "refused", "technical-failure", ended.code, _said(ended), PROBE_SECONDS
            )
            return _elsewhere(verdict, "next") if elsewhere else verdict
        case PermanentFailure():
            verdict = Verdict(
                "permanent-failure", "refused", "permanent-failure", ended.code, _said(ended),
                suppress=ended.kind == "optout",
            )  # fmt: skip
            return _elsewhere(verdict, "never") if elsewhere and ended.kind in OF_THE_CARRIER else verdict
        case UnknownOutcome() if idempotent and tries < MOST_ASKED:
            wait = BACKOFF_SECONDS[tries - 1]
            return Verdict("created", "unknown", "unknown", ended.code, _said(ended), wait, then="only")
    code = getattr(ended, "code", "")
    return Verdict("unknown", "unknown", "unknown", code, _said(ended), look_seconds=LOOK_AFTER_SECONDS)


def _elsewhere(verdict: Verdict, then: Then) -> Verdict:
    """The message is not lost with this carrier: the next one has it at once."""
    return replace(verdict, status="created", wait_seconds=0, then=then)


def _again(failure: TemporaryFailure, tries: int, elsewhere: bool) -> Verdict:
    verdict = Verdict("created", "not-sent", "temporary-failure", failure.code, _said(failure))
    if elsewhere and failure.code != LATE:
        return _elsewhere(verdict, "next")
    if tries >= MOST_TRIES:
        return replace(verdict, status="technical-failure", attempt="technical-failure")
    return replace(verdict, wait_seconds=BACKOFF_SECONDS[min(tries, len(BACKOFF_SECONDS)) - 1])


def _said(failure: SendFailure) -> str:
    return str(failure)[:200]


def later(now: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)


def risen(before: str, after: str) -> bool:
    """Whether a receipt moves an attempt."""
    return RANK.get(after, 0) > RANK.get(before, 0)


def message_status(attempts: Iterable[tuple[int, str]], current: str) -> str:
    """The message's status as a function of its attempts (n, status).

    What any attempt achieved holds, so a late "delivered" on the first cancels a second that has not gone. A message
    that waits for its next attempt goes on waiting as long as no attempt achieved anything.
    """
    statuses = [status for _, status in sorted(attempts)]
    for best in HOLDING:
        if best in statuses:
            return best
    if current in ("created", "sending") or not statuses:
        return current
    return statuses[-1]
