"""The sending loop of one process: a recorder (the calling thread) that alone touches the database, and a pool of
threads that alone touch carriers.

Each turn of the recorder is one transaction: results of finished calls, a new claim where the stock runs low, and the
attempt rows of the next few calls. No connection is held during a call. A kill leaves unknown only what was begun.
"""

from __future__ import annotations

import logging
import queue
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from incident.delivery import carriers, claims, expansion, records
from incident.delivery.carriers import Lanes
from incident.delivery.claims import Call, Claimed
from incident.delivery.expansion import Channels
from incident.delivery.records import Result
from incident.store.sessions import Store
from notify.gateway import Gateway
from notify.message import SendFailure, TemporaryFailure, UnknownOutcome

log = logging.getLogger(__name__)

BATCH = 100
LINGER_SECONDS = 0.004
IDLE_SECONDS = 0.05
LOOK_SECONDS = 0.25
STUMBLE_SECONDS = 0.5
MOST_STUMBLES = 10


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
    ) -> None:
        self.store = store
        self.gateway = gateway
        self.channels = channels
        self.secret = secret
        self.now = now
        self.pool = pool
        self.threads = threads
        self.stopped = stopped
        self.held: deque[Claimed] = deque()
        self.results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self.flying = 0
        self.sent = 0
        self.stumbles = 0
        self.looked = time.monotonic()
        self.dry = False  # the last claim found nothing
        self.expanded = False  # no mailing is left to expand

    def run(self, max_seconds: float, begun: Callable[[], object] = lambda: None) -> int:
        """Send what is due until nothing is, or the time is up. Returns the number of calls made. `begun` is called
        once the first calls are on their way; it may read the database, and must not matter."""
        deadline = time.monotonic() + max_seconds
        if not self.stopped.is_set():
            self._begin()
            self._say(begun)
        while True:
            stopping = self.stopped.is_set() or time.monotonic() >= deadline
            finished = self._collect()
            try:
                self._turn(finished, stopping)
                finished = []
                resting = not stopping and not self._expanded_more() and self.dry and not self.held
            except SQLAlchemyError as fault:
                self._stumble(finished, fault)
                continue
            self.stumbles = 0
            if (stopping or resting) and not self.flying:
                return self.sent
            self._look_again()

    def _stumble(self, finished: list[Result], fault: SQLAlchemyError) -> None:
        """The database went away: what calls came to must not be forgotten with it. What was claimed, others will take."""
        self.stumbles += 1
        if self.stumbles > MOST_STUMBLES:
            raise fault
        log.warning("the outbox lost the database; %d results wait for it", len(finished))
        for result in finished:
            self.results.put(result)
        self.flying += len(finished)
        self.held.clear()
        self.dry = self.expanded = False
        self.stopped.wait(STUMBLE_SECONDS)

    def _begin(self) -> None:
        """The first chunk of a mailing and its first calls in one transaction: the first message leaves a commit earlier.

        Only here, where no result is waiting to be recorded: locks come in the order incident, request, message.
        """
        now = self.now()
        with self.store.writing() as session:
            self.expanded = not expansion.expand_chunk(session, self.channels, now)
            calls = self._next(session, self._room(), now)
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
        """How many more calls may be begun: every thread one, and half as many waiting."""
        return max(0, self.threads + self.threads // 2 - self.flying)

    def _turn(self, finished: list[Result], stopping: bool) -> None:
        room = 0 if stopping else self._room()
        if not finished and not (stopping and self.held) and not (room and (self.held or not self.dry)):
            return
        now = self.now()
        with self.store.writing() as session:
            records.record(session, finished, now)
            if stopping:
                claims.release(session, list(self.held), now)
                self.held.clear()
                return
            calls = self._next(session, room, now)
        self._submit(calls)
        if finished:
            self.dry = self.dry and not any(isinstance(r.ended, SendFailure) for r in finished)

    def _next(self, session: Session, room: int, now: datetime) -> list[Call]:
        """The next calls, with their attempt rows; a new claim where the stock runs low."""
        lanes = carriers.lanes(self.gateway, carriers.paused(session), now)
        if len(self.held) < room:
            fresh = claims.claim(session, lanes, BATCH, secrets.token_hex(16), now)
            self.held.extend(fresh)
            self.dry = not fresh
            if any(one.probe for one in fresh):
                carriers.probed(session, now)
        self._give_back(session, lanes, now)
        next_ = [self.held.popleft() for _ in range(min(room, len(self.held)))]
        return claims.begin(session, next_, self.gateway, lanes.paused, self.secret, now)

    def _give_back(self, session: Session, lanes: Lanes, now: datetime) -> None:
        """What was claimed for a carrier that has been paused since."""
        closed = [one for one in self.held if one.channel not in lanes.open and not one.probe]
        if closed:
            claims.release(session, closed, now)
            self.held = deque(one for one in self.held if one not in closed)

    def _submit(self, calls: list[Call]) -> None:
        self.flying += len(calls)
        self.sent += len(calls)
        for call in calls:
            self.pool.submit(self._call, call)

    def _call(self, call: Call) -> None:
        """In a thread of the pool. Whatever goes wrong here, the message may have gone."""
        if self.now() >= call.not_after:  # the process was stopped meanwhile: others may have taken it over
            self.results.put(Result(call, TemporaryFailure("LATE", "the call came too late"), self.now()))
            return
        try:
            self.results.put(Result(call, call.sender.send(call.message), self.now()))
        except SendFailure as failure:
            self.results.put(Result(call, failure, self.now()))
        except BaseException as fault:
            log.exception("a carrier's client failed: %s", call.sender.name)
            self.results.put(Result(call, UnknownOutcome(type(fault).__name__), self.now()))

    def _expand(self) -> None:
        with self.store.writing() as session:
            more = expansion.expand_chunk(session, self.channels, self.now())
        self.expanded = not more
        self.dry = self.dry and not more
