"""Sentences made where nobody knows the reader's language: Vietnamese as they stand, and translatable at the edge.

Must never translate: the pages look the pattern up in their catalogue, everybody else reads the text itself.
"""

from __future__ import annotations

from collections.abc import Callable


class Said(str):
    """A finished Vietnamese sentence that remembers its pattern and what was put into its %(slots)s."""

    __slots__ = ("pattern", "slots")

    pattern: str
    slots: dict[str, object]


Speak = Callable[[str], str]  # how a reader's language is put in: `str` leaves it Vietnamese


def said(pattern: str, /, **slots: object) -> Said:
    """Marks a sentence for the catalogues, its slots filled. A slot may hold another such sentence."""
    sentence = Said(pattern % slots if slots else pattern)
    sentence.pattern, sentence.slots = pattern, slots
    return sentence


def listed(parts: list[Said], between: str = "; ") -> Said:
    """Several sentences as one, each of which is still translatable."""
    return said(
        between.join(f"%(part{n})s" for n in range(len(parts))),
        **{f"part{n}": p for n, p in enumerate(parts)},
    )
