"""A carrier fails: who takes over, when, and how the traffic comes back. All on a clock that stands still between steps."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from incident.delivery import carriers, health
from incident.delivery.health import Health
from incident.delivery.outbox import Outbox
from incident.domain.actors import Actor, Role
from incident.store.sessions import Store
from incident.store.tables import Setting
from notify.gateway import Route
from notify.memory import TWO_WAY, MemorySender, hangs, refuses, unknown_but_sent
from notify.message import (
    ConfigurationFault,
    FailureKind,
    Message,
    PermanentFailure,
    Receipt,
    SendFailure,
    StatusUpdate,
    TemporaryFailure,
    UnknownOutcome,
)
from tests.incident.delivery.world import World

DEAD = TemporaryFailure("CONNECT", "refused")
BUSY = TemporaryFailure("20429", "too many requests")


class Pair:
    """Two carriers for SMS, the first preferred. A carrier that `fails` does so until it is mended."""

    def __init__(self, store: Store, **changes: object) -> None:
        self.world = World(store)
        self.world.outbox.close()
        able = replace(TWO_WAY, **changes)  # type: ignore[arg-type]
        self.first = Failing(self.world.clock, name="first", capabilities=able)
        self.second = Failing(self.world.clock, name="second")
        self.outbox = self.another_process()

    def another_process(self, threads: int = 4) -> Outbox:
        return self.world.another_process(threads, Route("sms", self.first), Route("sms", self.second))

    def send(self, count: int = 1, **changes: object) -> list[str]:
        ids = [self.world.message(f"+84540{n:06d}", **changes) for n in range(count)]
        self.outbox.drain()
        return ids

    def health(self, name: str) -> Health:
        with self.world.store.reading() as session:
            return health.of(carriers.read(session), name)

    def switches(self) -> list[tuple[str, str, str]]:
        return [(d["carrier"], d["next"], d["cause"]) for d in self.world.system("carrier_switched")]

    def carried(self) -> tuple[int, int]:
        return len(self.first.sent), len(self.second.sent)


class Failing(MemorySender):
    fails: Callable[[], SendFailure] | None = None

    def send(self, message: Message) -> Receipt:
        if self.fails is not None:
            self.calls.append(message)
            raise self.fails()
        return super().send(message)


@pytest.fixture
def pair(store: Store) -> Iterator[Pair]:
    made = Pair(store)
    yield made
    made.outbox.close()


# ------------------------------------------------------------------ one message


@pytest.mark.parametrize(
    "failure",
    [DEAD, BUSY, ConfigurationFault("20003", "authenticate"), PermanentFailure("21612", "no such route")],
)
def test_what_was_not_processed_goes_by_the_next_carrier_at_once(pair: Pair, failure: SendFailure) -> None:
    pair.first.will(refuses(failure))
    (one,) = pair.send()
    assert pair.world.status(one) == "accepted"
    assert [a.carrier for a in pair.world.attempts(one)] == ["first", "second"]
    assert pair.world.get(one).finished_at is None


@pytest.mark.parametrize(
    ("kind", "carried"), [("content", True), ("other", True), ("address", False), ("optout", False)]
)
def test_a_refusal_of_the_text_is_the_carriers_and_one_of_the_address_everybodys(
    pair: Pair, kind: FailureKind, carried: bool
) -> None:
    pair.first.will(refuses(PermanentFailure("x", "refused", kind)))
    (one,) = pair.send()
    assert (pair.world.status(one) == "accepted") == carried
    assert len(pair.second.calls) == int(carried)


def test_a_text_that_every_carrier_refused_has_failed(pair: Pair) -> None:
    for carrier in (pair.first, pair.second):
        carrier.will(refuses(PermanentFailure("30007", "filtered", "content")))
    (one,) = pair.send()
    assert pair.world.status(one) == "permanent-failure"
    assert len(pair.first.calls) == len(pair.second.calls) == 1


def test_a_refused_text_never_comes_back_to_who_refused_it(pair: Pair) -> None:
    pair.first.will(refuses(PermanentFailure("30007", "filtered", "content")))
    pair.second.will(refuses(BUSY), refuses(BUSY))
    (one,) = pair.send()
    for _ in range(2):
        pair.world.clock.forward(6)
        pair.outbox.drain()
    assert pair.world.status(one) == "accepted"
    assert [a.carrier for a in pair.world.attempts(one)] == ["first", "second", "second", "second"]


def test_when_nobody_takes_it_each_is_asked_once_a_round_and_rounds_grow_longer(pair: Pair) -> None:
    pair.first.fails = pair.second.fails = lambda: BUSY
    (one,) = pair.send()
    assert [a.carrier for a in pair.world.attempts(one)] == ["first", "second"]
    assert pair.outbox.drain() == 0
    for _ in range(20):
        pair.world.clock.forward(301)
        pair.outbox.drain()
    assert pair.world.status(one) == "technical-failure"
    assert Counter(a.carrier for a in pair.world.attempts(one))["second"] == 8


def test_an_unknown_outcome_is_never_sent_by_another(pair: Pair) -> None:
    pair.first.will(hangs(), unknown_but_sent())
    pair.send(2)
    for _ in range(3):
        pair.world.clock.forward(20)
        pair.outbox.drain()
    assert pair.second.calls == []
    assert pair.world.statuses() == {"unknown": 2}


def test_it_goes_by_another_once_it_was_looked_for_in_vain(pair: Pair) -> None:
    pair.first.will(hangs())
    (one,) = pair.send(critical=True)
    for seconds in (31, 61):
        pair.outbox.drain()
        assert pair.second.calls == []
        pair.outbox.reconcile(pair.world.clock.forward(seconds))
    with pair.world.store.writing() as session:
        carriers.pause(session, "first", "20003", pair.world.clock())
    pair.outbox.drain()
    assert [a.carrier for a in pair.world.attempts(one)] == ["first", "second"]
    assert pair.world.status(one) == "accepted"


def test_a_carrier_that_knows_a_repetition_is_asked_again_by_the_same_key(store: Store) -> None:
    pair = Pair(store, idempotent=True)
    pair.first.will(hangs(), unknown_but_sent())
    (one,) = pair.send()
    for _ in range(2):
        pair.world.clock.forward(6)
        pair.outbox.drain()
    pair.outbox.close()
    assert [a.carrier for a in pair.world.attempts(one)] == ["first"] * 3
    assert len({call.key for call in pair.first.calls}) == 1
    assert pair.world.status(one) == "accepted"


@pytest.mark.parametrize(
    "no",
    [
        BUSY,
        ConfigurationFault("20003", "authenticate"),
        PermanentFailure("5", "refused", "content"),
        PermanentFailure("6", "", "address"),
    ],
)
def test_only_a_yes_says_what_became_of_a_message_in_the_dark(store: Store, no: SendFailure) -> None:
    pair = Pair(store, idempotent=True)
    pair.first.will(unknown_but_sent(), *[refuses(no)] * 10)
    (one,) = pair.send()
    for _ in range(6):
        pair.world.clock.forward(31)
        pair.outbox.drain()
        pair.outbox.reconcile(pair.world.clock())
    pair.outbox.close()
    assert pair.second.calls == []
    assert pair.world.status(one) == "accepted"  # the list has it
    assert {call.key for call in pair.first.calls} == {one}


def test_a_report_of_the_call_in_the_dark_frees_the_message(store: Store) -> None:
    """The gateway says that it took the text and lost it: no more reason to ask nobody else."""
    pair = Pair(store, idempotent=True)
    pair.first.will(unknown_but_sent(), refuses(BUSY))
    (one,) = pair.send()
    assert pair.world.get(one).passed_over == "=first"
    lost = StatusUpdate(
        "first", "first-1", "temporary-failure", "30003", pair.first.calls[0].reference, retries=1
    )
    pair.outbox.store_receipt(lost, pair.world.clock())
    pair.outbox.sweep(pair.world.clock())
    assert pair.world.get(one).passed_over == ""
    pair.world.clock.forward(6)
    pair.outbox.drain()
    pair.outbox.close()
    assert [a.carrier for a in pair.world.attempts(one)] == ["first", "first", "second"]
    assert pair.first.calls[1].key != pair.first.calls[0].key, "the gateway must not take it for a repetition"
    assert pair.world.status(one) == "accepted"


def test_what_waits_for_a_gateway_that_is_no_longer_configured_has_failed(store: Store) -> None:
    """Nobody can be asked any more; the next channel has its turn at once, not when its time is over."""
    pair = Pair(store, idempotent=True)
    pair.first.will(unknown_but_sent())
    (one,) = pair.send()
    pair.outbox.close()
    pair.world.clock.forward(6)
    outbox = pair.world.another_process(4, Route("sms", pair.second))
    outbox.drain()
    outbox.close()
    assert (pair.world.status(one), pair.world.get(one).error) == ("technical-failure", "NO_CARRIER")
    assert pair.second.calls == []


def test_it_is_looked_for_when_asking_again_stays_in_the_dark(store: Store) -> None:
    pair = Pair(store, idempotent=True)
    pair.first.fails = lambda: UnknownOutcome("503", "503")
    (one,) = pair.send()
    for _ in range(6):
        pair.world.clock.forward(20)
        pair.outbox.drain()
    pair.outbox.close()
    assert (pair.world.status(one), len(pair.first.calls), pair.second.calls) == ("unknown", 4, [])


@pytest.mark.parametrize(
    "failure", [BUSY, ConfigurationFault("20003", "who are you"), UnknownOutcome("503", "503")]
)
def test_a_text_in_the_dark_is_found_although_it_was_asked_for_again_much_later(
    store: Store, failure: SendFailure
) -> None:
    """The worker stood still for an hour between the two calls; the list is read from before the first."""
    pair = Pair(store, idempotent=True)
    pair.first.will(unknown_but_sent(), *[refuses(failure)] * 3)
    (one,) = pair.send(critical=True)
    pair.world.clock.forward(3600)
    for seconds in (10, 20, 31):
        pair.outbox.drain()
        pair.outbox.reconcile(pair.world.clock.forward(seconds))
    pair.outbox.drain()
    pair.outbox.close()
    assert pair.world.status(one) == "accepted"
    assert pair.carried() == (1, 0)


# ------------------------------------------------------------------ carriers that take only registered texts


def strict_pair(store: Store, *texts: str) -> Pair:
    pair = Pair(store, needs_registered_template=True, strict=True)
    noted = {"first": {f"other:{n}": {"number": str(n), "text": text} for n, text in enumerate(texts)}}
    with pair.world.store.writing() as session:
        session.merge(Setting(key="sms_registered", value=json.dumps(noted)))
    return pair


def test_a_text_that_is_not_registered_goes_by_the_next_carrier(store: Store) -> None:
    pair = strict_pair(store, "Vu viec {so}")
    known, other = pair.world.message(body="Vụ việc 27"), pair.world.message(body="Moi hop luc 14h30")
    pair.outbox.drain()
    pair.outbox.close()
    assert [pair.world.attempts(one)[0].carrier for one in (known, other)] == ["first", "second"]
    assert pair.switches() == [], "nothing is wrong with the carrier"


def test_what_nobody_takes_fails_at_once_and_the_run_hears_why(store: Store) -> None:
    pair = strict_pair(store, "Vu viec {so}")
    pair.outbox.close()
    outbox = pair.world.another_process(4, Route("sms", pair.first))
    (person,) = pair.world.people(1)
    one = pair.world.message(body="Moi hop luc 14h30")
    pair.world.asked(person, one)
    test = pair.world.message("+84540000002", body="Tin thu", kind="test")
    outbox.drain()
    outbox.close()
    assert (pair.world.status(one), pair.world.get(one).error) == ("technical-failure", "UNREGISTERED")
    assert [event["reason"] for event in pair.world.events()] == ["UNREGISTERED"]
    assert pair.world.status(test) == "accepted", "a test shows what the carrier itself says"


@pytest.mark.parametrize("failure", [BUSY, PermanentFailure("146", "no such template", "content")])
def test_what_one_does_not_know_and_the_other_does_not_take_goes_round_nobody(
    store: Store, failure: SendFailure
) -> None:
    pair = strict_pair(store, "Vu viec {so}")
    pair.second.fails = lambda: failure
    one = pair.world.message(body="Moi hop luc 14h30")
    pair.outbox.drain()
    pair.outbox.close()
    assert (len(pair.first.calls), len(pair.second.calls)) == (0, 1)
    assert pair.world.status(one) == ("created" if failure is BUSY else "permanent-failure")


def test_of_a_carrier_with_nothing_noted_nothing_is_known(store: Store) -> None:
    pair = strict_pair(store)
    pair.send(3)
    pair.outbox.close()
    assert pair.carried() == (3, 0)


# ------------------------------------------------------------------ what only a paused carrier could take

OFFICER = Actor("user", "u", "Cán bộ trực", frozenset({Role.ADMIN}))


def stands_still(pair: Pair, ids: list[str], seconds: int) -> bool:
    """Whether these messages are left alone for so long: nothing is written of them."""
    before = [pair.world.moves(one) for one in ids]
    for _ in range(seconds):
        pair.world.clock.forward(1)
        pair.outbox.drain()
    return [pair.world.moves(one) for one in ids] == before


def refused_by_the_first(pair: Pair, count: int) -> list[str]:
    """Texts that the first carrier's filter took, and that wait for the second."""
    pair.first.will(*[refuses(PermanentFailure("30007", "filtered", "content"))] * count)
    pair.second.will(*[refuses(BUSY)] * count)
    ids = pair.send(count, critical=True)
    assert {pair.world.get(one).passed_over for one in ids} == {"first!"}
    return ids


