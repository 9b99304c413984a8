"""How times, spans, numbers and names are written and read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from incident.web import language
from tests.incident.web.conftest import Site

NOON = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)  # 12:00 in Việt Nam


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "dưới 1 phút"), (59, "dưới 1 phút"), (60, "1 phút"), (3600, "1 giờ"), (5400, "1 giờ 30 phút"),
        (86_400, "1 ngày"), (100_000, "1 ngày 3 giờ"), (-600, "10 phút"),
    ],
)  # fmt: skip
def test_a_span_has_its_two_largest_units(site: Site, seconds: int, told: str) -> None:
    with site.app.test_request_context():
        assert language.span(seconds) == told


def test_a_moment_names_its_day_only_when_it_is_another(site: Site) -> None:
    with site.app.test_request_context():
        assert language.moment_of(NOON, NOON) == "12:00"
        assert language.moment_of(NOON.replace(day=20), NOON) == "12:00 ngày 20/11"
        assert language.moment_of(NOON.replace(year=2025), NOON) == "12:00 ngày 22/11/2025"
        assert language.moment_of(None, NOON) == ""


@pytest.mark.parametrize(
    "typed", ["2026-11-22T12:00", "22/11/2026 12:00", "12:00 22/11/2026", " 2026-11-22T12:00:00 "]
)
def test_a_typed_time_is_local(site: Site, typed: str) -> None:
    with site.app.test_request_context():
        assert language.parse_local(typed) == NOON
        assert language.for_input(NOON) == "2026-11-22T12:00"


def test_an_unreadable_time_is_refused(site: Site) -> None:
    with site.app.test_request_context(), pytest.raises(ValueError, match="hôm qua"):
        language.parse_local("hôm qua")


@pytest.mark.parametrize(
    ("number", "told"),
    [("+84540000001", "0540 000 001"), ("", ""), (None, ""), ("+842053888111", "02053888111")],
)
def test_a_number_is_written_as_people_say_it(number: str | None, told: str) -> None:
    assert language.phone(number) == told


def test_searching_needs_no_marks() -> None:
    assert language.plain("Đặng Văn Nháp") == "dang van nhap"
    assert language.money(1234567) == "1.234.567"
