"""All four ways: a question of the press from the form to its answer, the text for the group, the change of shift."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.looking import THUMB
from tests.browser.seen import served
from tests.browser.ways import WAYS, Desk
from tests.incident.web.conftest import second_officer, site_of
from tests.incident.web.night import Night

pytestmark = pytest.mark.browser
SIX = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)  # in the morning, when the shift changes
NOTE = "Báo Sơn Lâm hẹn gọi lại lúc 7 giờ"


def test_the_press_is_read_to_written_down_and_answered(desk: Desk) -> None:
    page = desk.room(desk.opened())
    expect(page.locator(".aloud__text")).to_contain_text("đang xác minh với cơ quan chuyên môn")
    desk.presses("Ghi câu hỏi của báo chí")
    page.get_by_label("Cơ quan báo chí").fill("Báo Sơn Lâm")
    page.get_by_label("Họ tên người hỏi").fill("Lê Thị Phóng Viên")
    page.get_by_label("Số điện thoại").fill("0540 000 777")
    page.get_by_label("Câu hỏi", exact=True).fill("Hồ Suối Lạc có nguy cơ vỡ hay không?")
    page.get_by_label("30 phút").check()
    page.get_by_role("button", name="Ghi câu hỏi", exact=True).dblclick()
    desk.told("Đã ghi câu hỏi của báo chí.")
    asked = page.locator("section[aria-labelledby=press]")
    expect(asked.locator(".force__one")).to_have_count(1)
    assert desk.height(asked.locator(".call-number")) >= THUMB
    page.get_by_role("link", name=re.compile("Báo Sơn Lâm")).first.click()
    page.get_by_label("Đã trả lời như sau").fill("Hồ vận hành bình thường.")
    desk.presses("Ghi đã trả lời")
    desk.told("Đã ghi câu trả lời.")
    expect(asked.get_by_text("Đã trả lời").first).to_be_visible()


def test_the_text_for_the_group(desk: Desk) -> None:
    """With scripts one press copies it; without it is marked and copied as anything else, so there is no such button."""
    page = desk.room(desk.opened(), "/zalo")
    words = page.locator("#words").input_value()
    copy = page.get_by_role("button", name="Sao chép")
    if desk.scripts:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        copy.click()
        expect(page.get_by_role("button", name="Đã sao chép")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == words.strip()
    else:
        expect(copy).to_have_count(0)
    assert "không tự phát ngôn" in words
    assert "không chuyển tiếp" in words
    assert not re.search(r"/[ad]/\w{8}", words)
    desk.presses("Đã gửi vào nhóm")
    desk.told("Đã ghi vào nhật ký")


@pytest.mark.parametrize("way", WAYS)
def test_the_shift_is_handed_over_and_taken_over(
    way: str, province: Path, tmp_path: Path, chromium: Browser
) -> None:
    """A night of its own, for its clock goes on: ten to six, and one past."""
    with site_of(province, tmp_path) as site:
        second_officer(site)
        site.world.time = SIX - timedelta(minutes=10)
        site.world.opens()
        with served(Night(site, {}), chromium) as seen:
            desk = Desk(seen, *WAYS[way])
            page = desk.goes("/handover")
            desk.presses("Đã nhận bàn giao")  # his own turn, which began with nothing open
            desk.told("Đã nhận bàn giao ca.")
            expect(page.get_by_text("8 giờ tới").first).to_be_visible()
            expect(page.get_by_text("Chưa trả lời").first).to_be_visible()
            page.get_by_label("Lưu ý cho ca sau").fill(NOTE)
            page.get_by_role("button", name="Bàn giao ca", exact=True).click()
            desk.told("cả hai đồng chí cùng được báo")
            expect(page.get_by_text("chờ nhận").first).to_be_visible()

            site.world.fast_forward(to=SIX + timedelta(minutes=1))
            page = desk.goes("/", "truc2")
            expect(page.get_by_text("Đổi ca lúc 06:00, chờ nhận bàn giao.")).to_be_visible()
            desk.goes("/handover", "truc2")
            expect(page.get_by_text(NOTE)).to_be_visible()
            desk.presses("Đã nhận bàn giao", "truc2")
            desk.told("chỉ đồng chí nhận ca được báo", "truc2")
            desk.goes("/", "truc2")
            expect(page.get_by_text("chờ nhận bàn giao")).to_have_count(0)
            desk.close()
