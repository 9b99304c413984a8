"""A call at two in the morning, all four ways: three taps from the room and back, and taken back where it was a slip."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looking import THUMB
from tests.browser.ways import Desk

pytestmark = pytest.mark.browser
OF_CALLS = 48  # pixels: the number to call is bigger than a thumb


def test_a_call_is_recorded_in_three_taps_and_taken_back(desk: Desk) -> None:
    incident = desk.opened()
    page = desk.room(incident, "/calls")
    page.locator(".tick__call").first.click()  # the first tap: whom
    number = page.locator(".call__number").first
    expect(number).to_have_attribute("href", re.compile(r"tel:\+84\d+"))  # the second tap: the number itself
    assert desk.height(number) >= OF_CALLS
    for outcome in page.locator(".outcome").all():
        assert desk.height(outcome) >= THUMB
    desk.presses("Không nghe máy")  # the third: what it came to
    desk.told("Không nghe máy")

    # From now on the person stands in the room's own list: two taps, the number and the outcome.
    row = page.locator(".call").first
    expect(row).to_contain_text("Không liên lạc được (gọi 1 lần, không nghe máy)")
    expect(row.locator("a.call__number").first).to_have_attribute("href", re.compile(r"tel:\+84\d+"))
    for target in row.locator(".call__act").all():
        assert desk.height(target) >= THUMB
    row.get_by_role("button", name="Đã nhận").click()
    force = page.locator(".force").get_by_text(re.compile("Đã nhận lúc .*qua điện thoại"))
    expect(force).to_be_visible()

    # A mistaken press is taken back where it was made.
    slip = page.locator(".recorded li", has_text="Đã nhận")
    slip.get_by_role("button", name=re.compile("Hoàn tác")).click()
    desk.told("Đã hoàn tác")
    expect(force).to_have_count(0)
