"""What nobody needs any more is cancelled before it is sent, in the transaction that would have begun its call."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from incident.store.tables import Request
from notify.gateway import Route
from notify.memory import MemorySender, hangs, refuses
from notify.message import TemporaryFailure
from tests.incident.delivery import by_hand
from tests.incident.delivery.world import World


def answers(world: World, request: str, state: str) -> None:
    with world.store.writing() as session:
        session.execute(update(Request).where(Request.id == request).values(state=state))


@pytest.mark.parametrize(
    ("kind", "state", "goes"),
    [
        ("summon", "asked", True),
        ("summon", "accepted", True),  # it says where and when
        ("summon", "declined", False),
        ("summon", "replaced", False),
        ("summon", "expired", False),
        ("remind", "asked", True),
        ("remind", "accepted", False),
        ("remind", "declined", False),
        ("remind", "replaced", False),
        ("confirm", "expired", False),
    ],
)
def test_what_is_sent_depends_on_who_is_still_awaited(
    world: World, kind: str, state: str, goes: bool
) -> None:
    (person,) = world.people(1)
    one = world.message(kind=kind)
    answers(world, world.asked(person, one), state)
    assert world.outbox.drain() == int(goes)
    assert world.status(one) == ("accepted" if goes else "cancelled")
    if not goes:
        assert world.get(one).error == "not_awaited"
        assert world.moves(one) == ["sending", "cancelled"]
        assert world.attempts(one) == []


@pytest.mark.parametrize(("state", "rings"), [("asked", True), ("accepted", False), ("declined", False)])
def test_no_phone_rings_for_who_has_answered(world: World, state: str, rings: bool) -> None:
    (person,) = world.people(1)
    call = MemorySender(world.clock, name="call")
    outbox = world.another_process(4, Route("sms", world.sms), Route("voice", call))
    one = world.message(channel="voice")
    answers(world, world.asked(person, one), state)
    outbox.drain()
    outbox.close()
    assert len(call.calls) == int(rings)
    assert (world.status(one) == "cancelled") != rings


def test_a_summons_that_did_not_go_is_not_repeated_to_who_has_accepted(world: World) -> None:
    (person,) = world.people(1)
    one = world.message()
    request = world.asked(person, one)
    world.sms.will(refuses(TemporaryFailure("20429", "busy")))
    world.outbox.drain()
    answers(world, request, "accepted")  # by mail, by phone, on the web
    world.clock.forward(5)
    assert world.outbox.drain() == 0
    assert world.status(one) == "cancelled"


def test_one_in_the_dark_is_not_repeated_to_who_has_accepted(world: World) -> None:
    (person,) = world.people(1)
    one = world.message(critical=True)
    request = world.asked(person, one)
    world.sms.will(hangs())
    world.outbox.drain()
    answers(world, request, "accepted")
    for seconds in (31, 61):
        world.outbox.reconcile(world.clock.forward(seconds))
    world.outbox.drain()
    assert (world.status(one), len(world.sms.calls)) == ("cancelled", 1)


def test_what_tells_of_something_else_too_goes(world: World) -> None:
    one_person, other = world.people(2)
    one = world.message(kind="remind")
    answers(world, world.asked(one_person, one), "accepted")
    world.asked(other)
    world.asked_again(other, one)  # a phone of two: the other has not answered
    assert world.outbox.drain() == 1


def test_an_answer_of_ours_waits_for_nobody(world: World) -> None:
    world.sms.will(refuses(TemporaryFailure("20429", "busy")))
    one = world.message(kind="reply")
    world.outbox.drain()
    world.clock.forward(5)
    world.outbox.drain()
    assert world.status(one) == "accepted"


def test_who_accepts_while_a_worker_holds_the_reminder_does_not_get_it(world: World) -> None:
    (person,) = world.people(1)
    world.message(kind="remind")
    one = world.message("+84540000002", kind="remind")
    request = world.asked(person, one)
    held = by_hand.claimed(world.store, world.outbox.gateway, world.clock())
    answers(world, request, "accepted")
    calls = by_hand.begun(world.store, world.outbox.gateway, held, world.clock())
    assert [call.claimed.address for call in calls] == ["+84540000001"]