def test_what_the_other_has_refused_rests_until_the_operator_lets_the_carrier_go(pair: Pair) -> None:
    ids = refused_by_the_first(pair, 2)
    with pair.world.store.writing() as session:
        carriers.hold(session, "second", "hết hạn mức", OFFICER, pair.world.clock())
    assert stands_still(pair, ids, 90)
    others = pair.send(3)
    assert {pair.world.status(one) for one in others} == {"accepted"}, "what others can carry goes"
    with pair.world.store.writing() as session:
        carriers.let_go(session, "second", OFFICER, pair.world.clock())
    pair.outbox.drain()
    assert {pair.world.status(one) for one in ids} == {"accepted"}
    assert len(pair.second.sent) == 2


def test_a_carrier_that_refused_our_account_is_tried_with_one_of_what_waits_for_it(pair: Pair) -> None:
    ids = refused_by_the_first(pair, 3)
    asked = len(pair.second.calls)
    with pair.world.store.writing() as session:
        carriers.pause(session, "second", "20003", pair.world.clock())
    assert stands_still(pair, ids, 25)
    pair.second.will(refuses(ConfigurationFault("20003", "authenticate")))
    pair.world.clock.forward(6)
    pair.outbox.drain()
    assert len(pair.second.calls) == asked + 1
    assert stands_still(pair, ids, 25)
    pair.world.clock.forward(6)
    pair.outbox.drain()
    assert [pair.world.status(one) for one in ids].count("accepted") == 1
    pair.outbox.drain()
    assert {pair.world.status(one) for one in ids} == {"accepted"}


