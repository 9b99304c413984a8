"""Báo chí hỏi, Sao chép cho nhóm Zalo: what the pages show to whom, and what they take."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.incident.web.conftest import Browser, Site

ASKED = {
    "outlet": "Báo <script>alert(1)</script> Sơn Lâm",
    "name": "Lê Thị Phóng Viên",
    "phone": "0540000777",
    "question": "Hồ có <b>sắp vỡ</b> không?",
    "within": "60",
}


@pytest.fixture
def room(site: Site) -> str:
    return f"/incidents/{site.world.opens().incident_id}"


def asks(browser: Browser, room: str, **more: str):  # type: ignore[no-untyped-def]
    page = browser.get(f"{room}/press/new")
    key = re.search(r'name="key" value="([^"]+)"', page.text)
    assert key, page.text[:400]
    return browser.post(f"{room}/press/new", {**ASKED, "key": key[1], **more}, page=f"{room}/press/new")


def question_of(browser: Browser, room: str) -> str:
    found = re.search(rf"{room}/press/[0-9a-f-]{{36}}", browser.get(room).text)
    assert found
    return found[0]


def test_the_line_to_read_stands_in_the_room_from_minute_0(site: Site, room: str) -> None:
    for name in ("truc", "phatngon", "theodoi"):
        text = site.browser(name).text(room)
        assert "Câu trả lời đọc cho báo chí" in text
        assert "đang xác minh với cơ quan chuyên môn" in text
        assert "trước 02 giờ 30 phút" in text


def test_a_question_is_written_on_one_screen_and_answered(site: Site, room: str) -> None:
    browser = site.browser("truc")
    assert asks(browser, room).status_code == 303
    page = browser.get(room).text
    assert "<script>alert" not in page
    assert "tel:+84540000777" in page
    address = question_of(browser, room)
    site.world.time += timedelta(minutes=35)
    browser = site.browser("truc")
    assert "Sắp đến hạn của báo" in browser.text(room)
    assert browser.post(f"{address}/answer", {"answer": ""}, page=address).status_code == 422
    answered = browser.post(f"{address}/answer", {"answer": "Hồ bình thường"}, page=address)
    assert answered.status_code == 303
    assert "Đã trả lời" in browser.text(room)
    assert browser.post(f"{address}/answer", {"answer": "lần hai"}).status_code == 409
    assert "lần hai" not in browser.text(address)


def test_pressing_twice_writes_one_question(site: Site, room: str) -> None:
    browser = site.browser("truc")
    assert asks(browser, room, key="same-form-0001").status_code == 303
    assert asks(browser, room, key="same-form-0001").status_code == 303
    assert browser.text(room).count("Câu 1 ·") == 1
    assert "Câu 2 ·" not in browser.text(room)


def test_nothing_typed_is_lost_when_it_is_refused(site: Site, room: str) -> None:
    browser = site.browser("truc")
    refused = asks(browser, room, question="x" * 10_000)
    assert refused.status_code == 422
    assert "Không quá 4000 ký tự" in refused.text
    assert "Lê Thị Phóng Viên" in refused.text
    wrong = asks(browser, room, deadline="ngày mai")
    assert wrong.status_code == 422
    assert "Ghi thời điểm" in wrong.text


def test_a_refusal_names_its_reason(site: Site, room: str) -> None:
    browser = site.browser("phatngon")
    asks(browser, room)
    address = question_of(browser, room)
    assert browser.post(f"{address}/refuse", {"reason": ""}, page=f"{address}/refuse").status_code == 422
    assert (
        browser.post(f"{address}/refuse", {"reason": "Bí mật"}, page=f"{address}/refuse").status_code == 303
    )
    assert "Từ chối, có nêu lý do" in browser.text(room)


def test_a_member_sees_no_number_and_asks_nothing(site: Site, room: str) -> None:
    asks(site.browser("truc"), room)
    member = site.browser("nguoidang")
    page = member.get(room).text
    assert "0540000777" not in page
    assert "0540 000 777" not in page
    assert "Ghi câu hỏi của báo chí" not in page
    address = question_of(member, room)
    shown = member.get(address).text
    assert "777" not in re.sub(r"[0-9a-f]{8}-[0-9a-f-]+", "", shown)
    assert "Lê Thị Phóng Viên" not in shown
    assert member.get(f"{room}/press/new").status_code == 403
    assert member.post(f"{address}/take").status_code == 403
    assert member.post(f"{address}/answer", {"answer": "tự nói"}).status_code == 403
    assert member.get(f"{address}/refuse").status_code == 403
    assert member.get(f"{room}/zalo").status_code == 403


def test_a_question_of_another_incident_is_not_found(site: Site, room: str) -> None:
    browser = site.browser("truc")
    asks(browser, room)
    id = question_of(browser, room).rsplit("/", 1)[1]
    other = site.world.opens(key="two", title="Việc khác", short_name="viec khac")
    assert browser.get(f"/incidents/{other.incident_id}/press/{id}").status_code == 404
    assert browser.post(f"/incidents/{other.incident_id}/press/{id}/take").status_code == 404


def test_a_closed_incident_still_takes_a_late_question(site: Site, room: str) -> None:
    browser = site.browser("truc")
    post = {"outcome": "handled", "reason": "xong", "stand_down": "yes"}
    assert browser.post(f"{room}/close", post, page=f"{room}/close").status_code == 303
    assert asks(browser, room).status_code == 303
    assert "Câu 1" in browser.text(room)


def test_the_text_for_the_group_is_noted_only_when_it_was_sent(site: Site, room: str) -> None:
    browser = site.browser("truc")
    before = browser.text(room)
    page = browser.get(f"{room}/zalo").text
    assert "Đã gửi nội dung vào nhóm" not in before
    assert re.search(r"<textarea[^>]*readonly", page)
    assert "không tự phát ngôn" in page
    values = {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("as_of", "mark")}  # type: ignore[index]
    stale = browser.post(f"{room}/zalo", {**values, "mark": "0" * 64}, page=f"{room}/zalo")
    assert stale.status_code == 409
    assert "Nội dung đã thay đổi" in stale.text
    assert browser.post(f"{room}/zalo", {"as_of": "nonsense"}, page=f"{room}/zalo").status_code == 422
    assert browser.post(f"{room}/zalo", values, page=f"{room}/zalo").status_code == 303
    assert "Đã gửi nội dung vào nhóm Zalo" in browser.text(room)
