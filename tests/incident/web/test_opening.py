"""Opening: six questions, a page that says what will happen, one incident."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from incident.store.tables import Incident
from tests.incident.web.conftest import OPENING, Site, words

NEW = "/incidents/new"


def incidents(site: Site) -> int:
    with site.world.store.reading() as session:
        return session.scalar(select(func.count()).select_from(Incident)) or 0


def test_the_form_asks_six_things_and_nothing_of_the_law(site: Site) -> None:
    text = site.browser("truc").text(NEW)
    for question in (
        "1. Việc gì đang xảy ra?", "2. Tên ngắn dùng trong tin nhắn", "3. Loại vụ việc", "4. Địa bàn",
        "5. Cấp độ", "6. Biết tin lúc nào, từ đâu",
    ):  # fmt: skip
        assert question in text
    assert "Không ghi nội dung thuộc bí mật nhà nước" in text
    assert "Điều 7" not in text


def test_the_page_before_sending_says_what_will_be_sent_and_sends_nothing(site: Site) -> None:
    answer = site.browser("truc").post(NEW, {**OPENING, "do": "check"}, page=NEW)
    text = words(answer.text)
    assert "KIỂM TRA TRƯỚC KHI GỬI" in text
    assert "Vụ việc THẬT, cấp 3" in text
    assert "Sẽ báo ngay 5 người: 5 SMS (5 phần, khoảng 4.250 đồng), 5 thư điện tử." in text
    assert "vu viec 10, tin ve ho Suoi Lac" in text
    assert "Ý kiến lãnh đạo" in text
    assert "Gửi cho 5 người" in text
    site.world.deliver()
    assert incidents(site) == 0
    assert not site.world.sms.sent


def test_sent_twice_is_one_incident(site: Site) -> None:
    browser = site.browser("truc")
    first = browser.post(NEW, {**OPENING, "do": "send", "leader": "not_reached"}, page=NEW)
    second = browser.post(NEW, {**OPENING, "do": "send", "leader": "not_reached"}, page=NEW)
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert incidents(site) == 1
    site.world.deliver()
    assert len(site.world.sms.sent) == 5


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"title": ""}, "Nêu ngắn việc đang xảy ra"),
        ({"short_name": "một tên dài quá hai mươi ký tự"}, "Tên ngắn không quá 20 ký tự"),
        ({"kind": ""}, "Chọn loại vụ việc"),
        ({"area": []}, "Chọn ít nhất một địa bàn"),
        ({"level": ""}, "Chọn cấp độ"),
        ({"detected_at": "hôm qua"}, "giờ:phút ngày/tháng/năm"),
        ({"detected_at": "2026-11-23T09:00"}, "tương lai"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(
    site: Site, change: dict[str, object], told: str
) -> None:
    answer = site.browser("truc").post(NEW, {**OPENING, **change, "do": "check"}, page=NEW)
    assert answer.status_code == 422
    assert told in words(answer.text)
    assert "mạng xã hội công khai" in answer.text
    assert 'value="key-1"' in answer.text


def test_going_back_keeps_everything(site: Site) -> None:
    answer = site.browser("truc").post(NEW, {**OPENING, "do": "edit"}, page=NEW)
    assert answer.status_code == 200
    assert "hồ Suối Lạc có vết nứt" in answer.text
    assert answer.text.count("checked") == 4  # kind, level, two communes


def test_a_drill_is_striped_before_and_after(site: Site) -> None:
    browser = site.browser("truc")
    drill = {**OPENING, "drill": "true"}
    assert "DIỄN TẬP – không phải sự cố thật" in words(
        browser.post(NEW, {**drill, "do": "check"}, page=NEW).text
    )
    wrong = browser.post(NEW, {**drill, "do": "send", "shown_code": "DT10", "drill_code": "10"}, page=NEW)
    assert wrong.status_code == 422
    assert "Gõ đúng mã diễn tập DT10 để gửi. Chưa gửi tin nào." in words(wrong.text)
    assert incidents(site) == 0
    typed = {"shown_code": "DT10", "drill_code": "dt 10"}
    opened = browser.post(NEW, {**drill, **typed, "do": "send"}, page=NEW)
    page = browser.text(opened.location)
    assert "DIỄN TẬP – không phải sự cố thật" in page
    assert "DT" in page
    site.world.deliver()
    assert all(message.body.startswith("DIEN TAP") for message in site.world.sms.sent)


def test_watching_only_tells_nobody(site: Site) -> None:
    browser = site.browser("truc")
    assert "không gửi tin cho ai" in words(
        browser.post(NEW, {**OPENING, "level": "1", "do": "check"}, page=NEW).text
    )


def test_only_the_duty_officer_opens(site: Site) -> None:
    assert site.browser("theodoi").get(NEW).status_code == 403
    assert "Mở vụ việc" not in site.browser("theodoi").text("/")


def test_text_with_angle_brackets_is_only_text(site: Site) -> None:
    browser = site.browser("truc")
    opened = browser.post(NEW, {**OPENING, "title": "<script>alert(1)</script>", "do": "send"}, page=NEW)
    assert "<script>alert" not in browser.get(opened.location).text


def test_a_call_out_of_a_whole_area_says_how_many_it_goes_to(site: Site) -> None:
    change = {"kind": "call_out", "area": ["toan_tinh"], "level": "2", "short_name": "", "do": "check"}
    text = words(site.browser("truc").post(NEW, {**OPENING, **change}, page=NEW).text)
    told = re.search(r"Sẽ báo ngay (\d+) người: (\d+) SMS", text)
    assert told
    assert int(told[1]) == int(told[2]) > 5
    assert f"Gửi cho {told[1]} người" in text
    assert "không gửi tin" not in text
    assert "viec o dia ban tinh" in text  # neutral, never words of the title


def test_every_fault_is_said_at_once(site: Site) -> None:
    answer = site.browser("truc").post(NEW, {"do": "check"}, page=NEW)
    assert all(
        said in words(answer.text)
        for said in ("Chọn loại vụ việc", "Chọn ít nhất một địa bàn", "Chọn cấp độ")
    )


# ---------------------------------------------------------------- somebody may have opened it already


def hidden(page: str, name: str) -> list[str]:
    """The values of the hidden fields of that name."""
    return re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)">', page)


def test_a_like_incident_is_shown_before_sending(site: Site) -> None:
    browser = site.browser("truc")
    first = browser.post(NEW, {**OPENING, "do": "send"}, page=NEW)
    again = {**OPENING, "title": "Nứt ở hồ Suối Lạc, dân chuyển nhau trên mạng", "key": "key-2"}
    page = browser.post(NEW, {**again, "do": "check"}, page=NEW)
    text = words(page.text)
    assert "Có thể đã có người mở vụ việc này 10 · Tin lan truyền: hồ Suối Lạc có vết nứt" in text
    assert "Vào vụ việc 10" in text
    assert "Đây là việc khác" in text
    seen = hidden(page.text, "seen")
    assert seen == [first.location.rsplit("/", 1)[1]]
    apart = browser.post(NEW, {**again, "seen": seen, "do": "apart"}, page=NEW)
    assert "Có thể đã có người mở" not in words(apart.text)
    assert hidden(apart.text, "apart") == seen
    other = browser.post(NEW, {**again, "seen": seen, "apart": seen, "do": "send"}, page=NEW)
    assert other.status_code == 303
    assert "Đã xem, là việc khác với 10" in browser.text(other.location)
    assert incidents(site) == 2


def test_another_matter_elsewhere_is_not_like_it(site: Site) -> None:
    browser = site.browser("truc")
    browser.post(NEW, {**OPENING, "do": "send"}, page=NEW)
    other = {**OPENING, "title": "Cán bộ phường bị quay video", "kind": "officer", "area": ["toan_tinh"]}
    page = browser.post(NEW, {**other, "key": "key-2", "do": "check"}, page=NEW)
    assert "Có thể đã có người mở" not in words(page.text)


def test_two_officers_send_within_a_minute_and_the_second_is_shown_the_first(site: Site) -> None:
    one, two = site.browser("truc"), site.browser("quantri")
    mine = {**OPENING, "key": "key-2", "leader": "not_reached"}
    assert "Có thể" not in words(two.post(NEW, {**mine, "do": "check"}, page=NEW).text)
    one.post(NEW, {**OPENING, "do": "send"}, page=NEW)
    refused = two.post(NEW, {**mine, "do": "send"}, page=NEW)
    assert refused.status_code == 409
    text = words(refused.text)
    assert "Vừa có người mở vụ việc có thể là một. Chưa gửi tin nào." in text
    assert "hồ Suối Lạc có vết nứt" in text
    assert 'value="not_reached" checked' in refused.text
    assert incidents(site) == 1
    site.world.deliver()
    assert len(site.world.sms.sent) == 5  # nobody is told twice
    into = two.post(NEW, {**mine, "into": hidden(refused.text, "seen")[0]}, page=NEW)
    assert into.status_code == 303
    room = two.get(into.location.removesuffix("#write"))
    assert "Nguồn: mạng xã hội công khai" in room.text
    assert "Nguồn: mạng xã hội công khai" not in two.get(into.location.removesuffix("#write")).text
    sent = two.post(NEW, {**mine, "seen": hidden(refused.text, "seen"), "do": "send"}, page=NEW)
    assert sent.status_code == 303
    assert incidents(site) == 2


def test_the_counts_of_each_level_follow_kind_and_area(site: Site) -> None:
    browser = site.browser("truc")
    assert "báo khoảng" in browser.text(NEW)
    exact = browser.get(f"{NEW}/counts?kind=rumour&area=xa_suoi_lac").json
    assert exact == {
        "1": "chỉ ghi nhận, không gọi Tổ công tác",
        "2": "Giám đốc Sở chủ trì, báo 5 người",
        "3": "báo Phó Chủ tịch UBND tỉnh, 5 người",
    }
    site.world.opens()
    site.world.phone("cong_ttdt_truc").replies("nham so")
    dead = browser.get(f"{NEW}/counts?kind=rumour&area=xa_suoi_lac").json
    assert (
        dead["3"] == "báo Phó Chủ tịch UBND tỉnh, 6 người"
    )  # who stands in for the dead number is woken at once
    whole = browser.get(f"{NEW}/counts?kind=call_out&area=toan_tinh").json
    assert re.fullmatch(r"báo \d+ người", whole["1"])
    assert site.browser("theodoi").get(f"{NEW}/counts?kind=rumour").status_code == 403


# ---------------------------------------------------------------- who is told


def test_who_is_unticked_is_not_told_and_the_page_says_who_is_instead(site: Site) -> None:
    browser = site.browser("truc")
    page = browser.post(NEW, {**OPENING, "do": "check"}, page=NEW)
    people = hidden(page.text, "offered")
    assert len(people) == 5
    ticks = {**OPENING, "offered": people, "call": people[1:]}
    counted = browser.post(NEW, {**ticks, "do": "check"}, page=NEW)
    text = words(counted.text)
    assert "Không báo. Báo" in text
    assert "thay." in text
    assert "Lý do không báo" in text
    assert "Gửi cho 5 người" in text
    # Sent without having been counted again, it is shown first; then the reason is asked for; then it goes.
    assert browser.post(NEW, {**ticks, "do": "send"}, page=NEW).status_code == 422
    shown = {**OPENING, "offered": [*hidden(counted.text, "offered")], "left_out": people[:1]}
    shown["call"] = [p for p in shown["offered"] if p != people[0]]
    refused = browser.post(NEW, {**shown, "do": "send"}, page=NEW)
    assert refused.status_code == 422
    assert "Ghi lý do không báo" in words(refused.text)
    sent = browser.post(NEW, {**shown, "left_out_reason": "đang mổ", "do": "send"}, page=NEW)
    assert sent.status_code == 303
    room = browser.text(sent.location)
    assert re.search(r"Không báo khi mở: đ/c .*, lý do: đang mổ", room)
    site.world.deliver()
    assert len(site.world.sms.sent) == 5


def test_only_the_leader_is_told_and_the_room_says_so(site: Site) -> None:
    browser = site.browser("truc")
    sent = browser.post(NEW, {**OPENING, "do": "leader"}, page=NEW)
    site.world.deliver()
    assert [m.body[:12] for m in site.world.sms.sent] == ["Kinh bao cao"]
    room = browser.text(sent.location)
    assert "Mới chỉ báo lãnh đạo trực" in room
    assert "Cấp 3 – Nghiêm trọng" in room
    confirm = browser.text(f"{sent.location}/call-out")
    assert "Gửi cho 5 người" in confirm
    assert browser.post(f"{sent.location}/call-out", {}, page=sent.location).status_code == 303
    site.world.deliver()
    assert len(site.world.sms.sent) == 6
    assert "Mới chỉ báo" not in browser.text(sent.location)
    assert browser.post(f"{sent.location}/call-out", {}, page=sent.location).status_code == 409


def test_the_leader_was_asked_first(site: Site) -> None:
    browser = site.browser("truc")
    page = browser.post(NEW, {**OPENING, "do": "check"}, page=NEW)
    assert 'name="leader_at" type="datetime-local" value="2026-11-22T02:00"' in page.text
    leader = {"leader": "informed", "leader_person": hidden(page.text, "leader_person")[0]}
    late = {**OPENING, **leader, "leader_at": "2026-11-22T03:00"}
    assert browser.post(NEW, {**late, "do": "send"}, page=NEW).status_code == 422
    sent = browser.post(NEW, {**OPENING, **leader, "leader_at": "2026-11-22T01:55", "do": "send"}, page=NEW)
    room = browser.text(sent.location)
    assert re.search(r"Đã báo cáo đ/c [^,]+, [^.]+ lúc 01h55 ngày 22/11/2026", room)
    # The step that asks just this is answered with it, and is not asked a second time.
    assert "Xong: Báo cáo, xin ý kiến lãnh đạo trực, kết quả: Đã báo cáo" in room


# ---------------------------------------------------------------- what is not sent


def test_saved_unsent_it_is_taken_up_by_another_officer(site: Site) -> None:
    browser = site.browser("truc")
    saved = browser.post(NEW, {**OPENING, "do": "save"}, page=NEW)
    assert saved.status_code == 303
    assert incidents(site) == 0
    other = site.browser("quantri")
    board = other.get("/").text
    assert "Chưa gửi: Tin lan truyền: hồ Suối Lạc có vết nứt" in words(board)
    assert "Chưa gửi:" not in site.browser("theodoi").text("/")
    address = re.search(r'href="(/incidents/new\?draft=[^"]+)"', board)
    assert address
    form = other.get(address[1])
    assert "mạng xã hội công khai" in form.text
    assert form.text.count("checked") == 4
    draft = {"draft": address[1].rsplit("=", 1)[1]}
    sent = other.post(NEW, {**OPENING, **draft, "do": "send"}, page=NEW)
    assert sent.status_code == 303
    assert "Chưa gửi:" not in other.text("/")
    assert browser.get(address[1]).status_code == 404
    # The first officer still has the form open: what was sent is not sent again.
    twice = browser.post(
        NEW, {**OPENING, **draft, "seen": [sent.location.rsplit("/", 1)[1]], "do": "send"}, page=NEW
    )
    assert twice.status_code == 409
    assert "vừa được người khác gửi hoặc bỏ" in words(twice.text)
    assert incidents(site) == 1


def test_a_draft_is_discarded_after_a_question(site: Site) -> None:
    browser = site.browser("truc")
    browser.post(NEW, {**OPENING, "drill": "true", "do": "save"}, page=NEW)
    board = browser.get("/").text
    assert "Diễn tập Chưa gửi:" in words(board)
    address = re.search(r'href="(/incidents/drafts/[^"]+/discard)"', board)
    assert address
    assert "Bỏ bản chưa gửi?" in browser.text(address[1])
    assert site.browser("theodoi").post(address[1]).status_code == 403
    assert browser.post(address[1], page=address[1]).status_code == 303
    assert "Chưa gửi:" not in browser.text("/")
    assert browser.post(address[1], page=NEW).status_code == 404


def test_the_same_page_changed_after_sending_sends_nothing_more(site: Site) -> None:
    browser = site.browser("truc")
    first = browser.post(NEW, {**OPENING, "do": "send"}, page=NEW)
    changed = browser.post(NEW, {**OPENING, "title": "Việc khác hẳn", "do": "send"}, page=NEW)
    assert changed.status_code == 409
    text = words(changed.text)
    assert "Trang này đã mở một vụ việc rồi" in text
    assert "Vào vụ việc 10" in text
    assert first.location.rsplit("/", 1)[1] in changed.text
    assert incidents(site) == 1


def test_a_script_gets_the_address_and_the_same_key_the_same_one(site: Site) -> None:
    browser = site.browser("truc")
    how = {"headers": {"X-Sent": "script"}}
    first = browser.post(NEW, {**OPENING, "do": "send"}, page=NEW, **how)
    second = browser.post(NEW, {**OPENING, "do": "send"}, page=NEW, **how)
    assert first.status_code == second.status_code == 204
    assert first.headers["X-Go"] == second.headers["X-Go"]
    assert first.headers["X-Go"].startswith("/incidents/")
    assert incidents(site) == 1


def test_the_form_refuses_a_flood_of_text_and_shows_markup_as_text(site: Site) -> None:
    browser = site.browser("truc")
    answer = browser.post(NEW, {**OPENING, "title": "x" * 10_000, "do": "check"}, page=NEW)
    assert answer.status_code == 422
    browser.post(NEW, {**OPENING, "title": "<script>alert(1)</script>" * 500, "do": "save"}, page=NEW)
    assert "<script>alert" not in browser.get("/").text


# ---------------------------------------------------------------- sending is stopped


def test_sending_is_stopped_and_goes_on(site: Site) -> None:
    browser = site.browser("truc")
    sent = browser.post(NEW, {**OPENING, "do": "send"}, page=NEW)
    room = sent.location
    assert "DỪNG GỬI" in browser.text(room)
    question = browser.text(f"{room}/stop")
    assert "Sẽ dừng: 10 tin chưa gửi." in question
    assert site.browser("theodoi").get(f"{room}/stop").status_code == 403
    assert browser.post(f"{room}/stop", {}, page=f"{room}/stop").status_code == 303
    site.world.deliver()
    assert not site.world.sms.sent
    text = browser.text(room)
    assert "ĐÃ DỪNG GỬI" in text
    assert "Gửi tiếp 10 tin" in text
    assert "Chưa báo (tin đã dừng)" in text
    assert "DỪNG GỬI: đã gửi đi 0 tin, 0 tin đang gửi có thể vẫn đến, dừng 10 tin" in text
    assert browser.post(f"{room}/stop", {}, page=f"{room}/stop").status_code == 409
    assert browser.post(f"{room}/go-on", {}, page=room).status_code == 303
    site.world.deliver()
    assert len(site.world.sms.sent) == 5
    assert "Tiếp tục gửi: 10 tin đã dừng được gửi tiếp" in browser.text(room)
