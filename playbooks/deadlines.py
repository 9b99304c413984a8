"""The clocks beside the steps: legal ones and internal targets. When they fall, who is warned, met or missed.

They never stop for a pause and never change a step. The hours and the start of a legal clock are facts handed in.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from playbooks.language import Deadline, Span
from playbooks.progress import Progress, later, text_time
from playbooks.run import DONE, NOT_NEEDED, DeadlineState
from playbooks.signals import Warn

DAY = 24 * 3600


def refresh(p: Progress) -> None:
    """Bring every deadline up to now: where it falls, whether it is met, whom to warn."""
    for deadline in p.playbook.deadlines:
        _place(p, deadline)
        _settle(p, deadline)


def hand_over(p: Progress, at: datetime, kept: Collection[str]) -> None:
    """What ends with a step of another body's is that body's from `at` on: nobody here is warned of it, and it is neither
    met nor missed here. What fell before `at` stays missed."""
    for deadline in p.playbook.deadlines:
        state = p.run.deadlines[deadline.id]
        lost = state.due is not None and state.due <= at
        if deadline.met_by in kept or state.met_at is not None or lost:
            continue
        _put(p, deadline, replace(state, handed_at=at, missed_at=None))
        if state.applies:
            p.record("deadline_handed_over", deadline=deadline.id, at=text_time(at), due=text_time(state.due))


def take_back(p: Progress) -> None:
    """They run on as if they had never left: what fell meanwhile is missed now."""
    for deadline in p.playbook.deadlines:
        state = p.run.deadlines[deadline.id]
        if state.handed_at is not None:
            _put(p, deadline, replace(state, handed_at=None))
            if state.applies:
                p.record("deadline_taken_back", deadline=deadline.id, due=text_time(state.due))


def next_wake(p: Progress) -> datetime | None:
    """The next moment a deadline has something to say."""
    moments = []
    for deadline in p.playbook.deadlines:
        state = p.run.deadlines[deadline.id]
        if _running(state) and state.due:
            marks = [mark for mark in _marks(deadline) if mark not in state.warned]
            moments += [state.due, *(state.due - timedelta(seconds=mark) for mark in marks)]
    return min((moment for moment in moments if moment > p.now), default=None)


def _running(state: DeadlineState) -> bool:
    return state.applies and state.met_at is None and state.missed_at is None and state.handed_at is None


def _marks(deadline: Deadline) -> list[int]:
    return sorted({span.seconds + span.working_days * DAY for span in deadline.warn})


# ---------------------------------------------------------------- where it falls


def _place(p: Progress, deadline: Deadline) -> None:
    before = p.run.deadlines[deadline.id]
    applies, start, due = _law(p, deadline) if deadline.law else _target(p, deadline, before)
    if (applies, start, due) == (before.applies, before.start, before.due):
        return
    missed = _still_missed(before, due, p.now)
    warned = before.warned if missed else ()
    state = DeadlineState(
        applies, due, warned, before.met_at, missed, start, before.armed + 1, before.handed_at
    )
    _put(p, deadline, state)
    if due or before.due:
        p.record(
            "deadline_set",
            deadline=deadline.id,
            due=text_time(due),
            start=_anchor(p, deadline),
            start_at=text_time(start),
            **({} if applies else {"applies": False}),
        )


def _still_missed(before: DeadlineState, due: datetime | None, now: datetime) -> datetime | None:
    """A missed clock that moves to another past moment stays missed and is not told twice."""
    if due is None:
        return None
    if before.met_at is not None:
        return due if before.met_at > due else None
    return due if before.missed_at is not None and due <= now else None


def _anchor(p: Progress, deadline: Deadline) -> str:
    clock = p.run.laws.get(deadline.law or "")
    return clock.anchor if clock else deadline.start


def _law(p: Progress, deadline: Deadline) -> tuple[bool, datetime | None, datetime | None]:
    clock = p.run.laws.get(deadline.law or "")
    if clock is None:
        return False, None, None
    start = p.run.anchors.get(clock.anchor)
    return True, start, later(start, Span(clock.hours * 3600)) if start else None


def _target(
    p: Progress, deadline: Deadline, before: DeadlineState
) -> tuple[bool, datetime | None, datetime | None]:
    """A target counts from an anchor or the end of a step. At another level it only comes nearer. Where the answers made the
    step that would meet it unnecessary, there is none; a clock of the law asks for no step, and goes on."""
    start = _start(p, deadline)
    if p.run.steps[deadline.met_by].state == NOT_NEEDED and before.missed_at is None:
        return False, None, None
    span = (deadline.within or {}).get(p.run.level)
    if span is None:
        kept = before.applies and before.due is not None and before.start == start
        return (True, start, before.due) if kept else (False, None, None)
    due = later(start, span) if start else None
    if due and before.due and before.start == start:
        due = min(due, before.due)
    return True, start, due


def _start(p: Progress, deadline: Deadline) -> datetime | None:
    if deadline.start in p.run.steps:
        return p.run.steps[deadline.start].done_at
    return p.run.anchors.get(deadline.start)


# ---------------------------------------------------------------- met, missed, approaching


def _settle(p: Progress, deadline: Deadline) -> None:
    state = p.run.deadlines[deadline.id]
    if not state.applies or state.met_at is not None or state.handed_at is not None:
        return
    step = p.run.steps[deadline.met_by]
    if step.state == DONE and step.done_at:
        _meet(p, deadline, state, step.done_at)
    elif state.due and state.missed_at is None and state.due <= p.now:
        _miss(p, deadline, state, state.due)
        _warn(p, deadline, "missed", 0)
    elif state.due and state.missed_at is None:
        _approach(p, deadline, state, state.due)


def _meet(p: Progress, deadline: Deadline, state: DeadlineState, at: datetime) -> None:
    if state.due and at > state.due and state.missed_at is None:
        _miss(p, deadline, state, state.due)
    late = state.due is not None and at > state.due
    state = p.run.deadlines[deadline.id]
    _put(p, deadline, replace(state, met_at=at, missed_at=state.missed_at if late else None))
    p.record("deadline_met", deadline=deadline.id, at=text_time(at), due=text_time(state.due))


def _miss(p: Progress, deadline: Deadline, state: DeadlineState, due: datetime) -> None:
    _put(p, deadline, replace(state, missed_at=due, warned=tuple(_marks(deadline))))
    p.record("deadline_missed", deadline=deadline.id, due=text_time(due))


def _approach(p: Progress, deadline: Deadline, state: DeadlineState, due: datetime) -> None:
    """All marks that have passed make one warning, with the time that is really left."""
    passed = [mark for mark in _marks(deadline) if due - timedelta(seconds=mark) <= p.now]
    if all(mark in state.warned for mark in passed):
        return
    _put(p, deadline, replace(state, warned=tuple(passed)))
    left = (due - p.now) // timedelta(seconds=1)
    p.record("deadline_warned", deadline=deadline.id, left_seconds=left)
    _warn(p, deadline, "approaching", min(passed))


def _warn(p: Progress, deadline: Deadline, reason: str, mark: int) -> None:
    """To the roles of `to`, each person once; to those on duty when nobody holds them, or nobody was called yet."""
    state = p.run.deadlines[deadline.id]
    told: dict[str, str] = {}
    for role in () if p.run.held else deadline.to:
        for person in p.listeners(role):
            told.setdefault(person, role)
    if not told:
        role, people = p.duty()
        told = dict.fromkeys(people, role)
    for person, role in told.items():
        key = f"deadline/{deadline.id}:{state.armed}:{reason}:{mark}:{person}"
        p.emit(Warn(key, "deadline", deadline.id, state.armed, role, person, reason, due=state.due))


def _put(p: Progress, deadline: Deadline, state: DeadlineState) -> None:
    p.change(deadlines=p.run.deadlines | {deadline.id: state})
