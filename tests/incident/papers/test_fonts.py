"""The typeface of papers holds every letter of the language, in every style."""

from __future__ import annotations

import os
import unicodedata
from itertools import product
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from incident.papers import fonts

NODE_MODULES = Path(__file__).parents[3] / "node_modules"
VOWELS = "aăâeêioôơuưy"
TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
SIGNS = "đ₫–—“”…•0123456789./-"


def letters() -> set[str]:
    lower = {unicodedata.normalize("NFC", vowel + tone) for vowel, tone in product(VOWELS, TONES)}
    return {*lower, *(letter.upper() for letter in lower), *SIGNS, "Đ"}


@pytest.mark.skipif(
    not (NODE_MODULES / "@fontsource" / "tinos").is_dir() and os.environ.get("CI") != "true",
    reason="needs npm's @fontsource/tinos",
)
def test_every_style_is_built_with_every_vietnamese_letter(tmp_path: Path) -> None:
    made = fonts.build(NODE_MODULES, tmp_path)
    assert {path.name for path in made} == {f"Tinos-{style}.ttf" for style in fonts.STYLES}
    for path in made:
        known = TTFont(path).getBestCmap()
        assert not {letter for letter in letters() if ord(letter) not in known}, path.name


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(fonts.FontsMissing, match="@fontsource/tinos"):
        fonts.build(tmp_path, tmp_path / "out")
