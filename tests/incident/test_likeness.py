"""When two incidents may be the same thing."""

from __future__ import annotations

import pytest

from incident.response.likeness import Sought, reasons, words

NEUTRAL = "vu-viec-chung"


def sought(title: str, playbook: str = NEUTRAL, topic: str | None = None, *area: str) -> Sought:
    return Sought(title, playbook, topic, area, "live")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tin lan truyền: hồ Suối Lạc có vết nứt", "Hồ Suối Lạc bị nứt, dân lo vỡ đập"),
        ("ho suoi lac nut", "HỒ SUỐI LẠC: có tin sắp xả lũ"),
        ("Sạt lở đèo Khau Phạ", "Đèo Khau Phạ ách tắc"),
    ],
)
def test_words_in_common_without_marks(one: str, other: str) -> None:
    assert "words" in reasons(sought(one), sought(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tin lan truyền trên mạng về việc của xã", "Việc lan truyền trên mạng tại phường"),
        ("Cán bộ phường bị quay video", "Cháy chợ trung tâm"),
        ("", ""),
        ("x", "x"),
    ],
)
def test_words_that_stand_in_every_title_say_nothing(one: str, other: str) -> None:
    assert reasons(sought(one), sought(other)) == ()


def test_the_same_commune_and_the_same_topic() -> None:
    assert reasons(sought("a", NEUTRAL, None, "xa_a", "xa_b"), sought("b", NEUTRAL, None, "xa_b")) == (
        "area",
    )
    assert reasons(
        sought("a", "tin-gia-dich-benh", "thien_tai"), sought("b", NEUTRAL, "thien_tai")
    ) == ("topic",)  # fmt: skip


def test_the_whole_province_and_the_playbook_for_anything_are_no_reason() -> None:
    one = sought("Cháy chợ", NEUTRAL, "chung", "toan_tinh")
    assert reasons(one, sought("Học sinh nghỉ học", NEUTRAL, "chung", "toan_tinh")) == ()


def test_words_are_syllables_that_mean_something() -> None:
    assert words("Tin lan truyền: Đập hồ Suối Lạc số 2 vỡ!") == {"dap", "ho", "suoi", "lac", "vo"}
