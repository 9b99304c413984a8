"""What may stand in a text that a person or a program typed: no control characters, one form of Unicode.

Must never know what the text is for.
"""

from __future__ import annotations

import unicodedata

# Kept out of every text: C0 and C1 controls but line feed and tab, lone surrogates, and marks that turn the reading
# direction around (a name shown backwards).
DIRECTION = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def cleaned(text: str, lines: bool = True) -> str:
    """NFC, without control characters; one space for any white space unless `lines`."""
    kept = "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if _may_stand(c))
    kept = unicodedata.normalize("NFC", kept)
    return kept.strip() if lines else " ".join(kept.split())


def _may_stand(character: str) -> bool:
    if character in "\n\t":
        return True
    return unicodedata.category(character) not in ("Cc", "Cs") and character not in DIRECTION
