"""How many SMS one person may get: the rules one by one, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from playbooks.budget import Told, when_to_tell

T0 = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)


def minutes(n: float) -> datetime:
    return T0 + timedelta(minutes=n)


def told(*moments: float, kind: str = "remind", incident: str = "27") -> list[Told]:
    return [Told(kind, minutes(n), incident) for n in moments]


def asks(
    kind: str, heard: list[Told], at: float, *, answered: bool = False, member: bool = True
) -> float | None:
    moment = when_to_tell(kind, heard, "27", minutes(at), member=member, answered=answered)
    return None if moment is None else (moment - T0).total_seconds() / 60


def test_three_minutes_between_two_messages() -> None:
    assert asks("task", told(0), 1) == 3
    assert asks("task", told(0), 5) == 5
    assert asks("task", told(0, 3), 1) == 6, "also after one that waits"


@pytest.mark.parametrize("kind", ["summon", "stand_in", "approve"])
def test_a_call_up_and_an_approval_always_go(kind: str) -> None:
    assert asks(kind, told(0, 1, 2, 3, 4, 5), 5) == 5


def test_who_is_to_publish_hears_of_it_after_the_gap_however_much_came_before() -> None:
    """A text that was let go, taken back and let go again in the first hour: the poster is asked each time."""
    assert asks("publish", told(0, 4, 8, 12, 16), 17, answered=True) == 19


def test_an_answer_said_back_keeps_nobody_waiting() -> None:
    assert asks("task", told(4, kind="reply"), 5) == 5


def test_the_gap_is_one_persons_over_all_incidents_and_the_ceiling_each_incidents_own() -> None:
    elsewhere = told(0, 3, 6, 9, 12, incident="28")
    assert asks("task", elsewhere, 13) == 15
    assert asks("remind", elsewhere, 20) == 20


@pytest.mark.parametrize(("answered", "most"), [(True, 4), (False, 5)])
def test_a_ceiling_in_the_first_hour(answered: bool, most: int) -> None:
    heard = told(*(4 * n for n in range(most)))
    assert asks("task", heard[:-1], 50, answered=answered) == 50
    assert asks("task", heard, 50, answered=answered) is None
    assert asks("task", heard, 61, answered=answered) == 61


def test_those_on_duty_have_no_ceiling() -> None:
    assert asks("warn", told(0, 4, 8, 12, 16, 20), 50, member=False) == 50


def test_a_call_by_machine_counts_like_an_sms() -> None:
    """It is written with the kind of what it was about, and its number is the person's own."""
    assert asks("task", told(0, kind="remind"), 1) == 3
    assert asks("remind", told(0, 4, 8, 12, 16, kind="summon"), 30) is None
