"""What a text loses without its diacritics is shown to its author, and nothing else is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.marks import CLEAR, TWINS, doubts
from notify.phone import strip_marks


@pytest.mark.parametrize("twins", TWINS, ids=lambda line: line[0])
def test_each_line_looks_alike_without_marks_and_is_nowhere_twice(twins: tuple[str, ...]) -> None:
    assert len({strip_marks(word) for word in twins}) == 1
    assert len(set(twins)) == len(twins)
    assert sum(strip_marks(line[0]) == strip_marks(twins[0]) for line in TWINS) == 1
    assert all(unicodedata.is_normalized("NFC", word) for word in twins)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Đề nghị dừng công bố, chờ bão tan", ["dừng", "bão"]),
        ("Thông báo của Ủy ban nhân dân: báo chí hỏi, chuyển người phát ngôn", []),
        ("Không dùng nước giếng; không đúng như tin lan truyền", ["dùng", "đúng"]),
        ("Hoãn họp. HOÃN HỌP.", ["hoãn"]),
        ("Đập chưa vỡ", ["đập", "chưa", "vỡ"]),
        ("Dap chua vo", []),
        ("", []),
    ],
)
def test_the_words_that_hang_on_their_marks(text: str, words: list[str]) -> None:
    assert [doubt.word for doubt in doubts(text)] == words


def test_a_doubt_says_where_and_what_else() -> None:
    (doubt,) = doubts(unicodedata.normalize("NFD", "Đề nghị hoãn họp"))
    assert (doubt.word, doubt.start, doubt.read_as) == ("hoãn", 8, "hoan")
    assert "hoàn" in doubt.others


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    normal = unicodedata.normalize("NFC", text)
    for doubt in doubts(text):
        assert normal[doubt.start :].lower().startswith(doubt.word)
        assert strip_marks(doubt.word) == doubt.read_as


def test_no_compound_is_one_word() -> None:
    assert all(" " in compound and compound == compound.strip().lower() for compound in CLEAR)
