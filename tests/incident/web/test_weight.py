"""How much a weak phone must load: compressed bytes, counted as a browser would fetch them, without the typeface."""

from __future__ import annotations

import gzip
import os
import re

import pytest

from incident.web.files import VENDOR
from tests.incident.web.conftest import OPENING, Browser, Site

FIRST, AFTER = 60_000, 15_000
GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture(autouse=True)
def assets_are_built() -> None:
    if not (VENDOR / "manifest.json").exists():
        if os.environ.get("CI") == "true":
            pytest.fail("the assets are not built: make assets")
        pytest.skip("needs built assets")


def fetched(browser: Browser, address: str) -> bytes:
    """A file as it comes over the wire."""
    answer = browser.get(address, headers=GZIP)
    try:
        assert answer.status_code == 200, address
        return answer.data
    finally:
        answer.close()


def weight(browser: Browser, address: str) -> tuple[int, int]:
    """The page, and what it loads the first time."""
    page = fetched(browser, address)
    loaded = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', gzip.decompress(page).decode()))
    script = gzip.decompress(fetched(browser, next(name for name in loaded if "/start." in name))).decode()
    loaded |= {f"/static/{name}" for name in re.findall(r"\./(govuk\.\w+\.js)", script)}
    return len(page), sum(len(fetched(browser, name)) for name in loaded)


def light(browser: Browser, address: str) -> None:
    page, rest = weight(browser, address)
    assert page <= AFTER, f"{address}: {page} bytes"
    assert page + rest <= FIRST, f"{address}: {page + rest} bytes the first time"


def test_the_form_is_light(site: Site) -> None:
    light(site.browser("truc"), "/incidents/new")


def test_the_room_is_light_in_the_middle_of_a_night(site: Site) -> None:
    room = f"/incidents/{site.world.opens().incident_id}"
    site.world.phone("nguoi_phat_ngon").replies("OK 10")
    browser = site.browser("truc")
    for n in range(40):
        browser.post(f"{room}/notes", {"text": f"Diễn biến thứ {n}: " + "dư luận ổn định. " * 6}, page=room)
    light(browser, room)
    light(browser, "/")


def test_the_page_before_sending_is_light(site: Site) -> None:
    browser = site.browser("truc")
    answer = browser.post("/incidents/new", {**OPENING, "do": "check"}, page="/incidents/new", headers=GZIP)
    assert answer.status_code == 200
    assert "KIỂM TRA TRƯỚC KHI GỬI" in gzip.decompress(answer.data).decode()
    assert len(answer.data) <= AFTER


def test_what_is_asked_uncompressed_comes_uncompressed(site: Site) -> None:
    answer = site.browser("truc").get("/")
    assert "Content-Encoding" not in answer.headers
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_the_token_of_a_form_differs_with_every_second(site: Site) -> None:
    """Decision 10: what stands in a compressed page must not be the same secret twice; and no foreign site's request
    carries the cookie."""
    browser = site.browser("truc")
    cookie = browser.get("/account").headers.get("Set-Cookie", "")
    assert "SameSite=Lax" in cookie
    assert "HttpOnly" in cookie
