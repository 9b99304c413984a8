"""The marks of a drill: every text of one begins and ends with them, and no text of a real incident holds them.

And a drill's own clock. Pure: it knows texts as a carrier gets them, never who wrote one or why.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

MISSING = "drill_mark_missing"  # a drill's text that could be taken for the real thing
IN_LIVE = "drill_mark_in_live"  # a real text that could be taken for a drill's
NOT_ENROLLED = "not_enrolled"  # a drill's text to somebody who takes no part in it
FROZEN = "drill_frozen"  # a drill that a real incident has stopped
STOP = "drill_stop"  # the kind of the one message that a stopped drill still sends
REFUSALS = (MISSING, IN_LIVE, NOT_ENROLLED)

# Without its marks “diễn tập” looks like the seam of “đại diện tập thể”, “đại diện tập đoàn”, “điện tập trung”.
_MARK = re.compile(
    r"\bdiễn\W{0,3}tập\b|(?<!\bdai )\bdien\W{0,3}tap\b(?! (?:the|doan|trung|hop|quan)\b)", re.IGNORECASE
)
# "[DIỄN TẬP]", "Đây là cuộc diễn tập", "DỪNG DIỄN TẬP": so far from either end the mark may stand.
_BEGINS_WITHIN, _ENDS_WITHIN = 16, 2


@dataclass(frozen=True, slots=True)
class DrillClock:
    """It stood at `seconds` at the moment `at`, and goes `rate` times as fast as the real one; not at all while paused."""

    at: datetime
    seconds: int = 0
    rate: int = 1
    paused: bool = False

    def shows(self, now: datetime) -> int:
        """Seconds since the drill began, by its own clock."""
        gone = 0 if self.paused else int((now - self.at).total_seconds() * self.rate)
        return self.seconds + max(0, gone)

    def moment(self, seconds: int) -> datetime | None:
        """When it will show this much; None while it stands."""
        if self.paused:
            return None
        return self.at + timedelta(seconds=(seconds - self.seconds) / self.rate)


def speaks_of_drill(text: str) -> bool:
    """Whether a reader, with or without diacritics, finds “diễn tập” in it."""
    text = unicodedata.normalize("NFC", text).lower()
    # Asked of every message before it leaves: nearly all are told by the second syllable alone.
    return ("tap" in text or "tập" in text) and _MARK.search(text) is not None


def marked(text: str) -> bool:
    """Whether it begins and ends with the mark."""
    text = unicodedata.normalize("NFC", text).strip()
    found = [match.span() for match in _MARK.finditer(text)]
    return (
        bool(found) and found[0][0] <= _BEGINS_WITHIN and len(text) - found[-1][1] <= _ENDS_WITHIN
        and (len(found) > 1 or len(text) <= _BEGINS_WITHIN)
    )  # fmt: skip


def fault(drill: bool, *texts: str) -> str:
    """What is wrong with the marks of a message, by its subject and body (empty ones say nothing): "" | MISSING | IN_LIVE."""
    said = [text for text in texts if text]
    if drill:
        return "" if all(map(marked, said)) else MISSING
    return IN_LIVE if any(map(speaks_of_drill, said)) else ""
