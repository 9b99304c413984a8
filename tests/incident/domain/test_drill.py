"""The marks of a drill: what begins and ends with them, and what may not hold them, as tables and as properties."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident import spoken, wording, wording_rules
from incident.domain.drill import IN_LIVE, MISSING, fault, marked, speaks_of_drill
from incident.wording import Case, Facts, House, Reader

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
HOUSE = House(agency="UBND tỉnh Sơn Lâm", duty_phone="0540000001")


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("DIEN TAP. Vu viec DT27: moi d/c. DIEN TAP", True),
        ("[DIỄN TẬP] [DT27] Mời tham gia [DIỄN TẬP]", True),
        ("DIỄN TẬP – không phải sự cố thật.\n\nKính gửi đồng chí\n\nDIỄN TẬP", True),
        ("Đây là cuộc diễn tập. Mời đồng chí. Đây là cuộc diễn tập.", True),
        ("DUNG DIEN TAP luc 09h15: CO SU CO THAT. DUNG DIEN TAP", True),
        (unicodedata.normalize("NFD", "DIỄN TẬP. Mời đồng chí. DIỄN TẬP"), True),
        ("DIEN TAP. Vu viec DT27: moi d/c.", False),
        ("Vu viec DT27: moi d/c. DIEN TAP", False),
        ("DIEN TAP. Vu viec DT27. DIEN TAP (14:05 ngay 22/11/2026)", False),
        ("Vu viec 27, tin ve buoi dien tap hom qua", False),
        ("", False),
    ],
)
def test_what_is_marked_at_both_ends(text: str, whole: bool) -> None:
    assert marked(text) is whole


@pytest.mark.parametrize(
    ("drill", "texts", "why"),
    [
        (True, ("", "DIEN TAP. Moi d/c. DIEN TAP"), ""),
        (
            True,
            ("[DT27] Mời", "DIỄN TẬP. Mời. DIỄN TẬP"),
            MISSING,
        ),  # the subject is read alone, on a locked screen
        (True, ("", "Moi d/c"), MISSING),
        (False, ("", "Moi d/c"), ""),
        (False, ("", "Moi d/c xem buoi dien-tap"), IN_LIVE),
        (False, ("Diễn tập", "Mời đồng chí"), IN_LIVE),
        (False, ("Đại diện tập thể", "dai dien tap doan, cup dien tap trung, điện tập trung"), ""),
        (False, ("", unicodedata.normalize("NFD", "về cuộc Diễn  tập")), IN_LIVE),
    ],
)
def test_what_is_wrong_with_a_message(drill: bool, texts: tuple[str, str], why: str) -> None:
    assert fault(drill, *texts) == why


@given(st.text(max_size=400), st.sampled_from(sorted(wording.SUBJECTS)))
def test_whatever_is_typed_the_texts_of_a_drill_are_marked(typed: str, kind: str) -> None:
    """A title of any length and script never pushes the mark off the end; told apart, the mark still ends the text."""
    case = Case("27", "drill", typed)
    extra = dict.fromkeys(("instead", "what", "n", "mark", "at", "body", "old"), typed)
    mail = wording.email(kind, HOUSE, case, Reader("Mẫu"), Facts(known=typed, before=typed, extra=extra))
    assert marked(mail.subject)
    assert marked(mail.body)
    assert len(mail.subject) <= wording.LONGEST_SUBJECT
    text = wording.registered(typed, case)
    assert fault(True, text.body) == ""
    assert fault(True, wording.told_apart(text, wording.stamp(NOW)).body) == ""
    assert marked(spoken.answer("accepted", case, Reader("Mẫu")))


@pytest.mark.parametrize("kind", sorted(wording.SMS))
def test_no_text_of_the_house_speaks_of_a_drill_in_a_real_incident(kind: str) -> None:
    assert not speaks_of_drill(wording.SMS[kind])


def test_a_house_cannot_word_its_texts_like_a_drill() -> None:
    """They would be blocked in every real incident."""
    own = wording.SMS["stand_down"] + " Het dien tap"
    assert any("diễn tập" in fault for fault in wording_rules.faults("stand_down", own, HOUSE))
    assert wording_rules.faults("stand_down", wording.SMS["stand_down"], HOUSE) == []
