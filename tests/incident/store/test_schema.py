"""The schema: from empty to head, back, without drift, and with the triggers that keep the record."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from incident.store.schema import current, head, migrate, migrate_down
from incident.store.sessions import Store
from incident.store.tables import (
    Approval,
    Base,
    Entry,
    Message,
    Person,
    PlaybookVersion,
    Revision,
    Statement,
    Unit,
)
from incident.store.tables import Incident as IncidentRow

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.fixture
def bare(bare_url: str) -> Iterator[Store]:
    store = Store(bare_url)
    yield store
    store.dispose()


def test_goes_up_from_empty_and_down_again(bare: Store) -> None:
    assert current(bare) is None
    migrate(bare)
    assert current(bare) == head()
    migrate_down(bare, "base")
    assert set(inspect(bare.engine).get_table_names()) == {"alembic_version"}
    migrate(bare)
    assert current(bare) == head()


def test_migrating_again_changes_nothing(store: Store) -> None:
    migrate(store)
    assert current(store) == head()


def test_migrations_and_tables_say_the_same(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_several_may_migrate_at_once(bare_url: str) -> None:
    faults: list[Exception] = []

    def work() -> None:
        try:
            migrate(bare_url)
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert current(bare_url) == head()


def triggers(store: Store) -> set[str]:
    where = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    with store.reading() as session:
        return set(session.scalars(text(where[store.dialect])))


def test_the_guards_stand_at_head(store: Store) -> None:
    third = "replace" if store.dialect == "sqlite" else "truncate"
    assert triggers(store) == {
        f"{table}_no_{what}"
        for table in (
            "entry",
            "approval",
            "revision",
            "playbook_version",
            "playbook_edit",
            "playbook_publication",
        )
        for what in ("update", "delete", third)
    } | {"incident_mode_fixed"} | ({"incident_mode_kept"} if store.dialect == "sqlite" else set())


@pytest.mark.parametrize("mode", ["drill", "live"])
def test_a_mode_is_fixed(recorded: Store, mode: str) -> None:
    """A drill never becomes the real thing, nor the real thing a drill, by whatever statement."""
    with recorded.writing() as session:
        session.add(incident_row(id="j", number=f"X-{mode}", mode=mode))
    other = "live" if mode == "drill" else "drill"
    statements = [
        f"UPDATE incident SET mode = '{other}' WHERE id = 'j'",
        "UPDATE incident SET mode = 'drill', level = 3",
    ]
    if recorded.dialect == "sqlite":
        columns = [column.name for column in IncidentRow.__table__.columns]
        taken = ", ".join(f"'{other}'" if name == "mode" else name for name in columns)
        statements.append(f"INSERT OR REPLACE INTO incident SELECT {taken} FROM incident WHERE id = 'j'")
    for statement in statements:
        with (
            pytest.raises(IntegrityError, match="mode of an incident is fixed"),
            recorded.writing() as session,
        ):
            session.execute(text(statement))
    with recorded.writing() as session:  # anything else of the row may change
        session.execute(text(f"UPDATE incident SET mode = '{mode}', level = 3 WHERE id = 'j'"))


def incident_row(**changes: object) -> IncidentRow:
    values: dict[str, object] = {
        "id": "i", "code": "27", "number": "VV-27/2026", "mode": "live", "title": "T", "short_name": "t",
        "playbook": "p", "playbook_version": "v", "level": 2, "area": ["toan_tinh"], "opened_at": NOW, "opened_by": "x",
    }  # fmt: skip
    return IncidentRow(**(values | changes))


@pytest.fixture
def recorded(store: Store) -> Store:
    """A store with one entry, one revision and one approval."""
    with store.writing() as session:
        session.add(Unit(key="u", name="U", short_name="U", kind="so", bloc="nha_nuoc"))
        session.add(
            PlaybookVersion(id="v", slug="p", version=1, title="P", sha256="0", compiled="{}", created_at=NOW)
        )
        session.flush()
        session.add(Person(id="p", name="A", sort_name="a", unit="u"))
        session.add(incident_row())
        session.flush()
        session.add(
            Statement(id="s", incident_id="i", step="d", title="T", text="x", created_at=NOW, updated_at=NOW)
        )
        session.add(
            Entry(
                chain="i",
                seq=1,
                kind="note",
                occurred_at=NOW,
                recorded_at=NOW,
                actor={},
                data={},
                canonical="{}",
                prev_hash="",
                hash="h",
            )
        )
        session.flush()
        session.add(
            Revision(
                id="r",
                statement_id="s",
                n=1,
                text="x",
                sha256="0",
                code="7K2",
                editors=[],
                submitted_by="p",
                submitted_at=NOW,
            )
        )
        session.flush()
        session.add(
            Approval(
                id="a", revision_id="r", step="d", person_id="p", decision="approved", sha256="0", at=NOW
            )
        )
    return store


REFUSED = [
    "UPDATE entry SET kind = 'other'",
    "UPDATE entry SET seq = 2",
    "DELETE FROM entry",
    "UPDATE approval SET decision = 'returned'",
    "DELETE FROM approval",
    "UPDATE revision SET text = 'y'",
    "UPDATE revision SET sha256 = '1'",
    "UPDATE revision SET n = 2",
    "DELETE FROM revision",
]
ON_SQLITE = [
    "INSERT OR REPLACE INTO entry SELECT * FROM entry",
    "INSERT OR REPLACE INTO approval SELECT * FROM approval",
    "INSERT OR REPLACE INTO revision SELECT * FROM revision",
    (
        "INSERT OR REPLACE INTO revision SELECT 'new', statement_id, n, 'y', sha256, code, editors, "
        "submitted_by, submitted_at, voided_at FROM revision"
    ),
]
ON_POSTGRESQL = [
    "TRUNCATE entry",
    "TRUNCATE approval",
    "TRUNCATE revision CASCADE",
    "INSERT INTO entry SELECT * FROM entry ON CONFLICT (chain, seq) DO UPDATE SET kind = 'other'",
]


def refuses(store: Store, statement: str) -> None:
    with pytest.raises(IntegrityError, match="append-only"), store.writing() as session:
        session.execute(text(statement))


@pytest.mark.parametrize("statement", REFUSED)
def test_the_record_refuses_change(recorded: Store, statement: str) -> None:
    refuses(recorded, statement)


@pytest.mark.parametrize("statement", ON_SQLITE)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_refuses_replace_whatever_the_pragma_says(recorded: Store, statement: str) -> None:
    refuses(recorded, statement)
    with recorded.autocommit.connect() as connection:
        connection.exec_driver_sql("PRAGMA recursive_triggers=OFF")
        with pytest.raises(IntegrityError, match="append-only"):
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize("statement", ON_POSTGRESQL)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_refuses_truncate_and_upsert(recorded: Store, statement: str) -> None:
    refuses(recorded, statement)


def test_a_revision_may_be_voided(recorded: Store) -> None:
    with recorded.writing() as session:
        revision = session.get_one(Revision, "r")
        revision.voided_at = NOW
    with recorded.reading() as session:
        assert session.get_one(Revision, "r").voided_at == NOW


@pytest.mark.parametrize(
    ("channel", "status", "kept"),
    [
        ("voice", "created", True),
        ("sms", "created", True),
        ("fax", "created", False),
        ("voice", "lost", False),
    ],
)
def test_a_message_keeps_its_checks_through_the_migrations(
    bare: Store, channel: str, status: str, kept: bool
) -> None:
    """SQLite writes the table anew to let calls in: its other rules must come along."""
    migrate(bare)
    row = {
        "id": "m", "dedupe_key": "k", "kind": "summon", "channel": channel, "address": "+84540000001", "subject": "",
        "body": "", "encoding": "voice", "parts": 1, "priority": 10, "critical": True, "drill": False,
        "created_at": NOW, "not_before": NOW, "status": status, "attempts": 0, "looked": 0, "error": "",
    }  # fmt: skip

    def insert() -> None:
        with bare.writing() as session:
            session.add(Message(**row))

    if kept:
        insert()
    else:
        with pytest.raises(IntegrityError):
            insert()
