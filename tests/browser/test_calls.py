"""A call at two in the morning, on a phone: three taps from the room and back, with and without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, signs_in

pytestmark = pytest.mark.browser


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def phone(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": 390, "height": 844},
        locale="vi-VN",
        timezone_id="Asia/Ho_Chi_Minh",
        java_script_enabled=request.param,
    )
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    try:
        yield opened
    finally:
        context.close()


def opens(page: Page, server: Server) -> str:
    page.goto(f"{server.address}/incidents/new")
    page.get_by_label("1. Việc gì đang xảy ra?").fill("Tin lan truyền: hồ có vết nứt, chưa kiểm chứng")
    page.get_by_label("2. Tên ngắn dùng trong tin nhắn").fill("tin về hồ")
    page.get_by_label("Tin chưa kiểm chứng").check()
    page.get_by_label("Xã Suối Lạc").check()
    page.locator("input[name=level][value='3']").check()
    page.get_by_role("button", name="Tiếp tục").click()
    page.get_by_label("Chưa liên lạc được, báo cáo sau").check()
    page.get_by_role("button", name=re.compile("Gửi cho .* người")).click()
    expect(page.get_by_role("heading", name="Việc cần làm ngay")).to_be_visible()
    return page.url


def test_a_call_is_recorded_in_three_taps(phone: Page, server: Server) -> None:
    signs_in(phone, server, "truc")
    room = opens(phone, server)
    phone.goto(f"{room}/calls")
    phone.locator(".tick__call").first.click()  # the first tap: whom
    number = phone.locator(".call__number").first
    box = number.bounding_box()
    assert box is not None
    assert box["height"] >= 48
    assert re.match(r"tel:\+84\d+", number.get_attribute("href") or "")  # the second tap: the number itself
    for outcome in phone.locator(".outcome").all():
        size = outcome.bounding_box()
        assert size is not None
        assert size["height"] >= 44
    phone.get_by_role("button", name="Không nghe máy").click()  # the third: what it came to
    expect(phone.locator(".notice[role=status]", has_text="Không nghe máy")).to_be_visible()

    # From now on the person stands in the room's own list: two taps, the number and the outcome.
    row = phone.locator(".call").first
    expect(row).to_contain_text("Không liên lạc được (gọi 1 lần, không nghe máy)")
    expect(row.locator("a.call__number")).to_have_attribute("href", re.compile(r"tel:\+84\d+"))
    for target in row.locator(".call__act").all():
        size = target.bounding_box()
        assert size is not None
        assert size["height"] >= 44
    row.get_by_role("button", name="Đã nhận").click()
    expect(phone.locator(".force").get_by_text(re.compile("Đã nhận lúc .*qua điện thoại"))).to_be_visible()

    # A mistaken press is taken back where it was made.
    phone.get_by_role("button", name=re.compile("Hoàn tác")).first.click()
    expect(phone.locator(".notice[role=status]", has_text="Đã hoàn tác")).to_be_visible()
    expect(phone.locator(".force").get_by_text(re.compile("qua điện thoại"))).to_have_count(0)
