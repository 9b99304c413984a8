"""Texts with named slots, and values found by a path in what somebody else sent.

The one mechanism for everything in a description: what goes out is filled from our values, what came in from theirs.
Pure; it must never know what a slot means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class BadTemplate(ValueError):
    """A brace that opens or closes nothing; `at` is its place in the text, from 0."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


@dataclass(frozen=True, slots=True)
class Template:
    """Literal pieces and slots in turn. Not shown: secrets may stand in it."""

    pieces: tuple[tuple[str, str], ...] = field(
        default=(), repr=False
    )  # (literal, name of the slot after it)

    def fill(self, value: Callable[[str], str], quoted: Callable[[str], str] = str) -> str:
        """`quoted` is done to what fills a slot, not to what was written."""
        return "".join(literal + (quoted(value(slot)) if slot else "") for literal, slot in self.pieces)

    def slots(self) -> frozenset[str]:
        return frozenset(slot for _, slot in self.pieces if slot)

    def only(self) -> str:
        """The slot, if the template is nothing but one."""
        (first, *rest) = self.pieces or (("", ""),)
        return first[1] if not first[0] and not any(literal or slot for literal, slot in rest) else ""

    def __bool__(self) -> bool:
        return any(literal or slot for literal, slot in self.pieces)


def parse(text: str, known: Callable[[str, int], str | None]) -> Template:
    """`known(slot, place)` gives the text that stands for a slot for good, or None to leave it open. Raises BadTemplate."""
    pieces: list[tuple[str, str]] = []
    literal, end = "", 0
    for match in _PIECE.finditer(text):
        literal, end = literal + text[end : match.start()], match.end()
        if match[0] in ("{{", "}}"):
            literal += match[0][0]
        elif match[1] is None or not match[1].strip():
            raise BadTemplate(match.start())
        elif (fixed := known(match[1], match.start())) is not None:
            literal += fixed
        else:
            pieces.append((literal, match[1]))
            literal = ""
    return Template((*pieces, (literal + text[end:], "")))


def found(data: Any, path: str) -> str:
    """What stands at `path` (a.b.0.c) as text; empty where there is nothing, or nothing that is a text."""
    value = at(data, path)
    if value is None or isinstance(value, Mapping | list):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return storable(str(value))


def storable(text: str) -> str:
    """Without what JSON may hold and no database takes: half a surrogate pair, and the zero character."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def at(data: Any, path: str) -> Any:
    """The value itself; None where the path leads nowhere. An empty path is the whole."""
    for step in _steps(data, path):
        if isinstance(data, Mapping):
            data = data.get(step)
        elif isinstance(data, list) and step.isdecimal() and int(step) < len(data):
            data = data[int(step)]
        else:
            return None
    return data


def _steps(data: Any, path: str) -> Iterator[str]:
    if isinstance(data, Mapping) and path in data:  # a name may itself have a dot
        yield path
    elif path:
        yield from path.split(".")
