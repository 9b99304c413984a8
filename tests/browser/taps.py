"""Taps and seconds of what people do at night, counted in Chromium: `make taps` writes docs/taps.md.

On a weak line, at a person's pace (see pace.py), really waited out. The limits are held by test_throttled.py.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import deeds
from tests.browser.conftest import ROOT, Server, running, signs_in
from tests.browser.deeds import Case
from tests.browser.pace import KBIT, LATENCY_MS, LETTERS_A_SECOND, TAP_SECONDS, WORDS_A_SECOND, Hand, Line
from tests.browser.test_journey import TEXT, heard, replies
from tests.browser.test_throttled import MOST_FIELDS, MOST_SECONDS, MOST_TAPS_FOR_A_CALL
from tests.browser.weights import weighed
from tests.chromium import CHROMIUM, QUIET

DAM = Case("Clip nói đập hồ Suối Lạc có vết nứt", "tin về hồ Suối Lạc", "Tin chưa kiểm chứng", "Xã Suối Lạc")


@dataclass
class Counted:
    what: str
    who: str
    taps: int
    fields: int
    letters: int
    seconds: float
    person: float


class Count:
    """Every deed once, each with a fresh hand on a weak line."""

    def __init__(self, browser: Browser, server: Server, real: bool = True) -> None:
        self.browser, self.server, self.real = browser, server, real
        self.rows: list[Counted] = []

    @contextmanager
    def phone(self) -> Iterator[Page]:
        context = self.browser.new_context(
            viewport={"width": 390, "height": 844}, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh"
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        try:
            yield page
        finally:
            context.close()

    def counts(self, what: str, who: str, page: Page, deed: Callable[[Hand], None]) -> None:
        line = Line(page)
        line.weak()
        hand = Hand(page, self.real)
        deed(hand)
        self.rows.append(Counted(what, who, hand.taps, hand.fields, hand.letters, hand.seconds, hand.person))
        line.cdp.detach()

    def all(self) -> list[Counted]:
        with self.phone() as page:
            signs_in(page, self.server, "truc")
            opened: list[deeds.Opened] = []
            self.counts("Mở vụ việc, gửi", "cán bộ trực", page, lambda h: opened.append(deeds.opens(h, DAM)))
            (night,) = opened
            for number in night.numbers:
                heard(page, self.server, number, f"OK {night.code}")
            self._calls(page, night)
            for number in night.numbers:
                replies(self.server, number, f"OK {night.code}")
            page.locator("#live").get_by_text(re.compile(r"Đã nhận lúc .*qua SMS")).nth(3).wait_for()
            self._text(page, night)
            self._mask(page, night)
            self._shift(page)
        return self.rows

    def _calls(self, page: Page, night: deeds.Opened) -> None:
        page.goto(f"{night.room}/calls")

        def first_call(hand: Hand) -> None:
            hand.taps_on(page.locator(".tick__call").first)
            hand.taps += 1  # the number: the telephone opens
            hand.taps_on(deeds.button(page, "Không nghe máy"))
            page.locator(".notice[role=status]").first.wait_for()

        self.counts("Ghi cuộc gọi (từ danh sách)", "cán bộ trực", page, first_call)
        page.goto(night.room)
        person = page.locator(".call").first
        self.counts(
            "Ghi cuộc gọi (ngay trong phòng)", "cán bộ trực", page,
            lambda h: deeds.records_call(h, person, "Đã nhận"),
        )  # fmt: skip

    def _text(self, page: Page, night: deeds.Opened) -> None:
        statement = deeds.drafts(page, self.server, night.room, TEXT)
        used = "/d/none"
        for who in ("người phát ngôn", "Tổ trưởng"):
            path = used = self._other_link(page, night, used)
            with self.phone() as leader:
                self.counts(
                    "Duyệt qua liên kết", who, leader,
                    lambda h, p=path: deeds.approves_by_link(h, self.server, p),  # type: ignore[misc]
                )  # fmt: skip
        signs_in(page, self.server, "phatngon")
        page.goto(statement)
        self.counts("Quyết định công bố", "người phát ngôn", page, deeds.decides_release)
        signs_in(page, self.server, "nguoidang")
        page.goto(statement)
        self.counts(
            "Ghi nơi đã đăng", "người đăng", page, lambda h: deeds.posts(h, "https://sonlam.example/tin/1")
        )

    def _other_link(self, page: Page, night: deeds.Opened, used: str) -> str:
        """The link of the next approver: the newest that is not the first one's."""
        return deeds.link_on(page, self.server, night.numbers, rf"https?://[^/ ]+(?!{used}\b)(/d/\w+)")[1]

    def _mask(self, page: Page, night: deeds.Opened) -> None:
        name = "Gia đình ông Nguyễn Văn Nạn đã đến"
        signs_in(page, self.server, "truc")
        page.goto(night.room)
        page.get_by_label("Nội dung", exact=True).fill(name)
        deeds.button(page, "Ghi diễn biến").click()
        page.locator("#live").get_by_text(name).first.wait_for()
        signs_in(page, self.server, "thuky")
        page.goto(night.room)
        self.counts(
            "Che tên nạn nhân", "người thứ hai", page, lambda h: deeds.masks(h, name, "nêu tên nạn nhân")
        )

    def _shift(self, page: Page) -> None:
        signs_in(page, self.server, "truc")
        self.counts(
            "Bàn giao ca", "cán bộ trực", page, lambda h: deeds.hands_over(h, "Báo hẹn gọi lại lúc 7 giờ")
        )


def written(rows: list[Counted], weights: dict[str, tuple[int, int]]) -> str:
    table = "\n".join(
        f"| {r.what} | {r.who} | {r.taps} | {r.fields} | {r.letters} | {r.seconds:.0f} | {r.seconds - r.person:.0f} |"
        for r in rows
    )
    heavy = "\n".join(
        f"| {name} | {first / 1000:.1f} kB | {later / 1000:.1f} kB |"
        for name, (first, later) in weights.items()
    )
    return f"{HEAD}{table}\n{WEIGHTS}{heavy}\n"


HEAD = f"""# Taps and seconds

What people do at night, done once in Chromium at 390 px on a line of {KBIT} kbit/s with {LATENCY_MS} ms latency, at the
pace of a tired person: {TAP_SECONDS:.1f} s for a tap, {LETTERS_A_SECOND:.0f} letters a second on a phone, {WORDS_A_SECOND:.0f} words a second skimmed of what the
page shows for the first time. `make taps` does it again; `tests/browser/test_throttled.py` holds the limits: opening in at
most {MOST_FIELDS} fields and {MOST_SECONDS} s, a call in at most {MOST_TAPS_FOR_A_CALL} taps.

A tap into a field counts, a tap on the number that opens the telephone counts, a tap on the link in an SMS counts. "Line"
is what the person waited for the service, the browser and the network; the call itself is not counted.

| | who | taps | fields | letters | seconds | of these: line |
|---|---|---:|---:|---:|---:|---:|
"""

WEIGHTS = """
What comes over the line, compressed, without the web font (limits: 60 kB the first time, 15 kB afterwards):

| | the first time | afterwards |
|---|---:|---:|
"""


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as data,
        running(Path(data)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        try:
            count = Count(browser, server, real="--fast" not in sys.argv)
            with count.phone() as page:
                signs_in(page, server, "truc")
                weights = weighed(page, server)
            text = written(count.all(), weights)
        finally:
            browser.close()
    (ROOT / "docs" / "taps.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
