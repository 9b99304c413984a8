"""How Vietnamese names are ordered and found. Pure; knows only letters.

People are listed by their given name, the last word, then by the rest. The alphabet puts đ after d, ă and â after a,
and so on; words that differ only in tone stand in the order level, grave, hook, tilde, acute, dot.
"""

from __future__ import annotations

import unicodedata

ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
LETTERS = {letter: str(10 + place) for place, letter in enumerate(ALPHABET + "0123456789")}
SHAPES = {"\u0306", "\u0302", "\u031b"}  # breve, circumflex, horn: part of the letter, not tones


def sort_key(name: str) -> str:
    """Digits only, at most 120: every database and Python order them alike, whatever the collation.

    Letters count first, over the whole name, tones only after them; a shorter name comes before its continuation.
    """
    words = unicodedata.normalize("NFC", name).lower().split()
    pairs = [_word(word) for word in words[-1:] + words[:-1]]
    key = "01".join(letters for letters, _ in pairs) + "00" + "".join(tones for _, tones in pairs)
    return key[:120]


def _word(word: str) -> tuple[str, str]:
    letters, tone_marks = "", ""
    for character in word:
        letter, tone = _split(character)
        letters += LETTERS.get(letter, "")
        tone_marks += str(TONES.index(tone)) if tone in TONES else "0"
    return letters, tone_marks


def _split(character: str) -> tuple[str, str]:
    """A letter of the alphabet and its tone mark."""
    parts = unicodedata.normalize("NFD", character)
    base = parts[:1] + "".join(mark for mark in parts[1:] if mark in SHAPES)
    tone = "".join(mark for mark in parts[1:] if mark not in SHAPES)
    return unicodedata.normalize("NFC", base), tone


def search_key(text: str) -> str:
    """Lower case without any mark, đ as d, single spaces: what people type in a hurry."""
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())
