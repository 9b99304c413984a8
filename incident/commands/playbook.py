"""`incident playbook …`: check, rehearse and test playbooks at the desk, before anybody runs one.

Responsible for arguments, printing and exit codes (0 good, 1 faults, 2 wrong use). Knows no rule of the language.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from playbooks.faults import Fault
    from playbooks.load import Loaded

_EXISTING = click.Path(exists=True, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group("playbook", short_help="Kiểm tra, diễn thử và kiểm thử kịch bản")
def group() -> None:
    """Kiểm tra, diễn thử và kiểm thử các kịch bản xử lý."""


@group.command("check", short_help="Tìm lỗi trong kịch bản: tệp, dòng, cột")
@click.argument("paths", nargs=-1, required=True, type=_EXISTING)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Dạng kết quả.")
@click.option(
    "--library", type=_FOLDER, help="Thư viện thành phần dùng chung và mẫu (mặc định: kèm chương trình)."
)
def check(paths: tuple[Path, ...], form: str, library: Path | None) -> None:
    """Kiểm tra từng tệp, hoặc mọi kịch bản trong thư mục. Mã thoát 1 khi có lỗi."""
    from playbooks.load import load, playbook_files

    files = [file for path in paths for file in playbook_files(path)]
    if not files:
        raise click.UsageError("không thấy kịch bản nào (*.yaml) trong thư mục")
    results = [(file, load(file, library)) for file in files]
    if form == "json":
        click.echo(_as_json(loaded.faults for _, loaded in results))
    else:
        for file, loaded in results:
            _show(file, loaded)
    if not all(loaded.ok for _, loaded in results):
        raise SystemExit(1)


def _as_json(found: Iterable[tuple[Fault, ...]]) -> str:
    rows = [asdict(fault) | {"values": dict(fault.values)} for faults in found for fault in faults]
    return json.dumps(rows, ensure_ascii=False, indent=2)


def _show(file: Path, loaded: Loaded) -> None:
    from playbooks.faults import render_all

    english = os.environ.get("LANG") == "en"
    if loaded.faults:
        click.echo(render_all(loaded.faults, loaded.sources, english))
    if loaded.playbook:
        steps = len(loaded.playbook.steps)
        click.echo(f"{file}: good ({steps} steps)" if english else f"{file}: đạt ({steps} bước)")


@group.command("schema", short_help="In JSON Schema cho trình soạn thảo")
def schema() -> None:
    """In JSON Schema (draft-07) để trình soạn thảo gợi ý và kiểm tra kịch bản."""
    from playbooks.schema import text

    click.echo(text(), nl=False)
