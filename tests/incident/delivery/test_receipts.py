"""Receipts and replies: late, twice, in any order, forged."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import func, select

from incident.delivery import references
from incident.delivery.receipts import BATCH, waits
from incident.response.withdrawing import withdraw
from incident.store.tables import Inbound, Message, Receipt, Suppression
from notify.memory import unknown_but_sent
from notify.message import Reply, StatusUpdate
from tests.incident.delivery.world import SECRET, World


def told(world: World, message_id: str, status: Any, code: str = "", **more: Any) -> StatusUpdate:
    attempt = world.attempts(message_id)[-1]
    return StatusUpdate("memory", attempt.carrier_id or "", status, code, **more)


def arrive(world: World, *updates: StatusUpdate) -> None:
    for update in updates:
        world.outbox.store_receipt(update, world.clock())
    world.outbox.sweep(world.clock())


@pytest.mark.parametrize("order", list(permutations(["sent", "delivered", "accepted"])))
def test_receipts_in_any_order_end_in_delivered(world: World, order: tuple[str, ...]) -> None:
    one = world.message()
    world.outbox.drain()
    for status in order:
        arrive(world, told(world, one, status))
    assert world.status(one) == "delivered"
    assert world.get(one).finished_at is not None


def test_a_receipt_that_comes_twice_is_kept_once(world: World) -> None:
    one = world.message()
    world.outbox.drain()
    update = told(world, one, "delivered")
    assert world.outbox.store_receipt(update, world.clock())
    assert not world.outbox.store_receipt(update, world.clock())
    world.outbox.sweep(world.clock())
    assert world.moves(one) == ["sending", "accepted", "delivered"]


def test_our_signed_reference_ends_the_doubt(world: World) -> None:
    one = world.message()
    world.sms.will(unknown_but_sent())
    world.outbox.drain()
    attempt = world.attempts(one)[0]
    assert attempt.carrier_id is None
    reference = references.signed(attempt.id, SECRET)
    arrive(world, StatusUpdate("memory", "memory-1", "sent", reference=reference))
    assert world.status(one) == "sent"
    assert world.attempts(one)[0].carrier_id == "memory-1"
    arrive(world, StatusUpdate("memory", "memory-1", "delivered"))
    assert world.status(one) == "delivered"


def test_a_forged_reference_binds_nothing(world: World) -> None:
    one = world.message()
    world.sms.will(unknown_but_sent())
    world.outbox.drain()
    forged = references.signed(world.attempts(one)[0].id, "another secret")
    arrive(world, StatusUpdate("memory", "memory-1", "delivered", reference=forged))
    assert world.status(one) == "unknown"


def test_our_own_mark_under_another_id_changes_nothing(world: World) -> None:
    """Whoever saw one callback's address may repeat it with a message of his own."""
    one = world.message()
    world.outbox.drain()
    reference = references.signed(world.attempts(one)[0].id, SECRET)
    arrive(
        world, StatusUpdate("memory", "of-somebody-else", "permanent-failure", "30005", reference=reference)
    )
    assert world.status(one) == "accepted"
    assert world.attempts(one)[0].carrier_id == "memory-1"


def ended(world: World, final: str) -> str:
    """A message that came to this end after a call."""
    one = world.message(valid_until=world.clock() + timedelta(seconds=300))
    world.outbox.drain()
    if final in ("delivered", "permanent-failure"):
        arrive(world, told(world, one, final, "30005" if final != "delivered" else ""))
        return one
    arrive(world, told(world, one, "temporary-failure", "30003", kind="transient", retries=2))
    if final == "cancelled":
        with world.store.writing() as session:
            withdraw(session, "done", world.clock(), Message.id == one)
    else:
        world.outbox.sweep(world.clock.forward(301))
    return one


@pytest.mark.parametrize("late", ["accepted", "sent", "temporary-failure", "permanent-failure"])
@pytest.mark.parametrize("final", ["delivered", "permanent-failure", "cancelled", "expired"])
def test_what_has_ended_is_not_moved_by_what_comes_late(world: World, final: str, late: Any) -> None:
    one = ended(world, final)
    before = world.moves(one)
    arrive(world, told(world, one, late, "30008", kind="transient", retries=2))
    assert (world.status(one), world.moves(one)) == (final, before)
    assert before[-1] == final
    assert world.outbox.drain() == 0


@pytest.mark.parametrize("final", ["permanent-failure", "cancelled", "expired"])
def test_a_late_delivered_corrects_what_we_gave_up(world: World, final: str) -> None:
    one = ended(world, final)
    arrive(world, told(world, one, "delivered"))
    assert world.moves(one)[-2:] == [final, "delivered"]


