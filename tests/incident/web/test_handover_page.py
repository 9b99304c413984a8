"""Bàn giao ca: the picture, the two presses, and who may not press."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from incident.directory import rota
from incident.store.tables import Handover, Person
from tests.incident.web.conftest import Site, second_officer, words

SIX = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)


def test_a_calm_night_is_one_press(site: Site) -> None:
    second_officer(site)
    site.world.time = SIX + timedelta(minutes=2)
    incoming = site.browser("truc2")
    text = incoming.text("/handover")
    assert "Không có vụ việc nào đang mở" in text
    assert incoming.post("/handover/accept", page="/handover").status_code == 303
    assert "đã nhận bàn giao lúc 06:02" in incoming.text("/handover")
    assert "Đổi ca lúc" not in incoming.text("/")


def test_handed_over_and_taken_over_with_two_presses(site: Site) -> None:
    second_officer(site)
    site.world.opens()
    site.world.fast_forward(to=SIX - timedelta(minutes=20))
    outgoing = site.browser("truc")
    page = outgoing.get("/handover").text
    for told in ("tin ve ho Suoi Lac", "Chưa trả lời", "8 giờ tới", "theo lịch trực", "tel:+84540"):
        assert told in page
    with site.world.store.reading() as session:
        turn = rota.next_turn(session, site.world.time)
    assert turn is not None
    note = "Nhớ <script>alert(1)</script> gọi Báo A"
    assert outgoing.post("/handover", {"to": "", "note": note}, page="/handover").status_code == 422
    assert outgoing.post("/handover", {"to": turn.person, "note": "x" * 10_000}).status_code == 422
    assert outgoing.post("/handover", {"to": turn.person, "note": note}).status_code == 303
    assert outgoing.post("/handover/accept", {"handover": _row(site).id}).status_code == 403
    site.world.fast_forward(to=SIX + timedelta(minutes=1))
    incoming = site.browser("truc2")
    seen = incoming.get("/handover").text
    assert "&lt;script&gt;" in seen
    assert "<script>alert" not in seen
    assert "Đổi ca lúc 06:00, chờ nhận bàn giao" in incoming.text("/")
    assert incoming.post("/handover/accept", {"handover": _row(site).id}).status_code == 303
    assert incoming.post("/handover/accept", {"handover": _row(site).id}).status_code == 303
    assert "chờ nhận bàn giao" not in incoming.text("/")
    kept = incoming.get(f"/handover/{_row(site).id}").text
    assert "tin ve ho Suoi Lac" in kept
    assert "tel:+8454000000" not in kept.split("<footer")[0], "a kept picture holds no number"


def _row(site: Site) -> Handover:
    with site.world.store.reading() as session:
        return session.scalars(select(Handover)).one()


def test_the_board_warns_after_half_an_hour(site: Site) -> None:
    site.world.opens()
    site.world.fast_forward(to=SIX + timedelta(minutes=31))
    for name in ("truc", "totruong", "theodoi"):
        text = site.browser(name).text("/")
        assert "Quá 30 phút sau khi đổi ca lúc 06:00" in text
        assert "vẫn chịu trách nhiệm" in text
        assert "Lãnh đạo trực: đ/c" in text
    assert "Quá 30 phút" not in site.browser("nguoidang").text("/")


def test_an_administrator_records_what_was_said_on_the_phone(site: Site) -> None:
    site.world.opens()
    site.world.fast_forward(to=SIX + timedelta(minutes=5))
    admin = site.browser("quantri")
    assert "đã nhận qua điện thoại" in admin.text("/handover")
    assert admin.post("/handover/accept", {"handover": _row(site).id}, page="/handover").status_code == 303
    assert _row(site).via == "phone"


@pytest.mark.parametrize("name", ["nguoidang"])
def test_a_member_has_no_business_here(site: Site, name: str) -> None:
    browser = site.browser(name)
    assert browser.get("/handover").status_code == 403
    assert browser.get("/handover/whatever").status_code == 403
    assert browser.post("/handover", {"to": "x"}).status_code == 403
    assert browser.post("/handover/accept").status_code == 403
    assert "Bàn giao ca" not in browser.text("/")


def test_a_reader_sees_the_picture_without_numbers_and_cannot_press(site: Site) -> None:
    site.world.opens()
    site.world.fast_forward(60)
    browser = site.browser("theodoi")
    page = browser.get("/handover").text
    assert "tin ve ho Suoi Lac" in page
    assert "tel:+84540" not in page
    assert browser.post("/handover/accept").status_code == 403


def test_an_unknown_hand_over_is_not_found(site: Site) -> None:
    browser = site.browser("truc")
    assert browser.get("/handover/nothing").status_code == 404
    assert browser.post("/handover/accept", {"handover": "nothing"}).status_code == 404


# ------------------------------------------------------------------ sheets, directory


SHEETS = ("/directory/call-tree", "/directory/duty-sheet")


@pytest.mark.parametrize("address", SHEETS)
def test_sheets_print_numbers_for_those_who_may_see_them(site: Site, address: str) -> None:
    page = site.browser("truc").get(address).text
    assert re.search(r"0540 \d{3} \d{3}", page)
    pdf = site.browser("quantri").get(f"{address}.pdf")
    assert pdf.data.startswith(b"%PDF")
    for name in ("nguoidang", "theodoi", "phatngon"):
        browser = site.browser(name)
        assert browser.get(address).status_code == 403
        assert browser.get(f"{address}.pdf").status_code == 403
        assert "In cây gọi" not in browser.text("/directory")


def test_the_call_tree_of_an_incident_names_holder_and_stand_ins(site: Site) -> None:
    room = f"/incidents/{site.world.opens(mode='drill').incident_id}"
    browser = site.browser("truc")
    text = browser.text(f"{room}/call-tree")
    for told in (
        "DIỄN TẬP",
        "Tổ trưởng",
        "thay:",
        "Xã Suối Lạc",
        "Gọi lúc",
        "Kết quả",
        "Số trực: 0540 000 001",
    ):
        assert told in text
    assert browser.get(f"{room}/call-tree.pdf").data.startswith(b"%PDF")
    assert site.browser("nguoidang").get(f"{room}/call-tree").status_code == 403


def test_the_duty_sheet_holds_fourteen_days(site: Site) -> None:
    text = site.browser("truc").text("/directory/duty-sheet")
    assert "Bảng trực từ 22/11/2026 đến 05/12/2026" in text
    assert text.count("06:00 – 18:00") == 14
    assert "Chủ Nhật 22/11" in text


def test_the_directory_is_sorted_by_given_name_and_searched_without_marks(site: Site) -> None:
    with site.world.store.reading() as session:
        names = session.scalars(select(Person.name).order_by(Person.sort_name)).all()
    browser = site.browser("truc")
    page = browser.get("/directory").text
    shown = re.findall(r'people__name">([^<]+)<', page)
    assert shown == list(names)[: len(shown)]
    for typed in ("nguyen van mau 01", "NGUYỄN VĂN MẪU 01", "mau 01 nguyen"):
        assert "Nguyễn Văn Mẫu 01" in browser.get("/directory", query_string={"q": typed}).text
    assert "0 trong" in browser.text("/directory?q=khong-co-ai")


def test_officers_are_named_as_the_directory_addresses_them(site: Site) -> None:
    second_officer(site)
    site.world.opens()
    with site.world.store.writing() as session:
        turn, after = rota.current_turn(session, site.world.time), rota.next_turn(session, site.world.time)
        assert turn is not None
        assert after is not None
        session.get_one(Person, turn.person).xung_ho = "bà"
        session.get_one(Person, after.person).xung_ho = "anh"
    site.world.fast_forward(to=SIX + timedelta(minutes=1))
    browser = site.browser("truc2")
    assert words(browser.get("/").text).count(f"Bà {turn.name} và anh {after.name} cùng được báo.") == 1
    desk = words(browser.get("/handover").text)
    assert f"Bà {turn.name} bàn giao cho anh {after.name}" in desk
    assert f"Đang trực: anh {after.name}" in desk
    assert f"anh {after.name} đến" in words(browser.get("/directory").text)
    browser.post("/account/language", {"language": "en"})
    assert f"Both {turn.name} and {after.name} are told." in words(browser.get("/").text)
    for address in ("/handover", "/directory"):
        spoken = words(browser.get(address).text)
        assert f"On duty: {after.name}" in spoken or f"Duty officer: {after.name}" in spoken, address
        assert f"anh {after.name}" not in spoken