def test_what_only_the_held_gateway_may_be_asked_about_rests_too(store: Store) -> None:
    pair = Pair(store, idempotent=True)
    pair.first.will(unknown_but_sent())
    (one,) = pair.send()
    with pair.world.store.writing() as session:
        carriers.hold(session, "first", "đang kiểm tra", OFFICER, pair.world.clock())
    assert stands_still(pair, [one], 60)
    with pair.world.store.writing() as session:
        carriers.let_go(session, "first", OFFICER, pair.world.clock())
    pair.outbox.drain()
    pair.outbox.close()
    assert pair.world.status(one) == "accepted"
    assert pair.second.calls == []


def test_what_may_have_gone_is_looked_for_when_its_time_is_over_and_is_not_called_unsent(
    store: Store,
) -> None:
    pair = Pair(store, idempotent=True)
    pair.first.will(unknown_but_sent())
    (one,) = pair.send(valid_until=pair.world.clock() + timedelta(minutes=5))
    with pair.world.store.writing() as session:
        carriers.hold(session, "first", "đang kiểm tra", OFFICER, pair.world.clock())
    pair.world.clock.forward(301)
    pair.outbox.sweep(pair.world.clock())
    assert pair.world.status(one) == "unknown"
    pair.outbox.reconcile(pair.world.clock())
    assert pair.world.status(one) == "accepted", "the list has it"
    pair.outbox.close()


