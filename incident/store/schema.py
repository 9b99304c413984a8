"""Brings a database to the schema of this program, and says where it stands. Must never know what the tables mean."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from incident.store.sessions import Store

# Any number, the same in every process: whoever migrates holds this PostgreSQL advisory lock.
MIGRATION_LOCK = 540_244_2026

# Alembic keeps its context in module globals.
_one_at_a_time = threading.Lock()


def config(connection: Connection | None = None) -> Config:
    made = Config()
    made.set_main_option("script_location", "incident.store:migrations")
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def head() -> str:
    """The newest revision this program knows."""
    newest = ScriptDirectory.from_config(config()).get_current_head()
    assert newest is not None
    return newest


def current(where: Store | str) -> str | None:
    """The revision a database stands at; None when it was never migrated."""
    with _opened(where) as store, store.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def migrate(where: Store | str, to: str = "head") -> None:
    """Bring the database to `to`, in one transaction. Of several processes one works, the others wait and find it done."""
    with _opened(where) as store, _one_at_a_time, store.engine.begin() as connection:
        _hold(connection)
        command.upgrade(config(connection), to)


def migrate_down(where: Store | str, to: str) -> None:
    with _opened(where) as store, _one_at_a_time, store.engine.begin() as connection:
        _hold(connection)
        command.downgrade(config(connection), to)


def _hold(connection: Connection) -> None:
    """SQLite's BEGIN IMMEDIATE keeps others out already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": MIGRATION_LOCK})


@contextmanager
def _opened(where: Store | str) -> Iterator[Store]:
    if isinstance(where, Store):
        yield where
        return
    store = Store(where)
    try:
        yield store
    finally:
        store.dispose()
