"""`incident report`: writes one incident's after-action report to a file. The same files as the web's and the API's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from incident.report.naming import PARTS, SENT
from incident.report.rendering import FORMATS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from incident.wiring import Wiring

FAULT, USAGE = 1, 2


@click.command(
    "report", help="Xuất báo cáo kết quả xử lý của một vụ việc (mã vụ việc, số VV-27/2026 hoặc mã trả lời)."
)
@click.argument("incident_id", metavar="ID")
@click.option("--format", "fmt", type=click.Choice(FORMATS), required=True, help="Định dạng tệp.")
@click.option(
    "--part", type=click.Choice(PARTS), default=SENT, show_default=True,
    help="ban-gui: theo đơn vị và số liệu; noi-bo: phụ lục có tên người.",
)  # fmt: skip
@click.option("-o", "--output", "target", required=True, help="Tệp ghi ra; - là đầu ra chuẩn.")
def command(incident_id: str, fmt: str, part: str, target: str) -> None:
    from incident.settings import BadSettings
    from incident.wiring import Wiring

    try:
        content = _report(Wiring.from_env(), incident_id, fmt, part)
    except BadSettings as fault:
        _stop(str(fault), USAGE)
    if content is None:
        _stop(f"Không có vụ việc {incident_id}.", FAULT)
    if target == "-":
        sys.stdout.buffer.write(content)
        return
    try:
        Path(target).write_bytes(content)
    except OSError as error:
        _stop(f"Không ghi được {target}: {error.strerror}", USAGE)
    click.echo(f"Đã ghi {target} ({len(content)} byte).")


def _report(wiring: Wiring, incident_id: str, fmt: str, part: str) -> bytes | None:
    """The file's bytes; None where there is no such incident. The read ends before the file is made."""
    from sqlalchemy import select

    from incident.report.gathering import gather
    from incident.report.rendering import render
    from incident.store.tables import Setting

    now = wiring.now()
    with wiring.store.reading() as session:
        found = _found(session, incident_id)
        if found is None:
            return None
        view = gather(session, found, now)
        words = {row.key: row.value for row in session.scalars(select(Setting))}
    return render(view, fmt, part, now, settings_words=words)[0]


def _found(session: Session, wanted: str) -> str | None:
    """An incident's id by its id, its number, or its reply code (the newest one that bore it)."""
    from sqlalchemy import or_, select

    from incident.store.tables import Incident

    known = or_(Incident.id == wanted, Incident.number == wanted, Incident.code == wanted)
    return session.scalars(
        select(Incident.id).where(known).order_by(Incident.opened_at.desc()).limit(1)
    ).first()


def _stop(text: str, code: int) -> NoReturn:
    click.echo(text, err=True)
    raise SystemExit(code)