# ------------------------------------------------------------------ the traffic


@pytest.mark.parametrize(
    ("failure", "cause"),
    [(DEAD, "unreachable"), (BUSY, "turned_away"), (UnknownOutcome("timed out"), "dark")],
)
def test_three_failures_in_a_row_move_the_traffic_and_are_recorded_once(
    pair: Pair, failure: SendFailure, cause: str
) -> None:
    pair.first.fails = lambda: failure
    pair.send(3)
    calls = len(pair.first.calls)
    pair.send(20)
    assert len(pair.first.calls) == calls, "nothing goes to a carrier that is known to be down"
    assert pair.switches() == [("first", "second", cause)]
    assert len(pair.second.sent) == 20 + (0 if cause == "dark" else 3)


def test_one_failure_among_many_moves_one_message_and_no_traffic(pair: Pair) -> None:
    pair.send(15)
    pair.first.will(refuses(BUSY))
    pair.send(15)
    assert pair.carried() == (29, 1)
    assert pair.switches() == []


def test_a_minute_with_too_many_bad_answers_moves_the_traffic(pair: Pair) -> None:
    for n in range(12):
        if n % 3 == 0:
            pair.first.will(hangs())
        pair.send()
        pair.world.clock.forward(2)
    assert pair.switches() == [("first", "second", "slow_minute")]


