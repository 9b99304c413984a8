"""A database of the benchmark's own: made for one setting, gone afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from incident.store.sessions import parse_url

SERVER = os.environ.get("TEST_POSTGRES", "postgresql://localhost/test")


_numbers = count()


@contextmanager
def postgresql(server: str = SERVER) -> Iterator[str]:
    name = f"incident_bench_{os.getpid()}_{next(_numbers)}"
    asked(server, f"CREATE DATABASE {name}")
    try:
        yield parse_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        asked(server, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def sqlite(directory: Path) -> Iterator[str]:
    yield f"sqlite:///{directory / 'incident.db'}"


def asked(url: str, statement: str) -> Sequence[Any]:
    """One statement on PostgreSQL; its rows, if it has any."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True, connect_timeout=5) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []
