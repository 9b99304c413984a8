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
    opened = browser.post(NEW, {**drill, "do": "send"}, page=NEW)
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
