"""How a person is spoken of: the word of address the directory keeps for them, before their name.

Pure. Each form is a sentence for the catalogues, for another language may need the name alone; must never know which.
"""

from __future__ import annotations

from incident.domain.words import Said, said

USUAL = "đ/c"
ADDRESSES = (USUAL, "ông", "bà", "anh", "chị")


def called(address: str | None, name: str) -> Said:
    """ "ông Lê Văn Ví"; a person of whom no word of address is known is "đ/c"."""
    match address:
        case "ông":
            return said("ông %(name)s", name=name)
        case "bà":
            return said("bà %(name)s", name=name)
        case "anh":
            return said("anh %(name)s", name=name)
        case "chị":
            return said("chị %(name)s", name=name)
    return said("đ/c %(name)s", name=name)
