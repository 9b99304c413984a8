"""The sending loop of one process: a recorder (the calling thread) that alone touches the database, and a pool of
threads that alone touch carriers.

Each turn of the recorder is one transaction: results of finished calls, a new claim where the stock runs low, and the
attempt rows of the next few calls. No connection is held during a call. A kill leaves unknown only what was begun.
"""

from __future__ import annotations

import heapq
import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from incident import registered
from incident.delivery import carriers, claims, expansion, health, lanes, records
from incident.delivery.choosing import Choosing
from incident.delivery.claims import Call, Claimed
from incident.delivery.expansion import Channels
from incident.delivery.failures import tell_ended
from incident.delivery.health import Health, Tally
from incident.delivery.lanes import View
from incident.delivery.outcomes import AVOIDED, LATE
from incident.delivery.records import Result
from incident.store.sessions import Store
from notify.gateway import Gateway
from notify.message import Receipt, Sender, SendFailure, TemporaryFailure, UnknownOutcome

log = logging.getLogger(__name__)

BATCH = 100
LINGER_SECONDS = 0.004
IDLE_SECONDS = 0.05
LOOK_SECONDS = 0.25
STUMBLE_SECONDS = 0.5
MOST_STUMBLES = 10
PAUSED_SECONDS = 10.0  # what was claimed and only a paused carrier could take is not looked at for so long
SAID_SECONDS = 1.0  # so often the others hear how the calls end when all is well


