"""The room, its live fragment and the API's answer, of an incident with a hundred entries and of one with ten thousand."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.numbers import Line, ms, percentile
from tests.bench.service import Service

ROUNDS = 40
MOST, RATIO = 0.050, 1.5
PAGES = (
    ("room", "/incidents/{id}", False),
    ("live fragment of the room", "/incidents/{id}/live", False),
    ("API, one incident", "/incidents/{id}", True),
    ("API, 100 entries of the timeline", "/incidents/{id}/timeline", True),
)


def measure(service: Service, short: str, long: str) -> Iterator[Line]:
    """`short` and `long` are asked in turn, so that whatever else the machine does falls on both."""
    for name, path, api in PAGES:
        small, large = list[float](), list[float]()
        for incident in (short, long):
            service.officer.timed(path.format(id=incident), api)
        for _ in range(ROUNDS):
            small.append(service.officer.timed(path.format(id=short), api))
            large.append(service.officer.timed(path.format(id=long), api))
        at_short, at_long = percentile(small, 0.5), percentile(large, 0.5)
        yield Line(
            f"{name}, 10,000 entries",
            f"p50 {ms(at_long)}, p95 {ms(percentile(large, 0.95))}; {at_long / at_short:.2f} × the {ms(at_short)} at 100",
            f"≤ {ms(MOST)}, ≤ {RATIO} ×",
            at_long <= MOST and at_long / at_short <= RATIO,
        )
