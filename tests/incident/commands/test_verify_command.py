"""`incident verify`: one, all, or a file, and what it could prove of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from incident.commands.verify import command
from incident.domain.actors import SYSTEM
from incident.store.sessions import Store
from incident.store.tables import Incident, PlaybookVersion
from incident.timeline.ledger import append
from incident.timeline.verify import exported, manifest

NOW = datetime(2026, 11, 21, 19, 6, tzinfo=UTC)


@pytest.fixture
def written(sqlite_store: Store) -> Store:
    with sqlite_store.writing() as session:
        session.add(
            PlaybookVersion(id="v", slug="p", version=1, title="P", sha256="v", compiled="{}", created_at=NOW)
        )
        session.flush()
        head = Incident(
            id="i1",
            code="27",
            number="VV-27/2026",
            mode="live",
            title="T",
            short_name="t",
            playbook="p",
            playbook_version="v",
            level=3,
            area=["toan_tinh"],
            opened_at=NOW,
            opened_by="x",
            chain_seq=0,
            chain_hash="",
        )
        session.add(head)
        for n in range(3):
            append(
                session, head, "note", occurred_at=NOW, recorded_at=NOW, actor=SYSTEM, data={"n": n},
                texts={"text": f"dòng {n}"},
            )  # fmt: skip
    return sqlite_store


def verify(store: Store | None, tmp_path: Path, *words: str) -> Result:
    url = store.url.render_as_string() if store else f"sqlite:///{tmp_path / 'none.db'}"
    env = {"DATABASE_URL": url, "DATA_DIR": str(tmp_path), "SECRET_KEY": "x"}
    result = CliRunner().invoke(command, list(words), env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def file_of(store: Store, path: Path) -> Path:
    with store.reading() as session:
        sections = {"timeline": exported(session, "i1")}
        head = session.get_one(Incident, "i1")
        whole = {**sections, "manifest": manifest(sections, head.chain_hash, head.chain_seq)}
    path.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    return path


def forge(store: Store) -> None:
    with store.writing() as session:
        session.execute(text("UPDATE free_text SET text = 'khác' WHERE seq = 2"))


@pytest.mark.parametrize("target", ["i1", "27", "VV-27/2026"])
def test_one_incident_by_any_of_its_names(written: Store, tmp_path: Path, target: str) -> None:
    result = verify(written, tmp_path, target)
    assert result.exit_code == 0
    assert "✓ VV-27/2026: nguyên vẹn, 3 mục" in result.stdout


def test_all_chains(written: Store, tmp_path: Path) -> None:
    result = verify(written, tmp_path)
    assert result.exit_code == 0
    assert "Nhật ký hệ thống" in result.stdout
    forge(written)
    result = verify(written, tmp_path)
    assert result.exit_code == 1
    assert "✗ VV-27/2026: sai từ mục 2: văn bản text đã bị sửa" in result.stdout


def test_nothing_of_that_name(written: Store, tmp_path: Path) -> None:
    assert verify(written, tmp_path, "99").exit_code == 2


def test_a_file_beside_its_database(written: Store, tmp_path: Path) -> None:
    path = file_of(written, tmp_path / "f.json")
    result = verify(written, tmp_path, str(path))
    assert result.exit_code == 0
    assert "✓ Khớp cơ sở dữ liệu" in result.stdout


def test_a_file_far_from_any_database(written: Store, tmp_path: Path) -> None:
    path = file_of(written, tmp_path / "f.json")
    result = verify(None, tmp_path, str(path))
    assert result.exit_code == 0
    assert "Chưa đối chiếu được" in result.stdout
    assert not (tmp_path / "none.db").exists()


def test_an_edited_file(written: Store, tmp_path: Path) -> None:
    path = file_of(written, tmp_path / "f.json")
    path.write_text(path.read_text(encoding="utf-8").replace("dòng 1", "dòng 9"), encoding="utf-8")
    result = verify(written, tmp_path, str(path))
    assert result.exit_code == 1
    assert "timeline" in result.stdout


def test_a_database_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    ended = subprocess.run(
        [sys.executable, "-m", "incident", "verify"], capture_output=True, text=True, check=False,
        cwd=tmp_path, env={**kept, "DATA_DIR": str(tmp_path), "LANG": "C.UTF-8", "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert ended.returncode == 2
    assert "Cơ sở dữ liệu chưa sẵn sàng" in ended.stderr
