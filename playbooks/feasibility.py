"""Do the limits people are given fit inside each deadline, at each level?

Responsible for the longest path to what a deadline waits for. Knows nothing of a run: it adds limits up.
"""

from __future__ import annotations

from dataclasses import dataclass

from playbooks.durations import length
from playbooks.faults import Faults
from playbooks.language import ByLevel, Verb
from playbooks.references import Graph
from playbooks.sheets import DeadlineSheet, Sheet, StepSheet

LAW_SECONDS = 24 * 3600  # assumed: the hours of a legal clock are a fact of the incident


@dataclass(frozen=True, slots=True)
class Overrun:
    level: int
    seconds: int
    allowed: int
    path: tuple[str, ...]


def check(sheet: Sheet, graph: Graph, faults: Faults) -> None:
    """Tell, for each deadline, the level that overruns it most."""
    for deadline in sheet.deadlines:
        overruns = [o for level in sorted(sheet.levels) if (o := _overrun(deadline, level, graph))]
        if overruns:
            _tell(deadline, max(overruns, key=lambda o: o.seconds / o.allowed), faults)


def _overrun(deadline: DeadlineSheet, level: int, graph: Graph) -> Overrun | None:
    allowed = LAW_SECONDS if deadline.law else _seconds(deadline.within, level)
    if allowed is None or deadline.met_by.value not in graph.steps:
        return None
    start = deadline.start.value if deadline.start and deadline.start.value in graph.steps else None
    seconds, path = _Longest(graph, level, start).to(deadline.met_by.value)
    return Overrun(level, seconds, allowed, tuple(path)) if seconds > allowed else None


def _tell(deadline: DeadlineSheet, overrun: Overrun, faults: Faults) -> None:
    faults.add(
        "PB092" if deadline.law else "PB093",
        deadline.id.mark._replace(length=0),
        "Rút ngắn hạn của các bước trên đường này, hoặc cho chúng chạy song song (after: start).",
        level=overrun.level,
        step=deadline.met_by.value,
        hours=_hours(overrun.seconds),
        limit=_hours(overrun.allowed),
        path=" → ".join(overrun.path),
    )


def _seconds(spans: ByLevel | None, level: int) -> int | None:
    return length(spans[level]) if spans and level in spans else None


def _hours(seconds: int) -> str:
    return f"{seconds / 3600:.1f}".replace(".0", "").replace(".", ",")


class _Longest:
    """Longest paths at one level; a step that is not needed there costs nothing. Each turn of an approval or a
    publication has the whole limit, as the engine gives it."""

    def __init__(self, graph: Graph, level: int, start: str | None) -> None:
        self.graph, self.level, self.start = graph, level, start
        self._known: dict[str, tuple[int, list[str]]] = {}

    def to(self, name: str) -> tuple[int, list[str]]:
        if name == self.start:
            return 0, []
        if name not in self._known:
            self._known[name] = self._measure(name)
        return self._known[name]

    def _measure(self, name: str) -> tuple[int, list[str]]:
        own = self._cost(self.graph.steps[name])
        before = max(
            (self.to(parent) for parent in self.graph.before[name]), key=lambda p: p[0], default=(0, [])
        )
        return before[0] + own, [*before[1], name] if own else before[1]

    def _cost(self, step: StepSheet) -> int:
        asks_nobody = step.verb is Verb.NOTIFY and step.ack == "none"
        if asks_nobody or self.level not in self.graph.need(step.id.value).levels:
            return 0
        turns = len(step.by) if step.verb in (Verb.APPROVE, Verb.PUBLISH) else 1
        return turns * (_seconds(step.within, self.level) or 0)
