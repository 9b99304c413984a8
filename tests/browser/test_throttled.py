"""A weak line (400 kbit/s, 400 ms): opened and sent within 75 seconds at a person's pace, on pages that are light."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import deeds
from tests.browser.conftest import Server, signs_in
from tests.browser.deeds import Case
from tests.browser.pace import TAP_SECONDS, WORDS_A_SECOND, Hand, Line
from tests.browser.weights import weighed
from tests.incident.web.test_weight import AFTER, FIRST

pytestmark = pytest.mark.browser

# Like nothing else that is open on the server the browser tests share.
GATHERING = Case("Dân tụ tập trước trụ sở xã", "vụ ở Mường Lò", "Khiếu kiện", "Xã Mường Lò")
HERDS = Case("Trâu bò chết hàng loạt ở bãi chăn thả", "vụ ở Mường Lò Nam", "Khiếu kiện", "Xã Mường Lò Nam")
MOST_FIELDS, MOST_SECONDS, MOST_TAPS_FOR_A_CALL = 6, 75, 3
MOST_WORDS = 200  # before the press that sends


def test_opened_and_sent_in_seventy_five_seconds_on_a_weak_line(page: Page, server: Server) -> None:
    signs_in(page, server, "truc")
    line = Line(page)
    line.forgets()
    line.weak()
    hand = Hand(page)
    opened = deeds.opens(hand, GATHERING)
    assert hand.fields <= MOST_FIELDS, hand
    assert hand.seconds <= MOST_SECONDS, (hand.seconds, hand)
    assert len(opened.numbers) == 5

    page.goto(f"{opened.room}/calls")
    call = Hand(page)
    call.taps_on(page.locator(".tick__call").first)
    call.taps += 1  # the number itself
    call.taps_on(deeds.button(page, "Không nghe máy"))
    page.locator(".notice[role=status]").first.wait_for()
    assert call.taps <= MOST_TAPS_FOR_A_CALL
    again = Hand(page)
    deeds.records_call(again, page.locator(".call").first, "Đã nhận")
    assert again.taps <= MOST_TAPS_FOR_A_CALL


def test_what_is_wrong_stands_before_what_may_be_unfolded(page: Page, server: Server) -> None:
    """The page before sending is short; two taps leave somebody out, and what was left out is open."""
    signs_in(page, server, "truc")
    page.goto(f"{server.address}/incidents/new")
    deeds.fills(Hand(page), HERDS)
    hand = Hand(page)
    assert len(deeds.checks(hand)) == 5
    assert hand.person * WORDS_A_SECOND - TAP_SECONDS * WORDS_A_SECOND <= MOST_WORDS
    expect(page.locator("#confirm details[open]")).to_have_count(0)
    expect(page.locator(".sms:visible")).to_have_count(1)
    leaves = Hand(page)
    leaves.taps_on(page.get_by_text("Những người được báo (5)"))
    leaves.taps_on(page.locator("label[for^=call-]").nth(1))
    expect(page.get_by_text("không báo 1: xem tên")).to_be_visible()
    expect(page.get_by_label("Lý do không báo")).to_be_visible()
    assert leaves.taps == 2
    hand.taps_on(deeds.button(page, re.compile(r"^Gửi cho \d+ người")))
    expect(page.locator(".govuk-error-summary")).to_contain_text("Ghi lý do không báo")
    expect(page.get_by_label("Lý do không báo")).to_be_visible()


def test_form_confirm_and_room_are_light(page: Page, server: Server) -> None:
    signs_in(page, server, "truc")
    for name, (first, later) in weighed(page, server).items():
        assert 0 < first <= FIRST, (name, first)
        assert 0 < later <= AFTER, (name, later)
