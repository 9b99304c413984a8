"""The table of a message's life: no dead end, no way back from what is final but the ways that are named."""

from __future__ import annotations

import pytest

from incident.domain.message_states import (
    ARROWS,
    FINAL_STATUSES,
    MESSAGE_STATUSES,
    By,
    may_become,
)

MOVING = sorted(set(MESSAGE_STATUSES) - set(FINAL_STATUSES))
AUTOMATIC: tuple[By, ...] = ("claim", "result", "receipt", "look", "sweep")


def test_there_are_twelve_statuses_and_every_arrow_names_two_of_them() -> None:
    assert len(MESSAGE_STATUSES) == 12
    for arrows in ARROWS.values():
        for before, after in arrows.items():
            assert {before, *after} <= set(MESSAGE_STATUSES)
            assert before not in after


@pytest.mark.parametrize("status", [s for s in MOVING if s != "temporary-failure"])
def test_what_is_not_final_has_a_way_to_its_end(status: str) -> None:
    reached, edge = {status}, {status}
    while edge:
        edge = {a for b in edge for who in AUTOMATIC for a in ARROWS[who].get(b, ())} - reached
        reached |= edge
    assert "delivered" in reached
    assert reached & {"technical-failure", "permanent-failure", "expired"}


@pytest.mark.parametrize("status", FINAL_STATUSES)
def test_what_is_final_is_left_only_for_the_truth_or_by_a_person(status: str) -> None:
    by_machine = {after for who in AUTOMATIC for after in ARROWS[who].get(status, ())}
    assert by_machine <= {"delivered"}
    by_people = {after for who in ("cancel", "resume") for after in ARROWS[who].get(status, ())}  # type: ignore[index]
    assert by_people <= {"created"}
    if status == "delivered":
        assert not by_machine | by_people


def test_nothing_is_sent_again_once_it_may_have_gone_without_a_look_or_the_carriers_word() -> None:
    backwards = {
        (who, before)
        for who, arrows in ARROWS.items()
        for before, after in arrows.items()
        if "created" in after and before in ("unknown", "accepted", "sent")
    }
    assert backwards == {
        ("result", "unknown"), ("receipt", "unknown"), ("receipt", "accepted"), ("receipt", "sent"), ("look", "unknown"),
    }  # fmt: skip


def test_a_message_rests_in_no_temporary_failure() -> None:
    assert not any(may_become(before, "temporary-failure") for before in MESSAGE_STATUSES)


def test_only_what_has_not_been_called_is_cancelled_or_expires() -> None:
    assert [b for b in MESSAGE_STATUSES if may_become(b, "cancelled", "cancel")] == ["created", "sending"]
    assert [b for b in MESSAGE_STATUSES if may_become(b, "expired")] == ["created"]
    assert not may_become("unknown", "cancelled")
    assert not may_become("accepted", "expired")