def test_slow_answers_count_as_bad_ones(pair: Pair) -> None:
    class Slow(Failing):
        def send(self, message: Message) -> Receipt:
            pair.world.clock.forward(6)
            return super().send(message)

    pair.first = Slow(pair.world.clock, name="first")
    pair.outbox.close()
    pair.outbox = pair.another_process(threads=1)
    for _ in range(10):
        pair.send()
    assert pair.switches() == [("first", "second", "slow_minute")]
    assert pair.world.statuses() == {"accepted": 10}


def test_all_processes_decide_alike(pair: Pair) -> None:
    other = pair.another_process()
    pair.first.fails = lambda: DEAD
    pair.send(3)
    pair.first.calls.clear()
    for n in range(5):
        pair.world.message(f"+84540{n:06d}")
    other.drain()
    other.close()
    assert pair.first.calls == []
    assert len(pair.switches()) == 1


def test_no_second_switch_within_a_minute(pair: Pair) -> None:
    pair.first.fails = lambda: DEAD
    pair.send(3)
    pair.first.fails, pair.second.fails = None, lambda: DEAD
    pair.world.clock.forward(20)
    pair.send(4)
    assert pair.health("second").share == 100
    assert pair.switches() == [("first", "second", "unreachable")]


def test_with_one_carrier_there_is_nobody_to_switch_to(world: World) -> None:
    world.sms.will(*[refuses(DEAD)] * 12)
    for n in range(6):
        world.message(f"+84540{n:06d}")
    for _ in range(4):
        world.outbox.drain()
        world.clock.forward(10)
    assert world.statuses() == {"accepted": 6}
    assert world.system("carrier_switched") == []


