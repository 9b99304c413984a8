"""Working days of a Vietnamese office, and the table they are counted with."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from importlib.resources import files

import pytest

from playbooks.calendar import LOCAL, VIETNAM_HOLIDAYS, add, is_working_day
from playbooks.language import Span


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL)


def test_seconds_are_elapsed_time_and_the_answer_is_in_utc() -> None:
    assert add(local("2026-11-22T23:30"), Span(seconds=3600)) == datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
    assert add(local("2026-11-22T23:30"), Span(seconds=-7200)).tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-16T09:00", 1, "2026-11-17T17:00"),
        ("2026-11-20T09:00", 1, "2026-11-23T17:00"),  # over a weekend
        ("2026-11-21T09:00", 1, "2026-11-23T17:00"),  # begun on a Saturday
        ("2026-02-13T16:00", 1, "2026-02-23T17:00"),  # over nine days of Tết
        (
            "2026-04-24T08:00",
            2,
            "2026-04-29T17:00",
        ),  # the Monday after a Sunday holiday is off
        ("2026-04-29T08:00", 1, "2026-05-04T17:00"),
        ("2026-08-31T08:00", 1, "2026-09-03T17:00"),
        ("2026-11-16T23:59", 5, "2026-11-23T17:00"),
    ],
)
def test_working_days_end_when_the_office_closes(start: str, days: int, end: str) -> None:
    assert add(local(start), Span(working_days=days)) == local(end)


def test_the_local_day_counts_not_the_utc_day() -> None:
    sunday_evening_utc = datetime(2026, 11, 15, 18, 0, tzinfo=UTC)  # already Monday in Việt Nam
    assert add(sunday_evening_utc, Span(working_days=1)) == local("2026-11-17T17:00")


def test_other_tables_may_be_given() -> None:
    assert not is_working_day(date(2026, 11, 17), frozenset({date(2026, 11, 17)}))


def test_every_day_of_the_table_has_a_source_and_what_is_not_verified_is_not_counted() -> None:
    data = json.loads((files("playbooks") / "holidays.json").read_text("utf-8"))
    for day in data["off"]:
        assert day["source"] in data["sources"]
        assert day["mark"] in {"V", "T", "X"}
        assert day.get("counted", True) == (day["mark"] != "X")
        assert (date.fromisoformat(day["date"]) in VIETNAM_HOLIDAYS) == day.get("counted", True)
    assert {day.year for day in VIETNAM_HOLIDAYS} == {2026, 2027}
