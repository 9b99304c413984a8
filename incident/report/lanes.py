"""The swim-lane of a playbook: a row for each role, its steps along a clock, a red line for the deadline of the law.

With a run it also says where it stands now: done steps filled, current ones outlined boldly, late ones red. The clock is
compressed (an hour is not sixty times a minute), or the first half hour, in which most happens, would be a stroke.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from incident.domain.words import Said, Speak, said
from incident.papers.dates import length
from incident.papers.drawing import INK, PAPER, SOFT, Drawing, shortened
from incident.report.record import IncidentView
from playbooks.outcome import moment
from playbooks.plan import Plan, PlannedStep

RED, BLUE = "#b01a1a", "#1d4e89"
ROW, HEAD = 46.0, 26.0
BOX = 20.0
MARKS = (0, 300, 900, 1800, 3600, 7200, 4 * 3600, 8 * 3600, 86400, 3 * 86400, 8 * 86400)
KNEE = 600.0  # seconds: up to here the clock is nearly even
WORDS = {
    "done": said("xong"),
    "active": said("đang làm"),
    "stuck": said("quá hạn"),
    "waiting": said("chưa đến lượt"),
    "skipped": said("bỏ qua"),
}
OPEN = ("active", "stuck")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands: the state of each step, which are late, and how long ago it was opened."""

    states: Mapping[str, str] = field(default_factory=dict)
    late: frozenset[str] = frozenset()
    elapsed: int | None = None


def standing(view: IncidentView, now: datetime) -> Standing:
    end = now if view.status == "open" else view.closed_at or now
    late = frozenset(
        s.id for s in view.steps if s.state == "stuck" or (s.state == "active" and s.due and s.due < end)
    )
    return Standing({s.id: s.state for s in view.steps}, late, int((end - view.opened_at).total_seconds()))


@dataclass(frozen=True, slots=True)
class Numbered:
    """A step as the list beside the picture tells it."""

    n: int
    id: str
    title: str
    when: str
    state: str
    late: bool


def numbered(plan: Plan, titles: Mapping[str, str], at: Standing, speak: Speak = str) -> tuple[Numbered, ...]:
    return tuple(
        Numbered(
            n,
            step.id,
            titles.get(step.id, step.id),
            speak(_when(step)),
            at.states.get(step.id, ""),
            step.id in at.late,
        )
        for n, step in enumerate(plan.steps, 1)
    )


def _when(step: PlannedStep) -> Said:
    start = said("ngay") if step.start == 0 else said("sau %(span)s", span=length(step.start))
    if step.end <= step.start:
        return start
    return said("%(start)s, đến %(end)s", start=start, end=length(step.end))


def draw(
    plan: Plan, titles: Mapping[str, str], at: Standing, narrow: bool = False, speak: Speak = str
) -> str:
    """The picture as SVG."""
    clock = _Clock(plan, at, 360.0 if narrow else 760.0, speak)
    bottom = HEAD + sum(_height(plan, slug, clock) for slug, _ in plan.roles)
    paper = Drawing(clock.width, bottom + 24, describe(plan, titles, at, speak))
    _axis(paper, clock, bottom)
    _deadlines(paper, plan, clock, bottom)
    if at.elapsed is not None:
        x = clock.x(at.elapsed)
        paper.line(x, HEAD - 4, x, bottom, INK, 2, "5 3")
        paper.text(
            x,
            HEAD - 9,
            speak(said("Bây giờ")),
            11,
            INK,
            "end" if x > clock.width - 60 else "start",
            bold=True,
        )
    y = HEAD
    for slug, title in plan.roles:
        paper.line(8, y, clock.width - 8, y, "#dde0e2")
        paper.label(18, y + 15, shortened(title, clock.width - 32, 12), 12, bold=True)
        _row(paper, plan, slug, y + 22, clock, at)
        y += _height(plan, slug, clock)
    return paper.svg()


class _Clock:
    """Seconds to places: even at first, then compressed."""

    def __init__(self, plan: Plan, at: Standing, width: float, speak: Speak) -> None:
        ends = [step.end for step in plan.steps] + [limit.due for limit in plan.limits]
        self.whole = max([1800, *ends, at.elapsed or 0]) * 1.08
        self.width = width
        self.speak = speak

    def x(self, seconds: float) -> float:
        share = math.log1p(min(seconds, self.whole) / KNEE) / math.log1p(self.whole / KNEE)
        return 12 + (self.width - 28) * share


