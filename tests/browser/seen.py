"""The web of a night that is told in process, served to a real Chromium: accounts are signed in once, time stands still."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, ViewportSize
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.browser.looking import PHONE
from tests.incident.web.night import Night


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing: what matters is said by the test."""


class Seen:
    """The pages of a night as the accounts see them."""

    def __init__(self, night: Night, address: str, chromium: Browser) -> None:
        self.night, self.address, self.chromium = night, address, chromium
        self.pages: dict[str, Page] = {}

    def as_(self, who: str) -> Page:
        if who not in self.pages:
            self.pages[who] = self.opens(who)
        return self.pages[who]

    def opens(self, who: str, size: ViewportSize = PHONE, scripts: bool = True) -> Page:
        """A browser of its own, signed in as this account ("" = nobody)."""
        context = self.chromium.new_context(
            viewport=size, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh", java_script_enabled=scripts
        )
        if who:
            cookie = self.night.as_(who).client.get_cookie("incident")
            assert cookie
            context.add_cookies([{"name": "incident", "value": cookie.value, "url": self.address}])
        page = context.new_page()
        page.set_default_timeout(15_000)
        return page

    def close(self) -> None:
        for page in self.pages.values():
            page.context.close()


@contextmanager
def served(night: Night, chromium: Browser) -> Iterator[Seen]:
    server = make_server("127.0.0.1", 0, night.site.app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    opened = Seen(night, f"http://127.0.0.1:{server.port}", chromium)
    try:
        yield opened
    finally:
        opened.close()
        server.shutdown()
        server.server_close()
