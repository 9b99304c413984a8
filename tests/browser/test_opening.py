"""Opening on a phone: with scripts and without, when the answer is lost on the way, and when it must stop."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, signs_in
from tests.browser.looking import loses_the_answer
from tests.browser.test_accessibility import clean

pytestmark = pytest.mark.browser


@pytest.fixture
def plain_page(chromium: Browser) -> Iterator[Page]:
    """A phone whose browser runs no script."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844},
        locale="vi-VN",
        timezone_id="Asia/Ho_Chi_Minh",
        java_script_enabled=False,
    )
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    try:
        yield opened
    finally:
        context.close()


def fills(page: Page, server: Server, title: str, commune: str) -> None:
    page.goto(f"{server.address}/incidents/new")
    page.get_by_label("1. Việc gì đang xảy ra?").fill(title)
    page.get_by_label("Tin chưa kiểm chứng").check()
    page.get_by_label(commune, exact=True).check()
    page.locator("input[name=level][value='3']").check()


def checks(page: Page) -> None:
    page.get_by_role("button", name="Tiếp tục: kiểm tra trước khi gửi").click()
    expect(page.get_by_role("heading", name="KIỂM TRA TRƯỚC KHI GỬI")).to_be_visible()


def test_the_answer_is_lost_and_trying_again_opens_no_second_one(page: Page, server: Server) -> None:
    signs_in(page, server, "truc")
    fills(page, server, "Cầu treo bản Nà Lọ bị nghiêng, có ảnh trên mạng", "Xã Mường Lò Nam")
    expect(page.get_by_text("báo Phó Chủ tịch UBND tỉnh, 5 người")).to_be_visible()
    checks(page)
    # Somebody cannot come: the page counts again by itself, and says who is told instead.
    page.get_by_text("Những người được báo (5)").click()
    page.locator("input[name=call]").nth(1).uncheck()
    expect(page.get_by_text("Không báo.", exact=True)).to_be_visible()
    clean(page)
    page.get_by_label("Lý do không báo").fill("đang bay")
    page.get_by_label("Chưa liên lạc được, báo cáo sau").check()

    lost = loses_the_answer(page, "/incidents/new")
    page.get_by_role("button", name="Gửi cho 5 người").click()
    unsure = page.get_by_role("alert").filter(has_text="Chưa rõ đã gửi hay chưa")
    expect(unsure).to_contain_text("bấm Thử lại, không tạo vụ việc thứ hai")
    assert lost == [204]
    page.get_by_role("button", name="Thử lại").click()
    expect(page.get_by_role("heading", name="Việc cần làm ngay")).to_be_visible()
    expect(page.get_by_text(re.compile("Không báo khi mở: đ/c .*, lý do: đang bay"))).to_be_visible()
    page.goto(f"{server.address}/")
    expect(page.locator(".card", has_text="Cầu treo bản Nà Lọ")).to_have_count(1)


def test_without_scripts_like_incidents_the_leader_alone_and_a_stop(plain_page: Page, server: Server) -> None:
    page = plain_page
    signs_in(page, server, "truc")
    fills(page, server, "Sạt lở quốc lộ qua dốc Pha Đen", "Phường Bến Đá")
    checks(page)
    page.get_by_role("button", name="Chỉ báo lãnh đạo trực").click()
    expect(page.get_by_text("Mới chỉ báo lãnh đạo trực")).to_be_visible()
    room = page.url

    # Another officer hears of the same thing: he is led there, and what he typed comes with him.
    fills(page, server, "Dốc Pha Đen sạt lở, ách tắc", "Phường Bến Đá")
    checks(page)
    page.get_by_role("button", name=re.compile(r"Vào vụ việc \d+")).first.click()
    assert page.url.split("#")[0] == room
    expect(page.locator("#text")).to_have_value(re.compile("Dốc Pha Đen sạt lở, ách tắc"))

    page.get_by_role("button", name="Báo Tổ công tác").click()
    expect(page.get_by_text("Sẽ báo ngay")).to_be_visible()
    page.get_by_role("button", name=re.compile("Gửi cho")).click()
    expect(page.get_by_text("Mới chỉ báo lãnh đạo trực")).to_have_count(0)
    page.goto(f"{room}/stop")
    page.get_by_role("button", name="DỪNG GỬI").click()
    expect(page.get_by_text("ĐÃ DỪNG GỬI lúc")).to_be_visible()
    page.get_by_role("link", name="Mở nhầm: kết thúc, xin lỗi người đã nhận tin").click()
    expect(page.get_by_label("Mở nhầm")).to_be_checked()


def test_a_drill_is_typed_and_a_draft_waits_on_the_board(page: Page, server: Server) -> None:
    signs_in(page, server, "truc")
    fills(page, server, "Diễn tập: tin đồn ở chợ phiên", "Phường Sơn Lâm")
    page.locator("input[name=drill]").check()
    checks(page)
    expect(page.locator(".drill-stripe")).to_contain_text("DIỄN TẬP – không phải sự cố thật")
    page.get_by_role("button", name=re.compile("Gửi cho")).click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("Chưa gửi tin nào")
    clean(page)
    page.get_by_role("button", name="Lưu, chưa gửi").click()
    page.wait_for_url(f"{server.address}/")
    clean(page)
    page.get_by_role("link", name="Mở tiếp Diễn tập: tin đồn ở chợ phiên").click()
    checks(page)
    code = page.locator("label[for=drill_code]").inner_text().split()[1]
    page.locator("#drill_code").fill(code.lower())
    page.get_by_role("button", name=re.compile("Gửi cho")).click()
    expect(page.get_by_role("heading", name="Việc cần làm ngay")).to_be_visible()
    room = page.url
    page.goto(f"{server.address}/")
    expect(page.get_by_text("Chưa gửi:")).to_have_count(0)
    # What is stopped, and what may be one and the same, stand on pages that are clean, too.
    page.goto(f"{room}/stop")
    clean(page)
    page.get_by_role("button", name="DỪNG GỬI").click()
    expect(page.get_by_text("ĐÃ DỪNG GỬI lúc")).to_be_visible()
    clean(page)
    fills(page, server, "Diễn tập: tin đồn chợ phiên", "Phường Sơn Lâm")
    page.locator("input[name=drill]").check()
    checks(page)
    expect(page.get_by_text("Có thể đã có người mở vụ việc này")).to_be_visible()
    clean(page)
    assert len(page.content().encode()) < 60_000
