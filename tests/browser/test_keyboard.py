"""With the keyboard alone: signing in, opening, sending, approving, closing. Where one is, is always seen, and what the
room is told meanwhile does not take it away."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from incident.commands.accounts import SAMPLE_PASSWORD
from tests.browser.conftest import hears
from tests.browser.looking import DESK
from tests.browser.seen import Seen
from tests.incident.web.night import EXPERT, HEAD, SECRETARY, SPEAKER, TEXT

pytestmark = pytest.mark.browser
MOST_TABS = 160
# The element with the focus, in the words a screen reader would say, and whether the eye finds it.
HERE = """() => { const at = document.activeElement; if (!at || at === document.body) return ''
  const said = at.getAttribute('aria-label') || (at.labels && at.labels[0] && at.labels[0].innerText) || at.innerText || ''
  return said.trim().replace(/\\s+/g, ' ') }"""
SEEN = """() => { const at = document.activeElement, look = one => one && getComputedStyle(one)
  const own = look(at), mark = at.type === 'radio' || at.type === 'checkbox' ? getComputedStyle(at.nextElementSibling || at, '::before') : own
  return [own, mark].some(s => s.boxShadow !== 'none' || (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2)) }"""


def tabs_to(page: Page, words: str) -> None:
    """Tab until the focus stands on what begins with these words; it must be seen there."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if re.match(words, page.evaluate(HERE)):
            assert page.evaluate(SEEN), f"the focus on {words!r} is not seen"
            return
    pytest.fail(f"{words!r} is not reached by Tab on {page.url}")


def writes(page: Page, words: str, text: str) -> None:
    tabs_to(page, words)
    page.keyboard.type(text)


def ticks(page: Page, words: str) -> None:
    tabs_to(page, words)
    page.keyboard.press("Space")


def chooses(page: Page, first: str, name: str, value: str) -> None:
    """Arrows walk through a group of radios, from its first."""
    tabs_to(page, first)
    page.keyboard.press("Space")
    for _ in range(10):
        if page.locator(f"input[name={name}]:checked").get_attribute("value") == value:
            return
        page.keyboard.press("ArrowDown")
    pytest.fail(f"{value!r} is not reached by arrows")


def presses(page: Page, words: str) -> None:
    tabs_to(page, words)
    page.keyboard.press("Enter")


def signs_in(page: Page, seen: Seen, name: str, then: str = "/") -> None:
    page.context.clear_cookies()
    page.goto(f"{seen.address}/sign-in")
    writes(page, "Thư điện tử", f"{name}@sonlam.example")
    writes(page, "Mật khẩu", SAMPLE_PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{seen.address}/")
    if then != "/":
        page.goto(f"{seen.address}{then}")


def test_keys_alone_open_approve_and_close(seen: Seen) -> None:
    page = seen.opens("", DESK)
    world = seen.night.site.world
    try:
        signs_in(page, seen, "truc")
        presses(page, "Mở vụ việc")
        page.get_by_label("1. Việc gì đang xảy ra?").wait_for()
        writes(page, "1. Việc gì đang xảy ra", "Bằng bàn phím: cầu bản Pắc Ta bị nghiêng")
        chooses(page, "Tin chưa kiểm chứng", "kind", "rumour")
        ticks(page, "Xã Mường Lò Nam")
        chooses(page, "1 Theo dõi", "level", "3")
        presses(page, "Tiếp tục: kiểm tra")
        page.get_by_role("heading", name="KIỂM TRA TRƯỚC KHI GỬI").wait_for()
        chooses(page, "Đã báo cáo", "leader", "not_reached")
        presses(page, "Gửi cho")
        page.get_by_role("heading", name="Việc cần làm ngay").wait_for()
        room = page.url

        # What the room is told meanwhile leaves the focus where it is, inside the live part and outside of it.
        from incident.response.open import Opened
        from incident.store.tables import Incident

        with world.store.reading() as session:
            row = session.get_one(Incident, room.split("?")[0].split("#")[0].rsplit("/", 1)[1])
        opened = Opened(row.id, row.code, row.number, row.status, False)
        world.deliver()
        tabs_to(page, "Đã báo cáo")
        before = page.evaluate(HERE)
        for post in (HEAD, SECRETARY, EXPERT, SPEAKER):
            world.phone(post).replies(f"OK {row.code}")
        expect(page.locator("#live").get_by_text(re.compile(r"Đã nhận lúc .*qua SMS")).first).to_be_visible()
        hears(page)
        assert page.evaluate(HERE) == before

        world.answers(opened, "xac_minh", "chua_ro", EXPERT)
        world.drafts(opened, TEXT, SECRETARY)
        signs_in(page, seen, "phatngon", f"/incidents/{row.id}/statements/{world.statement(opened).id}")
        presses(page, "Duyệt bản 1")
        expect(page.locator(".notice[role=status]", has_text="Đã duyệt.")).to_be_visible()

        signs_in(page, seen, "truc", f"/incidents/{row.id}")
        presses(page, "Kết thúc xử lý")
        page.get_by_label("Ý kiến người quyết định kết thúc").wait_for()
        chooses(page, "Đã xử lý", "outcome", "handled")
        writes(page, "Ý kiến người quyết định", "Dư luận đã ổn định")
        presses(page, "Kết thúc xử lý")
        expect(page.locator(".notice[role=status]", has_text="Đã kết thúc xử lý.")).to_be_visible()
    finally:
        page.context.close()
