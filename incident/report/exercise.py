"""What became of a drill, as values: each inject, what was expected, when the record shows it, how evaluators rated it.

Pure: made from the record alone. Must never be shown to those who play while the drill runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from incident.domain.drill import DrillClock
from incident.domain.words import Said, said
from incident.report.evidence import clocks, first_shown, shown_at
from incident.report.record import EntryView, IncidentView, RemarkView
from playbooks.injects import EXPECTATIONS, KINDS, Expected, Inject, from_json

RATINGS = {
    "P": said("Thực hiện tốt"),
    "S": said("Thực hiện được, còn một số khó khăn"),
    "M": said("Thực hiện được, nhiều khó khăn"),
    "U": said("Chưa thực hiện được"),
}
STATES = {
    "met": said("đúng hạn"),
    "late": said("muộn"),
    "waiting": said("đang chờ"),
    "missed": said("nhật ký chưa thấy"),
    "not_given": said("chưa đưa ra"),
}
INJECT_STATES = {
    "waiting": said("Chưa đưa ra"),
    "given": said("Đã đưa ra"),
    "skipped": said("Bỏ qua"),
}


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """state: met | late | waiting | missed | not_given. `within`, `took`: seconds of the drill's clock. `seq`: the entry
    that shows it."""

    word: str
    title: str
    within: int
    state: str
    at: datetime | None = None
    seq: int | None = None
    took: int | None = None


@dataclass(frozen=True, slots=True)
class InjectLine:
    """state: waiting | given | skipped. `planned`, `clock`: seconds of the drill's clock."""

    id: str
    kind: str
    role: str
    text: str
    planned: int
    state: str
    given_at: datetime | None
    clock: int | None
    by_hand: bool
    reason: str
    expected: tuple[ExpectedLine, ...]
    objective: str
    contingency: str
    contingency_after: int
    contingency_at: datetime | None


@dataclass(frozen=True, slots=True)
class ObjectiveLine:
    """`met` of `total` expected actions were shown in time. `rating`: P | S | M | U, "" when nobody rated it."""

    key: str
    title: str
    met: int
    total: int
    rating: str
    remarks: tuple[RemarkView, ...]


@dataclass(frozen=True, slots=True)
class Exercise:
    title: str
    injects: tuple[InjectLine, ...]
    objectives: tuple[ObjectiveLine, ...]
    remarks: tuple[RemarkView, ...]  # of no objective
    participants: int
    stopped_at: datetime | None

    def shown_by(self) -> dict[int, str]:
        """By the number of an entry, which expected actions it shows."""
        found: dict[int, list[str]] = {}
        for inject in self.injects:
            for line in inject.expected:
                if line.seq is not None:
                    found.setdefault(line.seq, []).append(f"{inject.id}: {line.title}")
        return {seq: "; ".join(texts) for seq, texts in found.items()}


def exercise(view: IncidentView, now: datetime, words: Callable[[str], str] = str) -> Exercise | None:
    """None for what is no drill. `view` with its whole timeline; `words` passes free text on as it may be shown."""
    drill = view.exercise
    if drill is None:
        return None
    script = from_json(drill.script)
    made = _Making(view, now, words)
    injects = tuple(made.inject(inject) for inject in script.injects)
    return Exercise(
        title=script.title,
        injects=injects,
        objectives=tuple(
            _objective(key, title, injects, made.remarks) for key, title in script.objectives.items()
        ),
        remarks=tuple(r for r in made.remarks if r.objective not in script.objectives),
        participants=drill.participants,
        stopped_at=drill.frozen_at,
    )


class _Making:
    """What the record shows of each inject."""

    def __init__(self, view: IncidentView, now: datetime, words: Callable[[str], str]) -> None:
        self.view, self.words = view, words
        self.history: list[DrillClock] = clocks(view.timeline, view.opened_at)
        self.over = view.status != "open" or (
            view.exercise is not None and view.exercise.frozen_at is not None
        )
        self.shows = shown_at(self.history, view.closed_at or now)
        self.roles = view.exercise.roles if view.exercise else {}
        remarks = view.exercise.remarks if view.exercise else ()
        self.remarks = tuple(
            RemarkView(r.objective, r.rating, words(r.text), words(r.by), r.at) for r in remarks
        )

    def inject(self, inject: Inject) -> InjectLine:
        given = self._entry("inject_given", inject)
        skipped = self._entry("inject_skipped", inject)
        followed = self._entry("inject_followed_up", inject)
        clock = shown_at(self.history, given.occurred_at) if given else None
        return InjectLine(
            id=inject.id,
            kind=KINDS[inject.kind],
            role=self.roles.get(inject.to, inject.to),
            text=self.words(inject.text),
            planned=inject.at,
            state="given" if given else "skipped" if skipped else "waiting",
            given_at=given.occurred_at if given else None,
            clock=clock,
            by_hand=given is not None and given.data.get("how") == "hand",
            reason=self.words(skipped.free.get("reason", "")) if skipped else "",
            expected=tuple(self._expected(expected, given, clock) for expected in inject.expect),
            objective=inject.objective,
            contingency=self.words(inject.contingency_text),
            contingency_after=inject.contingency_after,
            contingency_at=followed.occurred_at if followed else None,
        )

    def _entry(self, kind: str, inject: Inject) -> EntryView | None:
        found = (e for e in self.view.timeline if e.kind == kind and e.data.get("inject") == inject.id)
        return next(found, None)

    def _expected(self, expected: Expected, given: EntryView | None, clock: int | None) -> ExpectedLine:
        title = EXPECTATIONS[expected.word]
        if given is None or clock is None:
            return ExpectedLine(expected.word, title, expected.within, "not_given")
        line = first_shown(expected.word, self.view.timeline, given.seq)
        if line is None:
            waits = not self.over and self.shows - clock <= expected.within
            return ExpectedLine(expected.word, title, expected.within, "waiting" if waits else "missed")
        # What was written down later counts when it happened, but never before it was asked for.
        at = max(line.occurred_at, given.occurred_at)
        took = shown_at(self.history, at) - clock
        state = "met" if took <= expected.within else "late"
        return ExpectedLine(expected.word, title, expected.within, state, at, line.seq, took)


def _objective(
    key: str, title: str, injects: Iterable[InjectLine], remarks: tuple[RemarkView, ...]
) -> ObjectiveLine:
    wanted = [line for inject in injects if inject.objective == key for line in inject.expected]
    mine = tuple(r for r in remarks if r.objective == key)
    rating = next((r.rating for r in reversed(mine) if r.rating), "")
    return ObjectiveLine(key, title, sum(line.state == "met" for line in wanted), len(wanted), rating, mine)


def rated(rating: str) -> Said:
    """P – Thực hiện tốt."""
    return (
        said("%(letter)s – %(words)s", letter=rating, words=RATINGS[rating])
        if rating
        else said("Chưa đánh giá")
    )
