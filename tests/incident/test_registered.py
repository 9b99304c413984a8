"""A finished text against the texts that a carrier has registered."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident.registered import Register
from incident.wording import SMS, House
from incident.wording_rules import CASES, longest_of_all

KNOWN = Register.of(["UBND: vụ việc {code}, {short}. Trực {duty}", "Đúng như vậy"])


@pytest.mark.parametrize(
    ("body", "known"),
    [
        ("UBND: vu viec 27, tin ve ho. Truc 0540000001", True),
        ("UBND: vụ việc 27, tin về hồ. Trực 0540000001", True),
        (unicodedata.normalize("NFD", "UBND: vụ việc 27, tin về hồ. Trực 1"), True),
        ("  UBND: vu viec 27,\ntin ve ho. Truc 1", True),
        ("DIEN TAP. UBND: vu viec 27, tin. Truc 1. DIEN TAP", True),
        ("UBND: vu viec , tin. Truc 1", False),
        ("UBND: vu viec 27, tin. Truc", False),
        ("UBND: vu viec 27, tin", False),
        ("x UBND: vu viec 27, tin. Truc 1", False),
        ("ubnd: vu viec 27, tin. Truc 1", False),
        ("Dung nhu vay", True),
        ("Dung nhu vay.", False),
        ("", False),
    ],
)
def test_what_stands_around_the_slots_decides(body: str, known: bool) -> None:
    assert KNOWN.knows(body) is known


@pytest.mark.parametrize("kind", SMS)
def test_every_text_of_ours_is_known_once_it_is_registered(kind: str) -> None:
    house = House("UBND tỉnh Sơn Lâm", duty_phone="0540000001")
    register = Register.of([SMS[kind]])
    for case in CASES:
        assert register.knows(longest_of_all(kind, house, case).body)
    assert register.knows(SMS[kind])
    assert not Register.of([]).knows(SMS[kind])


@given(st.text(max_size=30), st.text(max_size=30))
def test_nothing_breaks_it(text: str, body: str) -> None:
    assert Register.of([text]).knows(body) in (True, False)


def test_a_text_of_slots_alone_is_read_in_no_time() -> None:
    assert not Register.of(["{a} " * 60 + "x"]).knows("a " * 4000)
