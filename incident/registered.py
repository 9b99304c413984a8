"""Which texts a carrier knows: what the administrator noted of its registrations, and whether a finished text is one of them.

A registered text has slots; whatever stands there, the words around it must be the same, marks and spaces aside. The frame
of a drill, and the hints that a long text leaves out, belong to the text. Must never know why a text is sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from incident.store.tables import Setting
from incident.wording import SMS
from notify.phone import strip_marks

REGISTERED = "sms_registered"  # the setting: {carrier: {key: {number, text, sha256, at, by}}}
OTHER = "other:"  # begins the key of a text that is none of ours by kind; its number follows

_SLOT = re.compile(r"\{\w+\}")
_HINTS = (" (da nhan)", " (ban)")
_BEGINS, _ENDS = "DIEN TAP. ", " DIEN TAP"


@dataclass(frozen=True, slots=True)
class Register:
    """The texts of one carrier, each cut at its slots."""

    texts: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(cls, texts: Iterable[str]) -> Register:
        return cls(tuple(tuple(_plain(piece) for piece in _SLOT.split(_spaced(text))) for text in texts))

    def knows(self, body: str) -> bool:
        """Whether the text is a registered one with its slots filled."""
        said = _plain(_spaced(body))
        forms = [said]
        if said.startswith(_BEGINS) and said.endswith(_ENDS):
            inside = said.removeprefix(_BEGINS).removesuffix(_ENDS)
            forms += [inside, inside.removesuffix(".")]
        return any(_fits(text, form) for text in self.texts for form in forms)


NOTHING_KNOWN = Register()


def read(session: Session) -> Mapping[str, Register]:
    """The register of each carrier of which anything was noted."""
    kept = session.get(Setting, REGISTERED)
    noted = json.loads(kept.value) if kept is not None else {}
    # What was noted before texts were kept with their numbers is the house's own.
    found = {
        carrier: Register.of(one.get("text") or SMS.get(key, "") for key, one in texts.items())
        for carrier, texts in noted.items()
    }
    return {carrier: register for carrier, register in found.items() if register.texts}


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _plain(text: str) -> str:
    plain = strip_marks(text)
    for hint in _HINTS:
        plain = plain.replace(hint, "")
    return plain


def _fits(pieces: tuple[str, ...], text: str) -> bool:
    """Each slot takes at least one character, and as few as it can: linear, whatever somebody registered."""
    first, *middle = pieces
    if not middle:
        return text == first
    last = middle.pop()
    if not text.startswith(first) or not text.endswith(last):
        return False
    at = len(first)
    for piece in middle:
        at = text.find(piece, at + 1)
        if at < 0:
            return False
        at += len(piece)
    return len(text) - len(last) > at
