"""May a step begin? Answers yes, no or not yet, from the run alone. Changes nothing; fails closed.

Three values: True, False, and None for "cannot be known yet". A False anywhere makes the step not needed, a None
anywhere makes it wait. `after` is content with any end; an answer is not: a skipped question answers nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from playbooks.language import Playbook, Step, Verb, When
from playbooks.run import CANCELLED, DONE, NOT_NEEDED, SKIPPED, Run

ENDED = (DONE, SKIPPED, NOT_NEEDED, CANCELLED)  # cancelled alone: another body has taken it over


def all_of(values: Iterable[bool | None]) -> bool | None:
    found = list(values)
    if False in found:
        return False
    return None if None in found else True


def level_holds(when: When, run: Run) -> bool:
    return when.levels is None or run.level in when.levels


def answers_hold(when: When, run: Run) -> bool | None:
    return all_of(_answered(run, step, allowed) for step, allowed in when.answers.items())


def _answered(run: Run, step: str, allowed: tuple[str, ...]) -> bool | None:
    state = run.steps[step]
    if state.state == DONE:
        return state.result in allowed
    return False if state.state in (SKIPPED, NOT_NEEDED, CANCELLED) else None


def approvals_of(playbook: Playbook, draft: str) -> list[Step]:
    return [step for step in playbook.steps if step.verb is Verb.APPROVE and step.target == (draft,)]


def publications_of(playbook: Playbook, draft: str) -> list[Step]:
    return [step for step in playbook.steps if step.verb is Verb.PUBLISH and step.target == (draft,)]


def _submitted(run: Run, draft: str) -> bool | None:
    state = run.steps[draft].state
    if state == DONE:
        return True
    return False if state in (SKIPPED, NOT_NEEDED, CANCELLED) else None


def _released(playbook: Playbook, run: Run, draft: str) -> bool | None:
    """Every approval this run needs is given or was skipped by a person; a text nobody need approve is never published."""
    states = [run.steps[step.id].state for step in approvals_of(playbook, draft)]
    if any(state not in ENDED for state in states):
        return None
    return any(state in (DONE, SKIPPED) for state in states)


def text_ready(playbook: Playbook, run: Run, step: Step) -> bool | None:
    """Is the text an `approve` or `publish` governs in the state that verb needs?"""
    if step.verb is Verb.APPROVE:
        return _submitted(run, step.text)
    if step.verb is Verb.PUBLISH:
        return all_of([_submitted(run, step.text), _released(playbook, run, step.text)])
    return True


def may_begin(playbook: Playbook, run: Run, step: Step) -> bool | None:
    before = [True if run.steps[id].state in ENDED else None for id in step.after]
    return all_of(
        [
            level_holds(step.when, run),
            answers_hold(step.when, run),
            text_ready(playbook, run, step),
            *before,
        ]
    )
