"""axe finds nothing on the pages that stand between two presses: faults of the form, the page before sending, what an
acknowledgement says. Every page with an address of its own is looked at in `test_every_page`."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, signs_in, until
from tests.browser.looking import clean as clean
from tests.browser.looking import faults as faults
from tests.browser.looking import loses_the_answer

pytestmark = pytest.mark.browser


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


def test_the_form_and_the_page_before_sending_are_clean(page: Page, server: Server) -> None:
    signs_in(page, server, "truc")
    page.goto(f"{server.address}/incidents/new")
    page.get_by_role("button", name="Tiếp tục").click()
    page.get_by_role("heading", name="Chưa gửi được").wait_for()
    clean(page)
    fills(page, server, "Tin lan truyền: hồ Suối Lạc có vết nứt")
    page.get_by_role("button", name="Tiếp tục").click()
    page.get_by_role("heading", name="KIỂM TRA TRƯỚC KHI GỬI").wait_for()
    clean(page)


def test_the_acknowledgement_page_is_clean(page: Page, server: Server) -> None:
    signs_in(page, server, "truc")
    opens(page, server, "Tin lan truyền: hồ Suối Lạc xả nước")
    link = until(page, lambda: re.search(r"/a/\w{10,12}", emails(server)))[0]
    page.context.clear_cookies()
    page.goto(f"{server.address}{link}")
    clean(page)
    lost = loses_the_answer(page, link)
    page.get_by_role("button", name="Tôi đã nhận, tham gia").click()
    expect(page.get_by_role("alert")).to_contain_text("bấm lại, không ghi hai lần")
    assert lost == [204]
    clean(page)
    page.get_by_role("button", name="Tôi đã nhận, tham gia").click()
    page.get_by_text("Đã ghi nhận lúc").wait_for()
    clean(page)
