"""The report's files of a thousand and of ten thousand entries, and how a page answers while one is being made."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from tests.bench.numbers import Line, ms, percentile
from tests.bench.officer import Officer
from tests.bench.service import Service

FORMATS = ("pdf", "docx", "html", "json", "csv")
MOST_AT_1000, MOST_AT_10000 = 1.0, 10.0
LINEAR = 12.0  # ten times the entries may take this many times as long
ANSWERS = 2.0  # what "the site answers meanwhile" is held to


class Reader:
    """Somebody who looks at a room again and again while a report is being made."""

    def __init__(self, officer: Officer, incident: str) -> None:
        self.officer = officer
        self.path = f"/incidents/{incident}"
        self.over = threading.Event()
        self.taken: list[float] = []
        self.thread = threading.Thread(target=self._read)

    def __enter__(self) -> Reader:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def _read(self) -> None:
        while not self.over.wait(0.05):
            self.taken.append(self.officer.timed(self.path))


def measure(service: Service, short: str, middle: str, long: str) -> Iterator[Line]:
    for fmt in FORMATS:
        service.officer.timed(f"/incidents/{short}/report.{fmt}")  # its libraries are imported
        # Once each: what Typst has laid out before it does not lay out again.
        at_middle = service.officer.timed(f"/incidents/{middle}/report.{fmt}")
        at_long = service.officer.timed(f"/incidents/{long}/report.{fmt}")
        grown = at_long / at_middle
        yield Line(
            f"report.{fmt}, 1,000 / 10,000 entries",
            f"{at_middle:.2f} s / {at_long:.2f} s ({grown:.1f} ×)",
            f"≤ {MOST_AT_1000:.0f} s / ≤ {MOST_AT_10000:.0f} s, linear",
            at_middle <= MOST_AT_1000 and at_long <= MOST_AT_10000 and grown <= LINEAR,
        )
    for fmt in ("pdf", "docx"):
        with Reader(service.officer, short) as reader:
            service.officer.timed(f"/incidents/{long}/report.{fmt}")
        worst = max(reader.taken, default=0.0)
        yield Line(
            f"a room read while report.{fmt} of 10,000 entries is made",
            f"p50 {ms(percentile(reader.taken or [0.0], 0.5))}, worst {ms(worst)} (n = {len(reader.taken)})",
            f"answers (≤ {ms(ANSWERS)})",
            worst <= ANSWERS,
        )
