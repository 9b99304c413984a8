"""Doors to the database: one kind of session that reads, one that writes and commits once.

Responsible for transactions, locks and what runs after a commit, on SQLite and PostgreSQL alike. Must never know a table.

SQLite has one writer. Its transactions are begun by us: IMMEDIATE for writers, so that two of them never meet half-way;
DEFERRED and query-only for readers, because a SELECT inside an IMMEDIATE transaction would hold the write lock.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, overload

from sqlalchemy import URL, Connection, Engine, ScalarResult, Select, create_engine, event, make_url
from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

Row = TypeVar("Row")

BUSY_SECONDS = 10
IDLE_SECONDS = 60
# Last in, first out: a quiet service stays on one connection, whose statements are prepared and whose cache is warm.
POOL = {"pool_size": 10, "max_overflow": 10, "pool_timeout": 10, "pool_use_lifo": True}
# More than there are statements in the service: one that is pushed out must be planned anew each time it comes.
PREPARED_MOST = 1000
AFTER_COMMIT = "after_commit"


class Store:
    """The database at `url` (sqlite:///file, postgresql://…). Safe to share between threads, not across a fork."""

    def __init__(self, url: str) -> None:
        self.url = parse_url(url)
        self.dialect = self.url.get_backend_name()
        self._turn = threading.Lock()
        if self.dialect == "sqlite":
            self.engine = _sqlite_engine(self.url, begin="BEGIN IMMEDIATE")
            self._reader = _sqlite_engine(self.url, begin="BEGIN DEFERRED", query_only=True)
            # For the session of the accounts, which reads on every request and commits by itself:
            # each statement is its own transaction, so that it never holds a lock against a use case.
            self.autocommit = _sqlite_engine(self.url, begin=None)
        else:
            self.engine = create_engine(
                self.url, pool_pre_ping=True, connect_args={"connect_timeout": BUSY_SECONDS}, **POOL
            )
            event.listen(self.engine, "connect", _let_go)
            # One snapshot for all queries of a page or report, as SQLite gives it.
            self._reader = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self.autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the database and can change nothing."""
        with Session(self._reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back when it raises. Never retried."""
        with self._in_turn(), Session(self.engine, expire_on_commit=False) as session:
            with session.begin():
                yield session
            calls = session.info.pop(AFTER_COMMIT, ())
        for call in calls:
            _run(call)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """SQLite lets those who wait for its writer sleep and try again, so that one of many threads may never get
        in: the threads of one process stand in line here, and only processes meet at the database."""
        if self.dialect != "sqlite":
            yield
            return
        got = self._turn.acquire(
            timeout=BUSY_SECONDS
        )  # whoever does not get in tries his luck at the database
        try:
            yield
        finally:
            if got:
                self._turn.release()

    def after_commit(self, session: Session, call: Callable[[], object]) -> None:
        """Run `call` once the session of `writing` has committed; not at all when it rolls back."""
        session.info.setdefault(AFTER_COMMIT, []).append(call)

    def dispose(self) -> None:
        for engine in (self.engine, self._reader, self.autocommit):
            engine.dispose()


def _run(call: Callable[[], object]) -> None:
    """What was to follow may fail, but the commit stands: the caller must not be told otherwise."""
    try:
        call()
    except Exception:
        log.exception("a call after commit failed")


def parse_url(url: str) -> URL:
    """The address as SQLAlchemy takes it, always with psycopg 3 for PostgreSQL."""
    parsed = make_url(url)
    name = parsed.get_backend_name()
    if name in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    if name != "sqlite":
        raise ValueError(f"SQLite or PostgreSQL, not {name}")
    if parsed.database in (None, "", ":memory:"):
        raise ValueError("a SQLite database needs a file: readers and writers are different connections")
    return parsed


def _let_go(dbapi: Any, record: Any) -> None:
    """A process that was stopped, or whose machine vanished, in the middle of a transaction: its locks end with it."""
    dbapi.autocommit = True
    dbapi.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
    dbapi.autocommit = False
    dbapi.prepare_threshold = 1
    dbapi.prepared_max = PREPARED_MOST


def _sqlite_engine(url: URL, begin: str | None, query_only: bool = False) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, **POOL)

    @event.listens_for(engine, "connect")
    def connect(dbapi: Any, record: Any) -> None:
        dbapi.isolation_level = None  # the driver must not begin transactions of its own
        if dbapi.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            dbapi.execute("PRAGMA journal_mode=WAL")
        dbapi.execute("PRAGMA synchronous=FULL")
        dbapi.execute("PRAGMA foreign_keys=ON")
        dbapi.execute("PRAGMA recursive_triggers=ON")  # else REPLACE deletes rows without the triggers
        if query_only:
            dbapi.execute("PRAGMA query_only=ON")

    if begin:

        @event.listens_for(engine, "begin")
        def do_begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

    return engine


@overload
def lock(session: Session, what: Select[Row]) -> ScalarResult[Any]: ...
@overload
def lock(session: Session, what: Row) -> Row: ...
def lock(session: Session, what: Any) -> Any:
    """Hold a row, or all rows of a query, until the end of the transaction, and read them afresh.

    On SQLite the writing transaction already holds the whole database, and nothing more is asked.
    """
    sqlite = session.get_bind().dialect.name == "sqlite"
    if isinstance(what, Select):
        fresh = what if sqlite else what.with_for_update()
        return session.scalars(fresh, execution_options={"populate_existing": True})
    if not sqlite:
        session.refresh(what, with_for_update=True)
    return what
