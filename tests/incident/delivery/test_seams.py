"""Where the parts of the message path meet: stopping beside sending, what ends without a call, carriers that all rest."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from incident.delivery import carriers, claims, operating
from incident.domain.actors import Actor
from incident.response.withdrawing import withdraw
from incident.store.sessions import Store
from incident.store.tables import Message, Transition
from notify.gateway import Gateway, Route
from notify.memory import TWO_WAY, MemorySender, refuses
from notify.message import StatusUpdate, TemporaryFailure
from tests.incident.delivery import by_hand
from tests.incident.delivery.world import World

WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
OPERATOR = Actor("user", "1", "Quản trị", frozenset())


def waiting(store: Store) -> bool:
    """Whether somebody waits for a lock; asked anew each time, since a transaction keeps what it has seen."""
    with store.reading() as session:
        return bool(session.scalar(WAITING))


def test_a_stop_beside_a_sender_is_never_the_one_that_fails(postgres_store: Store) -> None:
    """A turn holds a later message and goes on to an earlier one; the stop holds the earlier and waits for the later."""
    world = World(postgres_store)
    earlier, later = sorted((world.message("+84540000001"), world.message("+84540000002")))
    held = {one.id: one for one in by_hand.claimed(world.store, world.outbox.gateway, world.clock())}
    stopped: list[int] = []

    def stop() -> None:
        with world.store.writing() as session:
            stopped.append(withdraw(session, "stopped", world.clock(), Message.kind == "summon"))

    stopping = threading.Thread(target=stop)
    with world.store.writing() as turn:
        turn.execute(select(Message.id).where(Message.id == later).with_for_update())
        stopping.start()
        while not waiting(world.store):
            pass
        assert claims.ours(turn, [held[earlier]], world.clock(), []) == []
    stopping.join()
    assert stopped == [2]
    world.outbox.close()


def test_what_ends_without_a_call_is_heard_by_the_run(world: World) -> None:
    (person,) = world.people(1)
    late = world.message("+84540000001", valid_until=world.clock() + timedelta(seconds=5))
    world.asked(person, late)
    world.clock.forward(6)
    world.outbox.sweep(world.clock())
    assert world.status(late) == "expired"
    assert [(e["event"], e["person"], e["reason"]) for e in world.events()] == [
        ("unreachable", person, "valid_until")
    ]


def test_who_nobody_can_carry_to_is_heard_by_the_run(world: World) -> None:
    (person,) = world.people(1)
    lost = world.message("+84540000001")
    world.asked(person, lost)
    world.outbox.gateway = Gateway([route for route in world.outbox.gateway.routes if route.channel != "sms"])
    world.outbox.drain()
    assert (world.status(lost), world.get(lost).error) == ("technical-failure", "NO_CARRIER")
    assert [e["reason"] for e in world.events()] == ["NO_CARRIER"]


def test_when_every_carrier_rests_a_drain_ends_at_once(world: World) -> None:
    one = world.message()
    with world.store.writing() as session:
        for route in world.outbox.gateway.routes:
            carriers.hold(session, route.sender.name, "thử", OPERATOR, world.clock())
    assert world.outbox.drain(max_seconds=20) == 0
    assert world.status(one) == "created"
    with world.store.reading() as session:
        assert session.scalars(select(Transition).where(Transition.message_id == one)).all() == []
        assert {view.state for view in operating.every(session, world.outbox.gateway, world.clock())} == {
            "held"
        }
    with world.store.writing() as session:
        for route in world.outbox.gateway.routes:
            carriers.let_go(session, route.sender.name, OPERATOR, world.clock())
    world.outbox.drain()
    assert world.status(one) == "accepted"


def test_calls_that_were_never_taken_use_up_no_retry(world: World) -> None:
    """One carrier refuses the connection, the next takes the text and loses it: its class allows one more."""
    other = MemorySender(world.clock, name="other", capabilities=TWO_WAY)
    world.outbox.gateway = Gateway([*world.outbox.gateway.routes, Route("sms", other)])
    one = world.message()
    world.sms.will(refuses(TemporaryFailure("CONNECT", "refused")))
    world.outbox.drain()
    assert world.status(one) == "accepted"
    update = StatusUpdate("other", "other-1", "temporary-failure", "30008", kind="transient", retries=1)
    world.outbox.store_receipt(update, world.clock())
    world.outbox.sweep(world.clock())
    assert world.status(one) == "created"


@pytest.mark.parametrize("gone", ["held", "taken out"])
def test_what_one_carrier_may_have_is_given_to_no_other(world: World, gone: str) -> None:
    other = MemorySender(world.clock, name="other", capabilities=TWO_WAY)
    one = world.message()
    with world.store.writing() as session:
        session.get_one(Message, one).passed_over = "=memory"
        if gone == "held":
            carriers.hold(session, "memory", "thử", OPERATOR, world.clock())
    kept = world.outbox.gateway.routes if gone == "held" else ()
    world.outbox.gateway = Gateway([*kept, Route("sms", other)])
    world.outbox.drain()
    assert (other.calls, world.sms.calls) == ([], [])
    assert world.status(one) == ("created" if gone == "held" else "technical-failure")
