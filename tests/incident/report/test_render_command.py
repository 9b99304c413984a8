"""A whole night through the real door, then the report as a file: from the command line, and proved against the record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from incident.commands.report import command
from incident.directory.sample import load_sample
from incident.response import course
from incident.response.open import Opened
from incident.store.sessions import Store
from incident.timeline.verify import verify_file
from tests.stories.test_everyone_answers import TASK_FORCE, TEXT
from tests.stories.world import NIGHT, World


@pytest.fixture
def night(sqlite_store: Store, tmp_path: Path) -> Iterator[World]:
    with sqlite_store.writing() as session:
        load_sample(session, NIGHT)
    world = World(sqlite_store, tmp_path)
    try:
        yield world
    finally:
        world.close()


def lived(world: World) -> Opened:
    """Two accept, the spokesperson is busy; a text is written, approved, released; a note is typed late; closed."""
    incident = world.opens()
    world.time += timedelta(minutes=2)
    for post in TASK_FORCE[:3]:
        world.phone(post).replies("OK 10")
    world.phone(TASK_FORCE[3]).replies("BAN 10")
    world.answers(incident, "xin_y_kien", "da_bao_cao", "on_duty")
    id, officer = incident.incident_id, world.duty
    course.change_facts(
        world.desk, id, {"kinds": ["k3"], "accepted_at": world.time}, "khoản 3", officer, world.time
    )
    earlier = world.time - timedelta(minutes=20)
    course.add_note(world.desk, id, "UBND xã báo đập ổn định", officer, world.time, occurred_at=earlier)
    world.drafts(incident, TEXT, "so_vhttdl_chuyen_vien_bao_chi")
    world.approves(incident, "nguoi_phat_ngon")
    world.approves(incident, "pho_chu_tich_phu_trach")
    world.fast_forward(1)
    world.releases(incident, "nguoi_phat_ngon", "cong_ttdt_truc")
    world.closes(incident)
    return incident


def run(url: str, data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, env={"DATABASE_URL": url, "DATA_DIR": str(data)})


def test_the_whole_night_is_told_in_a_file_that_proves_itself(
    night: World, sqlite_url: str, tmp_path: Path
) -> None:
    incident = lived(night)
    target = tmp_path / "bao-cao.json"
    done = run(sqlite_url, tmp_path, incident.number, "--format", "json", "-o", str(target))
    assert done.exit_code == 0, done.output
    with night.store.reading() as session:
        verdict = verify_file(target, session)
    assert verdict.ok, verdict.reason
    assert verdict.in_database


def test_the_same_night_as_papers_of_either_part(night: World, sqlite_url: str, tmp_path: Path) -> None:
    incident = lived(night)
    names = {member.name for member in night.view(incident).task_force}
    for part, named in (("ban-gui", False), ("noi-bo", True)):
        target = tmp_path / f"{part}.html"
        arguments = (incident.incident_id, "--format", "html", "--part", part, "-o", str(target))
        assert run(sqlite_url, tmp_path, *arguments).exit_code == 0
        page = target.read_text()
        assert any(name in page for name in names) is named
        assert "UBND xã báo đập ổn định" in page
        assert "ghi sau 20 phút" in page
        assert "Xã Suối Lạc, Xã Mường Lò" in page
    for fmt, start in (("pdf", b"%PDF"), ("docx", b"PK"), ("csv", b"\xef\xbb\xbf")):
        target = tmp_path / f"bao-cao.{fmt}"
        assert run(sqlite_url, tmp_path, incident.code, "--format", fmt, "-o", str(target)).exit_code == 0
        assert target.read_bytes().startswith(start)


def test_an_unknown_incident_is_said_and_nothing_is_written(sqlite_url: str, tmp_path: Path) -> None:
    target = tmp_path / "khong.pdf"
    done = run(sqlite_url, tmp_path, "VV-99/2026", "--format", "pdf", "-o", str(target))
    assert done.exit_code == 1
    assert "Không có vụ việc VV-99/2026" in done.output
    assert not target.exists()


def test_a_wrong_format_is_wrong_usage(sqlite_url: str, tmp_path: Path) -> None:
    assert run(sqlite_url, tmp_path, "x", "--format", "odt", "-o", "-").exit_code == 2
