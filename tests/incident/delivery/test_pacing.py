"""A carrier that takes so many parts a second: never more, over all processes, and the most urgent first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from incident.delivery import pace
from incident.delivery.outbox import Outbox
from incident.store.sessions import Store
from incident.store.tables import Attempt, Message, Participant
from notify.gateway import Route
from notify.memory import ONE_WAY, TWO_WAY, MemorySender
from tests.incident.delivery.world import START, World

STEPS = st.lists(st.tuples(st.floats(0, 2), st.integers(1, 6)), min_size=1, max_size=60)


def within(begun: Sequence[tuple[datetime, int]], rate: float) -> bool:
    """No span of time holds more parts than the pace allows."""
    most = max(parts for _, parts in begun)
    return all(
        sum(parts for _, parts in begun[first : last + 1])
        <= ((begun[last][0] - begun[first][0]) + pace.TOLERANCE).total_seconds() * rate + most + 1e-6
        for first in range(len(begun))
        for last in range(first, len(begun))
    )


@given(STEPS, st.sampled_from([0.5, 1.0, 10.0, 30.0, 1000.0]))
def test_no_span_holds_more_than_the_pace_allows(steps: list[tuple[float, int]], rate: float) -> None:
    now, free_at = START, None
    begun = []
    for seconds, parts in steps:
        now += timedelta(seconds=seconds)
        if pace.open_at(free_at, now) <= now:
            free_at = pace.after(free_at, rate, parts, now)
            begun.append((now, parts))
    assert begun
    assert within(begun, rate)


@given(STEPS, st.sampled_from([0.5, 1.0, 10.0, 30.0]))
def test_whoever_asks_as_often_as_he_can_loses_nothing_of_the_pace(
    steps: list[tuple[float, int]], rate: float
) -> None:
    now, free_at = START, None
    for _, parts in steps:
        now = pace.open_at(free_at, now)
        free_at = pace.after(free_at, rate, parts, now)
    total = sum(parts for _, parts in steps)
    assert (free_at or now) - START <= timedelta(seconds=total / rate + 0.001)


@given(STEPS, st.sampled_from([1.0, 10.0, 1000.0]))
def test_the_budget_is_what_may_really_begin(steps: list[tuple[float, int]], rate: float) -> None:
    now, free_at = START, None
    for seconds, parts in steps:
        now += timedelta(seconds=seconds)
        free_at = pace.after(free_at, rate, parts, now)
    count, probe = 0, free_at
    while pace.open_at(probe, now) <= now:
        probe, count = pace.after(probe, rate, 1, now), count + 1
    assert count == pace.budget(free_at, rate, now)


# ------------------------------------------------------------------ through the database


class Paced:
    """One SMS carrier of ten parts a second, and mail without a pace."""

    def __init__(self, store: Store, rate: float = 10.0) -> None:
        self.world = World(store)
        self.world.outbox.close()
        self.world.sms = MemorySender(
            self.world.clock, name="memory", capabilities=replace(TWO_WAY, parts_per_second=rate)
        )
        self.outbox = self.world.outbox = self.world.another_process()

    def bulk(self, count: int, **changes: object) -> None:
        """Notices that wait, written at once."""
        drill = bool(changes.get("drill"))
        words = "DIEN TAP. Thong bao {}. DIEN TAP" if drill else "Thong bao {}"
        values = {"priority": 30, "kind": "notify", "mailing_id": "m", **changes}
        rows = [
            dict(
                id=f"{values['mailing_id']}-{n:05d}", dedupe_key=f"{values['mailing_id']}:{n}", incident_id=self.world.incident_id,
                channel="sms", address=f"+84541{n:06d}", body=words.format(n), encoding="GSM-7", parts=1,
                created_at=self.world.clock(), not_before=self.world.clock(), status="created", turn=n + 1,
                person_id="person-00001" if drill else None, **values,
            )
            for n in range(count)
        ]  # fmt: skip
        with self.world.store.writing() as session:
            session.bulk_insert_mappings(Message.__mapper__, rows)

    def begun(self) -> list[tuple[datetime, int]]:
        with self.world.store.reading() as session:
            query = select(Attempt.started_at, Message.parts).join(Message, Message.id == Attempt.message_id)
            return [
                (at, parts) for at, parts in session.execute(query.order_by(Attempt.started_at, Attempt.id))
            ]

    def goes_on(self, seconds: float) -> None:
        """Drains as workers do, until so much time has passed."""
        end = self.world.clock() + timedelta(seconds=seconds)

        def wait(left: float) -> None:
            self.world.clock.forward(left)
            if self.world.clock() >= end:
                outbox.stop()

        outbox = Outbox(
            self.world.store, self.outbox.gateway, self.outbox.settings, self.world.clock, 4, wait
        )
        outbox.drain()
        outbox.close()
        self.world.clock.at = max(end, self.world.clock())


@pytest.fixture
def paced(store: Store) -> Iterator[Paced]:
    made = Paced(store)
    yield made
    made.outbox.close()


def test_messages_of_several_parts_are_spread_over_time(paced: Paced) -> None:
    for n in range(12):
        paced.world.message(f"+84540{n:06d}", parts=1 + n % 3)
    assert paced.outbox.drain() == 12
    begun = paced.begun()
    assert within(begun, 10.0)
    assert (begun[-1][0] - begun[0][0]).total_seconds() <= sum(parts for _, parts in begun) / 10
    assert paced.world.statuses() == {"accepted": 12}


def test_two_processes_keep_one_pace(store: Store) -> None:
    paced = Paced(store, rate=50.0)
    paced.bulk(60)
    other = paced.world.another_process()
    with ThreadPoolExecutor(2) as both:
        sent = sum(both.map(lambda outbox: outbox.drain(), [paced.outbox, other]))
    other.close()
    paced.outbox.close()
    assert sent == 60
    assert within(paced.begun(), 50.0)
    assert len({m.to for m in paced.world.sms.sent}) == 60


def test_mail_goes_on_while_the_sms_wait(paced: Paced) -> None:
    paced.bulk(100)
    for n in range(20):
        paced.world.message(f"a{n}@sonlam.example", channel="email", priority=40)
    paced.goes_on(1)
    assert len(paced.world.mail.sent) == 20
    assert 10 <= len(paced.world.sms.sent) <= 13


def test_a_summons_is_never_behind_a_large_mailing(paced: Paced) -> None:
    """Five thousand notices wait for ten parts a second; the summons that comes then leaves within a second."""
    paced.bulk(5000)
    paced.goes_on(2)
    before = len(paced.world.sms.sent)
    assert 18 <= before <= 23
    with paced.world.store.reading() as session:
        leased = session.scalars(select(Message.id).where(Message.status == "sending")).all()
    assert leased == [], "what does not go is not kept from others"
    summons = paced.world.message("+84540000001", priority=10, parts=2)
    asked = paced.world.clock()
    paced.goes_on(1)
    assert paced.world.status(summons) == "accepted"
    (attempt,) = paced.world.attempts(summons)
    assert attempt.started_at - asked < timedelta(seconds=0.5)
    assert within(paced.begun(), 10.0)


def test_what_a_worker_holds_is_no_more_than_its_pace_lets_go(paced: Paced) -> None:
    paced.bulk(200)
    most = 0

    def wait(left: float) -> None:
        nonlocal most
        paced.world.clock.forward(left)
        most = max(most, len(sending()))
        if len(paced.world.sms.sent) >= 20:
            outbox.stop()

    def sending() -> Sequence[str]:
        with paced.world.store.reading() as session:
            return session.scalars(
                select(Message.id).where(Message.status == "sending", Message.attempts == 0)
            ).all()

    outbox = Outbox(
        paced.world.store, paced.outbox.gateway, paced.outbox.settings, paced.world.clock, 4, wait
    )
    outbox.drain()
    outbox.close()
    assert most <= 2


def test_a_drill_never_stands_before_what_is_real(paced: Paced) -> None:
    (who,) = paced.world.people(1)
    with paced.world.store.writing() as session:
        here = paced.world.incident_id
        session.add(Participant(incident_id=here, person_id=who, added_by="", added_at=paced.world.clock()))
    paced.bulk(50, mailing_id="drill", drill=True, priority=60)  # the summons of a drill
    paced.goes_on(1)
    paced.bulk(
        10, mailing_id="stand-down", priority=40, kind="stand_down"
    )  # the least urgent of a real incident
    done = len(paced.world.sms.sent)
    paced.goes_on(1.2)
    assert [m.body for m in paced.world.sms.sent[done : done + 10]] == [f"Thong bao {n}" for n in range(10)]
    with paced.world.store.reading() as session:
        left = select(Message.id).where(Message.status == "created", Message.drill.is_(False))
        assert session.scalars(left).all() == []


def test_each_carrier_has_its_own_pace(store: Store) -> None:
    world = World(store)
    world.outbox.close()
    slow = MemorySender(world.clock, name="slow", capabilities=replace(ONE_WAY, parts_per_second=1.0))
    fast = MemorySender(world.clock, name="fast", capabilities=ONE_WAY)
    outbox = world.another_process(4, Route("sms", slow, ("+8496",)), Route("sms", fast))
    for n in range(5):
        world.message(f"+8496{n:07d}", priority=10)
        world.message(f"+8491{n:07d}", priority=30)
    started = world.clock()
    assert outbox.drain() == 10
    outbox.close()
    with world.store.reading() as session:
        rows = session.execute(select(Attempt.carrier, Attempt.started_at).order_by(Attempt.started_at)).all()
    assert {at for carrier, at in rows if carrier == "fast"} == {started}
    assert [round((at - started).total_seconds()) for carrier, at in rows if carrier == "slow"] == [
        0,
        1,
        2,
        3,
        4,
    ]


# ------------------------------------------------------------------ taking turns


def test_a_large_mailing_does_not_keep_another_incidents_waiting(paced: Paced) -> None:
    """Both of the same urgency: from the moment the second comes, they take turns."""
    people = paced.world.people(80)
    paced.world.mailing(people[:60])
    paced.goes_on(2)
    early = len(paced.world.sms.sent)
    other = paced.world.another_incident("28")
    paced.world.mailing(
        people[60:], incident_id=other, effect_key=f"{other}:notify:1:0", body="Vu viec 28. Tra loi OK 28"
    )
    paced.goes_on(2)
    later = [("28" in m.body) for m in paced.world.sms.sent[early:]]
    assert 18 <= len(later) <= 23
    assert abs(sum(later) - len(later) / 2) <= 2
    paced.goes_on(30)
    assert len(paced.world.sms.sent) == 80


def test_the_one_that_was_first_is_not_starved_by_those_that_follow(paced: Paced) -> None:
    people = paced.world.people(60)
    paced.world.mailing(people[:20])
    paced.goes_on(1)
    for n in range(28, 32):
        other = paced.world.another_incident(str(n))
        paced.world.mailing(
            people[20 + 10 * (n - 28) : 30 + 10 * (n - 28)], incident_id=other, effect_key=f"{other}:notify:1:0",
            body=f"Vu viec {n}. Tra loi OK {n}",
        )  # fmt: skip
        paced.goes_on(1)
    order = ["vu viec 27" in m.body for m in paced.world.sms.sent]
    assert sum(order) == 20
    assert max(n for n, first in enumerate(order) if first) < 42 < len(order) < 60


def test_what_was_paced_keeps_its_validity(paced: Paced) -> None:
    """What remains of it when the call is made, not when it was written."""
    paced.bulk(30)
    with paced.world.store.writing() as session:
        session.execute(update(Message).values(valid_until=START + timedelta(seconds=100)))
    paced.outbox.drain()
    left = [m.validity_seconds for m in paced.world.sms.sent]
    assert left[0] == 100
    assert left[-1] is not None
    assert left[-1] <= 98
