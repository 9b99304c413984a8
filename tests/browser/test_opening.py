"""Opening, all four ways: what may be one and the same, who is left out, what is saved, held and stopped, and that an
answer which is lost on the way makes no second incident."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import clean
from tests.browser.ways import Desk, Place, a_place, the_answer_is_lost

pytestmark = pytest.mark.browser


def fills(desk: Desk, title: str, place: Place, who: str = "truc") -> Page:
    page = desk.goes("/incidents/new", who)
    page.get_by_label("1. Việc gì đang xảy ra?").fill(title)
    page.get_by_label("Khiếu kiện").check()
    page.locator("input[name=area]").nth(place.n).check()
    page.locator("input[name=level][value='3']").check()
    return page


def checks(page: Page) -> None:
    page.get_by_role("button", name="Tiếp tục: kiểm tra trước khi gửi").click()
    expect(page.get_by_role("heading", name="KIỂM TRA TRƯỚC KHI GỬI")).to_be_visible()


def sends(page: Page) -> str:
    """The address of the room."""
    page.get_by_label("Chưa liên lạc được, báo cáo sau").check()
    page.get_by_role("button", name=re.compile("Gửi cho")).click()
    expect(page.get_by_role("heading", name="Việc cần làm ngay")).to_be_visible()
    return page.url.split("#")[0]


def looks(desk: Desk) -> None:
    """axe, on a page that has no address of its own; once, for it looks at both widths."""
    if desk.scripts and desk.size["width"] < 500:
        clean(desk.page)


def test_each_level_says_whom_it_wakes_before_anything_is_sent(desk: Desk) -> None:
    """With scripts while one is typing, without them on the page that comes back; then exactly, by name."""
    place = a_place()
    page = fills(desk, f"Tụ tập ở {place.name}", place)
    if not desk.scripts:
        page.get_by_label("1. Việc gì đang xảy ra?").fill("")
        desk.presses("Tiếp tục")
        expect(page.get_by_role("heading", name="Chưa gửi được")).to_be_visible()
        page.get_by_label("1. Việc gì đang xảy ra?").fill(f"Tụ tập ở {place.name}")
    hint = page.get_by_text(re.compile(r"báo Phó Chủ tịch UBND tỉnh, \d+ người"))
    expect(hint).to_be_visible()
    told = int(hint.inner_text().split()[-2])
    assert told >= 5
    checks(page)
    expect(page.get_by_text(f"Sẽ báo ngay {told} người:")).to_be_visible()
    expect(page.locator("input[name=call]")).to_have_count(told)


def test_what_may_be_the_same_is_shown_and_entered_or_told_apart(desk: Desk) -> None:
    place = a_place()
    page = fills(desk, f"Lở ở {place.name}", place)
    checks(page)
    room = sends(page)
    code = re.search(r"mã trả lời (\d+)", page.locator("h1").inner_text())
    assert code

    # Another officer hears of the same thing: led there, and what was typed goes along.
    page = fills(desk, f"{place.name} lở, ách tắc", place, "truc2")
    checks(page)
    expect(page.get_by_text("Có thể đã có người mở vụ việc này")).to_be_visible()
    desk.presses(f"Vào vụ việc {code[1]}", "truc2")
    page.wait_for_url(f"{room}#write")
    expect(page.locator("#text")).to_have_value(re.compile(f"{place.name} lở, ách tắc"))

    # A third call is about something else; that is said with one press, and it goes its own way.
    page = fills(desk, f"{place.name} lở, nhà văn hóa", place, "truc2")
    checks(page)
    desk.presses(re.compile("Đây là việc khác"), "truc2")
    expect(page.get_by_text("Có thể đã có người mở vụ việc này")).to_have_count(0)
    assert sends(page) != room


def test_two_officers_within_a_minute(desk: Desk) -> None:
    """Both had seen nothing like it when they looked. Who sends second is asked, and has sent nothing yet."""
    place = a_place()
    for who in ("truc", "truc2"):
        checks(fills(desk, f"Cháy ở {place.name}", place, who))
    first = sends(desk.page)
    page = desk.of("truc2")
    page.get_by_label("Chưa liên lạc được, báo cáo sau").check()
    desk.presses(re.compile("Gửi cho"), "truc2")
    asked = page.get_by_role("alert").filter(
        has_text="Vừa có người mở vụ việc có thể là một. Chưa gửi tin nào."
    )
    expect(asked).to_be_visible()
    asked.get_by_role("button", name=re.compile(r"Vào vụ việc \d+")).first.click()
    page.wait_for_url(f"{first}#write")


def test_somebody_is_left_out_and_the_answer_is_lost(desk: Desk) -> None:
    place = a_place()
    title = f"Cầu treo {place.name} bị nghiêng"
    desk.clocked()
    page = fills(desk, title, place)
    checks(page)
    # Somebody cannot come: with scripts the page counts again by itself. It says who is told instead.
    page.locator("input[name=call]").nth(1).uncheck()
    if not desk.scripts:
        desk.presses("Tính lại số người")
    expect(page.get_by_text("Không báo.", exact=True)).to_be_visible()
    looks(desk)
    page.get_by_label("Chưa liên lạc được, báo cáo sau").check()
    send = page.get_by_role("button", name=re.compile(r"^Gửi cho \d+ người"))
    send.click()
    expect(page.get_by_text("Ghi lý do không báo").first).to_be_visible()
    page.get_by_label("Lý do không báo").fill("đang bay")

    with the_answer_is_lost(page, "**/incidents/new") as lost:
        send.click(no_wait_after=True)
        if desk.scripts:
            unsure = page.get_by_role("alert").filter(has_text="Chưa rõ đã gửi hay chưa")
            expect(unsure).to_contain_text("bấm Thử lại, không tạo vụ việc thứ hai")
        desk.until(lambda: lost)
    desk.lets_go_of_the_button()
    desk.presses("Thử lại" if desk.scripts else re.compile("^Gửi cho"))
    expect(page.get_by_role("heading", name="Việc cần làm ngay")).to_be_visible()
    assert lost == [204 if desk.scripts else 303]
    expect(page.get_by_text(re.compile("Không báo khi mở: đ/c .*, lý do: đang bay")).first).to_be_visible()
    desk.goes("/")
    expect(page.locator(".card", has_text=title)).to_have_count(1)


def test_saved_held_and_stopped(desk: Desk) -> None:
    place = a_place()
    title = f"Ách tắc ở {place.name}"
    page = fills(desk, title, place)
    desk.presses("Lưu, chưa gửi")
    page.get_by_role("link", name=f"Mở tiếp {title}").click()
    expect(page.get_by_label("1. Việc gì đang xảy ra?")).to_have_value(title)
    checks(page)
    desk.presses("Chỉ báo lãnh đạo trực")
    expect(page.get_by_text("Mới chỉ báo lãnh đạo trực")).to_be_visible()
    desk.presses("Báo Tổ công tác")
    expect(page.get_by_text("Sẽ báo ngay")).to_be_visible()
    desk.presses(re.compile("Gửi cho"))
    expect(page.get_by_text("Mới chỉ báo lãnh đạo trực")).to_have_count(0)
    stop = desk.button("DỪNG GỬI")
    stop.click()
    page.wait_for_url("**/stop")
    stop.click()
    expect(page.get_by_text("ĐÃ DỪNG GỬI lúc")).to_be_visible()
    mistaken = page.get_by_role("link", name="Mở nhầm: kết thúc, xin lỗi người đã nhận tin")
    mistaken.click()
    expect(page.get_by_label("Mở nhầm")).to_be_checked()
    page.go_back()
    desk.presses(re.compile("Gửi tiếp|Tiếp tục"))
    expect(page.get_by_text("ĐÃ DỪNG GỬI lúc")).to_have_count(0)


def test_a_drill_is_typed(desk: Desk) -> None:
    """Nothing of a drill leaves before its code was typed; what was saved of it is a drill still."""
    place = a_place()
    title = f"Diễn tập ở {place.name}"
    page = fills(desk, title, place)
    page.locator("input[name=drill]").check()
    checks(page)
    expect(page.locator(".drill-stripe")).to_contain_text("DIỄN TẬP – không phải sự cố thật")
    desk.presses(re.compile("Gửi cho"))
    expect(page.locator(".govuk-error-summary")).to_contain_text("Chưa gửi tin nào")
    looks(desk)
    desk.presses("Lưu, chưa gửi")
    page.get_by_role("link", name=f"Mở tiếp {title}").click()
    checks(page)
    code = page.locator("label[for=drill_code]").inner_text().split()[1]
    page.locator("#drill_code").fill(code.lower())
    sends(page)
    expect(page.locator(".drill-stripe")).to_be_visible()
    desk.goes("/")
    expect(page.get_by_role("link", name=f"Mở tiếp {title}")).to_have_count(0)
    fills(desk, f"{place.name}: diễn tập", place)
    page.locator("input[name=drill]").check()
    checks(page)
    expect(page.get_by_text("Có thể đã có người mở vụ việc này")).to_be_visible()
    looks(desk)
    assert len(page.content().encode()) < 60_000