def _axis(paper: Drawing, clock: _Clock, bottom: float) -> None:
    last = -100.0
    for seconds in MARKS:
        x = clock.x(seconds)
        if seconds > clock.whole or x > clock.width - 18:
            break
        paper.line(x, HEAD, x, bottom, "#e9ebec")
        if x - last >= 44:
            words = "0" if seconds == 0 else clock.speak(length(seconds))
            paper.text(x, bottom + 16, words, 11, SOFT, "start" if x < 30 else "middle")
            last = x


def _rows(plan: Plan, role: str, clock: _Clock) -> list[tuple[int, PlannedStep, int]]:
    """The steps of a role with their numbers, and on which of its lines each lies so that none covers another."""
    ends: list[float] = []
    found = []
    for n, step in enumerate(plan.steps, 1):
        if role not in step.roles:
            continue
        x, right = _place(step, clock)
        line = next((i for i, end in enumerate(ends) if x >= end + 2), len(ends))
        ends[line : line + 1] = [right]
        found.append((n, step, line))
    return found


def _place(step: PlannedStep, clock: _Clock) -> tuple[float, float]:
    x = clock.x(step.start)
    right = max(clock.x(step.end), x + 24)
    return (min(x, clock.width - 16 - (right - x)), right)


def _height(plan: Plan, role: str, clock: _Clock) -> float:
    lines = max((line for _, _, line in _rows(plan, role, clock)), default=0) + 1
    return 28 + lines * (BOX + 4)


def _row(paper: Drawing, plan: Plan, role: str, y: float, clock: _Clock, at: Standing) -> None:
    for n, step, line in _rows(plan, role, clock):
        x, right = _place(step, clock)
        state, late = at.states.get(step.id, ""), step.id in at.late
        edge, thick = (RED, 3.0) if late else (BLUE, 3.0) if state in OPEN else (SOFT, 1.0)
        fill = BLUE if state == "done" else "#fdeceb" if late else PAPER
        top = y + line * (BOX + 4)
        paper.box(
            x, top, right - x, BOX, fill, edge, thick=thick, dash="3 2" if state in ("", "waiting") else ""
        )
        colour = PAPER if state == "done" else RED if late else INK
        paper.text(x + 5, top + 15, f"{n}" + (" !" if late else ""), 12, colour, bold=state in OPEN or late)


def _deadlines(paper: Drawing, plan: Plan, clock: _Clock, bottom: float) -> None:
    for limit in plan.limits:
        x = clock.x(limit.due)
        paper.line(
            x,
            HEAD,
            x,
            bottom,
            RED if limit.law else SOFT,
            3 if limit.law else 1.5,
            "" if limit.law else "2 3",
        )
        if limit.law:
            told = clock.speak(said("Hạn theo luật: %(span)s", span=length(limit.due)))
            paper.text(x - 4, HEAD + 12, told, 11, RED, "end", bold=True)


def describe(plan: Plan, titles: Mapping[str, str], at: Standing, speak: Speak = str) -> str:
    """The picture in words."""
    told = [
        f"{one.n}. {one.title}: {one.when}"
        + (f", {speak(WORDS['stuck'] if one.late else WORDS[one.state])}" if one.state in WORDS else "")
        for one in numbered(plan, titles, at, speak)
    ]
    limits = [
        speak(said("%(title)s: %(span)s kể từ khi mở", title=limit.title, span=length(limit.due)))
        for limit in plan.limits
    ]
    head = speak(said("Sơ đồ các bước theo vai, cấp %(n)s", n=plan.level))
    return f"{head}. " + "; ".join(told + limits) + "."


def written(plan: Plan, titles: Mapping[str, str]) -> str:
    """The picture as lines of text: each role with its steps from hour to hour, then the deadlines."""
    rows: list[str] = []
    for slug, title in plan.roles:
        rows.append(title)
        rows += [
            f"  {moment(step.start)}–{moment(step.end)}  {titles.get(step.id, step.id)} ({step.id})"
            for step in plan.steps
            if slug in step.roles
        ]
    rows += [f"{moment(limit.due)}  {limit.title}" for limit in plan.limits]
    return "\n".join(rows)
