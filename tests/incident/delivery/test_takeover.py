"""A process that was stopped for a while, and went on: what others took over meanwhile it must leave alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from incident.delivery import claims
from incident.delivery.outbox import Outbox
from incident.delivery.sending import Sending
from incident.store.sessions import Store
from notify.message import Receipt, Reply, StatusUpdate, TemporaryFailure
from tests.incident.delivery import by_hand
from tests.incident.delivery.world import SECRET, World, settings


def _claimed(world: World, token: str) -> list[claims.Claimed]:
    return by_hand.claimed(world.store, world.outbox.gateway, world.clock(), token)


def _begun(world: World, held: list[claims.Claimed]) -> list[claims.Call]:
    return by_hand.begun(world.store, world.outbox.gateway, held, world.clock(), SECRET)


def test_what_a_dead_process_held_goes_back_soon(world: World) -> None:
    one = world.message()
    _claimed(world, "dead")
    world.clock.forward(claims.HELD_SECONDS + 1)
    world.outbox.sweep(world.clock())
    assert world.status(one) == "created"


def test_a_claim_that_ran_out_and_was_renewed_is_begun_once(world: World) -> None:
    world.message()
    old = _claimed(world, "first")
    world.clock.forward(claims.HELD_SECONDS + 1)
    world.outbox.sweep(world.clock())
    new = _claimed(world, "second")
    calls = _begun(world, [*old, *new])
    assert [call.claimed.token for call in calls] == ["second"]


def test_a_call_that_comes_too_late_is_not_made(world: World) -> None:
    """The process was stopped between the attempt's row and the call; its message may be somebody else's by now."""
    one = world.message()
    (call,) = _begun(world, _claimed(world, "t"))
    world.clock.forward(claims.LATEST_SECONDS)
    pool = ThreadPoolExecutor(1)
    sending = Sending(
        world.store, world.outbox.gateway, world.outbox.channels, SECRET, world.clock, pool, 1, threading.Event()
    )  # fmt: skip
    sending._submit([call])
    pool.shutdown()
    assert world.sms.calls == []
    ended = sending.results.get(timeout=1).ended
    assert isinstance(ended, TemporaryFailure)
    assert world.status(one) == "sending"


def test_a_failure_that_is_told_before_the_call_comes_back_is_not_forgotten(world: World) -> None:
    one = world.message()
    (call,) = _begun(world, _claimed(world, "t"))
    told = StatusUpdate("memory", "early-1", "permanent-failure", "30005", reference=call.message.reference)
    world.outbox.store_receipt(told, world.clock())
    world.outbox.sweep(world.clock())
    assert world.status(one) == "sending"
    ended = Receipt("memory", "early-1", "accepted", 1)
    by_hand.record(world.store, world.outbox.gateway, call, ended, world.clock())
    world.outbox.sweep(world.clock.forward(2))
    assert world.status(one) == "permanent-failure"
    assert world.get(one).error == "30005"


class Shaky(Store):
    """A database that goes away at some of its transactions."""

    away: frozenset[int] = frozenset()
    turns = 0

    @contextmanager
    def writing(self) -> Iterator[Session]:
        self.turns += 1
        if self.turns in self.away:
            raise OperationalError("COMMIT", {}, ConnectionError("cut"), connection_invalidated=True)
        with super().writing() as session:
            yield session


def test_what_calls_came_to_outlives_the_database(world: World) -> None:
    ids = [world.message(address=f"+8454000{n:04d}") for n in range(20)]
    store = Shaky(world.store.url.render_as_string(hide_password=False))
    store.away = frozenset({2, 3, 5})
    outbox = Outbox(store, world.outbox.gateway, settings(store), world.clock, threads=2)
    outbox.drain()
    world.clock.forward(claims.HELD_SECONDS + 1)
    outbox.sweep(world.clock())
    outbox.drain()
    outbox.close()
    store.dispose()
    assert {world.status(one) for one in ids} == {"accepted"}
    assert len(world.sms.sent) == len(ids)


def test_a_reply_is_kept_though_the_connection_is_cut(world: World) -> None:
    store = Shaky(world.store.url.render_as_string(hide_password=False))
    store.away = frozenset({1})
    outbox = Outbox(store, world.outbox.gateway, settings(store), world.clock)
    reply = Reply("memory", "in-1", "+84540000001", "+84540000000", "OK 27")
    assert outbox.store_inbound(reply, world.clock()) is not None
    assert outbox.store_inbound(reply, world.clock()) is None
    store.dispose()
