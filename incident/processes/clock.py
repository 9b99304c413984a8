"""The clock: sweeps every second what is due, so that a lost bell, a dead Redis or a killed worker costs a second.

Three threads. The sweep tells the time to runs and tidies the outbox; it never calls a carrier. One drains what has been due
for a while and not taken, one asks carriers what became of things, so that a list nobody answers holds up no message. One clock works at a time, by a lease row; the others wait.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import delete, select

from incident.delivery import leases, vitals
from incident.response import advance, drafts, drills, handover, inbox, press
from incident.store.tables import IdempotencyKey, Incident, Link
from incident.wiring import Wiring

log = logging.getLogger(__name__)

Result = TypeVar("Result")

LEASE = "clock"
LEASE_SECONDS = 5.0
SWEEP_SECONDS = 1.0
TAKING_SECONDS = 0.6  # of each sweep, for what came in
UNTAKEN_SECONDS = 1.0
LOOK_SECONDS = 0.2
ROLES_SECONDS = 5.0
RECONCILE_SECONDS = 5.0
LISTEN_SECONDS = 60.0
TIDY_SECONDS = 3600.0
HEARTBEAT_SECONDS = 60.0
BALANCE_SECONDS = 600.0
IDEMPOTENCY_KEPT = timedelta(days=7)
LINKS_KEPT = timedelta(days=30)


@dataclass
class Every:
    """Something that need not be done at each turn."""

    seconds: float
    last: float = field(default=float("-inf"))

    def due(self) -> bool:
        if time.monotonic() - self.last < self.seconds:
            return False
        self.last = time.monotonic()
        return True


class Clock:
    """`sweep` and `drain` are one turn each; `run` turns them until `stop` is set."""

    def __init__(self, wiring: Wiring, stop: threading.Event) -> None:
        self.wiring = wiring
        self.stop = stop
        self.holder = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.bell = wiring.settings.redis_url is not None
        self._roles = Every(ROLES_SECONDS)
        self._reconcile = Every(RECONCILE_SECONDS)
        self._listen = Every(LISTEN_SECONDS)
        self._balance = Every(BALANCE_SECONDS)
        self._tidy = Every(TIDY_SECONDS)
        self._heartbeat = Every(HEARTBEAT_SECONDS)
        self.working = False

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        drainer = threading.Thread(target=self._drain_for_ever, name="drain", daemon=True)
        drainer.start()
        threading.Thread(target=self._look_for_ever, name="look", daemon=True).start()
        first = True
        while not self.stop.is_set():
            begun = time.monotonic()
            self.sweep(self.wiring.now())
            if first and self.working:
                ready()
                first = False
            self.stop.wait(max(0.0, SWEEP_SECONDS - (time.monotonic() - begun)))
        self.wiring.outbox.stop()
        drainer.join(timeout=8)
        leases.leave(self.wiring.store, LEASE, self.holder, self.wiring.now())

    # -------------------------------------------------------------- the sweep

    def sweep(self, now: datetime) -> bool:
        """One turn; False when another clock works, or the database is out of reach."""
        try:
            self.working = leases.take(self.wiring.store, LEASE, self.holder, now, LEASE_SECONDS) is not None
        except Exception:
            log.exception("the clock cannot reach the database")
            self.working = False
        if not self.working:
            return False
        desk = self.wiring.desk
        self._safely("outbox", lambda: self.wiring.outbox.sweep(now))
        self._take_in(now)
        self._safely("pending", lambda: advance.apply_pending(desk, now))
        self._safely("time", lambda: advance.tell_time(desk, now))
        self._safely("drills", lambda: drills.sweep(desk, now))
        if self._roles.due():
            self._safely("shift", lambda: handover.sweep(desk, now))
            self._safely("roles", lambda: advance.sweep_roles(desk, now))
            self._safely("press", lambda: press.sweep(desk, now))
        if self._tidy.due():
            self._safely("tidy", lambda: self._tidy_up(now))
        return True

    def _take_in(self, now: datetime) -> None:
        """Replies and receipts in turns, a batch of each: thousands of the one must not keep the other waiting."""
        end = time.monotonic() + TAKING_SECONDS
        while True:
            read = self._safely("replies", lambda: self._read_replies(now))
            applied = self._safely("receipts", lambda: self.wiring.outbox.apply_receipts(now))
            if (not read and not applied) or time.monotonic() >= end:
                return

    def _read_replies(self, now: datetime) -> int:
        """What the bell did not have read within a second. Returns how many."""
        ids = self.wiring.outbox.unread(now, older_than_seconds=1.0 if self.bell else 0.0)
        return inbox.understand(self.wiring.desk, ids, now) if ids else 0

    def _tidy_up(self, now: datetime) -> None:
        ended = select(Incident.id).where(Incident.closed_at < now - LINKS_KEPT)
        with self.wiring.store.writing() as session:
            drafts.tidy(session, now)
            session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - IDEMPOTENCY_KEPT))
            session.execute(
                delete(Link).where(Link.incident_id.in_(ended)).execution_options(synchronize_session=False)
            )

    def _safely(self, name: str, work: Callable[[], Result]) -> Result | None:
        """One kind of work that fails must not keep the others from being done."""
        try:
            return work()
        except Exception:
            log.exception("the sweep failed at %s", name)
            return None

    # -------------------------------------------------------------- the draining

    def drain(self) -> int:
        """Send what no worker has taken for a second; at once where the bell calls nobody."""
        outbox = self.wiring.outbox
        if not outbox.overdue(0.0):
            return 0
        if self.wiring.bell.ring() and not outbox.overdue(UNTAKEN_SECONDS):
            return 0  # a worker has been called, if need be again
        return outbox.drain()

    def _beat(self) -> None:
        """Tell the outside watch, once a minute, and only when all is well."""
        url = self.wiring.settings.heartbeat_url
        if url is None or not self.working or not self._heartbeat.due():
            return
        if not vitals.unready(self.wiring.store, self.wiring.gateway.has("sms"), self.wiring.now()):
            vitals.ping(url)

    def _drain_for_ever(self) -> None:
        while not self.stop.wait(LOOK_SECONDS):
            self._safely("drain", self.drain)

    # -------------------------------------------------------------- the looking

    def look(self) -> None:
        """Ask carriers what became of things. They may take long to answer, or not answer: nothing else waits for it."""
        outbox, now = self.wiring.outbox, self.wiring.now
        if self._reconcile.due():
            self._safely("reconcile", lambda: outbox.reconcile(now(), self.holder))
        if self._listen.due():
            self._safely("listen", lambda: outbox.catch_up(now(), self.holder))
        if self.working and self._balance.due():
            self._safely("balance", lambda: outbox.ask_balances(now()))
        self._safely("heartbeat", self._beat)

    def _look_for_ever(self) -> None:
        while not self.stop.wait(LOOK_SECONDS):
            self.look()