class Sending:
    """One drain. Made anew each time; the pool is the process's."""

    def __init__(
        self,
        store: Store,
        gateway: Gateway,
        channels: Channels,
        secret: str,
        now: Callable[[], datetime],
        pool: ThreadPoolExecutor,
        threads: int,
        stopped: threading.Event,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self.store = store
        self.gateway = _limited(store, gateway)
        self.channels = channels
        self.secret = secret
        self.now = now
        self.pool = pool
        self.threads = threads
        self.stopped = stopped
        self.wait = wait or stopped.wait
        self.lanes = lanes.of(gateway)
        self.held: list[Claimed] = []  # the most urgent first
        self.results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self.flying = 0
        self.sent = 0
        self.stumbles = 0
        self.looked = time.monotonic()
        self.dry = False  # the last claim found nothing
        self.expanded = False  # no mailing is left to expand
        self.opens: datetime | None = None  # a pace holds something back until then
        self.begun = 0  # calls of the last turn
        self.tallies: dict[str, Tally] = {}
        self.said = now()
        self.avoided: frozenset[str] = frozenset()
        self.calling: dict[str, tuple[str, datetime]] = {}  # calls being made: the carrier, and since when
        self.silent: set[str] = set()  # those of them that should have ended
        self.spare: ThreadPoolExecutor | None = None
        self.ended: list[str] = []  # ended without a call; the run has not been told yet

    def run(self, max_seconds: float, begun: Callable[[], object] = lambda: None) -> int:
        """Send what is due until nothing is, or the time is up. Returns the number of calls made. `begun` is called
        once the first calls are on their way; it may read the database, and must not matter."""
        try:
            return self._run(time.monotonic() + max_seconds, begun)
        finally:
            if self.spare is not None:
                self.spare.shutdown(wait=False)

    def _run(self, deadline: float, begun: Callable[[], object]) -> int:
        if not self.stopped.is_set():
            self._begin()
            self._say(begun)
        while True:
            stopping = self.stopped.is_set() or time.monotonic() >= deadline
            finished = self._collect()
            self._listen()
            try:
                self._turn(finished, stopping)
                finished = []
                self._tell_run()
                resting = not stopping and not self._expanded_more() and self._nothing_left()
            except SQLAlchemyError as fault:
                self._stumble(finished, fault)
                continue
            self.stumbles = 0
            if (stopping or resting) and not self.flying:
                return self.sent
            self._look_again()
            self._keep_pace()

    def _nothing_left(self) -> bool:
        return self.dry and not self.held and self.opens is None

    def _keep_pace(self) -> None:
        """While a pace holds back the rest and nothing else goes: wait until it lets the next part go, and look for what
        is more urgent then."""
        if self.opens is None or self.begun or self.stopped.is_set():
            return
        left = (self.opens - self.now()).total_seconds()
        if left > 0:
            self.wait(min(left, LOOK_SECONDS))
        self.dry = False

    def _stumble(self, finished: list[Result], fault: SQLAlchemyError) -> None:
        """The database went away: what calls came to must not be forgotten with it. What was claimed, others will take."""
        self.stumbles += 1
        if self.stumbles > MOST_STUMBLES:
            raise fault
        log.warning("the outbox lost the database; %d results wait for it", len(finished))
        for result in finished:
            self.results.put(result)
            self.silent.discard(result.call.attempt_id)
        self.flying += len(finished)
        self.held.clear()
        self.tallies.clear()  # the results will be counted when they are recorded
        self.dry = self.expanded = False
        self.stopped.wait(STUMBLE_SECONDS)

    def _begin(self) -> None:
        """The first chunk of a mailing and its first calls in one transaction: the first message leaves a commit earlier.

        Only here, where no result is waiting to be recorded: locks come in the order incident, request, message.
        """
        now = self.now()
        with self.store.writing() as session:
            self.expanded = not expansion.expand_chunk(session, self.channels, now)
            calls = self._next(session, self._room(), carriers.read(session), now)
        self._submit(calls)

    def _say(self, begun: Callable[[], object]) -> None:
        try:
            begun()
        except SQLAlchemyError as fault:  # results of calls on their way must not be lost for a hint
            log.warning("the outbox could not be counted: %s", type(fault).__name__)

    def _expanded_more(self) -> bool:
        if not self._may_expand():
            return False
        self._expand()
        return True

    def _may_expand(self) -> bool:
        return not self.expanded and len(self.held) < BATCH

    def _look_again(self) -> None:
        """A slow call must not keep what has come due since from going out."""
        if self.flying and time.monotonic() - self.looked > LOOK_SECONDS:
            self.looked = time.monotonic()
            self.dry = self.expanded = False

    def _collect(self) -> list[Result]:
        """Finished calls. Waits while every thread has work, a little longer so that one commit serves several."""
        finished: list[Result] = []
        idle = bool(self._room() and (self.held or not self.dry)) or self._may_expand()
        until = time.monotonic() + LINGER_SECONDS
        while self.flying > len(finished):
            try:
                if idle:
                    finished.append(self.results.get_nowait())
                else:
                    left = until - time.monotonic() if finished else IDLE_SECONDS
                    finished.append(self.results.get(timeout=max(left, 0.0001)))
            except queue.Empty:
                break
        self.flying -= len(finished)
        return finished

    def _room(self) -> int:
        """How many more calls may be begun: every thread one, and half as many waiting. A thread that a silent carrier
        holds is replaced meanwhile."""
        return max(0, self.threads + self.threads // 2 - (self.flying - len(self.silent)))

    def _turn(self, finished: list[Result], stopping: bool) -> None:
        room = 0 if stopping else self._room()
        more = bool(room and (self.held or not self.dry))
        if not (finished or more or self._news() or (stopping and self.held)):
            return
        now = self.now()
        failed = any(isinstance(result.ended, SendFailure) for result in finished)
        self.dry = self.dry and not failed  # what did not go here may go elsewhere at once
        with self.store.writing() as session:
            states = carriers.read(session)
            records.record(session, finished, self.gateway, states, now)
            self._count(finished)
            if stopping:
                claims.release(session, self.held, now)
                carriers.settle(session, self.lanes, self._told(now, last=True), states, now)
                self.held.clear()
                return
            calls = self._next(session, room, states, now)
        self._submit(calls)

    def _next(self, session: Session, room: int, states: Mapping[str, Health], now: datetime) -> list[Call]:
        """The next calls, with their attempt rows; a new claim where the stock runs low. Locks come in the order message,
        carrier."""
        view = lanes.view(self.lanes, states, now)
        self.opens = view.opens
        if len(self.held) < room and view:
            self._claim(session, view, now)
        if not view:
            self.dry = True  # every carrier rests: nothing can be claimed now
        taken = [self.held.pop(0) for _ in range(min(room, len(self.held)))]
        next_ = claims.ours(session, taken, now, self.ended)
        states = carriers.settle(session, self.lanes, self._told(now, last=not self.flying), states, now)
        self.avoided = frozenset(name for name, one in states.items() if one.avoided)
        calls = self._choose(session, next_, states, now)
        claims.begin(session, calls, now)
        self.begun = len(calls)
        return calls

    def _claim(self, session: Session, view: View, now: datetime) -> None:
        held = {
            lane for lane, _ in view.paced if any(lane.holds(one.channel, one.address) for one in self.held)
        }
        view.paced = [(lane, parts) for lane, parts in view.paced if lane not in held]
        fresh = claims.claim(session, view, BATCH, secrets.token_hex(16), now)
        self.held = list(heapq.merge(self.held, fresh, key=lambda one: one.order))
        self.dry = not fresh and not held

    def _tell_run(self) -> None:
        """Of what ended on the threshold, once the turn that ended it is committed."""
        if self.ended:
            with self.store.writing() as session:
                tell_ended(session, self.ended, self.now())
            self.ended = []

    def _choose(
        self,
        session: Session,
        next_: Sequence[tuple[Claimed, int]],
        states: Mapping[str, Health],
        now: datetime,
    ) -> list[Call]:
        """A carrier for each. What its pace does not let go yet stays in the stock; what only a paused carrier could take
        goes back."""
        choosing = Choosing(self.gateway, states, now)
        calls: list[Call] = []
        waiting: list[Claimed] = []
        back: list[Claimed] = []
        lost: list[tuple[Claimed, str, str]] = []
        for one, ended in next_:
            choice = choosing.choose(one)
            if choice.wait:
                back.append(one)
            elif choice.sender is None:
                lost.append((one, "technical-failure", choice.why))
            elif choosing.draw(choice.sender, one.parts):
                calls.append(claims.call(one, choice.sender, ended, choice.anyway, self.secret, now))
            else:
                waiting.append(one)
        claims.release(session, back, now, PAUSED_SECONDS)
        claims.drop(session, lost, now, self.ended)
        overtaken = self._agree(session, choosing, states, now)
        waiting += [
            call.claimed for call in calls if call.claimed.id in overtaken or call.sender.name in overtaken
        ]
        if waiting:
            self.held = sorted([*waiting, *self.held], key=lambda one: one.order)
            self.opens = choosing.opens or now
        stay = {one.id for one in waiting}
        return [call for call in calls if call.claimed.id not in stay]

    def _agree(
        self, session: Session, choosing: Choosing, states: Mapping[str, Health], now: datetime
    ) -> set[str]:
        """Tell the other processes of probes and paces. Returns the messages and the carriers in which one was quicker."""
        overtaken: set[str] = set()
        for name in sorted(choosing.probes.keys() | choosing.stamps.keys()):
            if name in choosing.probes and not carriers.probe(session, name, now):
                overtaken.add(choosing.probes[name])
            if name in choosing.stamps:
                before = health.of(states, name).free_at
                if not carriers.advance(session, name, before, choosing.stamps[name]):
                    overtaken.add(name)
        return overtaken

    # -------------------------------------------------------------- how the carriers do

    def _count(self, finished: Sequence[Result]) -> None:
        for result in sorted(finished, key=lambda one: one.at):
            known = result.call.attempt_id in self.silent
            self.silent.discard(result.call.attempt_id)
            if result.made and not (known and health.trouble(result.ended)):
                tally = self.tallies.setdefault(result.call.sender.name, Tally())
                tally.add(result.ended, 0.0 if known else result.seconds)

    def _listen(self) -> None:
        """Calls that should have ended: a carrier that keeps silent is noticed before its time-out, and what others can
        carry does not wait for the threads it holds."""
        if not self.calling:
            return
        before = self.now() - timedelta(seconds=health.SLOW_SECONDS)
        for attempt, (carrier, begun) in list(self.calling.items()):
            if begun <= before and attempt not in self.silent:
                self.silent.add(attempt)
                self.tallies.setdefault(carrier, Tally()).silent()

    def _news(self) -> bool:
        return any(tally.urgent for tally in self.tallies.values())

    def _told(self, now: datetime, last: bool) -> Mapping[str, Tally]:
        """What the others are told now: at once when something went wrong, else once a second, and at the end."""
        if not (self._news() or last or now - self.said >= timedelta(seconds=SAID_SECONDS)):
            return {}
        told, self.tallies, self.said = self.tallies, {}, now
        return told

    # -------------------------------------------------------------- the calls

    def _submit(self, calls: list[Call]) -> None:
        self.flying += len(calls)
        self.sent += len(calls)
        pool = self.pool
        if self.silent:
            pool = self.spare = self.spare or ThreadPoolExecutor(self.threads, thread_name_prefix="spare")
        for call in calls:
            pool.submit(self._call, call)

    def _call(self, call: Call) -> None:
        """In a thread of the pool. Whatever goes wrong here, the message may have gone."""
        now = self.now()
        if now >= call.not_after:  # the process was stopped meanwhile: others may have taken it over
            self.results.put(Result(call, TemporaryFailure(LATE, "the call came too late"), now))
            return
        if call.sender.name in self.avoided and not call.anyway:
            self.results.put(Result(call, TemporaryFailure(AVOIDED, "the carrier is known to be down"), now))
            return
        self.calling[call.attempt_id] = (call.sender.name, now)
        ended = self._made(call, now)
        self.calling.pop(call.attempt_id, None)
        after = self.now()
        self.results.put(Result(call, ended, after, (after - now).total_seconds()))

    def _made(self, call: Call, now: datetime) -> Receipt | SendFailure:
        message = call.message
        if call.claimed.valid_until is not None:  # what remains of it now, not when the call was planned
            left = max(1, int((call.claimed.valid_until - now).total_seconds()))
            message = replace(message, validity_seconds=left)
        try:
            return call.sender.send(message)
        except SendFailure as failure:
            return failure
        except BaseException as fault:
            log.exception("a carrier's client failed: %s", call.sender.name)
            return UnknownOutcome(type(fault).__name__)

    def _expand(self) -> None:
        with self.store.writing() as session:
            more = expansion.expand_chunk(session, self.channels, self.now())
        self.expanded = not more
        self.dry = self.dry and not more


def _limited(store: Store, gateway: Gateway) -> Gateway:
    """The carriers, those that take only registered texts limited to them. Of a carrier at which nothing was noted as
    registered nothing is known: it is asked."""
    if not any(route.sender.capabilities.strict for route in gateway.routes):
        return gateway
    with store.reading() as session:
        known = registered.read(session)

    def takes(sender: Sender, text: str) -> bool:
        return not sender.capabilities.strict or sender.name not in known or known[sender.name].knows(text)

    return Gateway(gateway.routes, takes)
