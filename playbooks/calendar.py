"""Adds a length of time to a moment: elapsed seconds, or working days of a Vietnamese office.

Responsible for which days an office is shut. Knows nothing of deadlines, steps or the clock on the wall.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

from playbooks.language import Span

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")
OFFICE_CLOSES = time(17, 0)


def _read_holidays() -> frozenset[date]:
    """Only what is sure enough to be counted: a limit that ends a day early is safer than one that ends late."""
    data = json.loads((files("playbooks") / "holidays.json").read_text("utf-8"))
    return frozenset(date.fromisoformat(day["date"]) for day in data["off"] if day.get("counted", True))


VIETNAM_HOLIDAYS = _read_holidays()


def is_working_day(day: date, holidays: frozenset[date] = VIETNAM_HOLIDAYS) -> bool:
    return day.weekday() < 5 and day not in holidays


def add(start: datetime, span: Span, holidays: frozenset[date] = VIETNAM_HOLIDAYS) -> datetime:
    """The moment `span` after `start` (aware). Working days end at 17:00 local of the n-th working day after the
    local day of `start`; the day of `start` itself never counts. The answer is in UTC."""
    if not span.working_days:
        return (start if start.tzinfo is UTC else start.astimezone(UTC)) + timedelta(seconds=span.seconds)
    day = start.astimezone(LOCAL).date()
    left = span.working_days
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day, holidays)
    return datetime.combine(day, OFFICE_CLOSES, LOCAL).astimezone(UTC)
