"""The table of what the record shows by itself: each word with an entry that shows it, and one that looks like it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident.domain.drill import DrillClock
from incident.report.evidence import RULES, clocks, first_shown, shown_at
from playbooks.injects import EXPECTATIONS

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    seq: int
    kind: str
    data: dict[str, Any] = field(default_factory=dict)
    occurred_at: datetime = START

    @property
    def recorded_at(self) -> datetime:
        return self.occurred_at


def test_every_word_of_the_language_has_a_rule() -> None:
    assert RULES.keys() == EXPECTATIONS.keys()


ASKED = ("stand_in_asked", {"person": "p"})
# word, what stands before the inject, what shows it, what does not
TABLE: list[tuple[str, list[tuple[str, dict[str, Any]]], tuple[str, dict[str, Any]], tuple[str, dict[str, Any]]]] = [
    ("leader_informed", [], ("leader_informed", {"reached": True}), ("leader_informed", {"reached": False})),
    ("leader_informed", [], ("answered", {"choice": "da_bao_cao"}), ("answered", {"choice": "chua_lien_lac"})),
    ("leader_directed", [], ("directive", {}), ("note", {})),
    ("acknowledged", [], ("acknowledged", {"person": "p"}), ("declined", {"person": "p"})),
    ("stand_in_accepted", [ASKED], ("acknowledged", {"person": "p"}), ("acknowledged", {"person": "q"})),
    ("question_answered", [], ("answered", {}), ("ticked", {})),
    ("proof_kept", [], ("proof_added", {}), ("ticked", {})),
    ("statement_submitted", [], ("submitted", {}), ("edited", {})),
    ("statement_returned", [], ("returned", {}), ("approved", {})),
    ("statement_approved", [], ("approved", {"person": "q"}), ("submitted", {})),
    ("deputy_approved", [ASKED], ("approved", {"person": "p"}), ("approved", {"person": "q"})),
    ("statement_released", [], ("released", {}), ("release_decided", {})),
    ("communes_told", [], ("mailing_sent", {"count": 2}), ("asked", {})),
    ("communes_told_first", [], ("mailing_sent", {}), ("released", {})),
    ("enquiry_logged", [], ("press_asked", {}), ("press_taken", {})),
    ("enquiry_answered", [], ("press_answered", {"late": True}), ("press_refused", {})),
    ("answered_before_deadline", [], ("press_answered", {"late": False}), ("press_answered", {"late": True})),
    ("fact_refuted", [], ("facts_changed", {}), ("kinds_set", {})),
    ("dinh_chinh_opened", [], ("correction_opened", {}), ("edited", {})),
    ("dinh_chinh_opened", [], ("withdrawn", {}), ("released", {})),
    ("level_raised", [], ("level_changed", {"before": 2, "after": 3}), ("level_changed", {"before": 3, "after": 2})),
    ("role_changed", [], ("role_changed", {}), ("role_holder_changed", {})),
    ("second_channel_used", [], ("acknowledged", {"via": "phone"}), ("acknowledged", {"via": "sms"})),
    ("second_channel_used", [], ("channel_hop", {}), ("asked", {})),
    ("call_recorded", [], ("call_recorded", {}), ("note", {})),
    ("note_written", [], ("note", {}), ("edited", {})),
    ("zalo_told", [], ("group_told", {}), ("mailing_sent", {})),
]  # fmt: skip


@pytest.mark.parametrize(("word", "before", "shows", "does_not"), TABLE)
def test_what_shows_it_and_what_does_not(
    word: str,
    before: list[tuple[str, dict[str, Any]]],
    shows: tuple[str, dict[str, Any]],
    does_not: tuple[str, dict[str, Any]],
) -> None:
    history = [Entry(n, *what) for n, what in enumerate(before, 1)]
    inject = Entry(10, "inject_given")
    bad, good = Entry(11, *does_not), Entry(12, *shows)
    assert first_shown(word, [*history, inject, bad], 10) is None
    if word != "communes_told_first":
        assert first_shown(word, [*history, inject, bad, good], 10) is good
    assert first_shown(word, [*history, inject, good], 10) is good
    assert first_shown(word, [*history, Entry(9, *shows), inject], 10) is None  # before it was asked for


def test_each_rule_is_in_the_table() -> None:
    assert {row[0] for row in TABLE} == RULES.keys()


def test_units_that_hear_after_the_press_were_not_told_first() -> None:
    lines = [Entry(1, "inject_given"), Entry(2, "released"), Entry(3, "mailing_sent")]
    assert first_shown("communes_told_first", lines, 1) is None


def test_the_clock_as_it_was_set() -> None:
    def at(minutes: float) -> datetime:
        return START + timedelta(minutes=minutes)

    lines = [
        Entry(1, "drill_clock", {"seconds": 300, "rate": 1, "paused": True}, at(5)),
        Entry(2, "drill_clock", {"seconds": 300, "rate": 4, "paused": False}, at(60)),
    ]
    history = clocks(lines, START)
    assert [shown_at(history, at(m)) for m in (0, 3, 5, 30, 60, 62)] == [0, 180, 300, 300, 300, 780]
    assert shown_at(history, START - timedelta(minutes=1)) == 0


@given(st.integers(0, 86_400), st.integers(0, 86_400), st.sampled_from([1, 2, 4, 10]))
def test_a_clock_shows_what_it_says_it_will(shown: int, more: int, rate: int) -> None:
    clock = DrillClock(START, shown, rate)
    moment = clock.moment(shown + more)
    assert moment is not None
    assert 0 <= clock.shows(moment) - (shown + more) + 1 <= rate
    assert DrillClock(START, shown, rate, paused=True).moment(shown + more) is None
    assert DrillClock(START, shown, rate, paused=True).shows(START + timedelta(days=1)) == shown
