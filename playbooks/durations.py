"""Lengths of time and levels as people write them: `30 phút`, `5 ngày làm việc`, `2+`. Knows no file and no fault."""

from __future__ import annotations

import re
import unicodedata

from playbooks.language import Span

_UNITS = {"giây": 1, "phút": 60, "giờ": 3600, "ngày": 86400}
_PART = re.compile(r"(\d{1,5})\s+(giây|phút|giờ|ngày(?! làm việc))")
_WORKING = re.compile(r"(\d{1,3})\s+ngày làm việc")
_SHORT = {
    "s": "giây",
    "p": "phút",
    "ph": "phút",
    "m": "phút",
    "min": "phút",
    "h": "giờ",
    "g": "giờ",
    "d": "ngày",
}
_BARE = {
    "giay": "giây",
    "phut": "phút",
    "gio": "giờ",
    "ngay": "ngày",
    "ngay lam viec": "ngày làm việc",
}
DAY = 86400


def parse_span(text: str) -> Span | None:
    """`2 giờ 30 phút`, `5 ngày làm việc`, `-2 giờ`; None when it is no length of time."""
    words = unicodedata.normalize("NFC", text).strip().lower()
    negative = words.startswith("-")
    words = words.removeprefix("-").strip()
    if match := _WORKING.fullmatch(words):
        return None if negative else Span(working_days=int(match[1]))
    if not re.fullmatch(rf"{_PART.pattern}(\s+{_PART.pattern})*", words):
        return None
    seconds = sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(words))
    return Span(seconds=-seconds if negative else seconds)


def suggest_span(text: str) -> str:
    """What a text that is no length of time was probably meant to be; empty when nobody can tell."""
    match = re.fullmatch(r"\s*(\d{1,5})\s*([^\W\d_]+(?: [^\W\d_]+)*)\s*", text.lower())
    if not match:
        return ""
    bare = "".join(c for c in unicodedata.normalize("NFD", match[2]) if not unicodedata.combining(c))
    unit = _SHORT.get(bare) or _BARE.get(bare)
    return f"{match[1]} {unit}" if unit else ""


def span_text(span: Span) -> str:
    if span.working_days:
        return f"{span.working_days} ngày làm việc"
    for unit in ("ngày", "giờ", "phút"):
        if span.seconds and span.seconds % _UNITS[unit] == 0 and (unit != "ngày" or span.seconds > DAY):
            return f"{span.seconds // _UNITS[unit]} {unit}"
    return f"{span.seconds} giây"


def length(span: Span) -> int:
    """Seconds, for comparing: a working day counts as a day."""
    return span.seconds + span.working_days * DAY


def parse_levels(text: str, known: tuple[int, ...]) -> tuple[int, ...] | None:
    """`2` or `2+` among the levels a playbook knows; None when it is no level of it."""
    match = re.fullmatch(r"([0-9]{1,2})(\+?)", text.strip())
    if not match or int(match[1]) not in known:
        return None
    first = int(match[1])
    return tuple(level for level in known if level == first or (match[2] and level > first))
