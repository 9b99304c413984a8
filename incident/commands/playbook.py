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
    from playbooks.injects import LoadedScript
    from playbooks.language import Playbook
    from playbooks.load import Loaded
    from playbooks.rehearse import Outcome
    from playbooks.scenario import Scenario

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
    from playbooks.injects import FOLDER
    from playbooks.load import playbook_files

    folders = [place for path in paths for place in (path, path / FOLDER) if place == path or place.is_dir()]
    files = [file for place in folders for file in playbook_files(place)]
    if not files:
        raise click.UsageError("không thấy kịch bản nào (*.yaml) trong thư mục")
    results = [(file, _looked_at(file, library)) for file in files]
    if form == "json":
        click.echo(_as_json(loaded.faults for _, loaded in results))
    else:
        for file, loaded in results:
            _show(file, loaded)
    if not all(loaded.ok for _, loaded in results):
        raise SystemExit(1)


def _looked_at(file: Path, library: Path | None) -> Loaded | LoadedScript:
    """A playbook, or the injects of a drill: their playbooks lie beside them or in the library."""
    from playbooks.injects import is_script, load_script
    from playbooks.load import LIBRARY, load, playbook_files

    if not is_script(file):
        return load(file, library)
    beside = [path for path in playbook_files(file.parent.parent) if not is_script(path)]
    shelf = {path.stem: path for path in (*playbook_files(library or LIBRARY), *beside)}
    found = {slug: load(path, library).playbook for slug, path in shelf.items()}
    return load_script(file, {slug: one.roles.keys() for slug, one in found.items() if one})


def _as_json(found: Iterable[tuple[Fault, ...]]) -> str:
    rows = [asdict(fault) | {"values": dict(fault.values)} for faults in found for fault in faults]
    return json.dumps(rows, ensure_ascii=False, indent=2)


def _show(file: Path, loaded: Loaded | LoadedScript) -> None:
    from playbooks.faults import render_all
    from playbooks.injects import LoadedScript

    english = os.environ.get("LANG") == "en"
    if loaded.faults:
        click.echo(render_all(loaded.faults, loaded.sources, english))
    if isinstance(loaded, LoadedScript):
        if loaded.script:
            size = len(loaded.script.injects)
            click.echo(f"{file}: good ({size} injects)" if english else f"{file}: đạt ({size} tình huống)")
    elif loaded.playbook:
        steps = len(loaded.playbook.steps)
        click.echo(f"{file}: good ({steps} steps)" if english else f"{file}: đạt ({steps} bước)")


@group.command("rehearse", short_help="Diễn thử một kịch bản trên đồng hồ ảo")
@click.argument("file", type=_FILE)
@click.option("--level", type=click.IntRange(1, 9), help="Cấp độ (mặc định: cấp cao nhất).")
@click.option(
    "--people", help="Mọi người làm gì: im_lang, tu_choi, sau 10 phút (mặc định: trả lời kịp thời)."
)
@click.option("--scenario", "scenario_file", type=_FILE, help="Diễn theo một tệp tình huống.")
@click.option("--library", type=_FOLDER, help="Thư viện thành phần dùng chung và mẫu.")
def rehearse(
    file: Path, level: int | None, people: str | None, scenario_file: Path | None, library: Path | None
) -> None:
    """In ra ai được báo gì, lúc nào, qua đâu; thời hạn nào kịp, bước nào chưa có người xử lý. Không gửi gì."""
    from playbooks.rehearse import run_scenario

    playbook = _sound(file, library)
    scenario = _chosen(playbook, level, people, scenario_file)
    click.echo(f"{playbook.title} – {scenario.title}")
    outcome = run_scenario(playbook, scenario)
    for line in outcome.lines:
        click.echo(str(line))
    _conclude(outcome, playbook)


def _sound(file: Path, library: Path | None) -> Playbook:
    """The playbook of a file; one with faults is shown and ends the command."""
    from playbooks.load import load

    loaded = load(file, library)
    if loaded.playbook is None:
        _show(file, loaded)
        raise SystemExit(1)
    return loaded.playbook


