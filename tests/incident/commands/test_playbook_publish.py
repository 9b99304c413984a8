"""`incident playbook publish|diff|export`: files go in for a signature and come out again the same."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from incident.commands.playbook import group
from incident.domain.actors import Actor, Role
from incident.response import playbook_draft, publishing
from incident.settings import Settings
from incident.store.tables import Account
from incident.wiring import Wiring
from playbooks.load import LIBRARY
from tests.incident.web.conftest import province as province

SLUG = "goi-xac-nhan"
WRITER = "thuky@sonlam.example"


@dataclass
class Service:
    """A province of its own, and the command line that is pointed at it."""

    wiring: Wiring
    env: dict[str, str]

    def run(self, *words: object) -> Result:
        return CliRunner(env=self.env).invoke(group, [str(word) for word in words])


@pytest.fixture
def service(province: Path, tmp_path: Path) -> Iterator[Service]:
    database = tmp_path / "incident.db"
    shutil.copy(province, database)
    env = {"DATABASE_URL": f"sqlite:///{database}", "DATA_DIR": str(tmp_path), "LANG": "C.UTF-8"}
    wiring = Wiring(Settings.from_env(env))
    yield Service(wiring, env)
    wiring.store.dispose()


def file(folder: Path, change: tuple[str, str] = ("version: 1", "version: 2")) -> Path:
    """The built-in playbook beside its scenarios, with one thing changed."""
    shutil.copytree(LIBRARY / "scenarios" / SLUG, folder / "scenarios" / SLUG, dirs_exist_ok=True)
    path = folder / f"{SLUG}.yaml"
    path.write_text((LIBRARY / path.name).read_text("utf-8").replace(*change, 1), "utf-8")
    return path


def signed(wiring: Wiring) -> int:
    with wiring.store.reading() as session:
        account = session.scalars(select(Account).where(Account.email == "totruong@sonlam.example")).one()
        draft = playbook_draft.draft(session, SLUG)
    assert draft
    signer = Actor("user", str(account.id), account.name, frozenset({Role.APPROVER}), account.person_id)
    return publishing.sign(wiring.desk, SLUG, draft.edit.n, signer, wiring.now())


def test_a_file_goes_in_is_signed_and_comes_out_the_same(service: Service, tmp_path: Path) -> None:
    path = file(tmp_path)
    result = service.run("publish", path, "--by", WRITER)
    assert result.exit_code == 0, result.output
    assert f"/playbooks/{SLUG}/draft" in result.output
    assert "chưa có kịch bản nào" in service.run("export", tmp_path / "out").output
    assert signed(service.wiring) == 2
    result = service.run("export", tmp_path / "out")
    assert f"{SLUG}: phiên bản 2" in result.output
    written = tmp_path / "out"
    assert (written / path.name).read_text("utf-8") == path.read_text("utf-8")
    assert len(list((written / "scenarios" / SLUG).glob("*.yaml"))) == 4
    assert (written / "mau/sms-goi-xac-nhan.txt").is_file()
    assert service.run("test", written / path.name, "--library", written).exit_code == 0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("version: 1", "version: 1"), "Phiên bản 1 đã có"),
        (("version: 1", "versoin: 2"), "versoin"),
        (("45 phút}", "1 phút}"), "tình huống chưa đạt"),
    ],
)
def test_what_is_not_sound_is_not_handed_in(
    service: Service, tmp_path: Path, change: tuple[str, str], why: str
) -> None:
    path = file(tmp_path, change)
    if "chưa đạt" in why:
        path.write_text(path.read_text("utf-8").replace("version: 1", "version: 2"), "utf-8")
    result = service.run("publish", path, "--by", WRITER)
    assert result.exit_code == 1
    assert why in result.output


def test_who_may_not_hand_in(service: Service, tmp_path: Path) -> None:
    path = file(tmp_path)
    for email in ("theodoi@sonlam.example", "khong-co@sonlam.example"):
        assert service.run("publish", path, "--by", email).exit_code == 1
    assert service.run("publish", path).exit_code == 2


def test_two_are_compared_by_file_by_name_and_by_number(service: Service, tmp_path: Path) -> None:
    path = file(tmp_path, ("- to: nhac_lai ", "- to: truc_ban "))
    path.write_text(path.read_text("utf-8").replace("version: 1", "version: 2"), "utf-8")
    wanted = "Bước goi: khi quá hạn từ nhac_lai ngay khi quá hạn, truc_ban sau 15 phút nữa thành truc_ban"
    assert wanted in service.run("diff", SLUG, path).output
    assert "không khác gì" in service.run("diff", LIBRARY / f"{SLUG}.yaml", SLUG).output
    assert service.run("diff", SLUG, f"{SLUG}@9").exit_code == 2
    assert service.run("diff", SLUG, "khong-co").exit_code == 2
