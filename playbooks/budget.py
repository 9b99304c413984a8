"""How many SMS one person may get, and how close together; a call by machine counts like one. Pure: from what they were told and when, to what may go now.

A call-up and an approval always go, and so does a call: it rings twice at most for one thing. Everything else keeps three
minutes' distance, and in a member's first hour of an incident all but the request to publish a ceiling: who answers is left to work, who stays silent belongs on the call list. What the ceiling holds back
is not lost: the room shows it, and the email goes. Must never know what a message says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

GAP = timedelta(minutes=3)
FIRST_HOUR = timedelta(hours=1)
LOOKED_BACK = timedelta(hours=2)  # longer than any rule of the budget
MOST_TO_WHO_ANSWERED = 4
MOST_TO_WHO_IS_SILENT = 5
ALWAYS = frozenset({"summon", "stand_in", "approve"})
APART_FROM_GAP = ALWAYS | {"notify"}
ASKS_ALONE = frozenset(
    {"publish"}
)  # nobody else can do it and all the others wait for it: the gap, but no ceiling


@dataclass(frozen=True, slots=True)
class Told:
    """One SMS or call that left or will leave: its kind, when, and of which incident."""

    kind: str
    at: datetime
    incident: str | None


def when_to_tell(
    kind: str, told: Sequence[Told], incident: str, now: datetime, *, member: bool, answered: bool
) -> datetime | None:
    """The moment an SMS of this kind may go to one person, None when it may not. `told`: all their SMS of late, from any
    incident. `member`: they were asked to join; those on duty, who run the incident, have no ceiling."""
    at = now if kind in APART_FROM_GAP else max([now, *(one.at + GAP for one in told if one.kind != "reply")])
    if kind in ALWAYS | ASKS_ALONE or not member:
        return at
    here = [one.at for one in told if one.incident == incident]
    if not here or at - min(here) >= FIRST_HOUR:
        return at
    most = MOST_TO_WHO_ANSWERED if answered else MOST_TO_WHO_IS_SILENT
    return at if len(here) < most else None