def _chosen(playbook: Playbook, level: int | None, people: str | None, file: Path | None) -> Scenario:
    from playbooks.scenario import ScenarioFault, load_scenario, simple

    if file and (level or people):
        raise click.UsageError(
            "--scenario đã nêu cấp độ và mọi người làm gì; không dùng cùng --level, --people"
        )
    if level and level not in playbook.levels:
        raise click.BadParameter(
            f"kịch bản có các cấp độ {', '.join(map(str, playbook.levels))}", param_hint="--level"
        )
    try:
        return load_scenario(file) if file else simple(level or max(playbook.levels), people)
    except ScenarioFault as error:
        raise click.UsageError(str(error)) from error


def _conclude(outcome: Outcome, playbook: Playbook) -> None:
    """The deadlines and what is left, then the exit code: 1 when what the scenario expects did not come true."""
    for deadline in playbook.deadlines:
        state = outcome.run.deadlines.get(deadline.id)
        if state and state.applies and state.due:
            met = state.met_at is not None and state.met_at <= state.due
            click.echo(f"{'Kịp' if met else 'KHÔNG KỊP'}: {deadline.title} ({deadline.id})")
    stuck = [id for id, state in outcome.run.steps.items() if state.state == "stuck"]
    if stuck:
        click.echo(f"Quá hạn, chưa có người xử lý: {', '.join(stuck)}")
    for fault in outcome.faults:
        click.echo(f"lỗi: {fault}")
    if not outcome.ok:
        raise SystemExit(1)


@group.command("test", short_help="Chạy mọi tình huống của kịch bản")
@click.argument("path", required=False, type=_EXISTING)
@click.option("--library", type=_FOLDER, help="Thư viện thành phần dùng chung và mẫu.")
def test(path: Path | None, library: Path | None) -> None:
    """Chạy tình huống có sẵn và tình huống viết trong scenarios/ của một kịch bản, một thư mục, hoặc cả thư viện."""
    from playbooks.load import LIBRARY, playbook_files

    files = playbook_files(path or library or LIBRARY)
    if not files:
        raise click.UsageError("không thấy kịch bản nào (*.yaml) trong thư mục")
    results = [_test_one(file, library) for file in files]
    if not all(results):
        raise SystemExit(1)


def _test_one(file: Path, library: Path | None) -> bool:
    from playbooks.load import load
    from playbooks.rehearse import builtin, run_scenario

    loaded = load(file, library)
    if loaded.playbook is None:
        _show(file, loaded)
        return False
    written, unread = _written(file, loaded.playbook.slug)
    failed = unread
    scenarios = [*builtin(loaded.playbook), *written]
    for scenario in scenarios:
        faults = run_scenario(loaded.playbook, scenario).faults
        click.echo(f"{'ĐỎ  ' if faults else 'xanh'}  {loaded.playbook.slug}: {scenario.title}")
        for fault in faults:
            click.echo(f"        {fault}")
        failed += bool(faults)
    click.echo(f"{file}: {len(scenarios) - failed + unread}/{len(scenarios) + unread} tình huống xanh")
    return not failed


def _written(file: Path, slug: str) -> tuple[list[Scenario], int]:
    """The scenarios written for a playbook, beside it; and how many of the files could not be read."""
    from playbooks.scenario import ScenarioFault, load_scenario

    scenarios, unread = [], 0
    for path in sorted((file.parent / "scenarios" / slug).glob("*.yaml")):
        try:
            scenarios.append(load_scenario(path))
        except ScenarioFault as error:
            click.echo(f"ĐỎ    {error}")
            unread += 1
    return scenarios, unread


@group.command("schema", short_help="In JSON Schema cho trình soạn thảo")
def schema() -> None:
    """In JSON Schema (draft-07) để trình soạn thảo gợi ý và kiểm tra kịch bản."""
    from playbooks.schema import text

    click.echo(text(), nl=False)
