"""Every page of the service in the midst of a night, in a real Chromium: axe is content at 390 px and at 1280 px,
nothing is wider than the phone, and a thumb hits every button of the room."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from tests.browser.looking import DESK, PHONE, faults, too_small, wider
from tests.chromium import needed
from tests.incident.web.conftest import province as province
from tests.incident.web.conftest import site_of
from tests.incident.web.night import Night, a_night

pytestmark = pytest.mark.browser
STATIC = Path(__file__).parents[2] / "incident/web/static/vendor/manifest.json"


class Seen:
    """The pages of a night as the accounts see them."""

    def __init__(self, night: Night, address: str, chromium: Browser) -> None:
        self.night, self.address, self.chromium = night, address, chromium
        self.pages: dict[str, Page] = {}

    def as_(self, who: str) -> Page:
        if who not in self.pages:
            context = self.chromium.new_context(
                viewport=PHONE, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh"
            )
            if who:
                cookie = self.night.as_(who).client.get_cookie("incident")
                assert cookie
                context.add_cookies([{"name": "incident", "value": cookie.value, "url": self.address}])
            self.pages[who] = context.new_page()
        return self.pages[who]

    def close(self) -> None:
        for page in self.pages.values():
            page.context.close()


@pytest.fixture(scope="module")
def seen(
    province: Path,
    tmp_path_factory: pytest.TempPathFactory,
    chromium: Browser,
) -> Iterator[Seen]:
    needed(STATIC.exists(), "built assets (make assets)")
    with site_of(province, tmp_path_factory.mktemp("night")) as site:
        night = a_night(site)
        server = make_server("127.0.0.1", 0, site.app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        opened = Seen(night, f"http://127.0.0.1:{server.port}", chromium)
        try:
            yield opened
        finally:
            opened.close()
            server.shutdown()
            server.server_close()


def test_axe_is_content_with_every_page_and_none_is_wider_than_a_phone(seen: Seen) -> None:
    wrong: list[str] = []
    for who, address in seen.night.pages():
        page = seen.as_(who)
        page.goto(seen.address + address, wait_until="domcontentloaded")
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
