"""Replies as officers type them: every row of the table of meanings, and what must never be taken for a yes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident.domain.replies import ACCEPT, DECLINE, NEGATIONS, Meaning, understand

ACCEPTED = """Đã nhận|Rõ|Đã rõ|Nhất trí|Đồng ý|Vâng|Dạ|Được|Da nhan|Ro|Da ro|Nhat tri|Dong y|Vang|Da|Duoc|OK|Ok ạ|Oke|Oki
|dn|1|y|ddax nhaanj|Dax nhajn|dda nhajna|Đa nhận|rox|nhaats tris|ddoongf ys|vaangf|daj|Dạ em nhận được tin rồi ạ|đ/c ok|O.K
|👍 ok|dạ vâng ạ|Ok đ/c|Đã nhận, cảm ơn đ/c|Rỏ|Đồng ý tham gia|OK, đã nhận|okkk|da vang a|Ðã nhận|Vâng, rõ""".replace(
    "\n", ""
)
DECLINED = """Bận|Báo bận|Không tham gia được|Ban|Khong tham gia duoc|ko tham gia dc|k tham gia dc|kg tham gia dc
|khg tham gia dc|KTG|0|2|baanj|khoong tham gia dduwowcj|Từ chối|không|Dạ em bận ạ|Bận họp|tu choi|vâng tôi bận|ko|Báo cáo, tôi bận
""".replace("\n", "")
UNCLEAR = """Chưa nhận được|Đang họp|Cử anh H. thay|Đã nhận nhưng bận họp|chua nhan duoc|dang hop|cu anh thay|bạn|bàn|bán|banf|bans
|banj|OK 27 28|OK 14h30|OK 9h|OK nếu rảnh|27||Không rõ|chưa|nhận khi về|OK?|không bận|ok ban|ok không|Huy 27|OK Huy|OK 5|OK 027|👎
|OK 27 hoac BAN 27|không nhận được|ok +84912345678|k nhan duoc|3|da khong nhan|OK 27/28|ok 27.5|nhầm|😡 ok|tham gia được không
|OK 12345|Tra loi OK 27 (da nhan) hoac BAN 27 (ban)|1 2|ok chua|OK 27 lúc 14h""".replace("\n", "")
WRONG = "nhầm số|nham so|Nham so roi|nhaamf soos|sai so|Không phải tôi"
DISPUTED = "SAI|sai|Sai rồi"
OPTED_OUT = "STOP|stopall|UNSUBSCRIBE|Cancel|END|quit|TD|HUY|Hủy|huỷ.|Stop!"

TABLE = [
    *((text, "accept") for text in ACCEPTED.split("|")),
    *((text, "decline") for text in DECLINED.split("|")),
    *((text, "review") for text in UNCLEAR.split("|")),
    *((text, "wrong_number") for text in WRONG.split("|")),
    *((text, "dispute") for text in DISPUTED.split("|")),
    *((text, "optout") for text in OPTED_OUT.split("|")),
]


@pytest.mark.parametrize(("text", "means"), TABLE)
def test_every_row_of_the_table(text: str, means: str) -> None:
    assert understand(text).means == means


@pytest.mark.parametrize(("text", "means"), TABLE)
def test_the_decomposed_form_and_capitals_mean_the_same(text: str, means: str) -> None:
    assert understand(unicodedata.normalize("NFD", text)).means == means
    assert understand(text.upper()).means == means
    assert understand(f"  {text}\n").means == means


@pytest.mark.parametrize(
    "text",
    ["OK 27", "27 ok", "OK27", "ok dt27", "DT27 ok", "OK DT 27", "27 OK 27", "1 27", "OK #27", "OK, 27.", "OK 27 ạ",
     "OK vu viec 27", "da 27", "da nhan duoc tin 27 a"],
)  # fmt: skip
def test_the_code_stands_first_or_last(text: str) -> None:
    assert understand(text) == Meaning("accept", "27")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("BAN 27", Meaning("decline", "27")),
        ("0 108", Meaning("decline", "108")),
        ("SAI 27", Meaning("dispute", "27")),
        ("SAI DT27", Meaning("dispute", "27")),
        ("nham so 27", Meaning("wrong_number", "27")),
        ("STOP 27", Meaning("optout", "27")),
        ("27", Meaning("review", "27")),
        ("da nhan nhung ban 27", Meaning("review", "27")),
        ("OK 27 28", Meaning("review", None)),
    ],
)
def test_the_code_of_other_meanings(text: str, meaning: Meaning) -> None:
    assert understand(text) == meaning


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    understand(text)


@given(st.sampled_from(sorted(NEGATIONS)), st.lists(st.sampled_from(ACCEPT), max_size=3), st.integers(0, 3))
def test_a_word_of_refusal_is_never_a_yes(no: str, words: list[str], place: int) -> None:
    words.insert(place, no)
    assert understand(" ".join(words)).means != "accept"


@given(st.sampled_from(ACCEPT), st.sampled_from(DECLINE))
def test_yes_and_no_together_are_no_yes(yes: str, no: str) -> None:
    assert understand(f"{yes}, {no}").means != "accept"


@given(st.sampled_from(ACCEPT), st.text("bcghklmnpqtvxz", min_size=3, max_size=8))
def test_an_unknown_word_goes_to_a_person(yes: str, word: str) -> None:
    if understand(word).means == "review" and len(word) > 4:
        assert understand(f"{yes} {word}").means == "review"
