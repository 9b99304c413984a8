"""A statement from the first word to the public: nothing typed is lost, and only the one whose turn it is decides."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.incident.web.conftest import Browser, Site, words

TEXT = "Thông tin ban đầu\n\nHồ Suối Lạc vận hành bình thường lúc 02 giờ 20 phút."


@pytest.fixture
def place(site: Site) -> str:
    """The address of the first statement, open for drafting."""
    incident = site.world.opens()
    for post in (
        "pho_chu_tich_phu_trach", "so_vhttdl_chuyen_vien_bao_chi", "so_nnmt_thuy_loi", "nguoi_phat_ngon", "cong_ttdt_truc",
    ):  # fmt: skip
        site.world.phone(post).replies("OK 10")
    site.world.answers(incident, "xac_minh", "sai", "so_nnmt_thuy_loi")
    return f"/incidents/{incident.incident_id}/statements/{site.world.statement(incident).id}"


def saves(browser: Browser, place: str, text: str, do: str = "save") -> str:
    version = re.search(r'name="version" value="(\d+)"', browser.get(place).text)
    assert version, "no text to edit"
    answer = browser.post(place, {"text": text, "version": version[1], "do": do}, page=place)
    assert answer.status_code == 303, words(answer.text)
    return browser.text(place)


def decides(browser: Browser, place: str, do: str, reason: str = "") -> str:
    revision = re.search(r'name="revision" value="([^"]+)"', browser.get(place).text)
    assert revision, "nothing to decide"
    form = {"do": do, "reason": reason, "revision": revision[1]}
    answer = browser.post(f"{place}/decide", form, page=place, follow_redirects=True)
    return words(answer.text)


def test_the_whole_way(site: Site, place: str) -> None:
    room = place.split("/statements")[0]
    secretary, speaker, head = site.browser("thuky"), site.browser("phatngon"), site.browser("totruong")
    assert "Đã trình" in saves(secretary, place, TEXT, "submit")
    assert "Xem và duyệt" in speaker.text(room)
    assert "Duyệt bản" not in head.text(place), "the second approver waits for the first"
    assert "Đã duyệt" in decides(speaker, place, "approve")
    assert "Đã duyệt, chưa công bố" in decides(head, place, "approve")
    assert speaker.post(f"{place}/release", page=place).status_code == 303
    poster = site.browser("nguoidang")
    posted = poster.post(
        f"{place}/post",
        {"channel": "cong_ttdt", "link": "https://sonlam.example/1"},
        page=place,
        follow_redirects=True,
    )
    assert "Đã công bố" in words(posted.text)
    assert "Cổng Thông tin điện tử tỉnh" in words(posted.text)
    assert "sha256" in words(posted.text)


def test_it_comes_back_with_words_and_goes_again(site: Site, place: str) -> None:
    secretary, speaker = site.browser("thuky"), site.browser("phatngon")
    saves(secretary, place, TEXT, "submit")
    assert "Nêu ý kiến" in decides(speaker, place, "return")
    assert "Bị trả lại" in decides(speaker, place, "return", "Bỏ câu thứ hai")
    assert "Bỏ câu thứ hai" in secretary.text(place)
    page = saves(secretary, place, TEXT + " Đã kiểm tra.", "submit")
    assert "Bản 2" in page
    assert "Bản 1" in page
    assert "hết hiệu lực" in page


def test_two_hands_on_one_text_lose_nothing(site: Site, place: str) -> None:
    browser = site.browser("thuky")
    version = re.search(r'name="version" value="(\d+)"', browser.get(place).text)
    assert version
    browser.post(place, {"text": "Bản của người thứ nhất", "version": version[1]}, page=place)
    second = browser.post(place, {"text": "Bản của người thứ hai", "version": version[1]}, page=place)
    assert second.status_code == 409
    assert "Bản của người thứ nhất" in second.text
    assert "Bản của người thứ hai" in second.text


def test_an_edit_after_approval_asks_again(site: Site, place: str) -> None:
    secretary, speaker, head = site.browser("thuky"), site.browser("phatngon"), site.browser("totruong")
    saves(secretary, place, TEXT, "submit")
    decides(speaker, place, "approve")
    decides(head, place, "approve")
    assert "các lần duyệt hết hiệu lực" in secretary.text(place)
    assert "Đang soạn" in saves(secretary, place, TEXT + " Thêm.")
    assert speaker.post(f"{place}/release", page=place).status_code in (403, 409)


def test_the_duty_officer_neither_approves_nor_releases(site: Site, place: str) -> None:
    saves(site.browser("thuky"), place, TEXT, "submit")
    duty = site.browser("truc")
    assert "Duyệt bản" not in duty.text(place)
    revision = site.world.statement
    assert revision
    assert duty.post(f"{place}/decide", {"do": "approve", "revision": "x"}, page=place).status_code in (
        403,
        409,
    )
    assert duty.post(f"{place}/release", page=place).status_code in (403, 409)


def test_the_difference_between_two_versions_is_shown(site: Site, place: str) -> None:
    secretary, speaker = site.browser("thuky"), site.browser("phatngon")
    saves(secretary, place, TEXT, "submit")
    decides(speaker, place, "return", "sửa giờ")
    saves(secretary, place, TEXT.replace("20 phút", "30 phút"), "submit")
    page = secretary.get(place).text
    assert "<ins>Hồ Suối Lạc vận hành bình thường lúc 02 giờ 30 phút.</ins>" in page
    assert "<del>Hồ Suối Lạc vận hành bình thường lúc 02 giờ 20 phút.</del>" in page


def test_a_link_that_is_no_address_does_not_become_one(site: Site, place: str) -> None:
    saves(site.browser("thuky"), place, TEXT, "submit")
    speaker, poster = site.browser("phatngon"), site.browser("nguoidang")
    decides(speaker, place, "approve")
    decides(site.browser("totruong"), place, "approve")
    speaker.post(f"{place}/release", page=place)
    poster.post(f"{place}/post", {"channel": "cong_ttdt", "link": "javascript:alert(1)"}, page=place)
    assert 'href="javascript' not in poster.get(place).text


def test_a_minute_that_was_typed_is_the_whole_minute(site: Site, place: str) -> None:
    """Approved at 02:00:30 and posted at 02:00:50, typed as 02:00: not before its approval."""
    site.world.time += timedelta(seconds=30)
    saves(site.browser("thuky"), place, TEXT, "submit")
    speaker, poster = site.browser("phatngon"), site.browser("nguoidang")
    decides(speaker, place, "approve")
    decides(site.browser("totruong"), place, "approve")
    speaker.post(f"{place}/release", page=place)
    site.world.time += timedelta(seconds=20)
    typed = {"channel": "cong_ttdt", "link": "https://sonlam.example/1", "released_at": "2026-11-22T02:00"}
    assert poster.post(f"{place}/post", typed, page=place).status_code == 303
