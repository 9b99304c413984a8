"""A weak line (400 kbit/s, 400 ms): opened and sent within 75 seconds at a person's pace, on pages that are light."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser import deeds
from tests.browser.conftest import Server, signs_in
from tests.browser.deeds import Case
from tests.browser.pace import Hand, Line
from tests.browser.weights import weighed
from tests.incident.web.test_weight import AFTER, FIRST

pytestmark = pytest.mark.browser

# Like nothing else that is open on the server the browser tests share.
GATHERING = Case("Dân tụ tập trước trụ sở xã", "vụ ở Mường Lò", "Khiếu kiện", "Xã Mường Lò")
MOST_FIELDS, MOST_SECONDS, MOST_TAPS_FOR_A_CALL = 6, 75, 3


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


def test_form_confirm_and_room_are_light(page: Page, server: Server) -> None:
    signs_in(page, server, "truc")
    for name, (first, later) in weighed(page, server).items():
        assert 0 < first <= FIRST, (name, first)
        assert 0 < later <= AFTER, (name, later)
