"""Dates and lengths as Vietnamese papers write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from incident.papers.dates import date_words, length, moment_words, stamp


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 2, 5), "ngày 05 tháng 02 năm 2026"),
        (date(2026, 1, 10), "ngày 10 tháng 01 năm 2026"),
        (date(2026, 3, 9), "ngày 09 tháng 3 năm 2026"),
        (date(2026, 9, 30), "ngày 30 tháng 9 năm 2026"),
        (date(2026, 12, 1), "ngày 01 tháng 12 năm 2026"),
    ],
)
def test_only_days_below_ten_and_the_first_two_months_take_a_zero(day: date, words: str) -> None:
    assert date_words(day) == words


def test_a_moment_is_told_in_the_provinces_time() -> None:
    assert (
        moment_words(datetime(2026, 11, 21, 19, 6, tzinfo=UTC)) == "02 giờ 06 phút, ngày 22 tháng 11 năm 2026"
    )
    assert stamp(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 giây"),
        (59, "59 giây"),
        (60, "1 phút"),
        (492, "8 phút 12 giây"),
        (7500, "2 giờ 05 phút"),
        (7200, "2 giờ"),
        (3 * 86400 + 4 * 3600, "3 ngày 04 giờ"),
        (-61, "−1 phút 01 giây"),
    ],
)
def test_a_length_is_told_in_its_two_greatest_units(seconds: int, words: str) -> None:
    assert length(seconds) == words
