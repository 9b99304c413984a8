"""Many rows in one statement mean the same on both databases as one row at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Table, case, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from incident.domain.ids import new_id
from incident.store.bulk import Given, among, insert_many, insert_new, update_each
from incident.store.sessions import Store
from incident.store.tables import Attempt, Base, Message, Receipt, Transition

NIGHT = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
WORDS = ["a,b", 'dấu "nháy"', "gạch \\ chéo", "dòng\nmới", "{} []", "👩‍🚒", "[1]", "NULL", "", "Đập Nậm Rốm"]


def table(of: type[Base]) -> Table:
    made = of.__table__
    assert isinstance(made, Table)
    return made


def message(n: int, **more: Any) -> dict[str, Any]:
    return {
        "id": new_id(NIGHT), "dedupe_key": f"k{n}", "kind": "summon", "channel": "sms", "address": f"+84540{n:06}",
        "body": "x", "encoding": "GSM-7", "parts": 1, "created_at": NIGHT, "not_before": NIGHT, "valid_until": None,
    } | more  # fmt: skip


def kept(store: Store) -> list[Message]:
    with store.reading() as session:
        return list(session.scalars(select(Message).order_by(Message.dedupe_key)))


def test_every_kind_of_value_comes_back(store: Store) -> None:
    hanoi = timezone(timedelta(hours=7))
    rows = [message(n, body=word, critical=n % 2 == 0, priority=n) for n, word in enumerate(WORDS)]
    rows[0]["valid_until"] = datetime(2026, 11, 22, 9, 0, 0, 5, tzinfo=hanoi)
    with store.writing() as session:
        insert_many(session, table(Message), rows)
    found = kept(store)
    assert [one.body for one in found] == WORDS
    assert [one.critical for one in found] == [n % 2 == 0 for n in range(len(WORDS))]
    assert [one.priority for one in found] == list(range(len(WORDS)))
    assert found[0].valid_until == datetime(2026, 11, 22, 2, 0, 0, 5, tzinfo=UTC)
    assert found[1].valid_until is None


def test_what_a_row_does_not_name_has_its_default(store: Store) -> None:
    with store.writing() as session:
        insert_many(session, table(Message), [message(1), message(2)])
    assert [(one.status, one.attempts, one.error, one.drill) for one in kept(store)] == [
        ("created", 0, "", False)
    ] * 2


def test_json_is_the_same_text_as_one_at_a_time(store: Store) -> None:
    raw = {"form": {"b": 'x"\\', "a": "đ\u0000"}, "n": 1}

    def row(id_: str) -> dict[str, Any]:
        return {
            "id": id_, "carrier": "twilio", "carrier_id": id_, "reference": "", "status": "sent", "code": "",
            "raw": raw, "received_at": NIGHT,
        }  # fmt: skip

    with store.writing() as session:
        assert insert_new(session, table(Receipt), [row("one"), row("two")]) == {"one", "two"}
        session.add(Receipt(**row("three")))
    with store.reading() as session:
        texts = set(session.scalars(text("SELECT raw FROM receipt")))
        assert len(texts) == 1
        assert all(one.raw == raw for one in session.scalars(select(Receipt)))


def test_what_is_there_already_is_left_out(store: Store) -> None:
    first, again, other = message(1), message(1), message(2)
    with store.writing() as session:
        insert_many(session, table(Message), [first, again], once=True)
        assert insert_new(session, table(Message), [message(1), other, message(2)]) == {other["id"]}
    assert [one.id for one in kept(store)] == [first["id"], other["id"]]


def test_a_broken_key_is_an_integrity_error(store: Store) -> None:
    with pytest.raises(IntegrityError), store.writing() as session:
        insert_many(session, table(Message), [message(1), message(1)])
    assert kept(store) == []


def test_a_naive_time_is_refused(store: Store) -> None:
    naive = message(1, not_before=NIGHT.replace(tzinfo=None))
    with pytest.raises((ValueError, StatementError)), store.writing() as session:
        insert_many(session, table(Message), [naive])


def test_a_text_that_no_database_takes_is_an_error_of_the_database_or_of_its_text(store: Store) -> None:
    with pytest.raises((DBAPIError, UnicodeEncodeError)), store.writing() as session:
        insert_many(session, table(Message), [message(1, body="\ud800"), message(2)])
    assert kept(store) == []


def test_each_row_gets_its_own_values_and_only_while_it_stands_as_it_did(store: Store) -> None:
    rows = [message(n) for n in range(3)]
    late = NIGHT + timedelta(minutes=1)
    with store.writing() as session:
        insert_many(session, table(Message), rows)
        ended = [
            {"id": row["id"], "before": before, "status": "expired", "finished_at": late, "error": f"e{n}"}
            for n, (row, before) in enumerate(zip(rows, ("created", "sending", "created"), strict=True))
        ]
        update_each(session, table(Message), ended)
    found = kept(store)
    assert [(one.status, one.error, one.finished_at) for one in found] == [
        ("expired", "e0", late), ("created", "", None), ("expired", "e2", late),
    ]  # fmt: skip


def completed(attempts: Table, given: Given) -> dict[str, Any]:
    return {
        "carrier_id": func.coalesce(attempts.c.carrier_id, given("carrier_id")),
        "status": case((attempts.c.status == "sending", given("status")), else_=attempts.c.status),
    }


def test_values_may_depend_on_what_is_there(store: Store) -> None:
    known = [
        {
            "id": f"a{n}", "message_id": f"m{n}", "n": 1, "carrier": "twilio", "carrier_id": mark, "started_at": NIGHT,
            "outcome": "unknown", "status": status, "code": "",
        }
        for n, (mark, status) in enumerate([(None, "sending"), ("SM1", "delivered")])
    ]  # fmt: skip
    with store.writing() as session:
        insert_many(session, table(Attempt), known)
        told = [{"id": f"a{n}", "carrier_id": f"SM{n + 5}", "status": "accepted"} for n in range(2)]
        update_each(session, table(Attempt), told, completed)
    with store.reading() as session:
        found = session.execute(select(Attempt.carrier_id, Attempt.status).order_by(Attempt.id)).all()
    assert [tuple(row) for row in found] == [("SM5", "accepted"), ("SM1", "delivered")]


def test_nothing_is_done_for_no_rows(store: Store) -> None:
    with store.writing() as session:
        insert_many(session, table(Message), [])
        assert insert_new(session, table(Message), []) == set()
        update_each(session, table(Message), [])
    assert kept(store) == []


def test_a_column_called_before_is_a_column(store: Store) -> None:
    moves = [
        {"message_id": "m", "at": NIGHT, "before": "created", "after": "sending", "why": w} for w in "ab"
    ]
    with store.writing() as session:
        insert_many(session, table(Transition), moves)
    with store.reading() as session:
        found = session.execute(select(Transition.before, Transition.why).order_by(Transition.id)).all()
    assert [tuple(row) for row in found] == [("created", "a"), ("created", "b")]


def test_one_of_many_whatever_they_are_and_however_many(store: Store) -> None:
    rows = [message(n, body=word) for n, word in enumerate(WORDS)]
    with store.writing() as session:
        insert_many(session, table(Message), rows)
        named = select(func.count()).select_from(Message).where(among(Message.body, "words"))
        for count in range(len(WORDS) + 1):
            assert session.scalar(named, {"words": WORDS[:count]}) == count
        mine = select(Message.body).where(among(Message.body, WORDS[2:4] + WORDS[2:3]))
        assert set(session.scalars(mine)) == set(WORDS[2:4])
        assert session.scalars(select(Message.id).where(among(Message.id, []))).all() == []
