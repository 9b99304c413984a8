"""Limits and what happens when they pass: the rungs of `else`, stuck steps, repeats, and pauses that stop all three.

Time tells people; it never approves, never publishes and never finishes a step that waits for a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from playbooks.asking import activate, awaited, call_stand_ins, tell, tell_duty, unserved_roles
from playbooks.language import REMIND, STANDIN, Rung, Span, Step
from playbooks.progress import Progress, for_level, later
from playbooks.run import ACTIVE, DONE, OPEN, STUCK, StepState
from playbooks.signals import Remind

STUCK_EVERY = timedelta(minutes=30)
LONGEST_GRACE = timedelta(minutes=30)


def climb_overdue(p: Progress) -> None:
    late = [id for id, state in p.run.steps.items() if state.due is not None and _overdue(state, p.now)]
    for id in late:
        step = p.steps[id]
        while _overdue(p.state(id), p.now):
            if p.state(id).rung < len(step.ladder):
                _climb(p, step)
            else:
                _give_up(p, step)


def _overdue(state: StepState, now: datetime) -> bool:
    return state.state == ACTIVE and state.due is not None and state.due <= now


def _climb(p: Progress, step: Step) -> None:
    """One rung. However late it is, the rung reaches its people; after the last one they get their time from now."""
    state = p.state(step.id)
    assert state.due is not None
    rung = step.ladder[state.rung]
    climbed = state.rung + 1
    if climbed < len(step.ladder):
        due = later(state.due, step.ladder[climbed].after)
    else:
        due = p.now + _grace(p, step)
    state = p.amend(step.id, rung=climbed, due=due)
    p.record("step_overdue", step=step.id, activation=state.activation, rung=climbed, to=rung.to)
    _reach(p, step, rung, climbed)


def _grace(p: Progress, step: Step) -> timedelta:
    """How long the people of the last rung have: as long as the step's own limit, half an hour at most."""
    limit = for_level(step.within, p.run.level) or Span()
    return min(later(p.now, limit) - p.now, LONGEST_GRACE)


def _reach(p: Progress, step: Step, rung: Rung, number: int) -> None:
    if rung.to == STANDIN:
        _reach_stand_ins(p, step, number)
    elif rung.to == REMIND:
        _remind(p, step, awaited(step, p.state(step.id)), number)
        _remind_groups(p, step, number)
    elif people := p.listeners(rung.to):
        tell(p, step, "overdue", rung.to, people, number)
    else:
        tell_duty(p, step, "overdue")


def _reach_stand_ins(p: Progress, step: Step, number: int) -> None:
    """Ask stand-ins; remind those who were asked already (their principal declined); else those on duty must know."""
    owing: list[str] = []
    for role in unserved_roles(p, step):
        first = next((actor.person for actor in p.state(step.id).actors if actor.role == role), None)
        if call_stand_ins(p, step, role, first, number):
            continue
        standins = p.holders(role, step.id).standins
        asked = [person for person in awaited(step, p.state(step.id)) if person in standins]
        owing += asked
        if not asked:
            tell_duty(p, step, "unanswered")
    _remind(p, step, owing, number)


def _remind(p: Progress, step: Step, people: Iterable[str], number: int) -> None:
    state = p.state(step.id)
    for person in dict.fromkeys(people):
        role = next(actor.role for actor in state.actors if actor.person == person)
        key = f"{step.id}:{state.activation}:remind:{number}:{person}"
        p.emit(Remind(key, step.id, state.activation, role, person, number, state.due))


def _remind_groups(p: Progress, step: Step, number: int) -> None:
    state = p.state(step.id)
    for group in state.counters:
        if not group.frozen or group.accepted + group.declined < group.total:
            key = f"{step.id}:{state.activation}:remind:{number}:{group.role}"
            p.emit(Remind(key, step.id, state.activation, group.role, None, number, state.due))


def _give_up(p: Progress, step: Step) -> None:
    state = p.amend(step.id, state=STUCK, due=None)
    p.record("step_stuck", step=step.id, activation=state.activation)


# ---------------------------------------------------------------- stuck steps


def next_stuck_reminder(p: Progress) -> datetime | None:
    """When those on duty are next told of everything that is stuck; None when nothing is."""
    if STUCK not in [state.state for state in p.run.steps.values()]:
        return None
    return p.now if p.run.reminded_at is None else p.run.reminded_at + STUCK_EVERY


def remind_stuck(p: Progress) -> None:
    at = next_stuck_reminder(p)
    if at is None or at > p.now:
        return
    p.change(reminded_at=p.now)
    for step in p.steps.values():
        if p.state(step.id).state == STUCK:
            tell_duty(p, step, "stuck")


# ---------------------------------------------------------------- repeats


def repeat(p: Progress) -> None:
    """Begin again what is due again, once however often it was missed, while its condition on the level holds."""
    for step in p.steps.values():
        if step.every is None:
            continue
        again = p.state(step.id).again_at
        if p.state(step.id).state != DONE or again is None or again > p.now:
            continue
        if step.when.levels is None or p.run.level in step.when.levels:
            activate(p, step)
        else:
            p.amend(step.id, again_at=later(p.now, _period(p, step)))


def _period(p: Progress, step: Step) -> Span:
    return for_level(step.every or {}, p.run.level) or Span(60)


# ---------------------------------------------------------------- level and pause


def shorten_limits(p: Progress) -> None:
    """At another level running limits only get shorter."""
    for step in p.steps.values():
        state = p.state(step.id)
        limit = for_level(step.within, p.run.level)
        if state.state == ACTIVE and state.rung == 0 and state.due and state.since and limit:
            due = later(state.since, limit) + timedelta(seconds=state.held)
            p.amend(step.id, due=min(state.due, due))
        if state.state == DONE and state.again_at and state.done_at:
            p.amend(step.id, again_at=min(state.again_at, later(state.done_at, _period(p, step))))


def end_pause(p: Progress, at: datetime) -> None:
    """Ladders go on from where they stood: every running limit moves by the time it stood still."""
    began = p.run.paused_at or at
    p.change(paused_until=None, paused_at=None)
    for step in p.steps.values():
        state = p.state(step.id)
        if state.state in OPEN and state.due and state.since:
            still = max(at - max(began, state.since), timedelta())
            held = state.held + still // timedelta(seconds=1)
            p.amend(step.id, due=state.due + timedelta(seconds=still // timedelta(seconds=1)), held=held)
