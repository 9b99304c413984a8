"""Every page of the service in the midst of a night, in a real Chromium: axe is content at 390 px and at 1280 px,
nothing is wider than the phone, and a thumb hits every button there."""

from __future__ import annotations

import pytest

from tests.browser.looking import DESK, PHONE, faults, too_small, wider
from tests.browser.seen import Seen

pytestmark = pytest.mark.browser
BUTTONS = "button:not([aria-hidden]), .govuk-button, a[role=button], a[href^='tel:'], summary, .jumps a, .step__button, .call__act"


def test_axe_and_a_thumb_are_content_with_every_page_and_none_is_wider_than_a_phone(seen: Seen) -> None:
    wrong: list[str] = []
    for who, address in seen.night.pages():
        page = seen.as_(who)
        page.goto(seen.address + address, wait_until="domcontentloaded", timeout=60_000)
        for size in (PHONE, DESK):
            page.set_viewport_size(size)
            wrong += [f"{who} {address} at {size['width']}: {fault}" for fault in faults(page)]
            if wider(page) > 0:
                wrong.append(f"{who} {address} at {size['width']}: {wider(page)} px too wide")
            if size == PHONE:
                wrong += [f"{who} {address}: {target}" for target in too_small(page.locator(BUTTONS))]
    assert "\n".join(wrong) == ""
