"""What follows from the way a call ended, and what a message's status is, given its attempts. Pure; tables with tests.

The third outcome is the one that matters: a time-out or a reset says nothing, so the message becomes `unknown` and is
looked for, and is never simply sent again. Must never know a table or a carrier.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

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


@dataclass(frozen=True, slots=True)
class Verdict:
    """`status` of the message; `outcome` and `attempt` of the attempt row. `suppress`: nothing more to this address.
    `pause`: the carrier takes nothing until somebody mends it."""

    status: str
    outcome: str
    attempt: str
    code: str = ""
    error: str = ""
    wait_seconds: int | None = None
    look_seconds: int | None = None
    suppress: bool = False
    pause: bool = False


def judge(ended: Receipt | SendFailure, tries: int) -> Verdict:
    """`tries`: calls of this message that were provably not processed, this one included."""
    match ended:
        case Receipt():
            return Verdict(ended.status, "accepted", ended.status)
        case TemporaryFailure():
            return _again(ended, tries)
        case ConfigurationFault():
            return Verdict(
                "created", "refused", "technical-failure", ended.code, _said(ended), PROBE_SECONDS, pause=True
            )
        case PermanentFailure():
            return Verdict(
                "permanent-failure", "refused", "permanent-failure", ended.code, _said(ended),
                suppress=ended.kind == "optout",
            )  # fmt: skip
        case UnknownOutcome():
            return Verdict(
                "unknown", "unknown", "unknown", ended.code, _said(ended), look_seconds=LOOK_AFTER_SECONDS
            )
    return Verdict("unknown", "unknown", "unknown", "", _said(ended), look_seconds=LOOK_AFTER_SECONDS)


def _again(failure: TemporaryFailure, tries: int) -> Verdict:
    if tries >= MOST_TRIES:
        return Verdict("technical-failure", "not-sent", "technical-failure", failure.code, _said(failure))
    wait = BACKOFF_SECONDS[min(tries, len(BACKOFF_SECONDS)) - 1]
    return Verdict("created", "not-sent", "temporary-failure", failure.code, _said(failure), wait)


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
