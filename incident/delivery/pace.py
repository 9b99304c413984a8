"""How fast a carrier may be given parts: the generic cell rate algorithm (ITU-T I.371), on one time stamp a carrier. Pure.

`free_at` is the theoretical arrival time: when the next part would be due if all came evenly. In any span of S seconds at
most (S + TOLERANCE) × rate parts begin, and the rest of one message.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil, floor

TOLERANCE = timedelta(seconds=0.1)  # one commit serves what falls due in so long


def open_at(free_at: datetime | None, now: datetime) -> datetime:
    """When the next message may begin."""
    return now if free_at is None else max(now, free_at - TOLERANCE)


def budget(free_at: datetime | None, rate: float, now: datetime) -> int:
    """How many messages of one part may begin now."""
    ahead = now if free_at is None else max(now, free_at)
    spare = (now + TOLERANCE - ahead).total_seconds()
    return 0 if spare < 0 else floor(spare * rate + 1e-9) + 1


def after(free_at: datetime | None, rate: float, parts: int, now: datetime) -> datetime:
    """The time stamp once a message of so many parts has begun."""
    ahead = now if free_at is None else max(now, free_at)
    return ahead + timedelta(microseconds=ceil(parts / rate * 1_000_000))
