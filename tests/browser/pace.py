"""A tired person's hand on a phone: every tap, field and letter is counted, and how long a person takes for it.

The model: a finger needs 0.9 s for a tap (find, reach, press), a thumb types 3 letters a second, eyes skim 12 words a
second of what is on the page for the first time. What the service, the browser and the line need is measured on the
wall; what the person needs is added. `real=True` waits it out instead, so that both run on one clock.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from playwright.sync_api import CDPSession, Locator, Page

TAP_SECONDS, LETTERS_A_SECOND, WORDS_A_SECOND = 0.9, 3.0, 12.0
KBIT, LATENCY_MS = 400, 400


@dataclass
class Hand:
    page: Page
    real: bool = False
    taps: int = 0
    fields: int = 0
    letters: int = 0
    person: float = 0.0  # seconds a person takes
    seen: set[str] = field(default_factory=set)
    started: float = field(default_factory=time.monotonic)

    def taps_on(self, target: Locator) -> None:
        self._takes(TAP_SECONDS)
        self.taps += 1
        target.click()

    def picks(self, target: Locator) -> None:
        """A tap that answers a field: a box, a radio."""
        self.fields += 1
        self._takes(TAP_SECONDS)
        self.taps += 1
        target.check()

    def types(self, target: Locator, text: str) -> None:
        """A tap into the field, then letter by letter."""
        self.fields += 1
        self.taps += 1
        self.letters += len(text)
        self._takes(TAP_SECONDS + len(text) / LETTERS_A_SECOND)
        target.fill(text)

    def reads(self, target: Locator | None = None) -> None:
        """What is new on the page, skimmed."""
        lines = (target or self.page.locator("main")).first.inner_text().splitlines()
        new = [line for line in lines if line.strip() and line not in self.seen]
        self.seen.update(new)
        self._takes(sum(len(line.split()) for line in new) / WORDS_A_SECOND)

    @property
    def seconds(self) -> float:
        """From the first look until now: the person's and the machine's."""
        return time.monotonic() - self.started + (0 if self.real else self.person)

    def _takes(self, seconds: float) -> None:
        self.person += seconds
        if self.real:
            self.page.wait_for_timeout(seconds * 1000)


class Line:
    """A weak line, and what came over it: bytes as the network carried them."""

    def __init__(self, page: Page) -> None:
        self.cdp: CDPSession = page.context.new_cdp_session(page)
        self.cdp.send("Network.enable")
        self.bytes, self._fonts = 0, set[str]()
        self.cdp.on("Network.responseReceived", self._began)
        self.cdp.on("Network.loadingFinished", self._ended)

    def weak(self) -> None:
        rate = KBIT * 1000 / 8
        self.cdp.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": LATENCY_MS, "downloadThroughput": rate, "uploadThroughput": rate},
        )

    def forgets(self) -> None:
        """As a phone that has never been here."""
        self.cdp.send("Network.clearBrowserCache")

    def since(self) -> int:
        """Bytes since the last time this was asked, without typefaces."""
        taken, self.bytes = self.bytes, 0
        return taken

    def _began(self, event: dict[str, object]) -> None:
        if event.get("type") == "Font":
            self._fonts.add(str(event["requestId"]))

    def _ended(self, event: dict[str, object]) -> None:
        if str(event["requestId"]) not in self._fonts:
            self.bytes += int(float(str(event["encodedDataLength"])))
