"""`incident directory …`: bring the directory in and out, see what it lacks, load the invented province."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from incident.directory.importing import Imported
    from incident.wiring import Wiring

TABLES = {"nguoi": "people", "don-vi": "units", "lich-truc": "rota"}


@click.group("directory")
def group() -> None:
    """Danh bạ: nhập, xuất, rà soát, dữ liệu mẫu."""


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Nhập một bảng CSV (đơn vị, người và chức vụ, hoặc lịch trực); nhập đủ hoặc không nhập gì."""
    done = _imported(_wiring(), file)
    for fault in done.faults:
        where = f"{file.name}:{fault.row}" if fault.row else file.name
        click.echo(
            f"{where}: {fault.column}: {fault.text}" if fault.column else f"{where}: {fault.text}", err=True
        )
    if done.faults:
        click.echo(f"Chưa nhập gì: {len(done.faults)} lỗi.", err=True)
        sys.exit(1)
    click.echo(f"Đã nhập: thêm {done.added}, sửa {done.changed}.")


def _imported(wiring: Wiring, file: Path) -> Imported:
    from incident.directory.importing import import_csv
    from incident.domain.actors import Actor
    from incident.timeline.ledger import append, system_head

    now = wiring.now()
    with wiring.store.writing() as session:
        done = import_csv(session, file.read_bytes())
        if not done.faults and (done.added or done.changed):
            append(
                session,
                system_head(session),
                "directory_imported",
                occurred_at=now,
                recorded_at=now,
                actor=Actor("system", "cli", "Dòng lệnh"),
                data={"sheet": done.sheet, "added": done.added, "changed": done.changed},
            )
        return done


@group.command("export")
@click.option(
    "--table", type=click.Choice(list(TABLES)), default="nguoi", show_default=True, help="bảng cần xuất"
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="tệp CSV; không có thì in ra"
)
def export(table: str, output: Path | None) -> None:
    """Xuất một bảng ra CSV, nhập lại được."""
    from incident.directory.exporting import export_csv

    with _wiring().store.reading() as session:
        text = export_csv(session, TABLES[table])
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_bytes(text.encode())
        click.echo(f"Đã xuất {output}")


@group.command("coverage")
@click.option(
    "--days", type=click.IntRange(1, 365), default=14, show_default=True, help="số ngày lịch trực tới"
)
def coverage(days: int) -> None:
    """Danh bạ còn thiếu gì cho một đêm có việc. Mã thoát 1 nếu còn thiếu."""
    from incident.directory.coverage import coverage as gaps_of

    wiring = _wiring()
    with wiring.store.reading() as session:
        gaps = gaps_of(session, wiring.now(), days)
    for gap in gaps:
        click.echo(gap.text)
    click.echo(f"{len(gaps)} điểm cần bổ sung." if gaps else "Danh bạ và lịch trực đủ.")
    sys.exit(1 if gaps else 0)


@group.command("sample")
@click.option(
    "--people", type=click.IntRange(0), default=0, help="thêm chừng này cán bộ (hư cấu) ở các xã, phường"
)
def sample(people: int) -> None:
    """Nạp tỉnh mẫu “Sơn Lâm” vào danh bạ trống; --people N: thêm N cán bộ hư cấu."""
    from incident.directory.sample import add_people, load_sample
    from incident.store.schema import migrate
    from incident.store.tables import Setting, Unit

    wiring = _wiring()
    migrate(wiring.store)
    with wiring.store.writing() as session:
        loaded = load_sample(session, wiring.now())
        real = session.get(Setting, "sample") is None and session.query(Unit).first() is not None
        if not real:
            added = add_people(session, people, wiring.now())
    if real:
        click.echo("Danh bạ đang có dữ liệu thật; không nạp dữ liệu mẫu.", err=True)
        sys.exit(1)
    click.echo(("Đã nạp tỉnh mẫu Sơn Lâm. " if loaded else "") + f"Thêm {added} cán bộ hư cấu.")


def _wiring() -> Wiring:
    from incident.wiring import Wiring

    return Wiring.from_env()
