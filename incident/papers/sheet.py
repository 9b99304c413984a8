"""A sheet to work with when the system is down: tables to print, with empty columns for a pen. As a value, and as PDF.

Unlike a `Paper` it has no number, no signature, no recipients. Knows no incident, no database.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from incident.papers import fonts, pdf
from incident.papers.paper import printable

SOURCE = Path(__file__).with_name("templates") / "sheet.typ"


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """kind: text | number (kept on one line) | blank (left for the pen)."""

    title: str
    width: int
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A row whose first cell is empty belongs to the row above it."""

    caption: str
    columns: tuple[SheetColumn, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    agency: str
    title: str
    lead: str
    made: str
    tables: tuple[SheetTable, ...]
    mark: str = ""


def write(sheet: Sheet, now: datetime) -> bytes:
    """The sheet as a PDF; the same sheet and `now` give the same bytes."""
    families = (fonts.FAMILY,) if fonts.available() else fonts.SUBSTITUTES
    words = {**asdict(sheet), "fonts": list(families)}
    return pdf.compiled(SOURCE, "sheet", json.dumps(_printable(words), ensure_ascii=False), now)


def _printable(value: object) -> object:
    match value:
        case str():
            return printable(value)
        case dict():
            return {key: _printable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_printable(inner) for inner in value]
    return value
