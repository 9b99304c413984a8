"""The room at 2 a.m. in a real browser: what waits, whether it is fresh, and that nothing typed is ever lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from incident.commands.accounts import SAMPLE_PASSWORD
from tests.browser.conftest import Server, signs_in
from tests.browser.test_accessibility import clean, opens

pytestmark = pytest.mark.browser

NOTE = "Đã gọi Ban quản lý hồ, hồ vận hành bình thường"


@pytest.fixture
def room(page: Page, server: Server) -> str:
    signs_in(page, server, "truc")
    opens(page, server, "Tin lan truyền: đập hồ Suối Lạc có vết nứt")
    return page.url


@pytest.fixture
def plain(chromium: Browser) -> Iterator[Page]:
    """A phone without scripts."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    yield opened
    context.close()


def note(page: Page) -> str:
    return page.get_by_label("Nội dung", exact=True).input_value()


def test_the_next_thing_is_pressed_and_the_pictures_are_clean(page: Page, server: Server, room: str) -> None:
    card = page.locator("#next")
    expect(card).to_contain_text("Báo cáo, xin ý kiến lãnh đạo trực")
    box = card.get_by_role("button", name="Đã báo cáo").bounding_box()
    assert box
    assert box["height"] >= 48
    page.locator("#pictures summary").click()
    expect(page.locator("#pictures-body svg").first).to_be_attached()
    clean(page)
    page.goto(room)
    page.locator("#next").get_by_role("button", name="Đã báo cáo").click()
    expect(page.locator("#next")).not_to_contain_text("Báo cáo, xin ý kiến lãnh đạo trực")


def test_words_outlive_a_reload_a_lost_network_and_are_written_once(page: Page, room: str) -> None:
    page.get_by_label("Nội dung", exact=True).fill(NOTE)
    page.reload()
    assert note(page) == NOTE
    page.context.set_offline(True)
    page.get_by_role("button", name="Ghi diễn biến").click()
    expect(page.get_by_text("Chưa rõ đã ghi hay chưa – xem nhật ký rồi bấm lại.")).to_be_visible()
    expect(page.get_by_text("Mất kết nối, đang thử lại…")).to_be_visible()
    assert note(page) == NOTE
    page.context.set_offline(False)

    written: list[str] = []

    def answer_is_lost(route: Route) -> None:
        """The server writes, and the phone never hears of it."""
        written.append(route.fetch().headers.get("x-go", ""))
        route.abort()

    page.route("**/notes", answer_is_lost, times=1)
    page.get_by_role("button", name="Ghi diễn biến").click()
    expect(page.get_by_text("Chưa rõ đã ghi hay chưa – xem nhật ký rồi bấm lại.")).to_be_visible()
    assert written[0]
    assert note(page) == NOTE
    page.wait_for_timeout(1_100)  # a second press within a second is taken for a double click
    page.get_by_role("button", name="Ghi diễn biến").click()
    expect(page.locator(".notice[role=status]", has_text="Đã ghi vào nhật ký.").first).to_be_visible()
    expect(page.locator("#live").get_by_text(NOTE)).to_have_count(1)
    assert note(page) == ""


def test_an_ended_session_is_opened_in_place(page: Page, room: str) -> None:
    page.get_by_label("Nội dung", exact=True).fill(NOTE)
    page.context.clear_cookies()
    box = page.get_by_role("dialog")
    expect(box).to_be_visible(timeout=8_000)
    box.get_by_label("Mật khẩu").fill("sai rồi")
    box.get_by_role("button", name="Tiếp tục").click()
    expect(box.get_by_role("alert")).to_contain_text("không đúng")
    box.get_by_label("Mật khẩu").fill(SAMPLE_PASSWORD)
    box.get_by_role("button", name="Tiếp tục").click()
    expect(box).to_be_hidden()
    assert page.url == room
    assert note(page) == NOTE
    page.get_by_role("button", name="Ghi diễn biến").click()
    expect(page.locator("#live").get_by_text(NOTE)).to_have_count(1)


def test_old_figures_turn_red(page: Page, room: str) -> None:
    page.clock.install()
    page.goto(room)
    line = page.locator("#freshness")
    expect(line).to_have_attribute("data-state", "live")
    page.route("**/live", lambda route: None)  # asked, and never answered
    page.clock.fast_forward(2_500)
    page.clock.fast_forward(31_000)
    expect(line).to_have_attribute("data-state", "old")
    expect(page.get_by_text("Số liệu đã cũ hơn 30 giây")).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")


def test_everything_works_without_scripts(plain: Page, server: Server, room: str) -> None:
    plain.goto(f"{server.address}/sign-in")
    plain.get_by_label("Thư điện tử").fill("truc@sonlam.example")
    plain.get_by_label("Mật khẩu", exact=True).fill(SAMPLE_PASSWORD)
    plain.get_by_role("button", name="Đăng nhập").click()
    plain.goto(room)
    plain.locator("#next").get_by_role("button", name="Đã báo cáo").click()
    expect(plain.locator("#next")).not_to_contain_text("Báo cáo, xin ý kiến lãnh đạo trực")
    plain.get_by_label("Nội dung", exact=True).fill(NOTE)
    plain.get_by_role("button", name="Ghi diễn biến").click()
    expect(plain.locator("#live").get_by_text(NOTE)).to_have_count(1)
    plain.locator("#pictures summary").click()
    plain.get_by_role("link", name="Mở sơ đồ").click()
    expect(plain.locator("svg:visible")).to_have_count(2)
    plain.set_viewport_size({"width": 1280, "height": 900})
    expect(plain.locator("svg:visible")).to_have_count(2)
    plain.goto(f"{server.address}/?q=suoi%20lac")
    expect(plain.get_by_label(re.compile("^Tìm theo số"))).to_have_value("suoi lac")
    plain.goto(f"{server.address}/wall")
    assert 'http-equiv="refresh"' in plain.content()
