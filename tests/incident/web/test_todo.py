"""The next thing for the one who reads: own approval, own task, own answer; for the duty officer what holds others up."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.incident.web.conftest import Site, words

TEXT = "Thông tin ban đầu về hồ Suối Lạc\n\nHồ vận hành bình thường."


@pytest.fixture
def room(site: Site) -> str:
    return f"/incidents/{site.world.opens().incident_id}"


def card(site: Site, name: str, room: str) -> str:
    """The big card as this person reads it; "" when there is none."""
    page = site.browser(name).get(room).text
    found = re.search(
        r'<div class="next next--(\w+)" id="next">(.*?)</div>\s*(?:<ul class="steps"|</section>)', page, re.S
    )
    return f"{found[1]}: {words(found[2])}" if found else ""


def test_an_own_question_comes_first_with_its_buttons(site: Site, room: str) -> None:
    said = card(site, "truc", room)
    assert said.startswith("step: Hỏi Báo cáo, xin ý kiến lãnh đạo trực")
    assert "Đã báo cáo" in said


def test_who_has_nothing_else_is_asked_to_answer(site: Site, room: str) -> None:
    said = card(site, "phatngon", room)
    assert said.startswith("answer: ")
    assert "Tôi đã nhận, tham gia" in said


def test_who_has_answered_has_nothing_waiting_and_reads_who_has(site: Site, room: str) -> None:
    browser = site.browser("phatngon")
    browser.post(f"{room}/own-answer", {"answer": "accept"}, page=room)
    text = browser.text(room)
    assert "Không có việc nào chờ đồng chí. Đang chờ: đ/c" in text


def test_an_observer_reads_whom_all_wait_for(site: Site, room: str) -> None:
    assert card(site, "theodoi", room) == ""
    assert "Không có việc nào chờ đồng chí." in site.browser("theodoi").text(room)


def test_an_own_approval_comes_before_everything(site: Site, room: str) -> None:
    for post in ("nguoi_phat_ngon", "so_vhttdl_chuyen_vien_bao_chi"):
        site.world.phone(post).replies("OK 10")
    clerk = site.browser("thuky")
    link = re.search(rf'href="({room}/statements/[^"]+)"', clerk.get(room).text)
    assert link
    version = re.search(r'name="version" value="(\d+)"', clerk.get(link[1]).text)
    assert version
    typed = {"text": TEXT, "version": version[1], "do": "submit"}
    assert clerk.post(link[1], typed, page=link[1]).status_code == 303
    assert card(site, "phatngon", room).startswith("approve: Duyệt")


def test_the_officer_is_led_to_what_nobody_handles(site: Site, room: str) -> None:
    officer = site.browser("truc")
    officer.post(f"{room}/steps/xin_y_kien/complete", {"answer": "da_bao_cao"}, page=room)
    site.world.phone("nguoi_phat_ngon").replies("để tôi xem đã")
    said = card(site, "truc", room)
    assert said.startswith("unclear: 1 trả lời chưa rõ, cần đồng chí xem")
    assert "để tôi xem đã" in said


def test_the_officer_is_led_to_the_next_call(site: Site, room: str) -> None:
    officer = site.browser("truc")
    officer.post(f"{room}/steps/xin_y_kien/complete", {"answer": "da_bao_cao"}, page=room)
    site.world.time += timedelta(minutes=11)  # silent, and nothing was swept yet
    said = card(site, "truc", room)
    assert said.startswith("call: Gọi đ/c")
    assert "Gọi 0540" in said


def test_a_closed_incident_asks_nothing(site: Site, room: str) -> None:
    officer = site.browser("truc")
    form = {"outcome": "handled", "reason": "Dư luận đã ổn định", "stand_down": "yes"}
    assert officer.post(f"{room}/close", form, page=f"{room}/close").status_code == 303
    assert card(site, "truc", room) == ""
    assert "Việc cần làm ngay" not in officer.text(room)


def test_a_note_sent_twice_is_written_once(site: Site, room: str) -> None:
    browser = site.browser("truc")
    key = re.search(r'name="key" value="([^"]+)"', browser.get(room).text)
    assert key
    note = {"text": "Đã gọi Ban quản lý hồ", "kind": "note", "key": key[1]}
    for _ in range(3):
        assert browser.post(f"{room}/notes", note, page=room).status_code == 303
    assert browser.get(room).text.count("Đã gọi Ban quản lý hồ") == 1
    browser.post(f"{room}/notes", {**note, "text": "Đã gọi lại lần hai"}, page=room)
    assert "Đã gọi lại lần hai" in browser.text(room), "other words are another note"


def test_a_form_sent_by_the_script_is_told_where_to_go(site: Site, room: str) -> None:
    browser = site.browser("truc")
    sent = browser.post(f"{room}/notes", {"text": "Ghi bằng script"}, page=room, headers={"X-Sent": "script"})
    assert sent.status_code == 204
    assert sent.headers["X-Go"] == room
    assert "Đã ghi vào nhật ký." in browser.text(room), "the word of it waits for the page"


def test_what_was_typed_outlives_an_idle_session_without_scripts(site: Site, room: str) -> None:
    browser = site.browser("truc")
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(room).text)
    assert token
    site.world.time += timedelta(minutes=16)
    note = {"text": "Gõ dở khi hết phiên", "kind": "note", "csrf_token": token[1]}
    answer = browser.client.post(f"{room}/notes", data=note, headers={"Referer": f"http://localhost{room}"})
    assert answer.status_code == 303
    assert f"/sign-in?next={room}" in answer.headers["Location"]
    assert browser.signs_in("truc").status_code == 302
    assert "Gõ dở khi hết phiên</textarea>" in browser.get(room).text.replace("\n", "")
    assert "Gõ dở khi hết phiên" not in browser.get(room).text, "given once"


def test_what_was_typed_is_shown_to_nobody_else(site: Site, room: str) -> None:
    browser = site.browser("truc")
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(room).text)
    assert token
    site.world.time += timedelta(minutes=16)
    browser.client.post(f"{room}/notes", data={"text": "Của cán bộ trực", "csrf_token": token[1]})
    browser.signs_in("quantri")
    assert "Của cán bộ trực" not in browser.get(room).text


def test_a_script_whose_session_ended_is_told_so(site: Site, room: str) -> None:
    browser = site.browser("truc")
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(room).text)
    assert token
    site.world.time += timedelta(minutes=16)
    data = {"text": "x", "csrf_token": token[1]}
    assert browser.client.post(f"{room}/notes", data=data, headers={"X-Sent": "script"}).status_code == 401


def test_a_drill_is_told_apart_in_the_tab(site: Site) -> None:
    drill = f"/incidents/{site.world.opens(mode='drill').incident_id}"
    page = site.browser("truc").get(drill).text
    assert re.search(r"<title>\s*DIỄN TẬP · ", page)
    assert "icon-drill" in page
    assert re.search(r'<body class="[^"]* drill"', page)


def test_beside_every_free_text_stands_what_must_not_be_in_it(site: Site, room: str) -> None:
    browser = site.browser("truc")
    for address in (room, f"{room}/level", f"{room}/close", f"{room}/report", "/incidents/new"):
        page = browser.get(address).text
        for area in re.findall(r"<textarea[^>]*>", page):
            described = re.search(r'aria-describedby="([^" ]+)', area)
            assert described, f"{address}: {area}"
            hint = re.search(rf'id="{re.escape(described[1])}"[^>]*>(.*?)</div>', page, re.S)
            assert hint, address
            assert "mật" in hint[1], f"{address}: {area}"
