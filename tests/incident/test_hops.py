"""The ladder of channels: order, what is passed over, what is not urgent enough for a call."""

from __future__ import annotations

import pytest

from incident.response.hops import LADDERS, Reach, ladder_of, next_hop
from playbooks.language import Step, Verb

ALL = Reach("+84912345678", "+84912345678", "mau@sonlam.example")
CALL_UP = LADDERS["call_up"]


def step(verb: Verb, **more: object) -> Step:
    return Step(id="s", verb=verb, target=("a",), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tried", "reach", "to"),
    [
        (set(), ALL, "sms"),
        ({"sms"}, ALL, "voice"),
        ({"sms", "email"}, ALL, "voice"),
        ({"sms", "voice"}, ALL, "email"),
        ({"sms", "voice", "email"}, ALL, None),
        ({"sms"}, Reach(mobile="+84912345678", email="mau@sonlam.example"), "email"),
        (set(), Reach(phone="+842143840000"), "voice"),
        (set(), Reach(), None),
    ],
)
def test_the_next_channel_that_there_is(tried: set[str], reach: Reach, to: str | None) -> None:
    assert next_hop(CALL_UP, tried, reach) == to


@pytest.mark.parametrize(
    ("asked", "called"),
    [
        (step(Verb.ASSIGN), True),
        (step(Verb.APPROVE), True),
        (step(Verb.NOTIFY, ack="all", critical=True), True),
        (step(Verb.NOTIFY, ack="all"), False),
        (step(Verb.NOTIFY, critical=True), False),
        (step(Verb.TASK), False),
        (step(Verb.DRAFT), False),
        (None, False),
    ],
)
def test_only_what_is_urgent_makes_a_phone_ring(asked: Step | None, called: bool) -> None:
    assert ("voice" in ladder_of(asked)) is called
