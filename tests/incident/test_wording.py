"""Every SMS with the longest slots: GSM-7, one part outside drills, in the register of its reader."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from incident.wording import (
    SMS,
    Case,
    Facts,
    House,
    Reader,
    clock,
    email,
    framed,
    one_way,
    registered,
    remind_kind,
    shorten,
    sms,
    sms_with_room,
    summon_kind,
    task_kind,
)

LONGEST_NAME = "Nguyễn Thị Phương Thảo"  # 22 characters
HOUSE = House("UBND tỉnh Sơn Lâm", "Sơn Lâm", "0540000001")
LIVE = Case("27", "live", "tin về hồ Suối Lạc 2")
DRILL = Case("27", "drill", "tin về hồ Suối Lạc 2")
READER = Reader(LONGEST_NAME)
LINK = "https://tct.sonlam.gov.vn/a/7KQ2M9XW4T"
SLOTS = {
    "due": "02h25", "at": "02h09", "link": LINK, "instead": f"đ/c {LONGEST_NAME}", "n": 3, "mark": "7K2",
    "Instead": f"Đ/c {LONGEST_NAME}", "wrong": "72", "count": 2, "list": "27, tin ve ho Suoi Lac; 28, bai tren Cong TTDT",
    "who": f"đ/c {LONGEST_NAME}", "still": "Con nguoi chua tra loi, co viec qua han", "what": "Soạn thông tin",
    "old": "28", "body": "Bo Cong an, Cuc A05",
}  # fmt: skip
WITH_ROOM = [kind for kind, text in SMS.items() if "{what}" in text]


@pytest.mark.parametrize("kind", sorted(SMS))
def test_one_part_of_gsm_7_with_the_longest_slots(kind: str) -> None:
    what = {key: value for key, value in SLOTS.items() if key != "what"}
    long = "Chụp màn hình, lưu đường dẫn công khai, thời điểm (không ghi tài khoản)"
    text = (
        sms_with_room(kind, HOUSE, LIVE, READER, what=long, **what)
        if kind in WITH_ROOM
        else sms(kind, HOUSE, LIVE, READER, **SLOTS)
    )
    assert text.encoding == "GSM-7"
    assert text.parts == 1, f"{len(text.body)}: {text.body}"
    assert not re.search(r"[\[\]{}~^|\\]", text.body), "each of these costs two"
    assert "  " not in text.body
    assert not re.search(r"https?://\S+[.,]( |$)", text.body), "a space stands between a link and a full stop"


@pytest.mark.parametrize("kind", sorted(SMS))
def test_a_drill_says_so_at_both_ends_and_stays_within_two_parts(kind: str) -> None:
    text = sms(kind, HOUSE, DRILL, READER, **SLOTS)
    assert text.body.startswith("DIEN TAP. ")
    assert text.body.endswith(". DIEN TAP")
    assert text.parts <= 2
    assert "DT27" in text.body or "{code}" not in SMS[kind]


@pytest.mark.parametrize("kind", [k for k in sorted(SMS) if k.endswith((".len", ".dang"))])
def test_nobody_above_us_and_no_party_body_is_ordered(kind: str) -> None:
    body = sms(kind, HOUSE, LIVE, READER, **SLOTS).body.lower()
    assert not re.search(r"\b(trieu tap|giao|nhac|yeu cau)\b", body)
    assert body.startswith(("kinh ", "ubnd tinh son lam tran trong"))


@pytest.mark.parametrize("kind", sorted(SMS))
def test_nothing_that_would_wound_if_it_leaked(kind: str) -> None:
    body = sms(kind, HOUSE, LIVE, READER, **SLOTS).body.lower()
    assert not re.search(r"\b(su co|khung hoang|tin gia|chet|tu vong|vo dap|cap \d|nghiem trong)\b", body)


def test_every_message_names_the_duty_phone() -> None:
    assert [k for k in SMS if "{duty}" not in SMS[k]] == []


def test_how_a_reader_is_addressed_is_data() -> None:
    body = sms("summon", HOUSE, LIVE, Reader("X", xung_ho="ông"), **SLOTS).body
    assert "Moi ong tham gia" in body
    assert "d/c" not in body


def test_the_kind_follows_rank_and_carrier() -> None:
    leader, party = Reader(rank="len"), Reader(rank="dang")
    assert [summon_kind(r, True) for r in (READER, leader, party)] == ["summon", "summon.len", "summon.dang"]
    kinds = [summon_kind(r, False) for r in (READER, leader, party)]
    assert kinds == ["summon.one_way", "summon.one_way.len", "summon.one_way.dang"]
    assert remind_kind(leader, True, another=True) == "remind.len"
    assert remind_kind(READER, True, another=False) == "remind.last"
    assert remind_kind(party, True, another=False) == "remind.last.dang"
    assert [task_kind(r, timed=True) for r in (READER, leader, party)] == ["task", "task.len", "task.dang"]


def test_a_one_way_carrier_is_never_told_to_reply() -> None:
    for kind in (k for k in SMS if "one_way" in k):
        body = sms(kind, HOUSE, LIVE, READER, **SLOTS).body
        assert "tra loi ok" not in body.lower()
        assert LINK in body


ASKS_FOR_A_REPLY = {k for k, text in SMS.items() if "OK {code}" in text and not k.startswith("reply.")}


def test_every_text_that_asks_for_a_reply_has_its_one_way_twin() -> None:
    """Answers to replies are left out: a one-way sender never gets one."""
    for kind in ASKS_FOR_A_REPLY - {"confirm"}:  # a group is asked with the words of a call-up
        first, _, rank = kind.replace(".last", "").partition(".")
        assert (f"{first}.one_way.{rank}" if rank else f"{first}.one_way") in SMS, kind


@pytest.mark.parametrize("name", ["sms-bao-don-vi", "sms-goi-xac-nhan", "sms-phoi-hop"])
@pytest.mark.parametrize("link", [LINK, ""])
def test_a_registered_text_follows_the_carrier(name: str, link: str) -> None:
    template = (Path(__file__).parents[2] / f"playbooks/library/mau/{name}.txt").read_text()
    values = {
        "agency": HOUSE.agency, "unit": "UBND xã Mường Lò Nam", "code": "27", "short_name": LIVE.short_name,
        "duty_phone": HOUSE.duty_phone,
    }  # fmt: skip
    for key, value in values.items():
        template = template.replace("{{ " + key + " }}", value)
    text = registered(one_way(template, link, HOUSE), LIVE)
    assert "tra loi" not in text.body.lower()
    assert link in text.body
    assert HOUSE.duty_phone in text.body
    assert (text.encoding, text.parts) == ("GSM-7", 1), text.body
    assert "  " not in text.body
    assert not re.search(r"https?://\S+[.,]( |$)", text.body)


def test_an_email_says_reply_only_where_one_can_and_calls_the_reader_as_the_directory_does() -> None:
    facts = Facts(asks=("xác nhận",), link=LINK)
    told = email("summon", replace(HOUSE, two_way=False), LIVE, Reader("Lê Thử", xung_ho="ông"), facts).body
    assert "nhắn tin OK" not in told
    assert "Đề nghị ông không tự phát ngôn" in told
    assert "đồng chí" not in told
    assert "nhắn tin OK 27" in email("summon", HOUSE, LIVE, READER, facts).body


def test_times_are_local_and_absolute() -> None:
    assert clock(datetime(2026, 11, 21, 19, 25, tzinfo=UTC)) == "02h25"


def test_a_long_task_is_cut_at_a_word() -> None:
    assert shorten("Chụp màn hình, lưu đường dẫn công khai", 20) == "Chụp màn hình, lưu.."
    assert shorten("ngắn", 20) == "ngắn"


def test_a_registered_text_keeps_its_words_and_loses_its_marks() -> None:
    assert registered("  Đề nghị UBND xã\n theo dõi ", LIVE).body == "De nghi UBND xa theo doi"
    assert framed("x", DRILL).body == "DIEN TAP. x. DIEN TAP"
