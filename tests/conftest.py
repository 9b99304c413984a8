"""Databases for the tests: each test gets its own, copied from one that was migrated once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from incident.store.schema import migrate
from incident.store.sessions import Store, parse_url
from tests.chromium import chromium as chromium

POSTGRES = os.environ.get("TEST_POSTGRES", "postgresql://localhost/test")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[str]:
    """The address of a migrated database of this process, emptied for each test: ten times faster than a new one."""
    name = f"incident_test_{os.getpid()}"
    try:
        _on_postgres(f"CREATE DATABASE {name}")
    except psycopg.OperationalError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"PostgreSQL is not reachable at {POSTGRES}: {error}")
        pytest.skip(f"needs PostgreSQL, not reachable at {POSTGRES}")
    try:
        migrate(_url(name))
        yield _url(name)
    finally:
        _on_postgres(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "incident.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("postgres_database")
    _empty(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database: the test runs once on each kind."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    request.getfixturevalue("postgres_database")  # skips where there is no server
    with _database() as url:
        yield url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    yield from _opened(database_url)


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    yield from _opened(sqlite_url)


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[Store]:
    yield from _opened(postgres_url)


def _opened(url: str) -> Iterator[Store]:
    opened = Store(url)
    try:
        yield opened
    finally:
        opened.dispose()


def _empty(url: str) -> None:
    """Rows away and counters back. The guards of the record do not hold for a replica, which only repeats."""
    plain = url.replace("+psycopg", "")
    with psycopg.connect(plain) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute("SET LOCAL session_replication_role = replica")
        for (table,) in connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall():
            if table != "alembic_version":
                connection.execute(f'DELETE FROM "{table}"')
        for (sequence,) in connection.execute("SELECT sequencename FROM pg_sequences").fetchall():
            connection.execute(f'ALTER SEQUENCE "{sequence}" RESTART')


_made = 0


@contextmanager
def _database() -> Iterator[str]:
    global _made
    _made += 1
    name = f"incident_bare_{os.getpid()}_{_made}"
    _on_postgres(f"CREATE DATABASE {name}")
    try:
        yield _url(name)
    finally:
        _on_postgres(f"DROP DATABASE {name} WITH (FORCE)")


def _on_postgres(statement: str) -> None:
    with psycopg.connect(POSTGRES, autocommit=True, connect_timeout=5) as connection:
        connection.execute(statement)


def _url(name: str) -> str:
    return parse_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
