"""The essential path of the three nights in real Chromium at 390 px, as docs/nights tells them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.nights import NIGHTS, plays

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", NIGHTS)
def test_a_night_from_the_first_call_to_the_closed_record(chromium: Browser, name: str) -> None:
    film = plays(chromium, name)
    assert film.lines[-1].text
    clocks = [line.clock for line in film.lines]
    assert clocks == sorted(clocks)
