"""On a phone, with and without scripts: a question of the press from the form to its answer, the text for the group,
the page of the shift change."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, signs_in
from tests.browser.test_accessibility import clean, opens
from tests.browser.test_journey import told

pytestmark = pytest.mark.browser


def a_question(page: Page, room: str, outlet: str) -> None:
    page.goto(room)
    page.get_by_role("button", name="Ghi câu hỏi của báo chí").click()
    page.get_by_label("Cơ quan báo chí").fill(outlet)
    page.get_by_label("Họ tên người hỏi").fill("Lê Thị Phóng Viên")
    page.get_by_label("Số điện thoại").fill("0540 000 777")
    page.get_by_label("Câu hỏi", exact=True).fill("Hồ Suối Lạc có nguy cơ vỡ hay không?")
    page.get_by_label("30 phút").check()


def on_one_screen(page: Page) -> None:
    """The whole entry, from the line that is read aloud to the button, without scrolling."""
    button = page.get_by_role("button", name="Ghi câu hỏi", exact=True).bounding_box()
    assert button
    assert page.viewport_size == {"width": 390, "height": 844}
    assert button["y"] + button["height"] <= 844, button
    expect(page.locator(".aloud__first")).to_be_in_viewport()
    page.locator(".aloud__fold").click()
    expect(page.locator(".aloud__text")).to_be_visible()
    clean(page)


def answered(page: Page, outlet: str) -> None:
    page.get_by_role("link", name=re.compile(outlet)).first.click()
    page.get_by_label("Đã trả lời như sau").fill("Hồ vận hành bình thường.")
    page.get_by_role("button", name="Ghi đã trả lời").click()
    told(page, "Đã ghi câu trả lời.")
    expect(page.locator("section[aria-labelledby=press]").get_by_text("Đã trả lời").first).to_be_visible()


def test_the_press_the_group_and_the_shift_on_a_phone(page: Page, server: Server) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    signs_in(page, server, "truc")
    opens(page, server, "Tin lan truyền: hồ Suối Lạc, báo chí hỏi dồn dập")
    room = page.url
    expect(page.locator(".aloud__text")).to_contain_text("đang xác minh với cơ quan chuyên môn")
    a_question(page, room, "Báo Sơn Lâm")
    on_one_screen(page)
    page.get_by_role("button", name="Ghi câu hỏi", exact=True).dblclick()
    told(page, "Đã ghi câu hỏi của báo chí.")
    expect(page.locator("section[aria-labelledby=press] .force__one")).to_have_count(1)
    call = page.locator("section[aria-labelledby=press] .call-number").bounding_box()
    assert call
    assert call["height"] >= 44
    answered(page, "Báo Sơn Lâm")

    page.goto(f"{room}/zalo")
    page.get_by_role("button", name="Sao chép").click()
    expect(page.get_by_role("button", name="Đã sao chép")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "không tự phát ngôn" in copied
    assert "/a/" not in copied
    page.get_by_role("button", name="Đã gửi vào nhóm").click()
    told(page, "Đã ghi vào nhật ký")

    page.goto(f"{server.address}/handover")
    expect(page.get_by_text("8 giờ tới").first).to_be_visible()


def test_the_same_without_scripts(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, locale="vi-VN", java_script_enabled=False
    )
    try:
        page = context.new_page()
        signs_in(page, server, "truc")
        opens(page, server, "Tin lan truyền: hồ Suối Lạc, không có kịch bản trình duyệt")
        room = page.url
        a_question(page, room, "Đài Sơn Lâm")
        page.get_by_role("button", name="Ghi câu hỏi", exact=True).click()
        told(page, "Đã ghi câu hỏi của báo chí.")
        answered(page, "Đài Sơn Lâm")
        page.goto(f"{room}/zalo")
        expect(page.get_by_role("button", name="Sao chép")).to_have_count(0)
        assert "không chuyển tiếp" in page.locator("#words").input_value()
        page.get_by_role("button", name="Đã gửi vào nhóm").click()
        told(page, "Đã ghi vào nhật ký")
        page.goto(f"{server.address}/handover")
        expect(page.get_by_role("heading", name="Bàn giao ca", exact=True)).to_be_visible()
    finally:
        context.close()
