"""`incident directory …` on a database of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from incident.commands.directory import group
from incident.store.schema import migrate
from incident.store.sessions import Store
from incident.store.tables import Person
from incident.timeline.verify import verify_all


class Terminal:
    def __init__(self, url: str, data_dir: Path) -> None:
        self.url = url
        self.env = {"DATABASE_URL": url, "DATA_DIR": str(data_dir), "SECRET_KEY": "x"}

    def types(self, *words: str) -> Result:
        result = CliRunner().invoke(group, list(words), env=self.env)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(f"sqlite:///{tmp_path / 'new.db'}", tmp_path)


def test_the_sample_goes_into_a_database_that_does_not_exist_yet(terminal: Terminal) -> None:
    assert terminal.types("sample", "--people", "7").exit_code == 0
    assert terminal.types("sample").exit_code == 0
    store = Store(terminal.url)
    with store.reading() as session:
        assert session.query(Person).where(Person.key.like("can_bo_%")).count() == 7
    store.dispose()


def test_export_and_import_again(terminal: Terminal, tmp_path: Path) -> None:
    terminal.types("sample")
    file = tmp_path / "nguoi.csv"
    assert terminal.types("export", "-o", str(file)).exit_code == 0
    result = terminal.types("import", str(file))
    assert (result.exit_code, result.stdout) == (0, "Đã nhập: thêm 0, sửa 0.\n")
    assert terminal.types("export", "--table", "lich-truc").stdout.startswith("\ufeffLoại trực,")


def test_an_import_stands_on_the_systems_chain(terminal: Terminal, tmp_path: Path) -> None:
    terminal.types("sample")
    file = tmp_path / "moi.csv"
    file.write_text("Họ và tên,Mã đơn vị\nNguyễn Văn Mới,so_yt\n", encoding="utf-8")
    assert terminal.types("import", str(file)).exit_code == 0
    store = Store(terminal.url)
    with store.reading() as session:
        (verdict,) = verify_all(session)
    assert (verdict.chain, verdict.ok, verdict.entries) == ("system", True, 1)
    store.dispose()


def test_faults_go_to_standard_error_with_their_row(terminal: Terminal, tmp_path: Path) -> None:
    terminal.types("sample")
    file = tmp_path / "hong.csv"
    file.write_text("Họ và tên,Mã đơn vị,Di động\nA,so_la,0540700001\nB,so_yt,12\n", encoding="utf-8")
    result = terminal.types("import", str(file))
    assert result.exit_code == 1
    assert "hong.csv:2: Mã đơn vị:" not in result.stderr  # cells are read first, references after
    assert "hong.csv:3: Di động:" in result.stderr
    assert "Chưa nhập gì: 1 lỗi." in result.stderr


def test_coverage_tells_what_is_missing_and_exits_1(terminal: Terminal) -> None:
    terminal.types("sample")
    result = terminal.types("coverage")
    assert result.exit_code == 1
    assert "Số bị báo nhầm" in result.stdout
    assert "chỉ gọi được máy bàn" in result.stdout


def test_a_real_directory_gets_no_sample(terminal: Terminal, tmp_path: Path) -> None:
    store = Store(terminal.url)
    migrate(store)
    store.dispose()
    file = tmp_path / "don-vi.csv"
    file.write_text("Mã đơn vị,Tên đơn vị,Loại đơn vị\nso_yt,Sở Y tế,so\n", encoding="utf-8")
    assert terminal.types("import", str(file)).exit_code == 0
    result = terminal.types("sample", "--people", "5")
    assert result.exit_code == 1
    assert "dữ liệu thật" in result.stderr
