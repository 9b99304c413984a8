"""`incident verify [ID | FILE]`: is the record unbroken? Exit 0 yes, 1 no, 2 there is nothing to check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from incident.timeline.verify import Verdict


@click.command("verify")
@click.argument("target", required=False)
def command(target: str | None) -> None:
    """Kiểm tra nhật ký không bị sửa: một vụ việc (mã, số), một tệp JSON đã xuất, hoặc tất cả."""
    if target is not None and Path(target).is_file():
        sys.exit(_file(Path(target)))
    sys.exit(_database(target))


def _file(path: Path) -> int:
    from sqlalchemy.exc import SQLAlchemyError

    from incident.timeline.verify import verify_file

    alone = verify_file(path)
    if not alone.ok:
        click.echo(f"✗ {path.name}: {_where(alone)}{alone.reason}")
        return 1
    click.echo(f"✓ {path.name}: tệp nguyên vẹn; mọi phần khớp bảng kê, nhật ký {alone.entries} mục nối liền.")
    click.echo(f"  Đầu chuỗi: {alone.head or '(chưa có mục nào)'}")
    try:
        known = _compared(path)
    except (SQLAlchemyError, ValueError):
        known = None
    if known is False:
        click.echo("✗ KHÔNG khớp cơ sở dữ liệu: nhật ký trong tệp không phải nhật ký đang lưu.")
        return 1
    if known:
        click.echo("✓ Khớp cơ sở dữ liệu: đầu chuỗi trong tệp đúng là một mục của nhật ký đang lưu.")
    else:
        click.echo("– Chưa đối chiếu được với cơ sở dữ liệu; xin so đầu chuỗi trên với bản giấy đã in.")
    return 0


def _compared(path: Path) -> bool | None:
    """Whether the database of the settings knows the file's chain; None when there is none to ask."""
    from incident.settings import Settings
    from incident.store.sessions import Store, parse_url
    from incident.timeline.verify import verify_file

    url = parse_url(Settings.from_env().database_url)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        return None
    store = Store(url.render_as_string(hide_password=False))
    try:
        with store.reading() as session:
            return verify_file(path, session).in_database
    finally:
        store.dispose()


def _database(target: str | None) -> int:
    from incident.wiring import Wiring

    with Wiring.from_env().store.reading() as session:
        found = _verdicts(session, target)
    if not found:
        click.echo(f"Không có vụ việc hay tệp nào là “{target}”.", err=True)
        return 2
    for name, verdict in found:
        if verdict.ok:
            click.echo(f"✓ {name}: nguyên vẹn, {verdict.entries} mục. Đầu chuỗi: {verdict.head or '–'}")
        else:
            click.echo(f"✗ {name}: {_where(verdict)}{verdict.reason}")
    return 0 if all(verdict.ok for _, verdict in found) else 1


def _verdicts(session: Session, target: str | None) -> list[tuple[str, Verdict]]:
    from sqlalchemy import or_, select

    from incident.store.tables import Incident
    from incident.timeline.ledger import SYSTEM_CHAIN
    from incident.timeline.verify import verify_all, verify_chain

    if target == SYSTEM_CHAIN:
        return [("Nhật ký hệ thống", verify_chain(session, SYSTEM_CHAIN))]
    numbers = {row.id: row.number for row in session.execute(select(Incident.id, Incident.number))}
    numbers[SYSTEM_CHAIN] = "Nhật ký hệ thống"
    if target is None:
        return [(numbers.get(v.chain, v.chain), v) for v in verify_all(session)]
    query = (
        select(Incident.id)
        .where(or_(Incident.id == target, Incident.number == target, Incident.code == target))
        .order_by(Incident.opened_at)
    )
    return [(numbers[id], verify_chain(session, id)) for id in session.scalars(query)]


def _where(verdict: Verdict) -> str:
    return f"sai từ mục {verdict.first_bad_seq}: " if verdict.first_bad_seq else ""
