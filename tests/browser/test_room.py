"""The room at 2 a.m., all four ways: what waits, whether it is fresh, and that nothing typed is ever lost. What is a
script by its nature is tried at both widths, and so is what stands in for it where there are no scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.looking import clean
from tests.browser.ways import PLAIN, SCRIPTED, Desk, the_answer_is_lost

pytestmark = pytest.mark.browser

NOTE = "Đã gọi Ban quản lý hồ, hồ vận hành bình thường"
NOT_KNOWN = "Chưa rõ đã ghi hay chưa – xem nhật ký rồi bấm lại."


def note(desk: Desk) -> Locator:
    return desk.page.get_by_label("Nội dung", exact=True)


def written_once(desk: Desk) -> None:
    desk.told("Đã ghi vào nhật ký.")
    expect(desk.page.locator("#live").get_by_text(NOTE)).to_have_count(1)
    expect(note(desk)).to_have_value("")


def test_the_next_thing_is_pressed(desk: Desk) -> None:
    page = desk.room(desk.opened())
    card = page.locator("#next")
    expect(card).to_contain_text("Báo cáo, xin ý kiến lãnh đạo trực")
    button = card.get_by_role("button", name="Đã báo cáo")
    assert desk.height(button) >= 48
    button.click()
    expect(card).not_to_contain_text("Báo cáo, xin ý kiến lãnh đạo trực")


def test_the_course_and_the_lanes_as_pictures(desk: Desk) -> None:
    """With scripts they open in the room, without on a page of their own; each is drawn for this width."""
    page = desk.room(desk.opened())
    page.locator("#pictures summary").click()
    if not desk.scripts:
        page.get_by_role("link", name="Mở sơ đồ").click()
    pictures = page.locator("#pictures-body")
    for name in ("Diễn biến", "Các bước của kịch bản"):
        expect(pictures.get_by_role("heading", name=name, exact=True)).to_be_visible()
    expect(pictures.locator("svg:visible")).to_have_count(2)
    expect(pictures.locator("svg:visible").first).to_contain_text(re.compile(r"\d\d:\d\d"))
    if desk.scripts and desk.size["width"] < 500:
        clean(page)


def test_a_note_whose_answer_was_lost_is_written_once(desk: Desk) -> None:
    incident = desk.opened()
    page = desk.clocked()
    desk.room(incident)
    note(desk).fill(NOTE)
    with the_answer_is_lost(page, "**/notes") as lost:
        desk.button("Ghi diễn biến").click(no_wait_after=True)
        if desk.scripts:
            expect(page.get_by_text(NOT_KNOWN)).to_be_visible()
        desk.until(lambda: lost)
    expect(note(desk)).to_have_value(NOTE)
    desk.lets_go_of_the_button()
    desk.presses("Ghi diễn biến")
    written_once(desk)
    assert lost == [204 if desk.scripts else 303]


@SCRIPTED
def test_words_outlive_a_reload_and_a_lost_network(desk: Desk) -> None:
    """Without scripts the browser itself asks before it sends a form anew; what the server took, it takes once."""
    incident = desk.opened()
    page = desk.clocked()
    desk.room(incident)
    note(desk).fill(NOTE)
    page.reload()
    expect(note(desk)).to_have_value(NOTE)
    page.context.set_offline(True)
    desk.presses("Ghi diễn biến")
    expect(page.get_by_text(NOT_KNOWN)).to_be_visible()
    expect(page.get_by_text("Mất kết nối, đang thử lại…")).to_be_visible()
    expect(note(desk)).to_have_value(NOTE)
    page.context.set_offline(False)
    expect(page.locator("#freshness")).to_have_attribute("data-state", "live")
    desk.lets_go_of_the_button()
    desk.presses("Ghi diễn biến")
    written_once(desk)


def test_a_session_that_grew_idle_takes_no_word_away(desk: Desk) -> None:
    """With scripts it is opened in place, without them after the sign-in the words stand in the form again."""
    incident = desk.opened()
    page = desk.apart("truc")
    desk.room(incident)
    there = page.url
    note(desk).fill(NOTE)
    desk.seen.grows_idle(page)
    if desk.scripts:  # the page asks by itself, and stands where it stood
        box = page.get_by_role("dialog")
        box.get_by_label("Mật khẩu").fill("sai rồi")
        box.get_by_role("button", name="Tiếp tục").click()
        expect(box.get_by_role("alert")).to_contain_text("không đúng")
    else:
        desk.presses("Ghi diễn biến")
    desk.signs_in_again()
    assert page.url == there
    expect(note(desk)).to_have_value(NOTE)
    desk.presses("Ghi diễn biến")
    written_once(desk)


@SCRIPTED
def test_old_figures_turn_red(desk: Desk) -> None:
    incident = desk.opened()
    page = desk.clocked()
    page.route("**/live", lambda route: None)  # asked, and never answered
    desk.room(incident)
    line = page.locator("#freshness")
    expect(line).to_have_attribute("data-state", "live")
    page.clock.fast_forward(33_500)
    expect(line).to_have_attribute("data-state", "old")
    expect(page.get_by_text("Số liệu đã cũ hơn 30 giây")).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")


@PLAIN
def test_figures_say_of_when_they_are_and_are_fetched_anew(desk: Desk) -> None:
    incident = desk.opened()
    page = desk.room(incident)
    line = page.locator("#freshness")
    expect(line).to_contain_text(re.compile(r"Cập nhật lúc \d\d:\d\d:\d\d"))
    line.get_by_role("link", name="Tải lại").click()
    expect(page.get_by_role("heading", name="Việc cần làm ngay")).to_be_visible()
    desk.goes("/wall")  # no hand is on it: it comes anew by itself
    assert 'http-equiv="refresh"' in page.content()
