"""What people do on the pages at night, one deed each, with a hand that counts: shared by the nights, the count of taps
and the weak line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Server, signs_in, until
from tests.browser.pace import Hand
from tests.browser.test_journey import received, told


@dataclass(frozen=True)
class Case:
    """What the form is told."""

    title: str
    short: str
    kind: str
    commune: str
    leader: str = "Chưa liên lạc được, báo cáo sau"
    level: str = "3"


@dataclass
class Opened:
    room: str
    code: str
    numbers: list[str]  # phones of those called up, in the order of the page


def button(page: Page, name: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("button", name=name).first


def fills(hand: Hand, case: Case) -> None:
    """The form: what, short name, kind, area, level; the time is there already."""
    page = hand.page
    hand.reads()
    hand.types(page.get_by_label("1. Việc gì đang xảy ra?"), case.title)
    hand.types(page.get_by_label("2. Tên ngắn dùng trong tin nhắn"), case.short)
    hand.picks(page.get_by_label(case.kind))
    hand.picks(page.get_by_label(case.commune, exact=True))
    hand.picks(page.locator(f"input[name=level][value='{case.level}']"))


def checks(hand: Hand) -> list[str]:
    """The page before sending; the numbers it will send to."""
    page = hand.page
    hand.taps_on(button(page, "Tiếp tục"))
    page.get_by_role("heading", name="KIỂM TRA TRƯỚC KHI GỬI").wait_for()
    hand.reads()
    shown = page.locator(".way", has_text="SMS").all_text_contents()
    return ["+84" + re.sub(r"\D", "", text)[1:] for text in shown]


def sends(hand: Hand, case: Case, numbers: list[str]) -> Opened:
    page = hand.page
    hand.picks(page.get_by_label(case.leader))
    hand.taps_on(button(page, re.compile(r"^Gửi cho \d+ người")))
    page.get_by_role("heading", name="Việc cần làm ngay").wait_for()
    found = re.search(r"mã trả lời (\d+)", page.locator("h1").inner_text())
    assert found
    return Opened(page.url.split("#")[0], found[1], numbers)


def opens(hand: Hand, case: Case) -> Opened:
    """From the board until the room is there."""
    hand.taps_on(button(hand.page, "Mở vụ việc"))
    fills(hand, case)
    return sends(hand, case, checks(hand))


def link_on(page: Page, server: Server, numbers: list[str], pattern: str) -> tuple[str, str]:
    """The phone that has an SMS with this link, and the link."""

    def look() -> tuple[str, str] | None:
        for number in numbers:
            for body in reversed(received(server, number)):
                if found := re.search(pattern, body):
                    return number, found[1]
        return None

    return until(page, look)


def drafts(page: Page, server: Server, room: str, text: str) -> str:
    """By the secretary; the address of the text."""
    signs_in(page, server, "thuky")
    page.goto(room)
    button(page, "Soạn").click()
    page.get_by_label("Văn bản").fill(text)
    address = page.url.split("#")[0]
    button(page, "Lưu và trình duyệt").click()
    told(page, "Đã trình bản")
    return address


def corrects(page: Page, text: str) -> str:
    """By the secretary, who has said on the page of the published text what is wrong; the address of the new one."""
    old = page.url
    button(page, "Mở bản đính chính").click()
    page.wait_for_url(lambda address: address != old)
    page.get_by_label("Văn bản").fill(text)
    address = page.url.split("#")[0]
    button(page, "Lưu và trình duyệt").click()
    told(page, "Đã trình bản")
    return address


def approves_by_link(hand: Hand, server: Server, path: str) -> None:
    """On a phone without an account: the link of the SMS, the text, one button."""
    hand.taps += 1  # on the link in the SMS
    hand.page.goto(server.address + path)
    hand.page.get_by_role("heading", name="Kính trình duyệt").wait_for()
    hand.reads()
    hand.taps_on(button(hand.page, re.compile(r"^Duyệt bản \d")))
    expect(hand.page.get_by_text(re.compile(r"đã duyệt bản \d+ lúc")).first).to_be_visible()


def approves_by_phone(hand: Hand, statement: str, words: str) -> None:
    """The officer on duty writes down a call: whom, the code read aloud, the words."""
    page = hand.page
    page.goto(statement)
    mark = re.search(r"mã (\w{3})", page.locator("main").inner_text())
    assert mark
    hand.taps_on(button(page, "Ghi duyệt qua điện thoại"))
    hand.types(page.get_by_label("Mã của bản"), mark[1])
    hand.types(page.get_by_label("Lãnh đạo nói thế nào"), words)
    hand.taps_on(button(page, "Ghi đã duyệt"))
    told(page, "Người duyệt được nhắn để xác nhận")


def decides_release(hand: Hand) -> None:
    """On the page of the text, by the one who may speak."""
    hand.reads()
    hand.taps_on(button(hand.page, "Quyết định công bố"))
    told(hand.page, "Đã quyết định công bố")


def posts(hand: Hand, link: str) -> None:
    hand.reads()
    hand.types(hand.page.get_by_label("Đường dẫn"), link)
    hand.taps_on(button(hand.page, "Ghi đã công bố"))
    told(hand.page, "Đã ghi nơi công bố")


def records_call(hand: Hand, person: Locator, outcome: str) -> None:
    """In the room's list: the number, and when the call is over what it came to."""
    hand.taps += 1  # on the number: the telephone opens
    expect(person.locator("a.call__number").first).to_have_attribute("href", re.compile(r"tel:\+84\d+"))
    hand.taps_on(person.get_by_role("button", name=outcome))
    told(hand.page, outcome)


def masks(hand: Hand, words: str, reason: str) -> None:
    """In the room, by a second person: the line, why, done."""
    line = hand.page.locator(".moj-timeline__item", has_text=words).first
    hand.reads(line)
    hand.taps_on(line.get_by_role("link", name=re.compile("Che nội dung")).first)
    hand.reads()
    hand.types(hand.page.locator("main textarea, main input[name=reason]").first, reason)
    hand.taps_on(hand.page.locator("main form button").first)
    told(hand.page, "Đã che")
    expect(hand.page.get_by_text(words)).to_have_count(0)


def hands_over(hand: Hand, note: str) -> None:
    hand.taps_on(hand.page.get_by_role("link", name="Bàn giao ca").first)
    hand.reads()
    hand.types(hand.page.get_by_label("Lưu ý cho ca sau"), note)
    hand.taps_on(button(hand.page, "Bàn giao ca"))
    expect(hand.page.get_by_text("chờ nhận")).to_be_visible()
