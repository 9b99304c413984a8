"""The board beyond its cards: the closed ones found without marks, and the screen on the wall."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from incident.response import calling_out, course, stopping
from tests.incident.web.conftest import Site


def closes(site: Site, key: str, short_name: str, title: str) -> str:
    opened = site.world.opens(
        "vu-viec-chung", level=1, key=key, short_name=short_name, title=title
    ).incident_id
    course.close(
        site.wiring.desk, opened, "handled", "đã ổn định", site.world.duty, site.world.time, stand_down=False
    )
    return opened


@pytest.fixture
def closed(site: Site) -> str:
    return closes(site, "one", "viec hop dong", "Hợp đồng thuê xe bị chia sẻ trên mạng")


def test_a_closed_incident_is_found_without_marks(site: Site, closed: str) -> None:
    browser = site.browser("truc")
    for words in ("hop dong", "HỢP ĐỒNG xe", "VV-10", "10/2026", "viec 2026", "thue bien gioi"):
        text = browser.text(f"/?q={words}")
        assert ("Hợp đồng thuê xe" in text) is (words != "thue bien gioi"), words
    assert "Không thấy vụ việc nào khớp “khong co”" in browser.text("/?q=khong co")


def test_a_search_is_shown_as_it_was_typed_and_nothing_more(site: Site) -> None:
    page = site.browser("truc").get("/", query_string={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page


def test_many_closed_ones_come_a_page_at_a_time(site: Site) -> None:
    for n in range(23):
        closes(site, f"k{n}", f"viec {n}", f"Việc đã xong số {n:02}")
    browser = site.browser("truc")
    first, second = browser.get("/").text, browser.get("/?page=2").text
    assert len(re.findall("Việc đã xong số", first)) == 20
    assert len(re.findall("Việc đã xong số", second)) == 3
    assert 'rel="next"' in first
    assert 'rel="prev"' in second
    assert browser.get("/?page=999").status_code == browser.get("/?page=-4").status_code == 200


def test_a_member_finds_only_the_incidents_they_were_asked_in(site: Site, closed: str) -> None:
    assert "Hợp đồng thuê xe" not in site.browser("nguoidang").text("/?q=hop dong")


def test_the_board_is_sent_only_when_something_changed(site: Site) -> None:
    site.world.opens()
    browser = site.browser("truc")
    first = browser.get("/board/live")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert "<html" not in first.text
    assert browser.get("/board/live", headers=tag).status_code == 304
    site.world.phone("nguoi_phat_ngon").replies("OK 10")
    assert browser.get("/board/live", headers=tag).status_code == 200


def test_the_wall_shows_who_is_missing_and_no_number(site: Site) -> None:
    site.world.opens()
    site.world.opens("vu-viec-chung", mode="drill", key="drill", short_name="viec tap")
    page = site.browser("truc").get("/wall").text
    text = re.sub(r"<[^>]+>", " ", page)
    assert "chưa trả lời:" in text
    assert "DIỄN TẬP – không phải sự cố thật" in text
    assert "data-until=" in page
    assert "tel:" not in page
    assert not re.search(r"0540 000 0(?!01)", text)
    assert "<button" not in page


def test_the_wall_stays_on_and_opens_nothing_else(site: Site) -> None:
    browser = site.browser("theodoi")
    assert browser.get("/wall").status_code == 200
    site.world.time += timedelta(minutes=40)
    assert browser.get("/wall/live", headers={"HX-Request": "true"}).status_code == 200
    assert browser.get("/").status_code == 303, "whoever passes by signs in"
    site.world.time += timedelta(hours=13)
    assert browser.get("/wall").status_code == 303


def test_a_stranger_sees_no_wall(site: Site) -> None:
    assert site.browser().get("/wall").status_code == 303


STOPPED, HELD = "Đang dừng gửi", "Đang giữ, chưa mời Tổ công tác"


@pytest.mark.parametrize("address", ["/", "/wall"])
def test_a_card_says_that_nothing_leaves(site: Site, address: str) -> None:
    """Stopped by a person, or kept for the leader on duty alone: seen before the room is opened, and gone when it is."""
    browser, desk, duty = site.browser("truc"), site.wiring.desk, site.world.duty
    incident = site.world.opens(only_leader=True).incident_id
    assert (STOPPED in browser.text(address), HELD in browser.text(address)) == (False, True)
    calling_out.call_out(desk, incident, duty, site.world.time)
    assert HELD not in browser.text(address)
    stopping.stop(desk, incident, duty, site.world.time)
    assert STOPPED in browser.text(address)
    stopping.go_on(desk, incident, duty, site.world.time)
    assert STOPPED not in browser.text(address)
