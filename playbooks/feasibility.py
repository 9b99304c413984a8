"""Do the limits people are given fit inside each deadline, at each level?

Responsible for the longest path to what a deadline waits for: over every `after`, past steps that are not needed at a level
or for an answer, once with the limits alone and once with every rung of every ladder. Knows nothing of a run: it adds
limits up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

from playbooks.durations import length
from playbooks.faults import Faults
from playbooks.language import ByLevel, Verb
from playbooks.references import Graph, Need
from playbooks.sheets import DeadlineSheet, Sheet, StepSheet

LAW_SECONDS = 24 * 3600  # assumed: the hours of a legal clock are a fact of the incident
LONGEST_GRACE = 30 * 60  # what the people of the last rung have at most before a step counts as stuck
MOST_WAYS = (
    64  # ways to answer the questions before a deadline; with more of them each question is judged by itself
)


@dataclass(frozen=True, slots=True)
class Overrun:
    level: int
    seconds: int
    allowed: int
    path: tuple[str, ...]

    @property
    def excess(self) -> float:
        return self.seconds / self.allowed


def check(sheet: Sheet, graph: Graph, faults: Faults) -> None:
    """Tell, for each deadline, the level that overruns it most and which others do."""
    for deadline in sheet.deadlines:
        if deadline.met_by.value not in graph.steps:
            continue
        levels = sorted(sheet.levels)
        if overruns := [o for level in levels if (o := _overrun(deadline, level, graph, ladders=False))]:
            _tell("PB092" if deadline.law else "PB093", deadline, overruns, faults)
        elif deadline.law:
            late = [o for level in levels if (o := _overrun(deadline, level, graph, ladders=True))]
            if late:
                _tell("PB094", deadline, late, faults)


def _overrun(deadline: DeadlineSheet, level: int, graph: Graph, ladders: bool) -> Overrun | None:
    allowed = LAW_SECONDS if deadline.law else _seconds(deadline.within, level)
    if allowed is None or level not in graph.need(deadline.met_by.value).levels:
        return None
    start = deadline.start.value if deadline.start else None
    seconds, path = longest(graph, deadline.met_by.value, level, start, ladders)
    return Overrun(level, seconds, allowed, path) if seconds > allowed else None


def _tell(code: str, deadline: DeadlineSheet, overruns: list[Overrun], faults: Faults) -> None:
    worst = max(overruns, key=lambda overrun: overrun.excess)
    others = [str(overrun.level) for overrun in overruns if overrun is not worst]
    also = f" Cũng vượt ở cấp độ {', '.join(others)}." if others else ""
    faults.add(
        code,
        deadline.id.mark._replace(length=0),
        "Rút ngắn hạn của các bước trên đường này, hoặc cho chúng chạy song song (after: start)." + also,
        level=worst.level,
        step=deadline.met_by.value,
        hours=_hours(worst.seconds),
        limit=_hours(worst.allowed),
        path=" → ".join(worst.path),
    )


def _seconds(spans: ByLevel | None, level: int) -> int | None:
    return length(spans[level]) if spans and level in spans else None


def _hours(seconds: int) -> str:
    return f"{seconds / 3600:.1f}".replace(".0", "").replace(".", ",")


# ---------------------------------------------------------------- the longest path


def longest(
    graph: Graph, target: str, level: int, start: str | None = None, ladders: bool = False
) -> tuple[int, tuple[str, ...]]:
    """Seconds from the opening (or the end of the step `start`) to the end of `target` if everybody uses the whole limit,
    and the steps on the way: the worst over all ways in which the questions on it may be answered. `ladders`: and every
    rung has to be climbed."""
    order = _in_order(graph, target)
    ways = (
        _Longest(graph, level, start, ladders, answers).to(order)
        for answers in _answers(graph, order, target)
    )
    return max(ways, key=lambda way: way[0])


def _in_order(graph: Graph, target: str) -> list[str]:
    """The target and all before it, each after what it waits for."""
    wanted = graph.ancestors(target) | {target}
    waits = {name: len(set(graph.before[name])) for name in wanted}
    after: dict[str, list[str]] = {name: [] for name in wanted}
    for name in wanted:
        for before in set(graph.before[name]):
            after[before].append(name)
    ready = [name for name in graph.order if name in wanted and not waits[name]]
    order = []
    while ready:
        name = ready.pop()
        order.append(name)
        for follower in after[name]:
            waits[follower] -= 1
            if not waits[follower]:
                ready.append(follower)
    return order


def _answers(graph: Graph, order: list[str], target: str) -> Iterator[dict[str, str | None]]:
    """Every way to answer the questions that decide about these steps; an answer that the target excludes is none."""
    needed = graph.need(target).answers
    decisive = dict.fromkeys(question for name in order for question in graph.need(name).answers)
    choices = {
        question: sorted(needed.get(question) or graph.steps[question].choices)
        for question in decisive
        if question in graph.steps
    }
    if prod(map(len, choices.values())) > MOST_WAYS:
        yield {question: known[0] if len(known) == 1 else None for question, known in choices.items()}
        return
    for answers in product(*choices.values()):
        yield dict(zip(choices, answers, strict=True))


class _Longest:
    """Longest paths at one level for given answers (None: any). A step that is not needed costs nothing. Each turn of an
    approval or a publication has the whole limit, as the engine gives it."""

    def __init__(
        self, graph: Graph, level: int, start: str | None, ladders: bool, answers: dict[str, str | None]
    ) -> None:
        self.graph, self.level, self.start, self.ladders = graph, level, start, ladders
        self.answers = answers

    def to(self, order: list[str]) -> tuple[int, tuple[str, ...]]:
        """To the last of `order`."""
        ends: dict[
            str, tuple[int, str | None]
        ] = {}  # when each ends, and the step before it on the longest way
        for name in order:
            before = max(self.graph.before[name], key=lambda parent: ends[parent][0], default=None)
            began = ends[before][0] if before is not None else 0
            ends[name] = (0, None) if name == self.start else (began + self._cost(name), before)
        return ends[order[-1]][0], tuple(reversed(list(self._way(order[-1], ends))))

    def _way(self, name: str | None, ends: dict[str, tuple[int, str | None]]) -> Iterator[str]:
        while name is not None and name != self.start:
            if self._cost(name):
                yield name
            name = ends[name][1]

    def _cost(self, name: str) -> int:
        step = self.graph.steps[name]
        asks_nobody = step.verb is Verb.NOTIFY and step.ack == "none"
        if asks_nobody or not self._happens(self.graph.need(name)):
            return 0
        limit = _seconds(step.within, self.level) or 0
        turns = len(step.by) if step.verb in (Verb.APPROVE, Verb.PUBLISH) else 1
        return turns * (limit + (_climb(step, limit) if self.ladders else 0))

    def _happens(self, need: Need) -> bool:
        return self.level in need.levels and all(
            self.answers.get(question) is None or self.answers[question] in choices
            for question, choices in need.answers.items()
        )


def _climb(step: StepSheet, limit: int) -> int:
    """From the end of the limit to the end of the last rung."""
    return sum(length(rung.after) for rung in step.ladder) + min(limit, LONGEST_GRACE)
