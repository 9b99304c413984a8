"""axe finds nothing on the form, the page before sending, the room and the acknowledgement page, on a phone and a desk."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

from tests.browser.conftest import Server, signs_in, until

pytestmark = pytest.mark.browser

DESK = {"width": 1280, "height": 900}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def faults(page: Page) -> list[str]:
    result = Axe().run(page, options={"runOnly": RULES}).response
    found: list[dict[str, Any]] = result["violations"]
    return [f"{v['id']}: {v['help']}: {[n['html'][:160] for n in v['nodes'][:4]]}" for v in found]


def clean(page: Page) -> None:
    assert faults(page) == []
    phone = page.viewport_size
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    assert faults(page) == []
    assert phone
    page.set_viewport_size(phone)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"the page is {wide} px wider than the phone"


def fills(page: Page, server: Server, title: str, level: str = "3") -> None:
    page.goto(f"{server.address}/incidents/new")
    page.get_by_label("1. Việc gì đang xảy ra?").fill(title)
    page.get_by_label("2. Tên ngắn dùng trong tin nhắn").fill("tin về hồ Suối Lạc")
    page.get_by_label("Tin chưa kiểm chứng").check()
    page.get_by_label("Xã Suối Lạc").check()
    page.locator(f"input[name=level][value='{level}']").check()


def opens(page: Page, server: Server, title: str) -> None:
    fills(page, server, title)
    page.get_by_role("button", name="Tiếp tục").click()
    page.get_by_role("button", name=re.compile("Gửi cho")).click()
    page.get_by_role("heading", name="Việc cần làm ngay").wait_for()


def emails(server: Server) -> str:
    with urllib.request.urlopen(f"{server.phones}/mailbox.json") as answer:
        return json.dumps(json.load(answer))


def test_signing_in_is_clean(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/sign-in")
    clean(page)


def test_the_form_and_the_page_before_sending_are_clean(page: Page, server: Server) -> None:
    signs_in(page, server, "truc")
    page.goto(f"{server.address}/incidents/new")
    clean(page)
    page.get_by_role("button", name="Tiếp tục").click()
    page.get_by_role("heading", name="Chưa gửi được").wait_for()
    clean(page)
    fills(page, server, "Tin lan truyền: hồ Suối Lạc có vết nứt")
    page.get_by_role("button", name="Tiếp tục").click()
    page.get_by_role("heading", name="KIỂM TRA TRƯỚC KHI GỬI").wait_for()
    clean(page)


def test_the_board_the_room_and_its_pages_are_clean(page: Page, server: Server) -> None:
    signs_in(page, server, "truc")
    opens(page, server, "Tin lan truyền: vết nứt ở hồ Suối Lạc")
    clean(page)
    room = page.url
    page.goto(f"{room}/calls")
    page.locator(".tick__call").first.click()
    call = page.url
    clean(page)
    page.get_by_role("button", name="Không nghe máy").click()
    page.locator(".call").first.wait_for()
    clean(page)
    for address in (
        f"{room}/calls",
        f"{call}/stand-in",
        f"{room}/people?q=van+phong",
        f"{room}/roles?role=phat_ngon",
        f"{room}/people/{call.rsplit('/', 1)[1]}/number",
        f"{room}/close",
        f"{room}/report",
        f"{server.address}/",
        f"{server.address}/directory",
    ):
        page.goto(address)
        clean(page)


def test_the_acknowledgement_page_is_clean(page: Page, server: Server) -> None:
    signs_in(page, server, "truc")
    opens(page, server, "Tin lan truyền: hồ Suối Lạc xả nước")
    link = until(page, lambda: re.search(r"/a/\w{10,12}", emails(server)))[0]
    page.context.clear_cookies()
    page.goto(f"{server.address}{link}")
    clean(page)
    page.get_by_role("button", name="Tôi đã nhận, tham gia").click()
    page.get_by_text("Đã ghi nhận lúc").wait_for()
    clean(page)
