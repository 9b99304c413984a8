"""The clock's turns on a moved clock, with carriers in memory: what it does, and that only one of them works."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from incident.delivery import leases
from incident.delivery.outbox import Outbox
from incident.delivery.receipts import BATCH
from incident.processes.clock import LEASE, Clock
from incident.store.sessions import Store
from incident.store.tables import IdempotencyKey, Inbound
from incident.wiring import Wiring
from notify.gateway import Gateway, Route
from notify.memory import hangs
from notify.message import Reply, StatusUpdate
from tests.incident.delivery.world import World, settings


@pytest.fixture
def world(store: Store) -> Iterator[World]:
    made = World(store)
    yield made
    made.outbox.close()


def clock_of(world: World) -> Clock:
    gateway = Gateway([Route("sms", world.sms), Route("email", world.mail)])
    wiring = Wiring(settings(world.store), world.clock, gateway)
    wiring.store = world.store
    return Clock(wiring, threading.Event())


def test_one_clock_works_and_another_takes_over(world: World) -> None:
    first, second = clock_of(world), clock_of(world)
    assert first.sweep(world.clock())
    assert not second.sweep(world.clock())
    world.clock.forward(1)
    assert first.sweep(world.clock())
    world.clock.forward(6)
    assert second.sweep(world.clock())
    assert not first.sweep(world.clock())
    assert leases.beat(world.store, LEASE) == world.clock()
    leases.leave(world.store, LEASE, second.holder, world.clock())
    assert first.sweep(world.clock())


def test_it_sends_what_nobody_sent(world: World) -> None:
    clock = clock_of(world)
    world.message()
    assert clock.drain() == 1
    assert clock.drain() == 0
    clock.wiring.outbox.close()


def test_it_sweeps_leases_texts_and_replies(world: World) -> None:
    clock = clock_of(world)
    one = world.message(valid_until=world.clock() + timedelta(seconds=5))
    world.outbox.store_inbound(Reply("memory", "in-1", "+84540999999", "", "OK 27"), world.clock())
    world.clock.forward(6)
    clock.sweep(world.clock())
    assert world.status(one) == "expired"
    with world.store.reading() as session:
        assert session.scalar(select(func.count()).where(Inbound.state == "new")) == 0


def test_it_looks_for_unknown_messages_but_not_in_the_sweep(world: World) -> None:
    clock = clock_of(world)
    one = world.message()
    world.sms.will(hangs())
    clock.drain()
    world.clock.forward(31)
    clock.sweep(world.clock())
    assert world.get(one).looked == 0
    clock.drain()
    assert world.get(one).looked == 0, "sending waits for no list"
    clock.look()
    assert world.get(one).looked == 1
    clock.wiring.outbox.close()


def test_old_keys_are_forgotten(world: World) -> None:
    with world.store.writing() as session:
        for n, days in enumerate((1, 8)):
            session.add(
                IdempotencyKey(
                    scope="s", key=str(n), body_sha256="", incident_id="i", created_at=world.clock() - timedelta(days=days)
                )
            )  # fmt: skip
    clock_of(world).sweep(world.clock())
    with world.store.reading() as session:
        assert session.scalars(select(IdempotencyKey.key)).all() == ["0"]


def test_a_crowd_of_replies_does_not_keep_receipts_waiting_nor_the_other_way_round(world: World) -> None:
    """Batches in turns: whatever the one has piled up, the other is served in the same sweep."""
    clock = clock_of(world)
    outbox = clock.wiring.outbox
    one = world.message()
    outbox.drain()
    crowd = [Reply("memory", f"in-{n}", f"+84909{n:06d}", "+84540000000", "mua nha") for n in range(450)]
    strange = [StatusUpdate("memory", f"elsewhere-{n}", "delivered") for n in range(BATCH + 10)]
    outbox.keep_all(crowd, strange, world.clock())
    outbox.store_receipt(StatusUpdate("memory", "memory-1", "delivered"), world.clock.forward(1))
    served = Served(outbox)
    clock.wiring.outbox = served  # type: ignore[assignment]
    clock.sweep(world.clock.forward(1))
    assert set(served.order[0::2]) == {"replies"}
    assert set(served.order[1::2]) == {"receipts"}
    for _ in range(5):
        clock.sweep(world.clock.forward(1))
    assert world.status(one) == "delivered"
    with world.store.reading() as session:
        assert not session.scalar(select(func.count()).where(Inbound.state == "new"))
    outbox.close()


class Served:
    """An outbox that says in which order it was asked."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.order: list[str] = []

    def unread(self, *words: Any, **more: Any) -> list[str]:
        self.order.append("replies")
        return self.outbox.unread(*words, **more)

    def apply_receipts(self, now: datetime) -> int:
        self.order.append("receipts")
        return self.outbox.apply_receipts(now)

    def sweep(self, now: datetime) -> int:
        return self.outbox.sweep(now)
