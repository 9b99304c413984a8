"""Every page of the service in the midst of a night, in a real Chromium: axe is content at 390 px and at 1280 px,
nothing is wider than the phone, and a thumb hits every button of the room."""

from __future__ import annotations

import pytest

from tests.browser.looking import DESK, PHONE, faults, too_small, wider
from tests.browser.seen import Seen

pytestmark = pytest.mark.browser


def test_axe_is_content_with_every_page_and_none_is_wider_than_a_phone(seen: Seen) -> None:
    wrong: list[str] = []
    for who, address in seen.night.pages():
        page = seen.as_(who)
        page.goto(seen.address + address, wait_until="domcontentloaded", timeout=60_000)
        for size in (PHONE, DESK):
            page.set_viewport_size(size)
            wrong += [f"{who} {address} at {size['width']}: {fault}" for fault in faults(page)]
            if wider(page) > 0:
                wrong.append(f"{who} {address} at {size['width']}: {wider(page)} px too wide")
    assert wrong == []


BUTTONS = (
    "button, .govuk-button, a[role=button], a[href^='tel:'], summary, .jumps a, .step__button, .call__act"
)


@pytest.mark.parametrize("room", ["room", "stopped", "held", "closed", "waiting", "leaving"])
def test_a_thumb_hits_every_button_of_the_room(seen: Seen, room: str) -> None:
    page = seen.as_("truc")
    page.set_viewport_size(PHONE)
    page.goto(f"{seen.address}/incidents/{seen.night.names[room]}", wait_until="domcontentloaded")
    assert "\n".join(too_small(page.locator(BUTTONS))) == ""
