"""`incident backup` and `incident restore`: the whole database into one file and back, on either database.

A SQLite backup is taken with SQLite's own online copy; a PostgreSQL one with pg_dump, which must be on the machine.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import click


@click.command("backup")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
def backup(target: Path) -> None:
    """Sao lưu cơ sở dữ liệu ra TỆP; dịch vụ vẫn chạy."""
    from incident.wiring import Wiring

    store = Wiring.from_env().store
    if target.exists():
        _refuse(f"{target} đã có; xin chọn tên khác.")
    if store.dialect == "sqlite":
        _copy_sqlite(Path(str(store.url.database)), target)
    else:
        _tool(
            "pg_dump",
            "--format=custom",
            f"--file={target}",
            store.url.set(drivername="postgresql").render_as_string(False),
        )
    click.echo(f"Đã sao lưu: {target} ({target.stat().st_size} byte)")


@click.command("restore")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="ghi đè cơ sở dữ liệu hiện có")
def restore(source: Path, yes: bool) -> None:
    """Khôi phục từ TỆP sao lưu. Dịch vụ phải dừng trước; dữ liệu hiện có bị thay."""
    from incident.store import schema
    from incident.timeline.verify import verify_all
    from incident.wiring import Wiring

    if not yes:
        _refuse("Lệnh này thay toàn bộ dữ liệu hiện có. Dừng dịch vụ rồi chạy lại với --yes.")
    wiring = Wiring.from_env()
    store = wiring.store
    if store.dialect == "sqlite":
        target = Path(str(store.url.database))
        _check_sqlite(source)
        for suffix in ("", "-wal", "-shm"):
            Path(f"{target}{suffix}").unlink(missing_ok=True)
        _copy_sqlite(source, target)
    else:
        url = store.url.set(drivername="postgresql").render_as_string(False)
        _tool("pg_restore", "--clean", "--if-exists", "--no-owner", f"--dbname={url}", str(source))
    schema.migrate(store)
    with store.reading() as session:
        broken = [verdict for verdict in verify_all(session) if not verdict.ok]
    if broken:
        _refuse(f"Đã khôi phục, nhưng {len(broken)} nhật ký không khớp; xin chạy incident verify.", 1)
    click.echo("Đã khôi phục; mọi nhật ký khớp.")


def _copy_sqlite(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(f"file:{source}?mode=ro", uri=True) as origin, sqlite3.connect(target) as copy:
        origin.backup(copy)
    origin.close()
    copy.close()


def _check_sqlite(source: Path) -> None:
    try:
        with sqlite3.connect(f"file:{source}?mode=ro", uri=True) as origin:
            verdict = origin.execute("PRAGMA integrity_check").fetchone()[0]
        origin.close()
    except sqlite3.DatabaseError as error:
        _refuse(f"{source} không phải bản sao lưu dùng được: {error}", 1)
    if verdict != "ok":
        _refuse(f"{source} hỏng: {verdict}", 1)


def _tool(name: str, *arguments: str) -> None:
    if shutil.which(name) is None:
        _refuse(f"Cần chương trình {name} của PostgreSQL trên máy này.")
    done = subprocess.run([name, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        _refuse(f"{name}: {done.stderr.strip()}", 1)


def _refuse(text: str, code: int = 2) -> None:
    click.echo(text, err=True)
    sys.exit(code)
