"""A scenario: what people do during a rehearsal and what must follow. Values, and how they are read from a file.

Knows the words of a scenario file and nothing of how a rehearsal runs (that is `rehearse`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from playbooks.characters import has_control
from playbooks.durations import parse_span
from playbooks.language import ANCHORS, Playbook

SILENT, ANSWERS, DECLINES = "im_lang", "sau", "tu_choi"
OTHERS = "others"
OUTAGE = (120, 3 * 3600)  # it begins while the first people are being asked
USUAL = 180  # seconds somebody who answers in time takes
LEGAL_KINDS = ("k3",)  # so that the legal clock runs in the scenarios nobody wrote


class ScenarioFault(ValueError):
    """The file does not say what a scenario needs; the text is Vietnamese, for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a person does when asked: nothing, answers or declines `seconds` later."""

    how: str = ANSWERS
    seconds: int = USUAL


@dataclass(frozen=True, slots=True)
class Planned:
    """Something a person does at a minute of their own: answer, return, edit, redo, skip, level."""

    at: int
    what: str
    step: str = ""
    choice: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class Expectation:
    """`kind`: done, met, missed, told, stuck, published_without (never), and for the built-in ones all_ended,
    all_stuck, nothing_published."""

    kind: str
    subject: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """Times are seconds from the opening; `anchors` may be negative. `outage`: (start, length)."""

    title: str
    level: int
    playbook: str = ""
    kinds: tuple[str, ...] = ()
    anchors: dict[str, int] = field(default_factory=dict)
    people: dict[str, Behaviour] = field(default_factory=dict)
    others: Behaviour = Behaviour()
    events: tuple[Planned, ...] = ()
    expect: tuple[Expectation, ...] = ()
    outage: tuple[int, int] | None = None


# ---------------------------------------------------------------- the ones nobody has to write


def simple(level: int, people: str | None = None) -> Scenario:
    """Everybody behaves alike: `im_lang`, `sau 10 phút`, `tu_choi`; in time when nothing is said."""
    others = behaviour(people) if people else Behaviour()
    title = f"Cấp độ {level}, mọi người: {people or 'trả lời kịp thời'}"
    return Scenario(title, level, kinds=LEGAL_KINDS, anchors={"accepted_at": 0}, others=others)


def builtin(playbook: Playbook) -> list[Scenario]:
    """Three a level: everyone answers in time; nobody answers; the system is down for three hours."""
    scenarios = []
    clocks = tuple(Expectation("met", deadline.id) for deadline in playbook.deadlines)
    legal = tuple(Expectation("met", deadline.id) for deadline in playbook.deadlines if deadline.law)
    ended = (Expectation("all_ended"),)
    for level in playbook.levels:
        in_time = simple(level)
        name = f"cấp độ {level}"
        scenarios += [
            _with(in_time, f"Ai cũng trả lời kịp, {name}", expect=ended + clocks),
            _with(
                in_time,
                f"Không ai trả lời, {name}",
                others=Behaviour(SILENT),
                expect=(Expectation("all_stuck"), Expectation("nothing_published")),
            ),
            _with(in_time, f"Hệ thống ngừng 3 giờ, {name}", outage=OUTAGE, expect=ended + legal),
        ]
    return scenarios


def _with(scenario: Scenario, title: str, **fields: Any) -> Scenario:
    return replace(scenario, title=title, playbook="", **fields)


# ---------------------------------------------------------------- reading a file


def load_scenario(path: Path) -> Scenario:
    """Raises ScenarioFault."""
    try:
        return read_scenario(path.read_text("utf-8"), path.name)
    except UnicodeDecodeError as error:
        raise ScenarioFault(f"{path.name}: tệp không đọc được: {error}") from error


def read_scenario(text: str, name: str) -> Scenario:
    """The scenario a text tells; `name` is what a fault calls it. Raises ScenarioFault."""
    text = unicodedata.normalize("NFC", text)
    try:
        for event in yaml.parse(text, Loader=yaml.BaseLoader):
            if isinstance(event, yaml.AliasEvent):
                raise ScenarioFault(f"{name}: không dùng tham chiếu (*)")
            if isinstance(event, yaml.ScalarEvent) and has_control(event.value):
                raise ScenarioFault(f"{name}: có ký tự điều khiển")
        data = yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ScenarioFault(f"{name}: tệp không đọc được: {error}") from error
    try:
        return _scenario(_table(data, "tệp"))
    except ScenarioFault as error:
        raise ScenarioFault(f"{name}: {error}") from error


def behaviour(text: str) -> Behaviour:
    """`im_lang`, `sau 5 phút`, `tu_choi`, `tu_choi sau 5 phút`."""
    words = " ".join(text.split())
    if words == SILENT:
        return Behaviour(SILENT)
    how = DECLINES if words.startswith(DECLINES) else ANSWERS
    wait = words.removeprefix(DECLINES).strip()
    if how == DECLINES and not wait:
        return Behaviour(DECLINES)
    if not wait.startswith("sau "):
        raise ScenarioFault(f"không hiểu “{text}”: viết im_lang, tu_choi hoặc sau N phút")
    return Behaviour(how, _seconds(wait.removeprefix("sau ")))


def _scenario(data: dict[str, Any]) -> Scenario:
    _known(data, "tệp", {"scenario", "playbook", "incident", "people", "events", "expect", "outage"})
    incident = _table(data.get("incident", {}), "incident")
    _known(incident, "incident", {"level", "kinds", *ANCHORS})
    people = {role: behaviour(str(how)) for role, how in _table(data.get("people", {}), "people").items()}
    return Scenario(
        title=_text(data, "scenario"),
        level=_whole(incident.get("level", "")),
        playbook=_text(data, "playbook"),
        kinds=tuple(_list(incident.get("kinds", []), "kinds")),
        anchors={name: _seconds(str(incident[name])) for name in ANCHORS if name in incident},
        others=people.pop(OTHERS, Behaviour()),
        people=people,
        events=tuple(_planned(_table(item, "events")) for item in _list(data.get("events", []), "events")),
        expect=tuple(_expected(_table(item, "expect")) for item in _list(data.get("expect", []), "expect")),
        outage=_outage(data.get("outage")),
    )


def _planned(item: dict[str, Any]) -> Planned:
    at = _seconds(_text(item, "at"))
    verbs = [key for key in item if key != "at"]
    if len(verbs) != 1 or verbs[0] not in PLANNED:
        raise ScenarioFault(f"mỗi sự kiện có at và một trong: {', '.join(PLANNED)}")
    return PLANNED[verbs[0]](at, item[verbs[0]])


def _planned_answer(at: int, value: Any) -> Planned:
    pairs = list(_table(value, "answer").items())
    if len(pairs) != 1:
        raise ScenarioFault("answer: viết {bước: lựa chọn}")
    return Planned(at, "answer", str(pairs[0][0]), choice=str(pairs[0][1]))


def _planned_act(what: str) -> Callable[[int, Any], Planned]:
    return lambda at, value: Planned(at, what, str(value))


PLANNED: dict[str, Callable[[int, Any], Planned]] = {
    "answer": _planned_answer,
    "return": _planned_act("return"),
    "edit": _planned_act("edit"),
    "redo": _planned_act("redo"),
    "skip": _planned_act("skip"),
    "level": lambda at, value: Planned(at, "level", level=_whole(value)),
}


def _expected(item: dict[str, Any]) -> Expectation:
    before = _seconds(str(item["before"])) if "before" in item else None
    kinds = [key for key in item if key != "before"]
    if kinds == ["never"]:
        never = _table(item["never"], "never")
        if list(never) != ["published_without"]:
            raise ScenarioFault("never: viết {published_without: bước duyệt}")
        return Expectation("published_without", str(never["published_without"]))
    if len(kinds) != 1 or kinds[0] not in ("done", "met", "missed", "told", "stuck"):
        raise ScenarioFault("mỗi dòng expect có một trong: done, met, missed, told, stuck, never")
    return Expectation(kinds[0], str(item[kinds[0]]), before)


def _outage(value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    table = _table(value, "outage")
    return _seconds(_text(table, "at")), _seconds(_text(table, "for"))


def _known(data: dict[str, Any], where: str, known: set[str]) -> None:
    for key in data:
        if key not in known:
            raise ScenarioFault(f"{where}: không có từ khóa “{key}”; có: {', '.join(sorted(known))}")


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ScenarioFault(f"{where}: cần các dòng “từ khóa: giá trị”")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if value == "":
        return []
    if not isinstance(value, list):
        raise ScenarioFault(f"{where}: cần một danh sách")
    return value


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ScenarioFault(f"thiếu “{key}”")
    return value.strip()


def _whole(value: Any) -> int:
    if not str(value).strip().isdecimal():
        raise ScenarioFault(f"cần số cấp độ, không phải “{value}”")
    return int(value)


def _seconds(text: str) -> int:
    span = parse_span(text)
    if span is None or span.working_days:
        raise ScenarioFault(f"không hiểu khoảng thời gian “{text}”: viết như 30 phút, 2 giờ")
    return span.seconds
