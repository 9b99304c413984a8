"""A run that is held: the leader alone is called, the clocks run, and the others wait for CalledOut."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from playbooks.engine import EngineRefusal, advance, replay
from playbooks.events import event_from_json, event_to_json
from playbooks.run import Run, from_json, to_json
from playbooks.signals import (
    Acknowledged,
    Added,
    CalledOut,
    Declined,
    Effect,
    Event,
    Summon,
    TimePassed,
    Warn,
)
from tests.playbooks.flood import FLOOD, T0, at, started

LEADER = Added("goi", "Báo cáo lãnh đạo trực", "", 600, "lanh_dao")


def held() -> tuple[Run, list[tuple[Event, datetime]], list[Effect]]:
    """Started and held, the leader called; with the log and the effects so far."""
    first = replace(started(3), hold=True)
    run, effects = advance(FLOOD, None, first, T0)
    run, more = advance(FLOOD, run, LEADER, T0)
    return run, [(first, T0), (LEADER, T0)], [*effects, *more]


def summoned(effects: list[Effect]) -> list[tuple[str, str | None]]:
    return [(effect.step, effect.person) for effect in effects if isinstance(effect, Summon)]


def test_only_the_leader_is_called() -> None:
    run, _, effects = held()
    assert summoned(effects) == [("goi", "lanhdao")]
    assert {id for id, state in run.steps.items() if state.state != "waiting"} == {"goi"}
    assert any(deadline.due for deadline in run.deadlines.values())


def test_until_they_are_called_out_only_those_on_duty_are_warned() -> None:
    run, _, _ = held()
    told: set[str] = set()
    while run.wake_at is not None and run.wake_at <= at(26 * 60):
        now = run.wake_at
        run, effects = advance(FLOOD, run, TimePassed(), now)
        told |= {effect.person for effect in effects if isinstance(effect, Warn)}
    assert told == {"truc"}


def test_the_others_are_called_when_the_officer_says_so() -> None:
    run, log, _ = held()
    for event in (Acknowledged("goi", 1, "lanhdao"), CalledOut()):
        run, effects = advance(FLOOD, run, event, at(4))
        log.append((event, at(4)))
    assert not run.held
    assert ("lap_to", "truong") in summoned(effects)
    assert replay(FLOOD, log) == run
    assert from_json(to_json(run)) == run


def test_a_leader_who_has_said_yes_is_not_called_a_second_time() -> None:
    first = replace(started(3), hold=True)
    roles = {**first.roles, "to_truong": first.roles["lanh_dao"]}
    run, _ = advance(FLOOD, None, replace(first, roles=roles), T0)
    run, _ = advance(FLOOD, run, LEADER, T0)
    run, _ = advance(FLOOD, run, Acknowledged("goi", 1, "lanhdao"), at(1))
    run, effects = advance(FLOOD, run, CalledOut(), at(2))
    assert ("lap_to", "lanhdao") not in summoned(effects)
    seat = next(actor for actor in run.steps["lap_to"].actors if actor.person == "lanhdao")
    assert seat.state == "accepted"


def test_a_leader_who_declines_is_replaced_by_his_stand_in() -> None:
    run, _, _ = held()
    _, effects = advance(FLOOD, run, Declined("goi", 1, "lanhdao"), at(1))
    assert summoned(effects) == [("goi", "lanhdao2")]


def test_it_is_called_out_once_and_only_when_held() -> None:
    run, _ = advance(FLOOD, None, started(3), T0)
    with pytest.raises(EngineRefusal, match="not_held"):
        advance(FLOOD, run, CalledOut(), at(1))
    with pytest.raises(EngineRefusal, match="unknown_role"):
        advance(FLOOD, run, replace(LEADER, role="nobody"), at(1))


def test_the_new_events_are_logged_and_read_back() -> None:
    for event in (LEADER, CalledOut(), replace(started(3), hold=True)):
        assert event_from_json(event_to_json(event)) == event
