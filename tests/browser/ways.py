"""The four ways a page is used, on a phone and on a desk, with scripts and without, and who sits before it.

A test that takes the fixture `desk` runs all four ways; `SCRIPTED` and `PLAIN` keep it to two where a thing is a script
by its nature, or is what stands in for one. The night is shared by a worker's tests and its clock stands still: nothing
here races with time, and each run has words and places of its own.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator, Page, Route, ViewportSize, expect

from incident.commands.accounts import SAMPLE_PASSWORD
from incident.response.open import Opened
from tests.browser.looking import DESK, PHONE, wider
from tests.browser.seen import Seen
from tests.stories.world import World

WAYS: dict[str, tuple[ViewportSize, bool]] = {
    "phone": (PHONE, True), "phone, no scripts": (PHONE, False), "desk": (DESK, True), "desk, no scripts": (DESK, False),
}  # fmt: skip
SCRIPTED = pytest.mark.parametrize("desk", ["phone", "desk"], indirect=True)
PLAIN = pytest.mark.parametrize("desk", ["phone, no scripts", "desk, no scripts"], indirect=True)
# No two share a syllable, so that none is taken for another.
PLACES = (
    "Hin Phạ", "Khuổi Nhàng", "Pú Xoong", "Huổi Kềnh", "Tả Sìn", "Lũng Vài", "Phố Mạ", "Cốc Rế", "Nậm Chạc", "Sủng Trà",
    "Thèn Phùng", "Vằng Lếch", "Xín Mần", "Mỏ Ngần", "Keo Tằng", "Dền Sáng", "Chiêu Yên", "Bản Giốc", "Háng Đồng", "Rào Trăng",
)  # fmt: skip
PATIENCE = 15.0  # seconds; nothing waits longer than it must
AREAS = 5  # of the form are enough to choose from
_numbers = itertools.count(1)
_places = itertools.count()


def a_number() -> str:
    """A mobile number of the sample's range that nobody has."""
    return f"0540{700_000 + next(_numbers)}"


@dataclass(frozen=True)
class Place:
    """Where something happens that no other title is like: a name, and the n-th area of the form."""

    name: str
    n: int


def a_place() -> Place:
    n = next(_places)
    return Place(PLACES[n % len(PLACES)], 1 + n % AREAS)


@dataclass
class Desk:
    """Those before the screens: the officer on duty (`page`), and whoever else the story lets to one."""

    seen: Seen
    size: ViewportSize
    scripts: bool
    tabs: dict[str, Page] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.seen.night.site.world

    @property
    def page(self) -> Page:
        return self.of("truc")

    def of(self, who: str) -> Page:
        """A tab of this account ("" = nobody), in the browser of all who come this way."""
        if who not in self.tabs:
            self._takes(who, self.seen.tab(who, self.size, self.scripts))
        return self.tabs[who]

    def apart(self, who: str) -> Page:
        """From here on this account has a browser of its own, whose cookies may come to harm."""
        return self._takes(who, self.seen.opens(who, self.size, self.scripts))

    def clocked(self, who: str = "truc") -> Page:
        """The same, with the timers of its pages in our hand."""
        page = self.apart(who)
        page.clock.install()
        return page

    def lets_go_of_the_button(self) -> None:
        """A second press within a second is taken for a double click; the second goes by."""
        if self.scripts:
            self.page.clock.fast_forward(1_100)

    def _takes(self, who: str, page: Page) -> Page:
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.tabs[who] = page
        return page

    def opened(self, **more: object) -> Opened:
        return self.world.opens(key=f"cap-{next(_numbers)}", **more)

    def goes(self, address: str, who: str = "truc") -> Page:
        page = self.of(who)
        page.goto(self.seen.address + address, wait_until="domcontentloaded")
        return page

    def room(self, incident: Opened, more: str = "", who: str = "truc") -> Page:
        return self.goes(f"/incidents/{incident.incident_id}{more}", who)

    def button(self, name: str | re.Pattern[str], who: str = "truc") -> Locator:
        return self.of(who).get_by_role("button", name=name).first

    def presses(self, name: str | re.Pattern[str], who: str = "truc") -> None:
        self.button(name, who).click()

    def looks_again(self) -> None:
        """The room is told what happens meanwhile; where there are no scripts one asks for it."""
        if not self.scripts:
            self.page.reload()

    def signs_in_again(self, who: str = "truc") -> None:
        """Where the session had ended: in place, or on the page that asks for it."""
        page = self.of(who)
        if self.scripts:
            box = page.get_by_role("dialog")
            box.get_by_label("Mật khẩu").fill(SAMPLE_PASSWORD)
            box.get_by_role("button", name="Tiếp tục").click()
            expect(box).to_be_hidden()
            return
        page.get_by_label("Thư điện tử").fill(f"{who}@sonlam.example")
        page.get_by_label("Mật khẩu", exact=True).fill(SAMPLE_PASSWORD)
        self.presses("Đăng nhập", who)

    def height(self, target: Locator) -> float:
        box = target.bounding_box()
        assert box
        return box["height"]

    def until(self, look: Callable[[], object], who: str = "truc") -> None:
        """What happens beside the pages is looked for again and again, while they go on."""
        end = time.monotonic() + PATIENCE
        while not look():
            assert time.monotonic() < end
            self.of(who).wait_for_timeout(20)

    def told(self, words: str, who: str = "truc") -> None:
        told(self.of(who), words)

    def close(self) -> None:
        """Whatever is open at the end is not wider than the window, and no script of it failed."""
        try:
            assert [(who, wider(page)) for who, page in self.tabs.items() if wider(page) > 0] == []
        finally:
            self.seen.leaves(*self.tabs.values())
        assert self.troubles == []


def told(page: Page, words: str) -> None:
    """The page says that it was done."""
    expect(page.locator(".notice[role=status]", has_text=words).first).to_be_visible()


@contextmanager
def the_answer_is_lost(page: Page, address: str) -> Iterator[list[int]]:
    """The next form sent there is taken, and its answer comes nowhere: what the server said of it."""
    lost: list[int] = []

    def loses(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch(max_redirects=0).status)
            route.abort("aborted")
        else:
            route.continue_()

    page.route(address, loses)
    yield lost
    page.unroute(address, loses)
