"""The command line as scripts use it: what is printed where, and exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import shutil
import sqlite3
import uuid
import zipfile
from pathlib import Path

import pytest

from tests.contract.conftest import Open
from tests.contract.service import Api, Service, fetch, run

LIBRARY = Path(__file__).parents[2] / "playbooks" / "library"


# ------------------------------------------------------------------ replies


@pytest.mark.parametrize(
    ("text", "means", "code"),
    [
        ("OK 27", "accept", "27"),
        ("27 ok", "accept", "27"),
        ("ok", "accept", None),
        ("Đã nhận", "accept", None),
        ("da nhan 27", "accept", "27"),
        ("Rõ.", "accept", None),
        ("bận", "decline", None),
        ("BAN 27", "decline", "27"),
        ("từ chối", "decline", None),
        ("không", "decline", None),
        ("nham so", "wrong_number", None),
        ("SAI 27", "dispute", "27"),
        ("STOP", "optout", None),
        ("HUY", "optout", None),
        ("bạn ơi", "review", None),
        ("OK 27 28", "review", None),
        ("ok nhưng đến muộn", "review", None),
        ("", "review", None),
        ("😀" * 100, "review", None),
    ],
)
def test_reply(text: str, means: str, code: str | None) -> None:
    done = run("reply", text, environment=os.environ)
    assert done.returncode == 0, done.stderr.decode()
    (line,) = done.stdout.decode().splitlines()
    said = json.loads(line)
    assert said["means"] == means
    if means != "review":
        assert said["code"] == code


def test_reply_is_quick_and_needs_nothing(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "none")}
    took = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run("reply", "OK 27", environment=environment).returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(took) < 0.3  # of the processor: what else the machine does does not count
    assert not (tmp_path / "none").exists()


# ------------------------------------------------------------------ playbooks


def test_playbook_check_says_good_or_where(tmp_path: Path) -> None:
    good = run("playbook", "check", str(LIBRARY / "tin-gia-dich-benh.yaml"), environment=os.environ)
    assert good.returncode == 0, good.stdout.decode()
    text = (LIBRARY / "goi-xac-nhan.yaml").read_text()
    path = tmp_path / "hong.yaml"
    path.write_text(text.replace("within: {1: 30 phút, 2: 15 phút, 3: 15 phút}", "within: {1: 30 phut}"))
    bad = run("playbook", "check", str(path), environment=os.environ)
    assert bad.returncode == 1
    said = (bad.stdout + bad.stderr).decode()
    assert f"{path.name}:" in said
    number = text[: text.index("within: {1: 30 phút, 2: 15")].count("\n") + 1
    assert f"{path.name}:{number}:" in said
    english = run("playbook", "check", str(path), environment=os.environ | {"LANG": "en"})
    assert (english.stdout + english.stderr).decode() != said
    assert run("playbook", "check", str(tmp_path / "khong.yaml"), environment=os.environ).returncode == 2
    assert run("playbook", "check", environment=os.environ).returncode == 2


def test_playbook_rehearse_and_test() -> None:
    rehearsed = run("playbook", "rehearse", str(LIBRARY / "goi-xac-nhan.yaml"), environment=os.environ)
    assert rehearsed.returncode == 0, rehearsed.stderr.decode()
    assert len(rehearsed.stdout.decode().splitlines()) > 3
    tested = run("playbook", "test", str(LIBRARY / "vu-viec-chung.yaml"), environment=os.environ)
    assert tested.returncode == 0, tested.stdout.decode()
    assert json.loads(run("playbook", "schema", environment=os.environ).stdout)["$schema"]


# ------------------------------------------------------------------ accounts


def test_a_token_is_printed_alone_and_opens_the_api(service: Service) -> None:
    done = service.run("token", "create", "--name", "Cổng dữ liệu", "--role", "observer")
    assert done.returncode == 0
    (token,) = done.stdout.decode().splitlines()
    assert (
        fetch("GET", f"{service.url}/api/v1/incidents", headers={"Authorization": f"Bearer {token}"}).status
        == 200
    )
    wrong = service.run("token", "create", "--name", "x", "--role", "vua")
    assert wrong.returncode == 2
    assert wrong.stdout == b""


def test_accounts_are_added_disabled_and_reset(service: Service) -> None:
    email = f"thu{uuid.uuid4().hex[:6]}@sonlam.example"
    added = service.run("user", "add", "--email", email, "--name", "Người thử", "--role", "observer")
    assert added.returncode == 0, added.stderr.decode()
    first = added.stdout.decode().strip()
    assert first
    again = service.run("user", "add", "--email", email, "--name", "Người thử", "--role", "observer")
    assert again.returncode == 1
    assert service.run("user", "disable", email).returncode == 0
    reset = service.run("user", "reset", email)
    assert reset.returncode == 0
    assert reset.stdout.decode().strip() not in ("", first)
    assert service.run("user", "disable", "ai@sonlam.example").returncode == 1


# ------------------------------------------------------------------ incidents


def test_open_report_and_verify(service: Service, officer: Api, tmp_path: Path) -> None:
    done = service.run(
        "open", "--playbook", "vu-viec-chung", "--title", "Diễn tập ở đập", "--level", "1", "--drill"
    )
    assert done.returncode == 0, done.stderr.decode()
    code, number, url = done.stdout.decode().strip().split("\t")
    assert number.startswith("DT-")
    assert code.isdigit()
    id = url.rsplit("/", 1)[1]
    assert officer.get(f"/incidents/{id}")["number"] == number

    for form in ("html", "pdf", "docx", "json", "csv"):
        target = tmp_path / f"bao-cao.{form}"
        made = service.run("report", id, "--format", form, "-o", str(target))
        assert made.returncode == 0, made.stderr.decode()
        _looks_like(form, target)
    missing = service.run("report", "khong-co", "--format", "pdf", "-o", str(tmp_path / "x.pdf"))
    assert missing.returncode == 1
    assert service.run("report", id, "--format", "xls", "-o", str(tmp_path / "x.xls")).returncode == 2

    assert service.run("verify").returncode == 0
    assert service.run("verify", id).returncode == 0
    assert service.run("verify", number).returncode == 0
    assert service.run("verify", "khong-co").returncode == 2


def _looks_like(form: str, path: Path) -> None:
    content = path.read_bytes()
    if form == "html":
        assert b"<html" in content[:500].lower()
    elif form == "pdf":
        assert content.startswith(b"%PDF-")
    elif form == "docx":
        assert zipfile.ZipFile(path).testzip() is None
    elif form == "json":
        assert json.loads(content)
        assert "ễ" in content.decode(), "unescaped"
    else:
        assert len(list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))) > 1


def test_an_exported_file_is_verified_whole(
    service: Service, opened: Open, officer: Api, tmp_path: Path
) -> None:
    id = opened()["id"]
    officer.post(f"/incidents/{id}/notes", {"text": "Đã gọi công an xã"}, 201)
    path = tmp_path / "xuat.json"
    assert service.run("report", id, "--format", "json", "--part", "noi-bo", "-o", str(path)).returncode == 0
    assert service.run("verify", str(path)).returncode == 0
    elsewhere = {"DATA_DIR": str(tmp_path / "khac")}
    assert service.run("verify", str(path), **elsewhere).returncode == 0
    text = path.read_text()
    assert "Đã gọi công an xã" in text
    path.write_text(text.replace("Đã gọi công an xã", "Chưa gọi công an xã"))
    assert service.run("verify", str(path)).returncode == 1
    path.write_text(text.replace('"level": 2', '"level": 1', 1))
    assert service.run("verify", str(path)).returncode == 1
    path.write_text(text[: len(text) // 2])
    assert service.run("verify", str(path)).returncode == 1


TAMPERED = (
    "UPDATE entry SET canonical = replace(canonical, 'opened', 'closed') WHERE seq = 1",
    "DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)",
    "UPDATE entry SET hash = prev_hash WHERE seq = 2",
    "UPDATE entry SET data = '{}' WHERE seq = 1",
    "UPDATE free_text SET text = 'khác'",
)


def test_a_record_that_was_tampered_with_is_found(service: Service, opened: Open, tmp_path: Path) -> None:
    opened()
    sound = tmp_path / "sound.db"
    assert service.run("backup", str(sound)).returncode == 0
    assert service.run("verify", DATABASE_URL=f"sqlite:///{sound}").returncode == 0
    for n, change in enumerate(TAMPERED):
        copy = tmp_path / f"{n}.db"
        shutil.copy(sound, copy)
        with sqlite3.connect(copy) as database:
            for (name,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall():
                database.execute(f'DROP TRIGGER "{name}"')
            assert database.execute(change).rowcount > 0
        database.close()
        found = service.run("verify", DATABASE_URL=f"sqlite:///{copy}")
        assert found.returncode == 1, f"{change}: {found.stdout.decode()}"


def test_backup_and_restore(service: Service, officer: Api, tmp_path: Path) -> None:
    target = tmp_path / "sao-luu.db"
    assert service.run("backup", str(target)).returncode == 0
    assert service.run("backup", str(target)).returncode == 2, "never over another"
    elsewhere = {"DATA_DIR": str(tmp_path / "moi")}
    assert service.run("restore", str(target), **elsewhere).returncode == 2
    restored = service.run("restore", str(target), "--yes", **elsewhere)
    assert restored.returncode == 0, restored.stderr.decode()
    assert service.run("verify", **elsewhere).returncode == 0
    broken = tmp_path / "hong.db"
    broken.write_bytes(os.urandom(4096))
    assert service.run("restore", str(broken), "--yes", **elsewhere).returncode == 1
    assert service.run("verify", **elsewhere).returncode == 0, "what was there is still there"


def test_doctor(service: Service, tmp_path: Path) -> None:
    done = service.run("doctor")
    assert done.returncode == 0, done.stdout.decode()
    assert "sqlite" in done.stdout.decode()
    assert service.run("doctor", DATA_DIR=str(tmp_path / "moi")).returncode == 1
    assert service.run("doctor", DATABASE_URL="không phải địa chỉ").returncode in (1, 2)


# ------------------------------------------------------------------ directory


def test_directory_out_and_in_again(service: Service, tmp_path: Path) -> None:
    for table in ("nguoi", "lich-truc"):
        path = tmp_path / f"{table}.csv"
        assert service.run("directory", "export", "--table", table, "-o", str(path)).returncode == 0
        before = path.read_bytes()
        done = service.run("directory", "import", str(path))
        assert done.returncode == 0, done.stderr.decode()
        assert service.run("directory", "export", "--table", table, "-o", str(path)).returncode == 0
        assert path.read_bytes() == before
    printed = service.run("directory", "export")
    assert printed.returncode == 0
    assert len(printed.stdout.decode().splitlines()) > 60
    broken = tmp_path / "hong.csv"
    broken.write_text("một;hai\n1;2\n")
    refused = service.run("directory", "import", str(broken))
    assert refused.returncode == 1
    assert "hong.csv" in refused.stderr.decode()
    assert service.run("directory", "import", str(tmp_path / "khong.csv")).returncode == 2
    assert service.run("directory", "coverage").returncode in (0, 1)


# ------------------------------------------------------------------ wrong use


@pytest.mark.parametrize(
    "words",
    [
        ("khong-co",),
        ("reply",),
        ("open",),
        ("open", "--playbook", "x", "--title", "t", "--level", "cao"),
        ("report", "1"),
        ("directory", "sample", "--people", "-1"),
        ("verify", "a", "b"),
        ("token", "create"),
    ],
)
def test_wrong_use_is_two_and_goes_to_standard_error(service: Service, words: tuple[str, ...]) -> None:
    done = service.run(*words)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words", [("--playbook", "khong-co", "--level", "1"), ("--playbook", "vu-viec-chung", "--level", "8")]
)
def test_what_cannot_be_opened_is_refused_in_words(service: Service, words: tuple[str, ...]) -> None:
    done = service.run("open", "--title", "Việc", *words)
    assert done.returncode in (1, 2)
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr


def test_errors_are_vietnamese_or_english(service: Service) -> None:
    vietnamese = service.run("open", LANG="vi_VN.UTF-8", LC_ALL="").stderr.decode()
    english = service.run("open", LANG="en", LC_ALL="").stderr.decode()
    assert vietnamese != english
    assert any(ord(letter) > 127 for letter in vietnamese)
    assert "Error" in english


def test_a_setting_that_cannot_be_used_is_named() -> None:
    told = run("doctor", environment={"PATH": os.environ["PATH"], "PORT": "99999"})
    assert told.returncode == 2
    assert "PORT" in told.stderr.decode()