def test_a_receipt_quicker_than_the_answer_waits_for_it(world: World) -> None:
    one = world.message()
    arrive(world, StatusUpdate("memory", "memory-1", "delivered"))
    world.outbox.drain()
    assert world.status(one) == "accepted"
    world.outbox.sweep(world.clock.forward(1))
    assert world.status(one) == "delivered"


def test_a_receipt_of_nothing_of_ours_is_put_aside(world: World) -> None:
    arrive(world, StatusUpdate("memory", "elsewhere", "delivered"))
    world.clock.forward(121)
    world.outbox.sweep(world.clock())
    with world.store.reading() as session:
        assert session.scalar(select(func.count()).where(Receipt.applied_at.is_(None))) == 0


def test_what_is_none_of_ours_does_not_stand_in_the_way_of_what_is(world: World) -> None:
    strange = [StatusUpdate("memory", f"elsewhere-{n}", "delivered") for n in range(BATCH)]
    arrive(world, *strange)
    one = world.message()
    world.outbox.drain()
    arrive(world, told(world, one, "delivered"))
    assert world.status(one) == "delivered"
    looks = 0
    while _unapplied(world):
        world.clock.forward(1)
        with world.store.reading() as session:
            looks += bool(session.scalar(select(func.count()).where(waits(world.clock()))))
        world.outbox.sweep(world.clock())
    assert looks <= 10, "looked at ever more seldom"


def _unapplied(world: World) -> int:
    with world.store.reading() as session:
        return int(session.scalar(select(func.count()).where(Receipt.applied_at.is_(None))) or 0)


def test_a_failure_that_passes_is_tried_again_as_often_as_its_class_allows(world: World) -> None:
    (person,) = world.people(1)
    one = world.message()
    world.asked(person, one)
    world.outbox.drain()
    arrive(world, told(world, one, "temporary-failure", "30008", kind="transient", retries=1))
    assert world.status(one) == "created"
    assert world.outbox.drain() == 0
    world.clock.forward(61)
    assert world.outbox.drain() == 1
    arrive(world, told(world, one, "temporary-failure", "30008", kind="transient", retries=1))
    assert world.status(one) == "technical-failure"
    assert [e["reason"] for e in world.events()] == ["30008"]


def test_a_late_delivered_cancels_the_next_attempt(world: World) -> None:
    one = world.message()
    world.outbox.drain()
    arrive(world, told(world, one, "temporary-failure", "30003", kind="transient", retries=2))
    assert world.status(one) == "created"
    arrive(world, told(world, one, "delivered"))
    assert world.status(one) == "delivered"
    world.clock.forward(600)
    assert world.outbox.drain() == 0


def test_a_failure_after_acceptance_is_heard_though_a_mail_went(world: World) -> None:
    """The door may make a call: nobody waits for a mail to be read."""
    (person,) = world.people(1)
    one, mail = world.message(), world.message("a@sonlam.example", channel="email")
    world.asked(person, one, mail)
    world.outbox.drain()
    arrive(world, told(world, one, "permanent-failure", "30005", kind="address"))
    assert world.status(one) == "permanent-failure"
    assert [(e["event"], e["person"]) for e in world.events()] == [("unreachable", person)]


def test_the_only_channel_failed(world: World) -> None:
    (person,) = world.people(1)
    one = world.message()
    world.asked(person, one)
    world.outbox.drain()
    arrive(world, told(world, one, "permanent-failure", "30005", kind="address"))
    arrive(world, told(world, one, "permanent-failure", "30006", kind="address"))
    assert [(e["event"], e["person"], e["reason"]) for e in world.events()] == [
        ("unreachable", person, "30005")
    ]


def test_an_opt_out_told_by_the_carrier(world: World) -> None:
    one = world.message()
    world.outbox.drain()
    arrive(world, told(world, one, "permanent-failure", "21610", kind="optout"))
    with world.store.reading() as session:
        assert session.get_one(Suppression, "+84540000001").reason == "optout"


def test_a_reply_is_kept_once_and_waits_to_be_read(world: World) -> None:
    reply = Reply("memory", "in-1", "0540 000 001", "+84540000000", "OK 27")
    first = world.outbox.store_inbound(reply, world.clock())
    assert first is not None
    assert world.outbox.store_inbound(reply, world.clock()) is None
    assert world.outbox.unread(world.clock()) == [first]
    assert world.outbox.unread(world.clock(), older_than_seconds=1) == []
    with world.store.reading() as session:
        row = session.get_one(Inbound, first)
        assert (row.sender, row.body, row.state) == ("+84540000001", "OK 27", "new")
