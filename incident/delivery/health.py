"""How well a carrier is, when traffic leaves it, and how it comes back. Pure.

The rule against flapping is GOV.UK Notify's: one switch at a time and none within a minute of another, then back by
steps. A carrier that is down is tried with one message every half minute; each good minute gives it a larger share.
Must never know a table, nor what was being sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zlib import crc32

from notify.message import ConfigurationFault, Receipt, SendFailure, TemporaryFailure, UnknownOutcome

WELL = 100
STEPS = (0, 25, 50, WELL)
SETTLE = timedelta(seconds=60)  # after a change of share its channel is left alone for so long
PROBE = timedelta(seconds=30)
QUIET = timedelta(hours=1)  # after so long without traffic nothing speaks against trying again
WINDOW = timedelta(seconds=30)  # two of them are the minute that is looked at
LEAST_CALLS = 10
MOST_BAD = 0.25
IN_A_ROW = 3
SLOW_SECONDS = 5.0
URGENT_SHARE = 50  # what is critical does not go by a carrier that keeps less


@dataclass(frozen=True, slots=True)
class Health:
    """A carrier's row of `carrier_state`, which tells what the fields mean. A carrier without a row is well."""

    name: str
    paused_at: datetime | None = None
    share: int = WELL
    share_at: datetime | None = None
    since: str = ""
    probed_at: datetime | None = None
    window_at: datetime | None = None
    calls: int = 0
    bad: int = 0
    calls_before: int = 0
    bad_before: int = 0
    in_a_row: int = 0
    good: int = 0
    free_at: datetime | None = None
    held_by: str = ""

    @property
    def avoided(self) -> bool:
        """Nothing goes there but probes, as long as somebody else can carry it."""
        return self.paused_at is not None or self.share == 0


@dataclass(slots=True)
class Tally:
    """How calls of one carrier ended. `why`: what the last failure was; `refused`: what it said of our account."""

    calls: int = 0
    good: int = 0
    bad: int = 0
    in_a_row: int = 0
    why: str = ""
    refused: str = ""

    def add(self, ended: Receipt | SendFailure, seconds: float) -> None:
        self.calls += 1
        why = trouble(ended)
        if isinstance(ended, ConfigurationFault):
            self.refused = str(ended)
        elif why:
            self.bad, self.in_a_row, self.why = self.bad + 1, self.in_a_row + 1, why
        else:
            self.good, self.in_a_row = self.good + 1, 0
            if seconds >= SLOW_SECONDS:
                self.bad, self.why = self.bad + 1, "slow"

    def silent(self) -> None:
        """A call that has not ended, and should have."""
        self.bad, self.in_a_row, self.why = self.bad + 1, self.in_a_row + 1, "dark"

    @property
    def urgent(self) -> bool:
        """Whether the others must hear of it at once."""
        return bool(self.bad or self.refused)


def trouble(ended: Receipt | SendFailure) -> str:
    """What a call says against its carrier: unreachable | turned_away | dark; "" when it answered. A refusal of the
    message is an answer."""
    match ended:
        case TemporaryFailure():
            return "unreachable" if ended.code == "CONNECT" else "turned_away"
        case UnknownOutcome():
            return "dark"
    return ""


def counted(health: Health, tally: Tally, now: datetime) -> Health:
    """With these calls."""
    rolled = _rolled(health, now)
    return replace(
        rolled,
        calls=rolled.calls + tally.calls,
        bad=rolled.bad + tally.bad,
        in_a_row=tally.in_a_row if tally.good else rolled.in_a_row + tally.bad,
        good=rolled.good + tally.good,
    )


def _rolled(health: Health, now: datetime) -> Health:
    begun = health.window_at
    if begun is None or now - begun >= 2 * WINDOW:
        return replace(health, window_at=now, calls=0, bad=0, calls_before=0, bad_before=0)
    if now - begun >= WINDOW:
        return replace(
            health, window_at=begun + WINDOW, calls=0, bad=0, calls_before=health.calls, bad_before=health.bad
        )
    return health


def ill(health: Health, tally: Tally) -> str:
    """Why the traffic should leave, after `tally` was counted; "" when it should not."""
    if not tally.bad:
        return ""
    if health.share < WELL or health.in_a_row >= IN_A_ROW:
        return tally.why
    calls, bad = health.calls + health.calls_before, health.bad + health.bad_before
    return "slow_minute" if calls >= LEAST_CALLS and bad >= MOST_BAD * calls else ""


def may_fall(health: Health, others: Iterable[Health], now: datetime) -> bool:
    """Whether there is somebody to take over, and its channel has been left alone for a minute. A carrier that is on its
    way back falls at once: its traffic has not come back yet."""
    others = list(others)
    if not any(not other.avoided for other in others):
        return False
    if health.share < WELL:
        return True
    changed = [one.share_at for one in (health, *others) if one.share_at is not None]
    return all(now - at >= SETTLE for at in changed)


def fallen(health: Health, why: str, now: datetime) -> Health:
    since = health.since or why
    return replace(health, share=0, share_at=now, since=since, probed_at=now, good=0)


def may_climb(health: Health, now: datetime) -> bool:
    """Whether it has been well for a while at its share: a good answer and no bad one, or no traffic for an hour."""
    if health.share == WELL or health.paused_at is not None or health.share_at is None:
        return False
    rested = now - health.share_at
    return rested >= QUIET or (rested >= SETTLE and health.good > 0 and health.in_a_row == 0)


def climbed(health: Health, now: datetime) -> Health:
    share = next(step for step in STEPS if step > health.share)
    since = "" if share == WELL else health.since
    return replace(health, share=share, share_at=now, since=since, good=0, in_a_row=0)


def probe_due(health: Health, now: datetime) -> bool:
    """Whether one message may go to a carrier that is avoided, to see whether it was mended."""
    return (
        health.avoided
        and not health.held_by
        and (health.probed_at is None or now - health.probed_at >= PROBE)
    )


def takes(health: Health, message_id: str, critical: bool) -> bool:
    """Whether this message is of the share that the carrier keeps; every process says the same."""
    if health.avoided:
        return False
    if health.share == WELL:
        return True
    return crc32(message_id.encode()) % 100 < health.share and not (critical and health.share < URGENT_SHARE)


def may_probe(health: Health, critical: bool, now: datetime) -> bool:
    """A carrier that refused our account refuses cleanly; one that fell may keep a message in the dark, so nothing
    critical is risked on it while it is known to be down."""
    long_ago = health.share_at is None or now - health.share_at >= QUIET
    return health.paused_at is not None or not critical or long_ago


def of(states: Mapping[str, Health], name: str) -> Health:
    return states.get(name) or Health(name)
