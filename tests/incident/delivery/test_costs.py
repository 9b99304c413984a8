"""What a turn and a claim cost, in statements and rows: numbers that do not depend on how busy the machine is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session

from incident.delivery import claims, lanes
from incident.delivery.records import Result, record
from incident.store.sessions import Store
from notify.message import Receipt
from tests.incident.delivery import by_hand
from tests.incident.delivery.world import World

OLD = 200_000
FINISHED = text(
    """
    INSERT INTO message (id, dedupe_key, incident_id, kind, channel, address, subject, body, encoding, parts, priority,
        critical, drill, created_at, not_before, finished_at, status, attempts, looked, error)
    SELECT 'old-' || n, 'old:' || n, 'closed', 'notify', 'sms', '+8491' || n, '', 'Thong bao', 'GSM-7', 1, 30, false, false,
        now(), now(), now(), 'delivered', 1, 0, '' FROM generate_series(1, :count) AS n
    """
)


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile."""
    heard: list[str] = []

    def hear(connection: Connection, cursor: Any, statement: str, *more: Any) -> None:
        heard.append(statement)

    event.listen(store.engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(store.engine, "before_cursor_execute", hear)


def test_what_came_of_forty_calls_is_written_in_as_many_statements_as_of_one(world: World) -> None:
    gateway, now = world.outbox.gateway, world.clock()
    counts = []
    for count in (1, 40):
        for n in range(count):
            world.message(f"+84540{n:06d}")
        calls = by_hand.begun(world.store, gateway, by_hand.claimed(world.store, gateway, now), now)
        ended = [Result(call, Receipt("memory", call.attempt_id, "accepted", 1), now) for call in calls]
        with counted(world.store) as heard, world.store.writing() as session:
            record(session, ended, gateway, {}, now)
        counts.append(len(heard))
    assert counts[0] == counts[1]
    assert world.statuses() == {"accepted": 41}


def test_the_first_turn_is_seven_statements(world: World) -> None:
    """The next mailing, the carriers, the claim and its note, whose it still is, the attempts, the leases: the first
    message leaves after these."""
    world.message()
    until_sent: list[str] = []
    send = world.sms.send
    with counted(world.store) as heard:
        world.sms.send = lambda message: (until_sent.extend(heard), send(message))[1]  # type: ignore[method-assign]
        world.outbox.drain()
    asked = [one.split()[0] for one in until_sent if not one.startswith("BEGIN")]
    assert asked == ["SELECT", "SELECT", "UPDATE", "INSERT", "SELECT", "INSERT", "UPDATE"]


def test_a_claim_costs_the_same_beside_two_hundred_thousand_finished_messages(postgres_url: str) -> None:
    store = Store(postgres_url)
    world = World(store)
    for n in range(300):
        world.message(f"+84540{n:06d}")
    before = _claim_costs(world)
    with store.engine.begin() as connection:
        connection.execute(FINISHED, {"count": OLD})
        connection.execute(text("ANALYZE message"))
    after = _claim_costs(world)
    world.outbox.close()
    store.dispose()
    assert before["rows"] <= 300
    assert after["rows"] <= 300, "no finished row is looked at"
    assert after["buffers"] <= 2 * before["buffers"], (before, after)


def _claim_costs(world: World) -> dict[str, int]:
    """Pages and rows that one claim of a hundred touches, as PostgreSQL counts them. Nothing is claimed."""
    made: list[tuple[str, Any]] = []

    def hear(connection: Connection, cursor: Any, statement: str, values: Any, *more: Any) -> None:
        if statement.startswith("UPDATE message"):
            made.append((statement, values))

    view = lanes.view(lanes.of(world.outbox.gateway), {}, world.clock())
    event.listen(world.store.engine, "before_cursor_execute", hear)
    with world.store.engine.connect() as connection:
        with Session(connection) as session:
            assert len(claims.claim(session, view, 100, "t", world.clock())) == 100
            session.rollback()
        event.remove(world.store.engine, "before_cursor_execute", hear)
        ((statement, values),) = made
        (plan,) = connection.exec_driver_sql(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", values
        ).one()
        connection.rollback()
    root = plan[0]["Plan"]
    return {"buffers": root["Shared Hit Blocks"] + root["Shared Read Blocks"], "rows": _most_rows(root)}


def _most_rows(node: dict[str, Any]) -> int:
    """The most rows that any step of the plan looked at."""
    own = node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0)
    return max([int(own), *(_most_rows(one) for one in node.get("Plans", ()))])
