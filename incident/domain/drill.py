"""The marks of a drill: every text of one begins and ends with them, and no text of a real incident holds them.

Pure. It knows texts as a carrier gets them, never who wrote one or why.
"""

from __future__ import annotations

import re
import unicodedata

MISSING = "drill_mark_missing"  # a drill's text that could be taken for the real thing
IN_LIVE = "drill_mark_in_live"  # a real text that could be taken for a drill's
NOT_ENROLLED = "not_enrolled"  # a drill's text to somebody who takes no part in it
REFUSALS = (MISSING, IN_LIVE, NOT_ENROLLED)

# Without its marks “diễn tập” looks like the seam of “đại diện tập thể”, “đại diện tập đoàn”, “điện tập trung”.
_MARK = re.compile(
    r"\bdiễn\W{0,3}tập\b|(?<!\bdai )\bdien\W{0,3}tap\b(?! (?:the|doan|trung|hop|quan)\b)", re.IGNORECASE
)
# "[DIỄN TẬP]", "Đây là cuộc diễn tập", "DỪNG DIỄN TẬP": so far from either end the mark may stand.
_BEGINS_WITHIN, _ENDS_WITHIN = 16, 2


def speaks_of_drill(text: str) -> bool:
    """Whether a reader, with or without diacritics, finds “diễn tập” in it."""
    return bool(_MARK.search(unicodedata.normalize("NFC", text)))


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
