"""The web of a night that is told in process, served to a real Chromium: accounts are signed in once, time stands still."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize
from werkzeug.serving import WSGIRequestHandler, make_server

from incident.web.signin import IDLE_LIMIT, SEEN
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
        self.browsers: dict[tuple[str, int, bool], BrowserContext] = {}

    def as_(self, who: str) -> Page:
        if who not in self.pages:
            self.pages[who] = self.opens(who)
        return self.pages[who]

    def opens(self, who: str, size: ViewportSize = PHONE, scripts: bool = True) -> Page:
        """A browser of its own, signed in as this account ("" = nobody)."""
        return _tab(self._browser(who, size, scripts))

    def tab(self, who: str, size: ViewportSize, scripts: bool) -> Page:
        """A tab in the browser in which this account does everything it does this way."""
        way = (who, size["width"], scripts)
        if way not in self.browsers:
            self.browsers[way] = self._browser(who, size, scripts)
        return _tab(self.browsers[way])

    def leaves(self, *pages: Page) -> None:
        """Tabs are closed; a browser of its own with its tab."""
        for page in pages:
            if page.context in self.browsers.values():
                page.close()
            else:
                page.context.close()

    def grows_idle(self, page: Page) -> None:
        """The session of this browser as it is when no hand was on it for a quarter of an hour."""
        app = self.night.site.app
        signer = SecureCookieSessionInterface().get_signing_serializer(app)
        assert signer
        cookie = next(one for one in page.context.cookies() if one["name"] == "incident")
        session = signer.loads(cookie["value"])
        session[SEEN] = (self.night.site.world.time - IDLE_LIMIT - timedelta(minutes=1)).isoformat()
        page.context.add_cookies(
            [{"name": "incident", "value": str(signer.dumps(session)), "url": self.address}]
        )

    def _browser(self, who: str, size: ViewportSize, scripts: bool) -> BrowserContext:
        context = self.chromium.new_context(
            viewport=size, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh", java_script_enabled=scripts
        )
        if who:
            cookie = self.night.as_(who).client.get_cookie("incident")
            assert cookie
            context.add_cookies([{"name": "incident", "value": cookie.value, "url": self.address}])
        return context

    def close(self) -> None:
        for context in (*self.browsers.values(), *(page.context for page in self.pages.values())):
            context.close()


def _tab(browser: BrowserContext) -> Page:
    page = browser.new_page()
    page.set_default_timeout(15_000)
    page.set_default_navigation_timeout(
        60_000
    )  # a report is made for each reader, and the machine may be busy
    return page


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
