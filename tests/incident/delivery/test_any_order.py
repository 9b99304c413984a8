"""The state machine against whatever may happen, in any order: processes that die, carriers that answer or do not, receipts
that are late, doubled, reversed, forged or strange, people who cancel. A carrier of the tests counts what each phone got.

Only what other parts of the service call is called here. A process dies between two transactions, or in the middle of one:
`Mortal` kills it, and whatever calls were under way end without anybody to hear of it.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from incident.delivery import references
from incident.delivery.outbox import Outbox
from incident.delivery.reconciliation import HELD
from incident.domain.message_states import FINAL_STATUSES, may_become
from incident.response.withdrawing import withdraw
from incident.store.tables import Attempt, Message, RunEvent, Suppression, Transition
from notify.gateway import Gateway, Route
from notify.memory import MemorySender
from notify.message import (
    ConfigurationFault,
    DeliveryStatus,
    Listed,
    PermanentFailure,
    Receipt,
    StatusUpdate,
    TemporaryFailure,
    UnknownOutcome,
)
from notify.message import Message as Text
from tests.incident.delivery import world as worlds
from tests.incident.delivery.mortal import Death, Killed, Mortal
from tests.incident.delivery.world import World

PHONES = 5
Answer = Literal["ok", "lost", "hang", "busy", "refuse", "mend"]
Fate = Literal["delivered", "sent", "gone", "passing"]


class Carrier(MemorySender):
    """Answers as it was told for each phone, in turn; without a word, it takes the message and delivers it. Its list
    shows what it took only after a while. `got`: what reached each phone. `silent`: its receipts never come."""

    def __init__(self, clock: worlds.Clock, lag_seconds: int = 0, silent: bool = False) -> None:
        super().__init__(clock, name="model")
        self.clock, self.lag_seconds, self.silent = clock, lag_seconds, silent
        self.answers: dict[str, list[tuple[Answer, Fate]]] = {}
        self.got: Counter[tuple[str, str]] = Counter()
        self.taken: list[Listed] = []
        self.unsaid: set[tuple[str, str]] = set()  # texts a receipt of which was lost
        self.receipts: list[StatusUpdate] = []
        self.deaf = False

    def send(self, message: Text) -> Receipt:
        with self._lock:
            told = self.answers.get(message.to) or [("ok", "delivered")]
            answer, fate = told.pop(0)
            if answer == "hang":
                raise UnknownOutcome("timed out")
            if answer == "busy":
                raise TemporaryFailure("429", "too many")
            if answer == "refuse":
                raise PermanentFailure("21211", "not a number", "address")
            if answer == "mend":
                raise ConfigurationFault("20003", "authentication refused")
            carrier_id = self._accept(message, fate)
        if answer == "lost":
            raise UnknownOutcome("connection reset")
        return Receipt(self.name, carrier_id, "accepted", 1)

    def _accept(self, message: Text, fate: Fate) -> str:
        carrier_id = f"model-{len(self.taken) + 1}"
        failed = {"gone": "permanent-failure", "passing": "temporary-failure"}
        last: DeliveryStatus = failed.get(fate, fate)  # type: ignore[assignment]
        if fate not in failed:
            self.got[message.to, message.body] += 1
        self.taken.append(Listed(carrier_id, message.to, message.body, last, "", self.clock()))
        if self.silent:
            return carrier_id
        for status in ("accepted", last) if fate == "sent" else ("accepted", "sent", last):
            code = {"gone": "30005", "passing": "30008"}.get(fate, "") if status == last else ""
            self.receipts.append(
                StatusUpdate(
                    self.name, carrier_id, status, code, message.reference, kind="transient" if code == "30008" else "",
                    retries=1 if code == "30008" else 0,
                )  # type: ignore[arg-type]
            )  # fmt: skip
        return carrier_id

    def list(self, since: datetime) -> Sequence[Listed] | None:
        if self.deaf:
            raise UnknownOutcome("503")
        seen = self.clock() - timedelta(seconds=self.lag_seconds)
        return [one for one in self.taken if since <= one.created_at <= seen]


@dataclass
class Night:
    """One example: a world of its own, the carrier, and what may happen to them."""

    store: Mortal
    world: World
    carrier: Carrier
    messages: list[str] = field(default_factory=list)
    barred: set[str] = field(default_factory=set)
    path: dict[str, str] = field(default_factory=dict)
    seen: int = 0
    process: Outbox = field(init=False)

    def __post_init__(self) -> None:
        self.process = self._born()

    def _born(self) -> Outbox:
        gateway = Gateway([Route("sms", self.carrier)])
        return Outbox(self.store, gateway, worlds.settings(self.store), self.world.clock, threads=1)

    def _until_death(self, work: str, death: Death) -> None:
        """One piece of work of a process; a new process takes its place if it dies in it."""
        self.store.death = death
        try:
            if work == "drain":
                self.process.drain()
            elif work == "sweep":
                self.process.sweep(self.world.clock())
            else:
                self.process.reconcile(self.world.clock())
        except Killed:
            self.process.close()  # its calls end, and nobody writes down how
            self.process = self._born()
        finally:
            self.store.death = None

    # -------------------------------------------------------------- what happens

    def write(
        self, phone: int, critical: bool, valid: int | None, answers: list[tuple[Answer, Fate]]
    ) -> None:
        address = f"+84540{phone + 1:06d}"
        self.carrier.answers.setdefault(address, []).extend(answers)
        until = None if valid is None else self.world.clock() + timedelta(seconds=valid)
        made = self.world.message(
            address, critical=critical, valid_until=until, person_id=f"person-{phone + 1:05d}"
        )
        with self.store.writing() as session:
            session.get_one(Message, made).body = f"Vu viec 27, tin {len(self.messages)}"
        self.messages.append(made)
        self._ask(phone, made)

    def _ask(self, phone: int, message: str) -> None:
        person = f"person-{phone + 1:05d}"
        if any(self.world.get(one).person_id == person for one in self.messages[:-1]):
            self.world.asked_again(person, message)
        else:
            self.world.asked(person, message)

    def work(self, which: str, death: Death) -> None:
        self._until_death(which, death)

    def pass_time(self, seconds: int) -> None:
        self.world.clock.forward(seconds)

    def report(self, which: int, times: int, keep: bool) -> None:
        """The carrier hands in one of its receipts, whichever, so many times (0: it is lost); `keep`: it will hand it
        in once more later."""
        if not self.carrier.receipts:
            return
        place = which % len(self.carrier.receipts)
        update = self.carrier.receipts[place] if keep else self.carrier.receipts.pop(place)
        for _ in range(times):
            self.process.store_receipt(update, self.world.clock())
        if not times:
            lost = next(one for one in self.carrier.taken if one.carrier_id == update.carrier_id)
            self.carrier.unsaid.add((lost.to, lost.body))

    def forge(self, which: int, status: DeliveryStatus, strange: bool) -> None:
        """Somebody reports what no carrier sent: of an id nobody knows, or of ours with a mark that is not ours."""
        attempts = self._attempts()
        reference = (
            references.signed(attempts[which % len(attempts)].id, "another secret") if attempts else ""
        )
        carrier_id = f"elsewhere-{which}" if strange or not attempts else f"forged-{which}"
        update = StatusUpdate("model", carrier_id, status, "30005", "" if strange else reference)
        self.process.store_receipt(update, self.world.clock())

    def call_off(self, which: int) -> None:
        if self.messages:
            one = self.messages[which % len(self.messages)]
            with self.store.writing() as session:
                withdraw(session, "done", self.world.clock(), Message.id == one)

    def bar(self, phone: int) -> None:
        address = f"+84540{phone + 1:06d}"
        if address not in self.barred:
            self.barred.add(address)
            with self.store.writing() as session:
                session.add(Suppression(address=address, reason="optout", at=self.world.clock()))

    def deafen(self, deaf: bool) -> None:
        self.carrier.deaf = deaf

    def _attempts(self) -> Sequence[Attempt]:
        with self.store.reading() as session:
            return session.scalars(select(Attempt).order_by(Attempt.id)).all()

    # -------------------------------------------------------------- what must hold

    def check(self) -> None:
        twice = {key: n for key, n in self.carrier.got.items() if n > 1}
        assert not twice, f"texted twice: {twice}"
        with self.store.reading() as session:
            for move in session.scalars(
                select(Transition).where(Transition.id > self.seen).order_by(Transition.id)
            ):
                before = self.path.get(move.message_id, "created")
                assert may_become(move.before, move.after), f"{move.before} to {move.after}: {move.why}"
                assert before == move.before, f"unkept: {before} to {move.before}"
                self.path[move.message_id], self.seen = move.after, move.id
            for message, status in session.execute(select(Message.id, Message.status)):
                assert self.path.get(message, "created") == status, "a change that was not kept"

    def end(self) -> None:
        """The carrier mends itself, says all it has to say, and time passes."""
        self.carrier.deaf = False
        for _ in range(40):
            self.carrier.answers.clear()
            while self.carrier.receipts:
                self.report(0, 1, keep=False)
            for which in ("sweep", "drain", "reconcile"):
                self.work(which, None)
            self.check()
            if self._at_rest():
                break
            self.pass_time(61)
        assert self._at_rest(), Counter(self.world.get(one).status for one in self.messages)
        self._nobody_is_forgotten()

    def _at_rest(self) -> bool:
        return not self.carrier.receipts and all(self._rests(self.world.get(one)) for one in self.messages)

    def _rests(self, message: Message) -> bool:
        """Final; or held for a person; or gone, by a carrier that never says more than that."""
        held = message.status == "unknown" and message.error == HELD
        return message.status in (*FINAL_STATUSES, "sent") or held or self._unsaid(message)

    def _unsaid(self, message: Message) -> bool:
        """The carrier has it, and we never hear all it had to say."""
        lost = self.carrier.silent or (message.address, message.body) in self.carrier.unsaid
        return lost and message.status in ("accepted", "sent")

    def _nobody_is_forgotten(self) -> None:
        with self.store.reading() as session:
            told = {event.event.get("person") for event in session.scalars(select(RunEvent))}
        for one in self.messages:
            message = self.world.get(one)
            arrived = self.carrier.got[message.address, message.body]
            if self._unsaid(message):
                continue
            if message.status in ("delivered", "sent"):
                assert arrived == 1, f"said to be {message.status}, and never arrived"
            elif message.status in ("cancelled", "expired"):
                assert not arrived, f"{message.status}, and it had gone"
            elif message.status in FINAL_STATUSES:
                assert not arrived, f"{message.status}, and it had gone"
                others = {
                    self.world.get(m).status
                    for m in self.messages
                    if self.world.get(m).person_id == message.person_id
                }
                if others <= set(FINAL_STATUSES) - {"delivered", "cancelled", "expired"}:
                    assert message.person_id in told, "a failure nobody heard of"
            elif message.critical:
                assert not arrived, "held although the carrier's list has it"


ANSWERS: tuple[Answer, ...] = ("ok", "ok", "lost", "lost", "hang", "hang", "busy", "refuse", "mend")
FATES: tuple[Fate, ...] = ("delivered", "delivered", "delivered", "sent", "passing", "gone")
HAPPENS = {
    "write": 5, "drain": 6, "pass_time": 5, "sweep": 3, "reconcile": 3, "report": 4, "forge": 1, "lose": 1,
    "call_off": 1, "bar": 0.3, "deafen": 0.5,
}  # fmt: skip


def happen(night: Night, dice: random.Random) -> None:
    """One thing, with everything about it, from the dice."""
    (name,) = dice.choices(list(HAPPENS), list(HAPPENS.values()))
    which, phone = dice.randrange(1000), dice.randrange(PHONES)
    match name:
        case "write":
            troubles = [(dice.choice(ANSWERS), dice.choice(FATES)) for _ in range(dice.randint(1, 3))]
            night.write(phone, dice.random() < 0.6, dice.choice((None, None, 50, 400)), troubles)
        case "drain" | "sweep" | "reconcile":
            night.work(name, (dice.randrange(4), dice.random() < 0.5) if dice.random() < 0.4 else None)
        case "pass_time":
            night.pass_time(dice.choice((1, 16, 31, 61, 200)))
        case "report":
            night.report(which, dice.randint(1, 2), dice.random() < 0.3)
        case "lose":
            night.report(which, 0, keep=False)
        case "forge":
            night.forge(which, dice.choice(("delivered", "sent", "permanent-failure")), dice.random() < 0.5)
        case "call_off":
            night.call_off(which)
        case "bar":
            night.bar(phone)
        case "deafen":
            night.deafen(dice.random() < 0.5)


def live(store: Mortal, seed: int, length: int) -> Night:
    """So many things happen, as the seed has it; then all comes to rest."""
    dice = random.Random(seed)
    world = World(store)
    world.people(PHONES)
    night = Night(store, world, Carrier(world.clock, dice.choice((0, 20, 45)), dice.random() < 0.25))
    with ExitStack() as stack:
        stack.callback(world.outbox.close)
        stack.callback(lambda: night.process.close())
        for _ in range(length):
            happen(night, dice)
            night.check()
        night.end()
    return night


@pytest.fixture(scope="module")
def night_store(sqlite_template: Path) -> Iterator[Mortal]:
    """One database for all nights, empty at the beginning of each, in a directory without a disk where there is one."""
    quick = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        dir=quick if quick.is_dir() else None, prefix="incident-nights-"
    ) as made:
        store = Mortal(f"sqlite:///{made}/night.db")
        yield store
        store.dispose()


def emptied(store: Mortal, template: Path) -> None:
    store.dispose()
    path = Path(str(store.url.database))
    for old in path.parent.glob("night.db*"):
        old.unlink()
    shutil.copy(template, path)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32), length=st.integers(20, 60))
@example(seed=0, length=200)
def test_whatever_happens(night_store: Mortal, sqlite_template: Path, seed: int, length: int) -> None:
    emptied(night_store, sqlite_template)
    live(night_store, seed, length)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_on_postgresql(postgres_url: str, seed: int) -> None:
    store = Mortal(postgres_url)
    try:
        live(store, seed, 60)
    finally:
        store.dispose()
