"""The outbox of one process: what other parts call to have messages sent, looked for, and their receipts kept.

Owns the pool of sending threads. Whoever calls `drain` becomes the process's recorder for that time; a second caller is
turned away. Must never know what a message is about.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from incident.delivery import claims, inbound, leases, missed, operating, receipts, reconciliation
from incident.delivery.expansion import Channels, expand_chunk
from incident.delivery.failures import tell_ended
from incident.delivery.rows import insert_new
from incident.delivery.sending import Sending
from incident.delivery.together import Together
from incident.settings import Settings
from incident.store.sessions import Store
from incident.store.tables import Base, Inbound, Mailing, Message, Receipt
from notify.gateway import Gateway
from notify.mail_in import MailReply
from notify.message import Reply, StatusUpdate

THREADS = 32
CROWD = 200
RECONCILER, LISTENER = "reconciler", "listener"
RECONCILER_SECONDS = 30
Letter = tuple[type[Base], dict[str, Any]]  # what a carrier told us: its table and its row


class Outbox:
    """Safe to share between threads, not across a fork. `wait` lets so many seconds pass while a carrier's pace holds
    messages back; whoever hands in a clock that stands still hands in what moves it."""

    def __init__(
        self,
        store: Store,
        gateway: Gateway,
        settings: Settings,
        now: Callable[[], datetime],
        threads: int = THREADS,
        wait: Callable[[float], object] | None = None,
        replied: Callable[[], object] = lambda: None,
    ) -> None:
        """`replied` is called when new replies have been kept."""
        self.store = store
        self.gateway = gateway
        self.settings = settings
        self.now = now
        self.threads = threads
        self.channels = Channels(
            gateway.has("sms"), gateway.has("email"), settings.public_url, gateway.has("voice")
        )
        self._pool: ThreadPoolExecutor | None = None
        self._replied = replied
        self._listed_at: dict[str, datetime] = {}  # when each carrier's list was last read
        self._letters = Together(self._keep, self._kept_new, (OperationalError, InterfaceError, PoolTimeout))
        self._draining = threading.Lock()
        self._stopped = threading.Event()
        self._wait = wait

    # -------------------------------------------------------------- sending

    def drain(self, max_seconds: float = 20.0, crowd: Callable[[], object] | None = None) -> int:
        """Expand and send all that is due, for at most so long. Returns the number of calls made. `crowd` is called
        when there is work for another process, after the first messages have left: they do not wait for the count."""
        if not self._draining.acquire(blocking=False):
            return 0
        try:
            pool = self._pool = self._pool or ThreadPoolExecutor(self.threads, thread_name_prefix="send")
            sending = Sending(
                self.store,
                self.gateway,
                self.channels,
                self.settings.secret_key,
                self.now,
                pool,
                self.threads,
                self._stopped,
                self._wait,
            )
            return sending.run(max_seconds, lambda: crowd() if crowd and self.crowded() else None)
        finally:
            self._draining.release()

    def expand(self) -> bool:
        """Expand one chunk of one mailing; False when there is none."""
        with self.store.writing() as session:
            return expand_chunk(session, self.channels, self.now())

    def overdue(self, seconds: float) -> bool:
        """Whether something has been due for so long and nobody has taken it."""
        before = self.now() - timedelta(seconds=seconds)
        with self.store.reading() as session:
            waiting = exists().where(
                Message.status == "created",
                Message.not_before <= before,
                or_(Message.valid_until.is_(None), Message.valid_until > self.now()),
            )
            unexpanded = exists().where(Mailing.done_at.is_(None), Mailing.created_at <= before)
            return bool(session.scalar(select(or_(waiting, unexpanded))))

    def crowded(self) -> bool:
        """Whether there is work for more than one process: more due than one claim takes."""
        due = select(Message.id).where(Message.status == "created", Message.not_before <= self.now())
        many = due.offset(CROWD - 1).limit(1).exists()
        big = exists().where(Mailing.done_at.is_(None), Mailing.total - Mailing.cursor > CROWD)
        with self.store.reading() as session:
            return bool(session.scalar(select(or_(big, many))))

    def stop(self) -> None:
        """Begin no more calls: a drain that is under way gives back what it holds and returns."""
        self._stopped.set()

    def close(self) -> None:
        self.stop()
        if self._pool is not None:
            self._pool.shutdown(wait=True)

    # -------------------------------------------------------------- sweeping

    def sweep(self, now: datetime) -> int:
        """What time alone changes: leases and texts whose time is over, receipts waiting to be applied.

        Looks before it writes: an idle sweep takes no lock.
        """
        changed = 0
        lost, stale, receipt = self._waiting(now)
        if lost:
            with self.store.writing() as session:
                changed += claims.expire_leases(session, now)
        if stale:
            with self.store.writing() as session:
                ended = claims.expire_stale(session, now)
            with self.store.writing() as session:
                tell_ended(session, ended, now)
            changed += len(ended)
        if receipt:
            changed += self.apply_receipts(now)
        return changed

    def _waiting(self, now: datetime) -> tuple[bool, bool, bool]:
        with self.store.reading() as session:
            lost = exists().where(Message.status == "sending", Message.claim_until < now)
            stale = exists().where(Message.status == "created", Message.valid_until <= now)
            receipt = exists().where(receipts.waits(now))
            row = session.execute(select(lost, stale, receipt)).one()
            return bool(row[0]), bool(row[1]), bool(row[2])

    def reconcile(self, now: datetime, holder: str = "") -> int:
        """Look for unknown messages, if there are any to look for and nobody else does."""
        with self.store.reading() as session:
            if not reconciliation.due(session, now, limit=1):
                return 0
        who = holder or f"{id(self)}"
        if leases.take(self.store, RECONCILER, who, now, RECONCILER_SECONDS) is None:
            return 0
        return reconciliation.reconcile(self.store, self.gateway, now)

    def ask_balances(self, now: datetime) -> int:
        """What is left on the carriers' accounts; how many said it."""
        return operating.ask_balances(self.store, self.gateway, now)

    # -------------------------------------------------------------- receiving

    def store_receipt(self, update: StatusUpdate, now: datetime) -> bool:
        """Keep a delivery report; False when it was known. Committed when it returns."""
        return self._letters.put((Receipt, self._receipt(update, now)))

    def apply_receipts(self, now: datetime) -> int:
        """Apply one batch of what has come in, if anything has. Returns how many were taken."""
        with self.store.reading() as session:
            if not session.scalar(select(exists().where(receipts.waits(now)))):
                return 0
        with self.store.writing() as session:
            return receipts.apply(session, now)

    def store_inbound(self, reply: Reply, now: datetime) -> str | None:
        """Keep a reply; None when it was known. Committed when it returns."""
        row = inbound.inbound_row(reply, self.message_of(reply.reference), now)
        return str(row["id"]) if self._letters.put((Inbound, row)) else None

    def store_mail(self, mail: MailReply, now: datetime) -> str | None:
        """Keep an answer by mail, as `store_inbound`."""
        with self.store.reading() as session:
            message_id = inbound.answered_by_mail(session, mail.answers)
        row = inbound.inbound_row(mail.reply, message_id, now)
        return str(row["id"]) if self._letters.put((Inbound, row)) else None

    def message_of(self, reference: str) -> str | None:
        """The message of an attempt's signed reference; None when it is none of ours."""
        if not reference:
            return None
        with self.store.reading() as session:
            return inbound.message_of(session, reference, self.settings.secret_key)

    def catch_up(self, now: datetime, holder: str = "") -> int:
        """Keep what webhooks failed to tell, if nobody else is at it. Returns how much was new."""
        who = holder or f"{id(self)}"
        if leases.take(self.store, LISTENER, who, now, RECONCILER_SECONDS) is None:
            return 0
        found = missed.look(self.store, self.gateway, self._listed_at, now)
        new = self.keep_all(found.replies, found.updates, now)
        self._listed_at |= dict.fromkeys(found.answered, now)
        return new

    def keep_all(self, replies: Sequence[Reply], updates: Sequence[StatusUpdate], now: datetime) -> int:
        """Keep many at once, in one transaction. Returns how many were new."""
        letters: list[Letter] = [(Inbound, inbound.inbound_row(reply, None, now)) for reply in replies]
        letters += [(Receipt, self._receipt(update, now)) for update in updates]
        known = self._keep(letters) if letters else []
        new = [letter for letter, fresh in zip(letters, known, strict=True) if fresh]
        self._kept_new(new)
        return len(new)

    def _receipt(self, update: StatusUpdate, now: datetime) -> dict[str, Any]:
        return receipts.receipt_row(update, self.settings.secret_key, now)

    def unread(self, now: datetime, older_than_seconds: float = 0.0) -> list[str]:
        """Ids of replies that nobody has understood yet."""
        return inbound.waiting(self.store, now, older_than_seconds)

    def _keep(self, letters: Sequence[Letter]) -> list[bool]:
        """Again, when the connection was cut: not every carrier repeats a webhook that failed, and storing twice is
        storing once."""
        try:
            return self._kept(letters)
        except DBAPIError as fault:
            if not fault.connection_invalidated:
                raise
            return self._kept(letters)

    def _kept(self, letters: Sequence[Letter]) -> list[bool]:
        new: set[str] = set()
        with self.store.writing() as session:
            for of in (Receipt, Inbound):
                new |= insert_new(session, of, [row for kind, row in letters if kind is of])
        return [row["id"] in new for _, row in letters]

    def _kept_new(self, letters: Sequence[Letter]) -> None:
        if any(of is Inbound for of, _ in letters):
            self._replied()
