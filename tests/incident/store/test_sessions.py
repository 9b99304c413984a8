"""The doors to the database keep their promises on both kinds."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import Session

from incident.store.sessions import Store, lock, parse_url
from incident.store.tables import Lease, Setting


def put(store: Store, key: str, value: str) -> None:
    with store.writing() as session:
        session.add(Setting(key=key, value=value))


def get(store: Store, key: str) -> str | None:
    with store.reading() as session:
        return session.scalar(select(Setting.value).where(Setting.key == key))


def test_writing_commits_at_its_end(store: Store) -> None:
    put(store, "a", "1")
    assert get(store, "a") == "1"


def put_and_fail(session: Session) -> None:
    session.add(Setting(key="a", value="1"))
    session.flush()
    1 // 0  # noqa: B018 - the error is the point


def test_an_error_rolls_everything_back(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.writing() as session:
        put_and_fail(session)
    assert get(store, "a") is None


def test_reading_can_change_nothing(store: Store) -> None:
    with pytest.raises(DBAPIError), store.reading() as session:
        session.execute(text("INSERT INTO setting (key, value) VALUES ('a', '1')"))
    assert get(store, "a") is None


def test_a_reader_sees_one_state(store: Store) -> None:
    put(store, "a", "1")
    with store.reading() as session:
        query = select(Setting.value).where(Setting.key.in_(("a", "b")))
        assert session.scalars(query).all() == ["1"]
        put(store, "b", "2")  # a reader keeps no writer out
        assert session.scalars(query).all() == ["1"]


def ring_and_fail(store: Store, session: Session, seen: list[str | None]) -> None:
    store.after_commit(session, lambda: seen.append("never"))
    1 // 0  # noqa: B018 - the error is the point


def test_calls_follow_a_commit_and_only_a_commit(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str | None] = []
    with store.writing() as session:
        session.add(Setting(key="a", value="1"))
        store.after_commit(session, lambda: seen.append(get(store, "a")))
        assert seen == []
    assert seen == ["1"]
    with pytest.raises(ZeroDivisionError), store.writing() as session:
        ring_and_fail(store, session, seen)
    assert seen == ["1"]


def test_a_failing_call_does_not_hide_that_it_was_committed(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    rung: list[int] = []
    with store.writing() as session:
        session.add(Setting(key="a", value="1"))
        store.after_commit(session, lambda: 1 // 0)
        store.after_commit(session, lambda: rung.append(1))
    assert rung == [1]
    assert "after commit" in caplog.text


def test_rows_stay_readable_after_their_session(store: Store) -> None:
    with store.writing() as session:
        row = Setting(key="a", value="1")
        session.add(row)
    assert row.value == "1"


def test_two_writers_count_without_losing_one(store: Store) -> None:
    put(store, "n", "0")

    def count() -> None:
        for _ in range(10):
            with store.writing() as session:
                row = lock(session, select(Setting).where(Setting.key == "n")).one()
                row.value = str(int(row.value) + 1)

    threads = [threading.Thread(target=count) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert get(store, "n") == "30"


def test_a_locked_row_is_read_afresh(store: Store) -> None:
    put(store, "a", "1")
    with store.writing() as session:
        row = session.get_one(Setting, "a")
        assert lock(session, row) is row


def test_the_accounts_session_holds_no_lock(store: Store) -> None:
    with store.autocommit.connect() as connection:
        connection.execute(text("SELECT 1"))
        connection.execute(text("INSERT INTO setting (key, value) VALUES ('b', '2')"))
        put(store, "a", "1")
        assert get(store, "b") == "2"


def test_times_are_aware_and_come_back_in_utc(store: Store) -> None:
    at = datetime.fromisoformat("2026-11-22T09:30:00.123456+07:00")
    with store.writing() as session:
        session.add(Lease(name="clock", holder="x", until=at))
    with store.reading() as session:
        until = session.get_one(Lease, "clock").until
    assert until == at
    assert until.tzinfo is UTC
    with pytest.raises(StatementError, match="naive"), store.writing() as session:
        session.add(Lease(name="b", holder="x", until=at.replace(tzinfo=None)))


@pytest.mark.parametrize("url", ["postgres://h/d", "postgresql://h/d", "postgresql+psycopg://h/d"])
def test_postgresql_is_spoken_through_psycopg(url: str) -> None:
    assert parse_url(url).drivername == "postgresql+psycopg"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://h/d"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError):
        parse_url(url)


def test_a_process_that_vanished_gives_its_locks_back(postgres_store: Store) -> None:
    """Stopped, or its machine gone, in the middle of a transaction: the server ends it after a minute."""
    with postgres_store.reading() as session:
        assert session.scalar(text("SHOW idle_in_transaction_session_timeout")) == "1min"
    with postgres_store.writing() as session:
        assert session.scalar(text("SHOW idle_in_transaction_session_timeout")) == "1min"


def test_many_threads_of_one_process_all_get_to_write(sqlite_store: Store) -> None:
    """SQLite itself would let some of them starve."""
    faults: list[BaseException] = []

    def write(n: int) -> None:
        try:
            for turn in range(5):
                with sqlite_store.writing() as session:
                    session.add(Setting(key=f"{n}-{turn}", value="x"))
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with sqlite_store.reading() as session:
        assert len(session.scalars(select(Setting.key)).all()) == 120
