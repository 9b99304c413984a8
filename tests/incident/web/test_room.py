"""The room: what it shows to whom, how it stays fresh, and that a refusal loses nothing."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.incident.web.conftest import Browser, Site, words


@pytest.fixture
def room(site: Site) -> str:
    return f"/incidents/{site.world.opens().incident_id}"


def people_called(site: Site) -> list[str]:
    return [message.to for message in site.world.sms.sent]


def test_the_room_names_everything_in_the_words_of_the_house(site: Site, room: str) -> None:
    text = site.browser("truc").text(room)
    for heading in (
        "Việc cần làm ngay",
        "Thời hạn",
        "Mục tiêu nội bộ",
        "Tổ công tác",
        "Nhật ký diễn biến",
        "Điều hành",
    ):
        assert heading in text
    assert "Đã báo, chưa trả lời" in text
    assert "Vụ việc có thuộc Điều 7 khoản 3, 4 không?" in text
    assert "Cần xác định trước 04:00" in text
    assert "kẹt" not in text


def test_an_answer_by_sms_stands_in_the_room(site: Site, room: str) -> None:
    site.world.time += timedelta(minutes=9)
    site.world.phone("nguoi_phat_ngon").replies("OK 10")
    assert "Đã nhận lúc 02:09, qua SMS" in site.browser("truc").text(room)


def test_a_receipt_is_never_called_an_answer(site: Site, room: str) -> None:
    text = site.browser("truc").text(room)
    assert "Báo của nhà mạng không phải là trả lời của người nhận" in text
    assert "Đã nhận lúc" not in text


def test_the_live_part_is_sent_only_when_something_changed(site: Site, room: str) -> None:
    browser = site.browser("truc")
    first = browser.get(f"{room}/live")
    tag = {"If-None-Match": first.headers["ETag"], "HX-Request": "true"}
    assert first.status_code == 200
    assert "<html" not in first.text
    assert browser.get(f"{room}/live", headers=tag).status_code == 304
    site.world.phone("nguoi_phat_ngon").replies("OK 10")
    assert browser.get(f"{room}/live", headers=tag).status_code == 200


def test_the_live_part_counts_down_by_the_minute(site: Site, room: str) -> None:
    browser = site.browser("truc")
    tag = {"If-None-Match": browser.get(f"{room}/live").headers["ETag"]}
    site.world.time += timedelta(minutes=1)
    assert browser.get(f"{room}/live", headers=tag).status_code == 200


def test_nobody_types_inside_the_live_part(site: Site, room: str) -> None:
    """What is replaced every two seconds holds no field and no token."""
    page = site.browser("truc").get(f"{room}/live").text
    assert not re.search(r"<(input|textarea|select|form)\b", page)


def test_numbers_are_for_the_duty_officer(site: Site, room: str) -> None:
    site.world.time += timedelta(minutes=11)
    number = re.compile(r"tel:\+84540000(?!001)|0540 000 0(?!01)")
    assert number.search(site.browser("truc").get(room).text)
    for name in ("totruong", "theodoi", "thuky"):
        assert not number.search(site.browser(name).get(room).text), name


def test_a_member_sees_their_own_incident_and_no_other(site: Site, room: str) -> None:
    assert site.browser("nguoidang").get(room).status_code == 200
    other = site.world.opens("vu-viec-chung", level=1, key="two", short_name="viec khac").incident_id
    browser = site.browser("nguoidang")
    assert browser.get(f"/incidents/{other}").status_code == 403
    assert browser.get(f"/incidents/{other}/live").status_code == 403
    assert browser.get(f"/incidents/{other}/report").status_code == 403
    assert "viec khac" not in browser.text("/")


def test_a_question_is_answered_with_one_press(site: Site, room: str) -> None:
    browser = site.browser("truc")
    assert browser.post(f"{room}/steps/xac_minh/complete", {"answer": "sai"}, page=room).status_code == 303
    assert "Sai sự thật" in browser.text(room)


def test_a_press_that_is_refused_says_why(site: Site, room: str) -> None:
    answer = site.browser("truc").post(f"{room}/steps/xac_minh/complete", {"answer": "khong_co"}, page=room)
    assert answer.status_code == 422
    assert "Các lựa chọn" in words(answer.text)


def test_a_note_stands_in_the_log(site: Site, room: str) -> None:
    browser = site.browser("truc")
    browser.post(f"{room}/notes", {"text": "Đã gọi Ban quản lý hồ", "kind": "note"}, page=room)
    assert "Đã gọi Ban quản lý hồ" in browser.text(room)


def test_a_refused_note_is_not_lost(site: Site, room: str) -> None:
    browser = site.browser("truc")
    answer = browser.post(f"{room}/notes", {"text": "Chưa ghi được", "at": "2026-12-01T10:00"}, page=room)
    assert answer.status_code == 422
    assert "Chưa ghi được</textarea>" in answer.text.replace("\n", "")


def test_a_call_is_recorded_with_one_press(site: Site, room: str) -> None:
    browser, person = site.browser("truc"), site.world.person("cong_ttdt_truc")
    one = f"{room}/calls/{person.id}"
    assert browser.post(one, {"outcome": "accept"}, page=one).status_code == 303
    assert "qua điện thoại" in browser.text(room)


def test_a_call_without_its_outcome_is_asked_again(site: Site, room: str) -> None:
    browser, person = site.browser("truc"), site.world.person("cong_ttdt_truc")
    one = f"{room}/calls/{person.id}"
    answer = browser.post(one, {"when": "chosen", "at": "2026-12-01T10:00", "text": "giữ lại"}, page=one)
    assert answer.status_code == 422
    assert "Chọn kết quả cuộc gọi" in words(answer.text)
    assert "giữ lại</textarea>" in answer.text.replace("\n", "")


def test_silence_stands_on_the_call_list(site: Site, room: str) -> None:
    site.world.fast_forward(11)
    text = site.browser("truc").text(room)
    assert "Cần gọi điện" in text
    assert "Không liên lạc được" not in text


def test_a_member_answers_for_themselves(site: Site, room: str) -> None:
    browser = site.browser("nguoidang")
    assert "Tôi đã nhận, tham gia" in browser.text(room)
    browser.post(f"{room}/own-answer", {"answer": "accept"}, page=room)
    assert "qua trang này" in browser.text(room)


def test_an_unclear_reply_is_decided_with_one_press(site: Site, room: str) -> None:
    site.world.phone("nguoi_phat_ngon").replies("để tôi xem đã")
    browser = site.browser("truc")
    page = browser.get(room).text
    assert "Trả lời chưa rõ" in words(page)
    assert "để tôi xem đã" in page
    where = re.search(rf'formaction="({room}/replies/[^"]+)"', page)
    assert where
    assert browser.post(where[1], {"means": "accept"}, page=room).status_code == 303
    assert "để tôi xem đã" not in browser.get(f"{room}/live").text.split('id="log"')[0]


def test_kinds_are_asked_in_the_room_and_start_the_clock_of_the_law(site: Site, room: str) -> None:
    browser = site.browser("truc")
    browser.post(
        f"{room}/facts",
        {
            "kinds": ["k3"],
            "accepted_at": "2026-11-22T01:30",
            "detected_at": "2026-11-22T02:00",
            "reason": "Chánh Văn phòng xác định",
        },
        page=f"{room}/facts",
    )
    text = browser.text(room)
    assert "Theo luật" in text
    assert "Nghị định 244/2026/NĐ-CP" in text
    assert "Vụ việc có thuộc Điều 7" not in text


def test_level_pause_and_resume(site: Site, room: str) -> None:
    browser = site.browser("truc")
    browser.post(f"{room}/level", {"level": "2", "reason": "đã xác minh một phần"}, page=f"{room}/level")
    assert "Cấp 2" in browser.text(room)
    browser.post(
        f"{room}/pause", {"until": "2026-11-22T03:00", "reason": "họp giao ban"}, page=f"{room}/pause"
    )
    assert "Tạm dừng nhắc đến 03:00" in browser.text(room)
    browser.post(f"{room}/resume", page=room)
    assert "Tạm dừng nhắc đến 03:00" not in browser.text(f"{room}")


def test_closing_lists_what_is_left_and_can_be_undone(site: Site, room: str) -> None:
    browser = site.browser("truc")
    assert "Việc chưa xong" in browser.text(f"{room}/close")
    refused = browser.post(f"{room}/close", {"outcome": "handled"}, page=f"{room}/close")
    assert refused.status_code == 422
    assert "Ghi lý do" in words(refused.text)
    browser.post(f"{room}/close", {"outcome": "handled", "reason": "xong"}, page=f"{room}/close")
    assert "Đã kết thúc" in browser.text(room)
    assert "Đã kết thúc" in browser.text("/")
    browser.post(f"{room}/reopen", {"reason": "tin lan lại"}, page=f"{room}/reopen")
    assert "Việc cần làm ngay" in browser.text(room)


def test_a_second_person_masks_a_name(site: Site, room: str) -> None:
    duty = site.browser("truc")
    duty.post(f"{room}/notes", {"text": "Nạn nhân là Lê Thị Kín", "kind": "note"}, page=room)
    page = site.browser("totruong")
    seq = max(int(n) for n in re.findall(r'id="entry-(\d+)"', page.get(room).text))
    where = f"{room}/entries/{seq}/mask/text"
    assert duty.post(where, {"reason": "tên nạn nhân"}, page=where).status_code in (403, 409)
    assert page.post(where, {"reason": "tên nạn nhân"}, page=where).status_code == 303
    assert "Lê Thị Kín" not in page.get(room).text
    assert "đã che" in page.text(room)


def test_older_lines_are_a_page_away(site: Site, room: str) -> None:
    browser: Browser = site.browser("truc")
    assert "Mở vụ việc" in browser.text(f"{room}/timeline")
    assert "#5" not in browser.text(f"{room}/timeline?before=5")


def test_an_unknown_incident_is_a_page_with_a_way_on(site: Site) -> None:
    answer = site.browser("truc").get("/incidents/khong-co")
    assert answer.status_code == 404
    assert "Về danh sách vụ việc" in answer.text
