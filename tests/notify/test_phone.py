"""Numbers as they are written, texts as they are counted."""

from __future__ import annotations

import unicodedata

import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from notify.phone import (
    OLD_PREFIXES,
    REASONS,
    BadNumber,
    display,
    is_landline,
    is_sample,
    segments,
    strip_marks,
    to_e164,
)

LETTERS = "aàáảãạăằắẳẵặâầấẩẫậbcdđeèéẻẽẹêềếểễệghiìíỉĩịklmnoòóỏõọôồốổỗộơờớởỡợpqrstuùúủũụưừứửữựvxyỳýỷỹỵ"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0912345678", "+84912345678"),
        ("0912 345 678", "+84912345678"),
        ("0912.345.678", "+84912345678"),
        ("0912-345-678", "+84912345678"),
        ("84912345678", "+84912345678"),
        ("+84912345678", "+84912345678"),
        ("+84 (0) 912 345 678", "+84912345678"),
        ("0084 912 345 678", "+84912345678"),
        ("\u202d0912345678\u202c", "+84912345678"),
        ("0540 000 001", "+84540000001"),
        ("02143840000", "+842143840000"),
        ("024 3825 1234", "+842438251234"),
        ("+1 202 555 0123", "+12025550123"),
    ],
)
def test_a_number_in_any_usual_writing_is_the_same_number(written: str, meant: str) -> None:
    assert to_e164(written) == meant


@pytest.mark.parametrize(("old", "new"), sorted(OLD_PREFIXES.items()))
def test_a_number_of_eleven_digits_gets_its_prefix_of_2018(old: str, new: str) -> None:
    assert to_e164(f"0{old}1234567") == f"+84{new}1234567"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("chưa có", "characters"),
        ("0912345678 (Zalo)", "characters"),
        ("113", "short_code"),
        ("1900 1234", "short_code"),
        ("091234567", "too_short"),
        ("09123456789", "too_long"),
        ("0612345678", "unassigned"),
        ("01111234567", "too_long"),
        ("+999123", "unassigned"),
    ],
)
def test_what_is_no_number_is_refused_with_its_reason(written: str, reason: str) -> None:
    with pytest.raises(BadNumber) as refused:
        to_e164(written)
    assert refused.value.reason == reason
    assert refused.value.text == REASONS[reason]


def test_landlines_and_invented_numbers_are_known() -> None:
    assert is_landline("+842143840000")
    assert not is_landline("+84912345678")
    assert is_sample("+84540000001")
    assert not is_sample("+84912345678")
    assert not is_sample("+845400000011")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+84540000001", "0540 000 001"),
        ("+842143840000", "0214 3840 000"),
        ("+842438251234", "024 3825 1234"),
        ("+12025550123", "+12025550123"),
    ],
)
def test_numbers_are_shown_as_people_read_them(number: str, shown: str) -> None:
    assert display(number) == shown


@given(st.text("0123456789 .-+", max_size=16))
def test_what_was_understood_once_is_understood_again(text: str) -> None:
    try:
        number = to_e164(text)
    except BadNumber:
        return
    assert to_e164(number) == number


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_marks_are_removed_from_every_letter_in_both_forms(form: str) -> None:
    marked = LETTERS + LETTERS.upper()
    bare = strip_marks(unicodedata.normalize(form, marked))  # type: ignore[arg-type]
    assert len(bare) == len(marked)
    assert set(bare) <= set("abcdeghiklmnopqrstuvxyABCDEGHIKLMNOPQRSTUVXY")
    assert strip_marks("Đắk Lắk – “sự cố”") == 'Dak Lak - "su co"'


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("[" * 80, "GSM-7", 160, 1),
        ("a" * 152 + "[" + "a" * 152, "GSM-7", 306, 3),  # the escape pair does not fit into the last septet
        ("ộ" * 70, "UCS-2", 70, 1),
        ("ộ" * 71, "UCS-2", 71, 2),
        ("ộ" * 66 + "😀" + "ộ" * 66, "UCS-2", 134, 3),
        ("Tổ công tác xử lý sự cố", "UCS-2", 23, 1),
    ],
)
def test_parts_are_counted_as_they_travel(text: str, encoding: str, units: int, parts: int) -> None:
    counted = segments(text)
    assert (counted.encoding, counted.units, counted.parts) == (encoding, units, parts)


def test_a_decomposed_text_counts_as_what_it_shows() -> None:
    text = "Tổ công tác xử lý sự cố"
    assert segments(unicodedata.normalize("NFD", text)) == segments(text)


@given(st.text(st.sampled_from("ab €[]ộđĐ😀\n"), max_size=400))
def test_the_count_agrees_with_another_implementation(text: str) -> None:
    assert segments(text).parts == max(1, len(smsutil.split(unicodedata.normalize("NFC", text)).parts))
