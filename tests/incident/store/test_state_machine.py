"""What the database itself knows of a message's life, and how a database of an older program comes to know it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, insert, inspect, text
from sqlalchemy.exc import IntegrityError

from incident.store.schema import config, migrate, migrate_down
from incident.store.sessions import Store
from incident.store.tables import Attempt, Base, Message, Receipt

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
TABLES = ("message", "attempt", "receipt")


def message(**changes: Any) -> Message:
    values: dict[str, Any] = {
        "id": "m", "dedupe_key": "m", "kind": "summon", "channel": "sms", "address": "+84540000001", "body": "x",
        "encoding": "GSM-7", "parts": 1, "created_at": NOW, "not_before": NOW, "status": "created", "attempts": 0,
    }  # fmt: skip
    return Message(**values | changes)


def attempt(**changes: Any) -> Attempt:
    values: dict[str, Any] = {
        "id": "a", "message_id": "m", "n": 1, "carrier": "memory", "started_at": NOW, "outcome": "calling",
        "status": "sending",
    }  # fmt: skip
    return Attempt(**values | changes)


def receipt(**changes: Any) -> Receipt:
    values: dict[str, Any] = {
        "id": "r", "carrier": "memory", "carrier_id": "1", "status": "sent", "raw": {}, "received_at": NOW,
    }  # fmt: skip
    return Receipt(**values | changes)


@pytest.mark.parametrize(
    ("rule", "row"),
    [
        ("message_status", message(status="lost")),
        ("message_leased", message(status="sending", claim_token="t")),
        ("message_leased", message(status="created", claim_until=NOW)),
        ("message_leased", message(status="unknown", attempts=1, claim_until=NOW)),
        ("message_claimed", message(status="sending", claim_until=NOW)),
        ("message_finished", message(status="delivered", attempts=1)),
        ("message_finished", message(status="expired")),
        ("message_finished", message(status="accepted", attempts=1, finished_at=NOW)),
        ("message_called", message(status="unknown")),
        ("message_called", message(status="accepted")),
        ("message_called", message(status="delivered", finished_at=NOW)),
        ("message_counted", message(parts=0)),
        ("message_counted", message(attempts=-1)),
        ("message_counted", message(looked=-1)),
        ("attempt_outcome", attempt(outcome="lost", status="unknown")),
        ("attempt_status", attempt(status="expired", outcome="unknown")),
        ("attempt_numbered", attempt(n=0)),
        ("attempt_calling", attempt(finished_at=NOW)),
        ("attempt_calling", attempt(status="sent")),
        ("receipt_status", receipt(status="created")),
    ],
)
def test_a_row_that_cannot_be_is_refused(store: Store, rule: str, row: Base) -> None:
    with pytest.raises(IntegrityError, match=f"ck_{rule}"), store.writing() as session:
        session.add(_copy(row))


def _copy(row: Base) -> Base:
    """A row of a parameter belongs to no session twice."""
    return type(row)(**{k: v for k, v in vars(row).items() if not k.startswith("_")})


def test_every_rule_of_the_tables_stands_in_the_database(store: Store) -> None:
    for table in TABLES:
        said = {str(c.name) for c in Base.metadata.tables[table].constraints if str(c.name).startswith("ck_")}
        found = {str(c["name"]) for c in inspect(store.engine).get_check_constraints(table)}
        assert found == said, table


def _before() -> str:
    """The revision just ahead of the one that brought the rules."""
    made = ScriptDirectory.from_config(config()).get_revision("0010")
    assert made is not None
    return str(made.down_revision)


def _write(store: Store, row: Base) -> None:
    """As an older program wrote it: only the columns there were."""
    now_ = Base.metadata.tables[row.__tablename__]
    then = Table(row.__tablename__, MetaData(), autoload_with=store.engine)
    values = {
        c.name: c.type.process_bind_param(v, store.engine.dialect)
        if hasattr(c.type, "process_bind_param")
        else v
        for c in now_.columns
        if c.name in then.columns
        and (v := getattr(row, c.name) if getattr(row, c.name) is not None else _default(c)) is not None
    }
    with store.engine.begin() as connection:
        connection.execute(insert(then), values)


def _default(column: Any) -> Any:
    return column.default.arg if column.default is not None and column.default.is_scalar else None


@pytest.fixture
def older(bare_url: str) -> Iterator[Store]:
    migrate(bare_url, _before())
    store = Store(bare_url)
    yield store
    store.dispose()


ROWS = {
    "half-claimed": {"status": "sending"},
    "leased-for-nothing": {"status": "created", "claim_until": NOW, "claim_token": "t"},
    "unended": {"status": "delivered", "attempts": 1},
    "ended-early": {"status": "sent", "attempts": 1, "finished_at": NOW},
    "uncalled": {"status": "unknown", "attempts": 0, "parts": 0},
    "good": {"status": "created"},
}


def test_what_an_older_program_left_is_mended(older: Store) -> None:
    for name, values in ROWS.items():
        _write(older, message(id=name, dedupe_key=name, **values))
    _write(older, attempt(outcome="odd", status="odder"))
    _write(older, attempt(id="b", n=2, finished_at=NOW))
    _write(older, receipt(status="read"))
    indexes = _indexes(older)
    migrate(older)
    assert indexes.items() <= _indexes(older).items(), (
        "none is lost or changed; a later revision may add some"
    )
    with older.reading() as session:
        rows = {row.id: row for row in session.query(Message)}
        assert len(rows) == len(ROWS)
        lost = rows["half-claimed"]
        assert (lost.status, lost.claim_token, lost.claim_until) == ("sending", "mended", NOW)
        assert rows["leased-for-nothing"].claim_until is None
        assert rows["unended"].finished_at == NOW
        assert rows["ended-early"].finished_at is None
        assert (rows["uncalled"].attempts, rows["uncalled"].parts) == (1, 1)
        assert {(a.id, a.outcome, a.status) for a in session.query(Attempt)} == {
            ("a", "unknown", "unknown"), ("b", "unknown", "sending"),
        }  # fmt: skip
        assert session.get_one(Receipt, "r").status == "accepted"
    migrate_down(older, _before())
    assert _indexes(older) == indexes
    assert not {c["name"] for c in inspect(older.engine).get_check_constraints("attempt")}
    migrate(older)


def _indexes(store: Store) -> dict[str, str]:
    """Each with the words that made it: the partial ones keep their condition."""
    asked = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }
    with store.reading() as session:
        return {name: words for name, words in session.execute(text(asked[store.dialect]))}  # noqa: C416
