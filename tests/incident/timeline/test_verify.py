"""Whoever edits the record, with every right on the database, is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.store.sessions import Store, lock
from incident.store.tables import Entry, FreeText, Incident
from incident.timeline.ledger import append, system_head
from incident.timeline.masking import free_texts, mask, shown
from incident.timeline.verify import Verdict, exported, manifest, verify_all, verify_chain, verify_file

from .conftest import CHIEF, NOW, OFFICER, Room, opened

NAME = "Gia đình ông Nguyễn Văn Ẩn"


@pytest.fixture
def told(room: Room) -> Room:
    room.write("incident_opened", title="Tin về hồ", level=3)
    room.write("note", OFFICER, {"text": NAME})
    room.write("acknowledged", person="p1", via="sms", after_seconds=180)
    room.write("note", OFFICER, {"text": "Đã gọi", "reason": "x"})
    return room


def verdict(store: Store, chain: str = "i1") -> Verdict:
    with store.reading() as session:
        return verify_chain(session, chain)


def tamper(store: Store, statement: str) -> None:
    """Someone with every right on the database takes the guards away first."""
    with store.writing() as session:
        if store.dialect == "sqlite":
            for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                session.execute(text(f"DROP TRIGGER {name}"))
        else:
            session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text(statement))


def masks(
    store: Store, seq: int, field: str = "text", actor: Any = CHIEF, reason: str = "tên nạn nhân"
) -> None:
    with store.writing() as session:
        incident = lock(session, select(Incident).where(Incident.id == "i1")).one()
        mask(session, incident, seq, field, actor, reason, NOW)


def test_an_untouched_chain_verifies(told: Room) -> None:
    found = verdict(told.store)
    assert found.ok
    assert found.entries == 4
    with told.store.reading() as session:
        assert found.head == session.get_one(Incident, "i1").chain_hash


def test_an_empty_chain_verifies(room: Room) -> None:
    assert verdict(room.store).ok


EDITS = {
    "kind": "UPDATE entry SET kind = 'directive' WHERE seq = 2",
    "occurred_at": "UPDATE entry SET occurred_at = '2026-11-21 10:00:00.000000+00' WHERE seq = 2",
    "recorded_at": "UPDATE entry SET recorded_at = '2026-11-21 10:00:00.000000+00' WHERE seq = 2",
    "actor": 'UPDATE entry SET actor = \'{"id":"9","kind":"user","name":"X"}\' WHERE seq = 2',
    "data": 'UPDATE entry SET data = \'{"person":"p9"}\' WHERE seq = 2',
    "canonical": "UPDATE entry SET canonical = replace(canonical, 'note', 'call') WHERE seq = 2",
    "unreadable": "UPDATE entry SET canonical = 'x' WHERE seq = 2",
    "hash": "UPDATE entry SET hash = prev_hash WHERE seq = 2",
    "prev_hash": "UPDATE entry SET prev_hash = hash WHERE seq = 2",
    "removed": "DELETE FROM entry WHERE seq = 2",
    "moved": "UPDATE entry SET seq = 9 WHERE seq = 2",
    "text": "UPDATE free_text SET text = 'Khác' WHERE seq = 2",
    "salt": "UPDATE free_text SET salt = '00' WHERE seq = 2",
    "text removed": "DELETE FROM free_text WHERE seq = 2",
    "text blanked": "UPDATE free_text SET text = NULL, salt = NULL WHERE seq = 2",
    "text renamed": "UPDATE free_text SET field = 'other' WHERE seq = 2",
}


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_is_found_and_named(told: Room, what: str) -> None:
    tamper(told.store, EDITS[what].replace("+00'", "'" if told.store.dialect == "sqlite" else "+00'"))
    found = verdict(told.store)
    assert not found.ok
    assert found.first_bad_seq == 2
    assert found.reason


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM entry WHERE seq = 4",
        "UPDATE incident SET chain_seq = 3",
        "UPDATE incident SET chain_hash = 'x'",
        "INSERT INTO free_text (chain, seq, field, text, salt) VALUES ('i1', 99, 'text', 'x', 'y')",
        "INSERT INTO free_text (chain, seq, field, text, salt) VALUES ('i1', 1, 'text', 'x', 'y')",
    ],
)
def test_a_cut_or_stuffed_chain_is_found(told: Room, statement: str) -> None:
    tamper(told.store, statement)
    assert not verdict(told.store).ok


def test_all_chains_are_proved_each_by_itself(told: Room) -> None:
    other = opened(told.store, "i2", "28")
    other.write()
    with told.store.writing() as session:
        append(
            session,
            system_head(session),
            "signed_in",
            occurred_at=NOW,
            recorded_at=NOW,
            actor=OFFICER,
            data={},
        )
    tamper(told.store, "UPDATE entry SET chain = 'lost' WHERE chain = 'i2'")
    with told.store.reading() as session:
        assert {v.chain: v.ok for v in verify_all(session)} == {
            "i1": True,
            "i2": False,
            "system": True,
            "lost": False,
        }


# ------------------------------------------------------------------ masking


def test_a_victims_name_is_masked_and_the_chain_still_verifies(told: Room) -> None:
    masks(told.store, 2)
    assert verdict(told.store).ok
    with told.store.reading() as session:
        row = free_texts(session, "i1")[2]["text"]
        assert shown(row) == "[đã che, lý do: tên nạn nhân]"
        assert (row.text, row.salt, row.masked_by) == (None, None, CHIEF.name)
        last = session.get_one(Entry, ("i1", 5))
        assert (last.kind, last.data) == ("text_masked", {"seq": 2, "field": "text"})
        everything = [e.canonical for e in session.scalars(select(Entry))]
        everything += [t.text or "" for t in session.scalars(select(FreeText))]
        assert not any(NAME in said for said in everything)


def test_the_author_cannot_mask(told: Room) -> None:
    with pytest.raises(Forbidden):
        masks(told.store, 2, actor=OFFICER)


def test_masking_needs_a_reason_a_text_and_is_done_once(told: Room) -> None:
    with pytest.raises(Invalid):
        masks(told.store, 2, reason="  ")
    with pytest.raises(NotFound):
        masks(told.store, 1)
    masks(told.store, 2)
    with pytest.raises(Conflict):
        masks(told.store, 2)


def test_a_reason_that_names_someone_is_masked_too(told: Room) -> None:
    masks(told.store, 2, reason=f"tên nạn nhân {NAME}")
    masks(told.store, 5, "reason", actor=OFFICER)
    assert verdict(told.store).ok
    with told.store.reading() as session:
        texts = free_texts(session, "i1")
        assert shown(texts[2]["text"]) == "[đã che, lý do: đã che]"


# ------------------------------------------------------------------ files


def file_of(store: Store, chain: str = "i1") -> dict[str, Any]:
    with store.reading() as session:
        sections = {"incident": {"title": "Tin về hồ"}, "timeline": exported(session, chain)}
        head = session.get_one(Incident, chain)
        return {**sections, "manifest": manifest(sections, head.chain_hash, head.chain_seq)}


def remade(whole: dict[str, Any]) -> bytes:
    """The file with a manifest made anew, as a forger would."""
    sections = {name: section for name, section in whole.items() if name != "manifest"}
    timeline = whole["timeline"]
    head = timeline[-1]["hash"] if timeline else ""
    return json.dumps({**sections, "manifest": manifest(sections, head, len(timeline))}).encode()


def test_an_exported_file_verifies_alone_and_against_the_database(told: Room, tmp_path: Path) -> None:
    masks(told.store, 2)
    path = tmp_path / "bao-cao.json"
    path.write_text(json.dumps(file_of(told.store), ensure_ascii=False), encoding="utf-8")
    alone = verify_file(path)
    assert (alone.ok, alone.entries, alone.in_database) == (True, 5, None)
    told.write()  # the incident went on after the export
    with told.store.reading() as session:
        assert verify_file(path, session).in_database is True


def test_a_file_rewritten_as_a_whole_is_unbroken_but_not_the_databases(told: Room) -> None:
    other = opened(told.store, "i2", "28")
    other.write()
    forged = file_of(told.store, "i2")
    tamper(told.store, "DELETE FROM entry WHERE chain = 'i2'")
    with told.store.reading() as session:
        found = verify_file(remade(forged), session)
    assert found.ok
    assert found.in_database is False


def edited_title(whole: dict[str, Any]) -> None:
    whole["incident"]["title"] = "Khác"


def added_section(whole: dict[str, Any]) -> None:
    whole["extra"] = []


def dropped_section(whole: dict[str, Any]) -> None:
    del whole["incident"]


def dropped_manifest(whole: dict[str, Any]) -> None:
    del whole["manifest"]


def edited_head(whole: dict[str, Any]) -> None:
    whole["manifest"]["chain"]["entries"] = 3


@pytest.mark.parametrize(
    "edit", [edited_title, added_section, dropped_section, dropped_manifest, edited_head]
)
def test_an_edited_file_is_found(told: Room, edit: Any) -> None:
    whole = file_of(told.store)
    edit(whole)
    found = verify_file(json.dumps(whole).encode())
    assert not found.ok
    assert found.reason


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "directive"),
        ("occurred_at", "2026-11-21T10:00:00Z"),
        ("data", {"a": 1}),
        ("actor", {}),
        ("texts", {}),
        ("texts", {"text": {"text": "x", "salt": "y"}}),
        ("texts", {"text": {"text": None, "salt": None}}),
        ("texts", []),
        ("canonical", "[]"),
        ("hash", "x"),
        ("seq", 7),
        ("seq", "x"),
    ],
)
def test_an_edited_line_is_found_behind_a_fresh_manifest(told: Room, field: str, value: Any) -> None:
    whole = file_of(told.store)
    whole["timeline"][1][field] = value
    found = verify_file(remade(whole))
    assert (found.ok, found.first_bad_seq) == (False, 2)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"a": 1, "a": 2, "manifest": {}}',
        b'{"manifest": {"sections": {}}}',
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_report_is_told_calmly(raw: bytes) -> None:
    assert not verify_file(raw).ok
