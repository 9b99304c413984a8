"""`incident playbook …`: check, rehearse, test, draw and compare playbooks at the desk; hand a file in for signature,
and write what is published to files.

Responsible for arguments, printing and exit codes (0 good, 1 faults, 2 wrong use). Knows no rule of the language.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from playbooks.faults import Fault
    from playbooks.injects import LoadedScript
    from playbooks.language import Playbook
    from playbooks.load import Loaded
    from playbooks.outcome import Outcome
    from playbooks.scenario import Scenario

_EXISTING = click.Path(exists=True, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


_FORMAT = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="Dạng kết quả."
)


@click.group("playbook", short_help="Kiểm tra, diễn thử, trình ký kịch bản")
def group() -> None:
    """Kiểm tra, diễn thử, kiểm thử và vẽ các kịch bản xử lý."""


@group.command("check", short_help="Tìm lỗi trong kịch bản: tệp, dòng, cột")
@click.argument("paths", nargs=-1, required=True, type=_EXISTING)
@_FORMAT
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
    return _json(rows)


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
@_FORMAT
def rehearse(
    file: Path,
    level: int | None,
    people: str | None,
    scenario_file: Path | None,
    library: Path | None,
    form: str,
) -> None:
    """In ra ai được báo gì, lúc nào, qua đâu; bao nhiêu phần SMS; thời hạn nào kịp, bước nào chưa có người xử lý, vai nào
    không được báo. Không gửi gì."""
    from playbooks.outcome import as_data
    from playbooks.rehearse import run_scenario

    playbook = _sound(file, library)
    scenario = _chosen(playbook, level, people, scenario_file)
    outcome = run_scenario(playbook, scenario)
    if form == "json":
        click.echo(_json(as_data(playbook, scenario.title, scenario.level, outcome)))
    else:
        click.echo(f"{playbook.title} – {scenario.title}")
        for line in outcome.lines:
            click.echo(str(line))
        _conclude(outcome, playbook)
    if not outcome.ok:
        raise SystemExit(1)


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2)


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
    level = _level(playbook, level)
    try:
        return load_scenario(file) if file else simple(level or max(playbook.levels), people)
    except ScenarioFault as error:
        raise click.UsageError(str(error)) from error


def _level(playbook: Playbook, level: int | None) -> int | None:
    """A level the playbook has, or none said."""
    if level and level not in playbook.levels:
        raise click.BadParameter(
            f"kịch bản có các cấp độ {', '.join(map(str, playbook.levels))}", param_hint="--level"
        )
    return level


def _conclude(outcome: Outcome, playbook: Playbook) -> None:
    """The deadlines, what is left, what it costs, who hears nothing, and what did not come true."""
    for clock in outcome.clocks:
        if clock.due is not None:
            met = clock.met_at is not None and clock.met_at <= clock.due
            click.echo(f"{'Kịp' if met else 'KHÔNG KỊP'}: {clock.title} ({clock.id})")
    stuck = [one.step for one in outcome.stuck if one.still]
    if stuck:
        click.echo(f"Quá hạn, chưa có người xử lý: {', '.join(stuck)}")
    click.echo(f"SMS: {outcome.parts} phần")
    for load in outcome.people:
        emails = f", {load.emails} thư điện tử" if load.emails else ""
        who = load.person or playbook.roles[load.role].title
        click.echo(f"    {who}: {load.sms} SMS, {load.parts} phần{emails}")
    if outcome.held_back:
        kept = ", ".join(dict.fromkeys(f"{held.person} ({held.about[0]})" for held in outcome.held_back))
        click.echo(f"Không gửi SMS vì đã đủ số tin trong giờ đầu (vẫn có trên màn hình, thư điện tử): {kept}")
    if outcome.never_told:
        titles = ", ".join(playbook.roles[slug].title for slug in outcome.never_told)
        click.echo(f"Không được báo gì: {titles}")
    for fault in outcome.faults:
        click.echo(f"lỗi: {fault}")


@group.command("test", short_help="Chạy mọi tình huống của kịch bản")
@click.argument("path", required=False, type=_EXISTING)
@click.option("--library", type=_FOLDER, help="Thư viện thành phần dùng chung và mẫu.")
@_FORMAT
def test(path: Path | None, library: Path | None, form: str) -> None:
    """Chạy tình huống có sẵn và tình huống viết trong scenarios/ của một kịch bản, một thư mục, hoặc cả thư viện."""
    from playbooks.load import LIBRARY, playbook_files

    files = playbook_files(path or library or LIBRARY)
    if not files:
        raise click.UsageError("không thấy kịch bản nào (*.yaml) trong thư mục")
    results = [_test_one(file, library, quiet=form == "json") for file in files]
    if form == "json":
        click.echo(_json(results))
    if not all(result["ok"] for result in results):
        raise SystemExit(1)


def _test_one(file: Path, library: Path | None, quiet: bool) -> dict[str, Any]:
    """The outcome of every scenario of one file as data; told line by line on the way, unless `quiet`."""
    from playbooks.load import load
    from playbooks.outcome import as_data
    from playbooks.rehearse import builtin, run_scenario

    loaded = load(file, library)
    if loaded.playbook is None:
        if not quiet:
            _show(file, loaded)
        faults = [asdict(fault) | {"values": dict(fault.values)} for fault in loaded.faults]
        return {"file": str(file), "ok": False, "faults": faults, "unread": [], "scenarios": []}
    say = _silent if quiet else click.echo
    playbook = loaded.playbook
    written, unread = _written(file, playbook.slug)
    for words in unread:
        say(f"ĐỎ    {words}")
    scenarios = []
    for scenario in [*builtin(playbook), *written]:
        outcome = run_scenario(playbook, scenario)
        say(f"{'xanh' if outcome.ok else 'ĐỎ  '}  {playbook.slug}: {scenario.title}")
        for fault in outcome.faults:
            say(f"        {fault}")
        scenarios.append(as_data(playbook, scenario.title, scenario.level, outcome))
    green = sum(scenario["ok"] for scenario in scenarios)
    say(f"{file}: {green}/{len(scenarios) + len(unread)} tình huống xanh")
    ok = green == len(scenarios) and not unread
    return {"file": str(file), "ok": ok, "faults": [], "unread": unread, "scenarios": scenarios}


def _silent(_: str) -> None:
    """Where a machine reads, nothing but the result is printed."""


def _written(file: Path, slug: str) -> tuple[list[Scenario], list[str]]:
    """The scenarios written for a playbook, beside it; and what is wrong with those that could not be read."""
    from playbooks.scenario import ScenarioFault, load_scenario

    scenarios, unread = [], []
    for path in sorted((file.parent / "scenarios" / slug).glob("*.yaml")):
        try:
            scenarios.append(load_scenario(path))
        except ScenarioFault as error:
            unread.append(str(error))
    return scenarios, unread


@group.command("graph", short_help="Vẽ sơ đồ các bước theo vai")
@click.argument("file", type=_FILE)
@click.option("--level", type=click.IntRange(1, 9), help="Cấp độ (mặc định: cấp cao nhất).")
@click.option("--library", type=_FOLDER, help="Thư viện thành phần dùng chung và mẫu.")
@click.option(
    "--format", "form", type=click.Choice(["text", "svg"]), default="text", help="Chữ, hoặc hình SVG."
)
def graph(file: Path, level: int | None, library: Path | None, form: str) -> None:
    """In ra các bước theo vai và thời gian, nếu ai cũng trả lời kịp thời: bằng chữ, hoặc hình SVG có hạn theo luật."""
    from incident.domain.titles import step_title
    from incident.report import lanes
    from playbooks.plan import planned

    playbook = _sound(file, library)
    plan = planned(playbook, _level(playbook, level) or max(playbook.levels))
    titles = {step.id: step_title(playbook, step) for step in playbook.steps}
    if form == "svg":
        click.echo(lanes.draw(plan, titles, lanes.Standing()))
    else:
        click.echo(f"{playbook.title} – cấp độ {plan.level}")
        click.echo(lanes.written(plan, titles))


@group.command("diff", short_help="Hai phiên bản khác nhau ở đâu, bằng lời")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--library", type=_FOLDER, help="Thư viện thành phần dùng chung và mẫu.")
def diff(before: str, after: str, library: Path | None) -> None:
    """So hai kịch bản: mỗi cái là một tệp, hoặc mã kịch bản đang dùng (tin-gia-dich-benh), hoặc một phiên bản đã công bố
    (tin-gia-dich-benh@5)."""
    from playbooks.diff import changes

    english = os.environ.get("LANG") == "en"
    found = changes(_named(before, library), _named(after, library), english)
    for change in found:
        click.echo(str(change))
    if not found:
        click.echo("no difference" if english else "không khác gì")


def _named(name: str, library: Path | None) -> Playbook:
    """A playbook by its file, or by its name in the service. Raises UsageError."""
    if Path(name).is_file():
        return _sound(Path(name), library)
    from incident.domain.errors import Refusal
    from incident.response import library as shelf
    from incident.response.publishing import publications
    from incident.wiring import Wiring

    slug, _, number = name.partition("@")
    desk = Wiring.from_env().desk
    try:
        with desk.store.reading() as session:
            if not number:
                return shelf.read(session, desk, slug)
            ids = {str(one.version): one.version_id for one in publications(session, slug)}
            if number in ids:
                return shelf.pinned(session, ids[number])
    except Refusal as refusal:
        raise click.UsageError(refusal.text) from refusal
    raise click.UsageError(f"không có tệp hay phiên bản “{name}”")


@group.command("publish", short_help="Đưa một tệp vào bản soạn và trình ký")
@click.argument("file", type=_FILE)
@click.option("--by", "email", required=True, help="Thư điện tử của tài khoản người soạn.")
def publish(file: Path, email: str) -> None:
    """Đưa kịch bản, cùng các tình huống trong scenarios/ cạnh tệp, vào bản soạn và trình ký. Người thứ hai xem và ký trên
    trang web; lệnh này một mình không công bố được. Mã thoát 1 khi còn lỗi hoặc tình huống chưa đạt."""
    from incident.commands.accounts import actor_of
    from incident.domain.errors import Refusal
    from incident.response import playbook_draft, publishing
    from incident.wiring import Wiring

    playbook = _sound(file, None)
    slug, wiring = playbook.slug, Wiring.from_env()
    folder = file.parent / "scenarios" / slug
    scenarios = "\n---\n".join(path.read_text("utf-8").strip() for path in sorted(folder.glob("*.yaml")))
    now = wiring.now()
    try:
        actor = actor_of(wiring.store, email)
        n = playbook_draft.take_in(wiring.desk, slug, file.read_text("utf-8"), scenarios, actor, now)
        publishing.ask(wiring.desk, slug, n, actor, now)
    except Refusal as refusal:
        raise click.ClickException(refusal.text) from refusal
    click.echo(f"Đã trình ký phiên bản {playbook.version}. Người thứ hai ký tại:")
    click.echo(f"{wiring.settings.public_url}/playbooks/{slug}/draft")


@group.command("export", short_help="Ghi các kịch bản đã công bố ra tệp")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(folder: Path) -> None:
    """Ghi mọi kịch bản đang dùng đã công bố trên trang web, cùng thành phần, mẫu và tình huống, vào thư mục; để giữ trong
    git, hoặc làm PLAYBOOKS_DIR của máy khác."""
    from incident.response.publishing import in_force
    from incident.wiring import Wiring

    with Wiring.from_env().store.reading() as session:
        found = in_force(session)
    for slug, version in sorted(found.items()):
        for name, text in version.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        click.echo(f"{slug}: phiên bản {version.version}, {len(version.files)} tệp")
    if not found:
        click.echo("chưa có kịch bản nào công bố trên trang web")


@group.command("schema", short_help="In JSON Schema cho trình soạn thảo")
def schema() -> None:
    """In JSON Schema (draft-07) để trình soạn thảo gợi ý và kiểm tra kịch bản."""
    from playbooks.schema import text

    click.echo(text(), nl=False)
