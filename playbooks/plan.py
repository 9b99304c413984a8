"""When each step of a playbook would be done if everybody acts in time: the plan a rehearsal shows, by level.

Pure, as everything here. The rehearsal decides; this only reads its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from playbooks.language import Playbook, Step, Verb
from playbooks.rehearse import OPENED, run_scenario, simple
from playbooks.run import Run


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """Seconds after the opening at which the step begins and ends; its last round, where it repeats."""

    id: str
    roles: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PlannedLimit:
    """A deadline, in seconds after the opening, counted as if the matter was accepted when it was opened."""

    id: str
    title: str
    law: bool
    due: int


@dataclass(frozen=True, slots=True)
class Plan:
    level: int
    roles: tuple[tuple[str, str], ...]  # slug, title: those who have something to do, in the playbook's order
    steps: tuple[PlannedStep, ...]  # in the order they begin
    limits: tuple[PlannedLimit, ...]


def planned(playbook: Playbook, level: int) -> Plan:
    """The plan at a level of the playbook."""
    run = run_scenario(playbook, simple(level)).run
    steps = tuple(sorted(_steps(playbook, run), key=lambda step: (step.start, step.end)))
    acting = {role for step in steps for role in step.roles}
    return Plan(
        level=level,
        roles=tuple((slug, role.title) for slug, role in playbook.roles.items() if slug in acting),
        steps=steps,
        limits=tuple(_limits(playbook, run)),
    )


def _steps(playbook: Playbook, run: Run) -> list[PlannedStep]:
    found = []
    for step in playbook.steps:
        state = run.steps.get(step.id)
        if state is not None and state.since and state.done_at:
            found.append(PlannedStep(step.id, acting(step), _after(state.since), _after(state.done_at)))
    return found


def acting(step: Step) -> tuple[str, ...]:
    """The roles a step is done by, or addressed to where nobody has to do anything but answer."""
    return step.target if step.verb in (Verb.ASSIGN, Verb.NOTIFY) else step.by


def _limits(playbook: Playbook, run: Run) -> list[PlannedLimit]:
    found = []
    for deadline in playbook.deadlines:
        state = run.deadlines.get(deadline.id)
        if state is not None and state.applies and state.due:
            found.append(
                PlannedLimit(deadline.id, deadline.title, deadline.law is not None, _after(state.due))
            )
    return sorted(found, key=lambda limit: limit.due)


def _after(at: datetime) -> int:
    return int((at - OPENED).total_seconds())