def test_the_traffic_comes_back_by_steps(pair: Pair) -> None:
    pair.first.fails = lambda: DEAD
    pair.send(3)
    pair.first.fails = None
    shares = []
    for _ in range(13):
        pair.world.clock.forward(31)
        before = len(pair.first.sent)
        pair.send(12)
        shares.append((pair.health("first").share, len(pair.first.sent) - before))
    assert list(dict.fromkeys(share for share, _ in shares)) == [0, 25, 50, 100]
    assert max(sent for share, sent in shares if share == 0) == 1, "one probe at a time"
    assert all(sent < 12 for share, sent in shares if share == 25)
    assert shares[-1] == (100, 12)
    assert pair.switches() == [("first", "second", "unreachable"), ("second", "first", "well_again")]


def test_a_probe_that_fails_moves_nothing_and_is_not_recorded(pair: Pair) -> None:
    pair.first.fails = lambda: DEAD
    pair.send(3)
    pair.first.calls.clear()
    for _ in range(20):
        pair.world.clock.forward(15)
        pair.send(5)
    assert 9 <= len(pair.first.calls) <= 11, "one every thirty seconds"
    assert len(pair.switches()) == 1
    assert pair.world.statuses() == {"accepted": 103}


def test_nothing_critical_is_risked_on_a_carrier_that_is_down(pair: Pair) -> None:
    pair.first.fails = lambda: UnknownOutcome("timed out")
    pair.send(3)
    pair.first.calls.clear()
    for _ in range(10):
        pair.world.clock.forward(31)
        pair.send(3, critical=True)
    assert pair.first.calls == []
    pair.send(1)
    assert len(pair.first.calls) == 1, "what is not critical finds out"


def test_a_relapse_on_the_way_back_falls_at_once(pair: Pair) -> None:
    pair.first.fails = lambda: DEAD
    pair.send(3)
    pair.first.fails = None
    for _ in range(5):
        pair.world.clock.forward(31)
        pair.send(10)
    assert pair.health("first").share in (25, 50)
    pair.first.fails = lambda: DEAD
    pair.send(20)
    assert pair.health("first").share == 0
    assert pair.switches() == [("first", "second", "unreachable")]


def test_a_carrier_that_is_paused_beside_another_is_probed_too(pair: Pair) -> None:
    """Before, nothing ever asked it again as long as the other one worked."""
    pair.first.fails = lambda: ConfigurationFault("20003", "authenticate")
    pair.send(10)
    assert pair.world.statuses() == {"accepted": 10}
    pair.first.fails = None
    pair.send(5)
    assert pair.first.sent == []
    pair.world.clock.forward(31)
    pair.send(5)
    assert len(pair.first.sent) == 1
    pair.send(5)
    assert len(pair.first.sent) == 6
    assert [d.get("next") for d in pair.world.system("carrier_paused", "carrier_resumed")] == ["second", None]


def test_calls_that_waited_for_a_thread_are_not_made_when_the_carrier_died_meanwhile(pair: Pair) -> None:
    """Three threads found out; what stood behind them goes by the other without being tried."""
    outbox = pair.another_process(threads=3)
    pair.first.fails = lambda: UnknownOutcome("timed out")
    for n in range(40):
        pair.world.message(f"+84540{n:06d}")
    outbox.drain()
    outbox.close()
    in_the_dark = pair.world.statuses().get("unknown", 0)
    assert in_the_dark == len(pair.first.calls) <= 8
    assert len(pair.second.sent) == 40 - in_the_dark


def test_a_prefix_without_another_carrier_stays_with_its_own(store: Store) -> None:
    world = World(store)
    world.outbox.close()
    first = Failing(world.clock, name="first")
    second = MemorySender(world.clock, name="second")
    outbox = world.another_process(4, Route("sms", first), Route("sms", second, ("+8496",)))
    first.fails = lambda: DEAD
    many = [world.message(f"+8496{n:07d}") for n in range(4)]
    outbox.drain()
    assert {world.status(one) for one in many} == {"accepted"}
    alone = world.message("+84540000009", critical=True)
    outbox.drain()
    assert world.status(alone) == "created"
    first.fails = None
    world.clock.forward(3)
    outbox.drain()
    outbox.close()
    assert world.status(alone) == "accepted"
    assert world.attempts(alone)[-1].carrier == "first"
