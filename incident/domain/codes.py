"""The short numbers people type and file: reply codes and incident numbers."""

from __future__ import annotations

from collections.abc import Collection

FIRST, LAST = 10, 9999


class NoCodeLeft(RuntimeError):
    """Every reply code is in use or too recently used."""


def next_code(used: Collection[str]) -> str:
    """The smallest reply code of 2 to 4 digits not in `used` (open incidents and those of the last 30 days)."""
    for number in range(FIRST, LAST + 1):
        if str(number) not in used:
            return str(number)
    raise NoCodeLeft


def next_number(taken: Collection[str], mode: str, year: int) -> str:
    """The next file number of the year: VV-n/year, or DT-n/year for a drill."""
    prefix = "DT" if mode == "drill" else "VV"
    counted = [
        int(number[len(prefix) + 1 :].split("/")[0])
        for number in taken
        if number.startswith(f"{prefix}-") and number.endswith(f"/{year}")
    ]
    return f"{prefix}-{max(counted, default=0) + 1:02d}/{year}"


def shown_code(code: str, mode: str) -> str:
    """The code as it stands in messages: 27, or DT27 in a drill."""
    return f"DT{code}" if mode == "drill" else code
