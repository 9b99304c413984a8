"""The rule by which traffic leaves a carrier and comes back: tables, and properties against flapping."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident.delivery import health, lanes
from incident.delivery.health import Health, Tally
from incident.delivery.outcomes import Tried
from notify.gateway import Gateway, Route
from notify.memory import MemorySender
from notify.message import (
    ConfigurationFault,
    PermanentFailure,
    Receipt,
    SendFailure,
    TemporaryFailure,
    UnknownOutcome,
)
from tests.incident.delivery.world import START, Clock

WELL = Receipt("a", "1", "accepted", 1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (WELL, ""),
        (PermanentFailure("21211", "no number", "address"), ""),
        (PermanentFailure("30007", "filtered", "content"), ""),
        (ConfigurationFault("20003", "who are you"), ""),  # that pauses it, which is more
        (TemporaryFailure("CONNECT", "refused"), "unreachable"),
        (TemporaryFailure("20429", "busy"), "turned_away"),
        (TemporaryFailure("451", "try later"), "turned_away"),
        (UnknownOutcome("timed out"), "dark"),
        (UnknownOutcome("503", "503"), "dark"),
    ],
)
def test_what_a_call_says_against_its_carrier(ended: Receipt | SendFailure, said: str) -> None:
    assert health.trouble(ended) == said


def tally(*calls: tuple[Receipt | SendFailure, float]) -> Tally:
    made = Tally()
    for ended, seconds in calls:
        made.add(ended, seconds)
    return made


DARK = (UnknownOutcome("timed out"), 10.0)
GOOD = (WELL, 0.1)


@pytest.mark.parametrize(
    ("before", "calls", "why"),
    [
        (Health("a"), [GOOD] * 9, ""),
        (Health("a"), [DARK], ""),
        (Health("a"), [DARK, DARK], ""),
        (Health("a"), [DARK] * 3, "dark"),
        (Health("a"), [DARK, DARK, GOOD], ""),
        (Health("a", in_a_row=2), [DARK], "dark"),
        (Health("a", in_a_row=2), [GOOD, DARK], ""),
        (Health("a"), [GOOD] * 30 + [DARK] * 3, "dark"),
        (Health("a"), [GOOD, GOOD, GOOD, DARK] * 2 + [GOOD, DARK], "slow_minute"),
        (Health("a"), [(WELL, 6.0)] * 9, ""),  # too few to judge a minute by
        (Health("a"), [(WELL, 6.0)] * 10, "slow_minute"),
        (Health("a", window_at=START, calls=20, bad=5), [GOOD], ""),  # nothing new against it
        (Health("a", share=25), [DARK], "dark"),
    ],
)
def test_when_the_traffic_should_leave(
    before: Health, calls: list[tuple[Receipt | SendFailure, float]], why: str
) -> None:
    told = tally(*calls)
    assert health.ill(health.counted(before, told, START), told) == why


def test_the_minute_is_two_half_minutes_that_roll() -> None:
    one = health.counted(Health("a"), tally(DARK, GOOD), START)
    one = health.counted(one, tally(GOOD), START + 29 * SECOND)
    assert (one.calls, one.bad, one.calls_before) == (3, 1, 0)
    one = health.counted(one, tally(GOOD), START + 31 * SECOND)
    assert (one.calls, one.bad, one.calls_before, one.bad_before) == (1, 0, 3, 1)
    one = health.counted(one, tally(GOOD), START + 95 * SECOND)
    assert (one.calls, one.calls_before, one.bad_before) == (1, 0, 0)


@pytest.mark.parametrize(
    ("one", "others", "allowed"),
    [
        (Health("a"), [Health("b")], True),
        (Health("a"), [], False),
        (Health("a"), [Health("b", share=0)], False),
        (Health("a"), [Health("b", paused_at=START)], False),
        (Health("a"), [Health("b", share=0), Health("c")], True),
        (Health("a"), [Health("b", share=25, share_at=START - 59 * SECOND)], False),
        (Health("a"), [Health("b", share=25, share_at=START - 60 * SECOND)], True),
        (Health("a", share_at=START - 30 * SECOND), [Health("b")], False),
        (Health("a", share=50, share_at=START), [Health("b")], True),
    ],
)
def test_one_switch_at_a_time(one: Health, others: list[Health], allowed: bool) -> None:
    assert health.may_fall(one, others, START) == allowed


@pytest.mark.parametrize(
    ("one", "allowed"),
    [
        (Health("a"), False),
        (Health("a", share=0, share_at=START - 60 * SECOND), False),  # nobody has tried
        (Health("a", share=0, share_at=START - 60 * SECOND, good=1), True),
        (Health("a", share=0, share_at=START - 59 * SECOND, good=1), False),
        (Health("a", share=25, share_at=START - 60 * SECOND, good=9, in_a_row=1), False),
        (Health("a", share=50, share_at=START - 3600 * SECOND), True),  # a quiet hour
        (Health("a", share=0, share_at=START - 3600 * SECOND, good=1, paused_at=START), False),
    ],
)
def test_back_by_steps_when_it_has_been_well(one: Health, allowed: bool) -> None:
    assert health.may_climb(one, START) == allowed


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from("ab"), st.sampled_from([GOOD, DARK])), max_size=200
    )
)
def test_whatever_happens_a_switch_keeps_a_minute_from_the_next(
    story: list[tuple[int, str, tuple[Receipt | SendFailure, float]]],
) -> None:
    """And there is always somebody to carry a message."""
    now: datetime = START
    states = {"a": Health("a"), "b": Health("b")}
    falls: list[datetime] = []
    for seconds, name, call in story:
        now += timedelta(seconds=seconds)
        told = tally(call)
        one = states[name] = health.counted(states[name], told, now)
        other = states["b" if name == "a" else "a"]
        if (why := health.ill(one, told)) and one.share and health.may_fall(one, [other], now):
            if one.share == health.WELL:
                falls.append(now)
            states[name] = health.fallen(one, why, now)
        elif not told.bad and health.may_climb(one, now):
            states[name] = health.climbed(one, now)
        assert any(not one.avoided for one in states.values())
    assert all(later - earlier >= health.SETTLE for earlier, later in itertools.pairwise(falls))


@given(st.lists(st.uuids(), min_size=200, max_size=200, unique=True), st.sampled_from([25, 50]))
def test_a_share_is_a_share_and_the_same_in_every_process(ids: list[object], share: int) -> None:
    one = Health("a", share=share)
    taken = [health.takes(one, str(id), False) for id in ids]
    assert taken == [health.takes(one, str(id), False) for id in ids]
    assert abs(sum(taken) / 2 - share) < 18
    assert any(health.takes(one, str(id), True) for id in ids) == (share >= health.URGENT_SHARE)


# ------------------------------------------------------------------ what a message goes without


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ([], ""),
        ([("next", "a")], "a"),
        ([("next", "a"), ("next", "b")], "a,b"),
        ([("next", "a"), ("anew", "b")], ""),
        ([("never", "a"), ("next", "b")], "b,a!"),
        ([("never", "a"), ("next", "b"), ("anew", "c")], "a!"),
        ([("only", "a")], "=a"),
        ([("never", "b"), ("only", "a")], "b!,=a"),
        ([("only", "a"), ("anew", "a")], ""),
    ],
)
def test_what_was_tried_is_written_and_read(steps: list[tuple[str, str]], text: str) -> None:
    tried = Tried()
    for then, name in steps:
        tried = Tried.read(str(tried)).after(then, name)  # type: ignore[arg-type]
    assert str(tried) == text
    assert Tried.read(text) == tried


# ------------------------------------------------------------------ lanes


def test_every_address_is_in_one_lane_with_the_carriers_that_carry_it() -> None:
    clock = Clock()
    a, b, c, mail = (MemorySender(clock, name=name) for name in ("a", "b", "c", "mail"))
    gateway = Gateway(
        [
            Route("sms", a, ("+8496", "+8497")),
            Route("sms", b, ("+849", "+84961")),
            Route("sms", c),
            Route("email", mail),
        ]
    )
    made = lanes.of(gateway)
    for to in ("+84961234567", "+84962234567", "+84971234567", "+84911234567", "+84812345678"):
        found = [lane for lane in made if lane.holds("sms", to)]
        assert len(found) == 1
        assert found[0].senders == gateway.senders("sms", to)
    assert [lane.senders for lane in made if lane.holds("email", "a@b.example")] == [(mail,)]


def test_a_lane_opens_with_the_first_of_its_carriers() -> None:
    clock = Clock()
    slow = MemorySender(
        clock, name="slow", capabilities=replace(MemorySender(clock).capabilities, parts_per_second=2.0)
    )
    made = lanes.of(Gateway([Route("sms", slow)]))
    free = lanes.view(made, {}, START)
    assert [(lane.channel, parts) for lane, parts in free.paced] == [("sms", 1)]
    busy = lanes.view(made, {"slow": Health("slow", free_at=START + SECOND)}, START)
    assert busy.paced == []
    assert busy.opens == START + timedelta(seconds=0.9)
    paused = lanes.view(made, {"slow": Health("slow", paused_at=START, probed_at=START)}, START)
    assert (paused.paced, paused.probing, paused.opens) == ([], [], None)
    probing = lanes.view(
        made, {"slow": Health("slow", paused_at=START, probed_at=START)}, START + health.PROBE
    )
    assert [lane.channel for lane in probing.probing] == ["sms"]
