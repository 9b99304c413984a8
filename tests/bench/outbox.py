"""The outbox when it is large: what a claim costs beside a million finished rows, and what a worker holds while ever more wait.

The rows are written by the database itself, in one statement.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

import psutil
from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.orm import Session

from incident.delivery import claims, lanes
from incident.domain.ids import new_id
from incident.store.schema import migrate
from incident.store.sessions import Store
from incident.store.tables import Message
from incident.store.types import UtcTime
from incident.wiring import now
from notify.gateway import Gateway, Route
from notify.memory import MemorySender
from tests.bench import databases
from tests.bench.numbers import Line
from tests.bench.service import Service

OLD, QUEUED, FEW = 1_000_000, 50_000, 1_000
BATCH, ROUNDS = 100, 60
WATCHED_SECONDS = 12.0
MOST_GROWTH_MIB = 25.0
MOST_SLOWER = 1.5

_ROWS = text(
    "INSERT INTO message (id, dedupe_key, kind, channel, address, subject, body, encoding, parts, priority, critical,"
    " drill, created_at, not_before, status, attempts, looked, finished_at, error, turn, passed_over)"
    " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
    " SELECT :prefix || substr(CAST(1000000000000 + i AS TEXT), 2), :prefix || CAST(i AS TEXT), 'notify', 'sms',"
    " '+84540' || substr(CAST(1000000 + i % 1000000 AS TEXT), 2), '', 'Vu viec 27, tin ' || CAST(i AS TEXT), 'GSM-7', 1, 30,"
    " :no, :no, :at, :at, :status, :attempts, 0, :finished, '', i, '' FROM n"
).bindparams(bindparam("at", type_=UtcTime), bindparam("finished", type_=UtcTime))


def put(session: Session, count: int, status: str, at: datetime) -> None:
    """So many messages of one status, each to another number."""
    done = status != "created"
    session.execute(
        _ROWS,
        {
            "prefix": new_id(at)[:24], "count": count, "no": False, "at": at, "status": status,
            "attempts": int(done), "finished": at if done else None,
        },
    )  # fmt: skip


def claim_cost(old: int = OLD) -> Iterator[Line]:
    """On PostgreSQL, in a database of its own: nobody else takes the rows."""
    with databases.postgresql() as url:
        store = Store(url)
        try:
            migrate(store)
            with store.writing() as session:
                put(session, 5 * BATCH, "created", now())
            before = _claims(store)
            with store.writing() as session:
                put(session, old, "delivered", now() - timedelta(days=400))
            databases.asked(url, "VACUUM ANALYZE message")
            after = _claims(store)
        finally:
            store.dispose()
    yield Line(
        f"a claim of {BATCH} beside {old:,} finished messages",
        f"{after * 1000:.1f} ms, beside none {before * 1000:.1f} ms",
        f"≤ {MOST_SLOWER} × the time beside none",
        after <= MOST_SLOWER * before,
    )


def _claims(store: Store) -> float:
    """Seconds of a claim, the median; each is taken back."""
    view = lanes.view(lanes.of(Gateway([Route("sms", MemorySender(now))])), {}, now())
    seconds = []
    for round_ in range(ROUNDS):
        with store.writing() as session:
            begun = time.perf_counter()
            taken = claims.claim(session, view, BATCH, f"bench-{round_}", now())
            seconds.append(time.perf_counter() - begun)
            assert len(taken) == BATCH
            session.rollback()
    return statistics.median(seconds)


def memory_while_queued(service: Service, most: int = QUEUED) -> Iterator[Line]:
    """What they hold at most while a little waits, and while a lot does; the carrier takes 50 ms a message."""
    service.phones.order(clear=True)
    service.phones.order(latency_ms=50, lost_callbacks=True)
    found = {count: _held(service, count) for count in (FEW, most)}
    service.phones.order(clear=True)
    grown = found[most] - found[FEW]
    yield Line(
        f"memory (PSS) of worker and clock while {FEW:,} and while {most:,} messages wait",
        f"{found[FEW]:.0f} and {found[most]:.0f} MiB",
        f"≤ {MOST_GROWTH_MIB:.0f} MiB more",
        grown <= MOST_GROWTH_MIB,
    )


def _held(service: Service, count: int) -> float:
    with service.store.writing() as session:
        put(session, count, "created", now())
    most, end = 0.0, time.monotonic() + WATCHED_SECONDS
    while time.monotonic() < end and _waiting(service.store):
        with suppress(psutil.NoSuchProcess):
            most = max(most, service.pss("worker") + service.pss("clock"))
        time.sleep(0.2)
    assert most, "the queue was empty before anybody looked"
    with service.store.writing() as session:
        session.execute(delete(Message).where(Message.kind == "notify", Message.status == "created"))
    while _waiting(service.store):
        time.sleep(0.2)
    service.phones.quiet()
    return most


def _waiting(store: Store) -> int:
    with store.reading() as session:
        moving = select(func.count()).where(Message.status.in_(("created", "sending")))
        return int(session.scalar(moving) or 0)
