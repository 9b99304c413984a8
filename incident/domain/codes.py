"""The short numbers people type and file: reply codes and incident numbers."""

from __future__ import annotations

from collections.abc import Collection

FIRST, LAST = 10, 9999


class NoCodeLeft(RuntimeError):
    """Every reply code is in use or too recently used."""


def next_code(used: Collection[str], numbers: Collection[str] = (), mode: str = "live", year: int = 0) -> str:
    """The smallest reply code of 2 to 4 digits that is not in `used` (open incidents and those of the last 30 days)
    and whose file number is not yet among `numbers`: what people type is what stands on the file."""
    taken = set(numbers)
    for code in range(FIRST, LAST + 1):
        if str(code) not in used and file_number(str(code), mode, year) not in taken:
            return str(code)
    raise NoCodeLeft


def file_number(code: str, mode: str, year: int) -> str:
    """VV-27/2026, or DT-27/2026 for a drill."""
    return f"{'DT' if mode == 'drill' else 'VV'}-{code}/{year}"


def shown_code(code: str, mode: str) -> str:
    """The code as it stands in messages: 27, or DT27 in a drill."""
    return f"DT{code}" if mode == "drill" else code
