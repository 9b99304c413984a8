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

POSTGRES = os.environ.get("TEST_POSTGRES", "postgresql://localhost/test")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str]:
    """The name of a migrated database that others are created from."""
    name = f"incident_template_{os.getpid()}"
    try:
        _on_postgres(f"CREATE DATABASE {name}")
    except psycopg.OperationalError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"PostgreSQL is not reachable at {POSTGRES}: {error}")
        pytest.skip(f"needs PostgreSQL, not reachable at {POSTGRES}")
    try:
        migrate(_url(name))
        yield name
    finally:
        _on_postgres(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "incident.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    template = request.getfixturevalue("postgres_template")
    with _database(f"TEMPLATE {template}") as url:
        yield url


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
    request.getfixturevalue("postgres_template")  # skips where there is no server
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


_made = 0


@contextmanager
def _database(like: str = "") -> Iterator[str]:
    global _made
    _made += 1
    name = f"incident_test_{os.getpid()}_{_made}"
    _on_postgres(f"CREATE DATABASE {name} {like}")
    try:
        yield _url(name)
    finally:
        _on_postgres(f"DROP DATABASE {name} WITH (FORCE)")


def _on_postgres(statement: str) -> None:
    with psycopg.connect(POSTGRES, autocommit=True, connect_timeout=5) as connection:
        connection.execute(statement)


def _url(name: str) -> str:
    return parse_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
