"""What a call reads aloud: as one says it, in the register of its listener, and nothing that wounds if another listens."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from incident import spoken
from incident.wording import Case, House, Reader
from notify.phone import strip_marks

HOUSE = House("UBND tỉnh Sơn Lâm", "Sơn Lâm", "0540 000 001")
CASE = Case("27", "live", "hồ Suối Lạc", "Ba người chết ở hồ Suối Lạc")
SLOTS = {
    "instead": "đồng chí Trần Thị Thử 02",
    "before": "",
    "n": "ba",
    "mark": "bảy K hai",
    "what": "thông tin ban đầu",
}


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (0, "không"), (5, "năm"), (10, "mười"), (11, "mười một"), (15, "mười lăm"), (20, "hai mươi"),
        (21, "hai mươi mốt"), (24, "hai mươi bốn"), (25, "hai mươi lăm"), (31, "ba mươi mốt"), (59, "năm mươi chín"),
    ],
)  # fmt: skip
def test_numbers_are_said_as_one_says_them(n: int, words: str) -> None:
    assert spoken.number(n) == words


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [(19, 25, "hai giờ hai mươi lăm phút"), (7, 0, "mười bốn giờ"), (17, 5, "không giờ năm phút")],
)
def test_times_are_local_and_natural(hour: int, minute: int, words: str) -> None:
    assert spoken.hour(datetime(2026, 11, 21, hour, minute, tzinfo=UTC)) == words


def test_codes_are_said_digit_by_digit() -> None:
    assert spoken.digits("27") == "hai bảy"
    assert spoken.digits("7K2") == "bảy K hai"
    assert spoken.telephone("0540000001") == "không năm bốn không, không không không, không không một"
    assert spoken.telephone("0540 000 001") == spoken.telephone("0540000001")


@pytest.mark.parametrize("kind", sorted(spoken.VOICE))
def test_every_text_has_its_marks_its_keys_and_no_digit(kind: str) -> None:
    base, _, rank = kind.partition(".")
    words = spoken.voice(base, HOUSE, CASE, Reader("Mẫu", rank=rank or "ngang"), **SLOTS)
    assert "{" not in words
    assert not any(char.isdigit() for char in words.replace("02", "")), words
    assert strip_marks(words) != words
    assert "Ủy ban nhân dân tỉnh Sơn Lâm" in words
    assert "vụ việc số hai bảy" in words.lower()
    assert "phím ba: nghe lại" in words
    assert "không năm bốn không" in words, "the duty phone"
    assert "chết" not in words, "never the title"


def test_a_leader_is_reported_to_and_the_party_is_asked_to_cooperate() -> None:
    upward = spoken.voice("summon", HOUSE, CASE, Reader("Mẫu", rank="len"))
    assert "Kính mời đồng chí chỉ đạo" in upward
    party = spoken.voice("summon", HOUSE, CASE, Reader("Mẫu", xung_ho="ông", rank="dang"))
    assert "Trân trọng đề nghị ông phối hợp" in party
    for words in (upward, party):
        assert not any(word in words for word in ("triệu tập", "giao ", "nhắc", "yêu cầu"))


def test_pressing_a_key_is_no_approval() -> None:
    words = spoken.voice("approve", HOUSE, CASE, Reader("Mẫu"), **SLOTS)
    assert "bản ba, mã bảy K hai" in words
    assert "Bấm phím không phải là duyệt" in words
    assert "đã nhận" not in words


def test_a_short_name_without_marks_is_left_out() -> None:
    words = spoken.voice("summon", HOUSE, Case("27", "live", "tin ve ho"), Reader("Mẫu"))
    assert "tin ve ho" not in words
    assert "hồ Suối Lạc" in spoken.voice("summon", HOUSE, CASE, Reader("Mẫu"))


def test_at_a_landline_somebody_else_may_pick_up() -> None:
    words = spoken.voice("summon", HOUSE, CASE, Reader("Mẫu"), landline=True)
    assert "Nếu người nghe không phải đồng chí Mẫu, xin chuyển máy." in words


@pytest.mark.parametrize("kind", sorted(spoken.ANSWERS))
def test_a_drill_says_so_at_both_ends(kind: str) -> None:
    words = spoken.answer(kind, Case("27", "drill", ""), Reader("Mẫu"))
    assert words.startswith(spoken.DRILL)
    assert words.endswith(spoken.DRILL)
