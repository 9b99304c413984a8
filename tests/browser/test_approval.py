"""Approval where the leader is: from the SMS, on a phone, without a password; and a call that is written down."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, signs_in, until
from tests.browser.looking import loses_the_answer
from tests.browser.test_accessibility import faults
from tests.browser.test_journey import heard, received, replies, told

pytestmark = pytest.mark.browser

TEXT = "Thông tin ban đầu về hồ Suối Lạc\n\nHồ vận hành bình thường. Cơ quan chuyên môn đã kiểm tra tại chỗ."
PICTURES = os.environ.get("PICTURES")  # a folder: what was seen is kept there


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def opens(page: Page, server: Server) -> tuple[str, list[str], str]:
    """A rumour at level 3 whose task force has said yes: the room, the numbers, the code."""
    signs_in(page, server, "truc")
    page.get_by_role("button", name="Mở vụ việc").click()
    page.get_by_label("1. Việc gì đang xảy ra?").fill("Tin lan truyền: hồ Suối Lạc có vết nứt")
    page.get_by_label("2. Tên ngắn dùng trong tin nhắn").fill("tin về hồ Suối Lạc")
    page.get_by_label("Tin chưa kiểm chứng").check()
    page.get_by_label("Xã Suối Lạc").check()
    page.locator("input[name=level][value='3']").check()
    page.get_by_role("button", name="Tiếp tục").click()
    numbers = [
        "+84" + re.sub(r"\D", "", text)[1:]
        for text in page.locator(".way", has_text="SMS").all_text_contents()
    ]
    page.get_by_label("Chưa liên lạc được, báo cáo sau").check()
    page.get_by_role("button", name="Gửi cho 5 người").click()
    expect(page.get_by_role("heading", name="Việc cần làm ngay")).to_be_visible()
    found = re.search(r"mã trả lời (\d+)", page.locator("h1").inner_text())
    assert found
    for number in numbers:
        heard(page, server, number, f"OK {found[1]}")
        replies(server, number, f"OK {found[1]}")
    expect(page.locator("#live").get_by_text(re.compile(r"Đã nhận lúc .*qua SMS"))).to_have_count(
        5, timeout=10_000
    )
    return page.url, numbers, found[1]


def who_heard(page: Page, server: Server, numbers: list[str], pattern: str) -> tuple[str, re.Match[str]]:
    """The phone that got an SMS like this, and what was found in it."""

    def look() -> tuple[str, re.Match[str]] | None:
        for number in numbers:
            for body in reversed(received(server, number)):
                if found := re.search(pattern, body):
                    return number, found
        return None

    return until(page, look)


def test_the_leader_approves_on_the_phone_and_another_by_telephone(
    page: Page, chromium: Browser, server: Server
) -> None:
    room, numbers, code = opens(page, server)
    signs_in(page, server, "thuky")
    page.goto(room)
    page.get_by_role("button", name="Soạn").click()
    page.wait_for_load_state()
    statement = page.url

    # What was typed outlives a reload and a lost session.
    page.get_by_label("Văn bản").fill(TEXT)
    page.reload()
    expect(page.get_by_text("Đã lấy lại phần đồng chí gõ mà chưa lưu.")).to_be_visible()
    expect(page.get_by_label("Văn bản")).to_have_value(TEXT)
    picture(page, "draft-restored")
    page.context.clear_cookies()
    page.get_by_role("button", name="Lưu bản thảo").click()
    signs_in(page, server, "thuky")
    page.goto(statement)
    expect(page.get_by_label("Văn bản")).to_have_value(TEXT)
    page.get_by_role("button", name="Lưu và trình duyệt").click()
    told(page, "Đã trình bản 1")
    expect(page.locator("#unsaved")).to_be_hidden()

    # The leader's phone: no account, no cookie.
    _, link = who_heard(page, server, numbers, r"https?://\S+(/d/\w+)")
    phone = chromium.new_context(
        viewport={"width": 390, "height": 844}, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh"
    )
    leader = phone.new_page()
    leader.goto(server.address + link[1])
    expect(leader.get_by_role("heading", name="Kính trình duyệt")).to_be_visible()
    expect(leader.get_by_text("Hồ vận hành bình thường")).to_be_visible()
    picture(leader, "approve-phone")
    assert faults(leader) == []
    for button in leader.locator("button:visible, summary:visible, .approve__call a").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44, (button.inner_text(), box["height"])
    leader.get_by_text("Trả lại, nêu ý kiến").click()
    picture(leader, "approve-return")
    # The answer is lost: the page stays, says what is not known, and pressing again decides nothing a second time.
    lost = loses_the_answer(leader, link[1])
    leader.get_by_role("button", name="Duyệt bản 1").click()
    expect(leader.get_by_role("alert")).to_contain_text(
        "Chưa rõ đã gửi hay chưa – bấm lại, không ghi hai lần."
    )
    assert lost == [204]
    expect(leader.get_by_text("Hồ vận hành bình thường")).to_be_visible()
    leader.get_by_role("button", name="Duyệt bản 1").click()
    expect(leader.get_by_text("đã duyệt bản 1 lúc")).to_have_count(1)
    expect(leader.get_by_role("alert")).to_have_count(0)
    picture(leader, "approve-decided")

    # The second one is on the telephone.
    signs_in(page, server, "truc")
    page.goto(statement)
    picture(page, "statement-duty")
    mark = re.search(r"mã (\w{3})", page.locator("main").inner_text())
    assert mark
    page.get_by_role("button", name="Ghi duyệt qua điện thoại").click()
    page.get_by_label("Mã của bản").fill(mark[1])
    page.get_by_label("Lãnh đạo nói thế nào").fill("Đồng ý, cho đăng Cổng")
    picture(page, "phone-form")
    assert faults(page) == []
    page.get_by_role("button", name="Ghi đã duyệt").click()
    told(page, "Người duyệt được nhắn để xác nhận")
    expect(page.get_by_text("Duyệt qua điện thoại, chờ xác nhận")).to_be_visible()
    picture(page, "phone-recorded")
    number, _ = who_heard(page, server, numbers, r"duyet qua dien thoai luc .*SAI")
    page.goto(room)
    expect(page.locator("#live").get_by_text("Duyệt qua điện thoại, chờ xác nhận")).to_be_visible()
    picture(page, "room")

    # It was not so: at once it is no longer approved.
    replies(server, number, f"SAI {code}")
    expect(page.locator("#statements + ul").get_by_text("Đã trình")).to_be_visible(timeout=10_000)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(statement)
    picture(page, "statement-desktop")
    phone.close()
