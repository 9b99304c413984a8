"""What is appended: one canonical text, one chain, and nothing on it that must not stand there."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from incident.domain.actors import SYSTEM, Actor
from incident.store.sessions import Store, lock
from incident.store.tables import Entry, FreeText, Incident, SystemChain
from incident.timeline.ledger import (
    HIDDEN_NUMBER,
    Line,
    Unledgerable,
    append,
    append_many,
    storable,
    system_head,
    utc_text,
)

from .conftest import NOW, Room


def entries(store: Store, chain: str = "i1") -> list[Entry]:
    with store.reading() as session:
        return list(session.scalars(select(Entry).where(Entry.chain == chain).order_by(Entry.seq)))


def test_each_entry_carries_the_hash_of_the_one_before(room: Room) -> None:
    room.write("step_started", step="lap_to", people=["p1"])
    room.write("step_done", step="lap_to", result="ok")
    first, second = entries(room.store)
    assert (first.seq, second.seq) == (1, 2)
    assert (first.prev_hash, second.prev_hash) == ("", first.hash)
    assert second.hash == hashlib.sha256((first.hash + second.canonical).encode()).hexdigest()
    with room.store.reading() as session:
        head = session.get_one(Incident, "i1")
    assert (head.chain_seq, head.chain_hash) == (2, second.hash)


def test_the_canonical_text_says_everything(room: Room) -> None:
    room.write("note", actor=Actor("user", "7", "Lê Thị Ví Dụ 03"), texts={"text": "Đã gọi"}, step="x")
    (entry,) = entries(room.store)
    said = json.loads(entry.canonical)
    assert set(said) == {"chain", "seq", "kind", "occurred_at", "recorded_at", "actor", "data", "texts"}
    assert said["recorded_at"] == "2026-11-21T19:07:07.123456Z"
    assert said["actor"] == {"kind": "user", "id": "7", "name": "Lê Thị Ví Dụ 03"}
    assert "Đã gọi" not in entry.canonical


def test_free_text_lies_beside_the_chain_with_its_salt(room: Room) -> None:
    room.write("note", texts={"text": "Đã gọi"})
    room.write("note", texts={"text": "Đã gọi"})
    with room.store.reading() as session:
        rows = session.scalars(select(FreeText).order_by(FreeText.seq)).all()
    hashes = [json.loads(entry.canonical)["texts"]["text"] for entry in entries(room.store)]
    assert hashes[0] != hashes[1]
    for row, known in zip(rows, hashes, strict=True):
        assert hashlib.sha256(f"{row.salt}{row.text}".encode()).hexdigest() == known


def test_the_same_moment_is_always_the_same_text() -> None:
    local = datetime(2026, 11, 22, 9, 0, tzinfo=timezone(timedelta(hours=7)))
    assert utc_text(local) == utc_text(local.astimezone(UTC)) == "2026-11-22T02:00:00.000000Z"
    with pytest.raises(Unledgerable):
        utc_text(NOW.replace(tzinfo=None))


def test_text_is_composed_and_free_of_control_characters() -> None:
    decomposed = unicodedata.normalize("NFD", "Suối Lạc")
    assert storable({"a": decomposed + "\x00\x1b\n"}) == {"a": "Suối Lạc\n"}


@pytest.mark.parametrize("value", [1.5, {"a": [0.1]}, {1: "a"}, {"a"}, b"a", object()])
def test_what_has_no_one_text_is_refused(value: object) -> None:
    with pytest.raises(Unledgerable):
        storable(value)


@pytest.mark.parametrize(
    "text",
    [
        "0540000001",
        "+84540000001",
        "84540000001",
        "0540 000 001",
        "gọi 0540.000.001.",
        "Báo Ví dụ 0540-000-001",
        "(0540) 000 001",
        "84 540 000 001",
        "0540 00 00 01",
        "0540 0 000 001",
    ],
)
def test_no_telephone_number_stands_on_the_chain(text: str) -> None:
    assert HIDDEN_NUMBER in storable(text)
    assert not re.search(r"\d{3}", storable(text))


@pytest.mark.parametrize(
    "text",
    [
        "019306a2-4be3-7def-8123-845400000012",
        "2026-11-22T02:00:00.000000Z",
        "https://sonlam.example/tin/0540000001",
        "84540000001" * 6,
        "01.07.2026 10h",
        "VV-27/2026",
        "12.500.000.000 đồng",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert storable(text) == text


def test_a_batch_is_one_chain(room: Room) -> None:
    with room.store.writing() as session:
        head = lock(session, select(Incident)).one()
        lines = [Line("acknowledged", NOW, NOW, SYSTEM, {"n": n}) for n in range(200)]
        made = append_many(session, head, lines)
        assert [entry.seq for entry in made] == list(range(1, 201))
    rows = entries(room.store)
    assert all(after.prev_hash == before.hash for before, after in pairwise(rows))


def test_the_system_has_a_chain_of_its_own(store: Store) -> None:
    for _ in range(2):
        with store.writing() as session:
            append(
                session,
                system_head(session),
                "signed_in",
                occurred_at=NOW,
                recorded_at=NOW,
                actor=SYSTEM,
                data={},
            )
    assert [entry.seq for entry in entries(store, "system")] == [1, 2]
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(SystemChain)) == 1
