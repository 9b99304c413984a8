"""May a step begin? Answers yes, no or not yet, from the run alone. Changes nothing; fails closed.

Three values: True, False, and None for "cannot be known yet". A False anywhere makes the step not needed, a None
anywhere makes it wait. `after` is content with any end; an answer is not: a skipped question answers nothing.
"""

from __future__ import annotations

from playbooks.language import Playbook, Step, Verb, When
from playbooks.run import CANCELLED, DONE, NOT_NEEDED, SKIPPED, Run

ENDED = (DONE, SKIPPED, NOT_NEEDED, CANCELLED)  # cancelled alone: another body has taken it over
UNANSWERED = (SKIPPED, NOT_NEEDED, CANCELLED)


def level_holds(when: When, run: Run) -> bool:
    return when.levels is None or run.level in when.levels


def answers_hold(when: When, run: Run) -> bool | None:
    known: bool | None = True
    for question, allowed in when.answers.items():
        state = run.steps[question]
        if state.state == DONE:
            if state.result not in allowed:
                return False
        elif state.state in UNANSWERED:
            return False
        else:
            known = None
    return known


def _submitted(run: Run, draft: str) -> bool | None:
    state = run.steps[draft].state
    if state == DONE:
        return True
    return False if state in (SKIPPED, NOT_NEEDED, CANCELLED) else None


def _released(playbook: Playbook, run: Run, draft: str) -> bool | None:
    """Every approval this run needs is given or was skipped by a person; a text nobody need approve is never published, nor
    one that another body was left to approve."""
    given = False
    for step in playbook.approvals.get(draft, ()):
        state = run.steps[step.id].state
        if state not in ENDED:
            return None
        if state == CANCELLED and _went(run, step):
            return False
        given = given or state in (DONE, SKIPPED)
    return given


def _went(run: Run, approval: Step) -> bool:
    """It would be needed, and is another body's: nobody here gives it."""
    if not level_holds(approval.when, run):
        return False
    return run.steps[approval.id].resume != NOT_NEEDED or answers_hold(approval.when, run) is not False


def text_ready(playbook: Playbook, run: Run, step: Step) -> bool | None:
    """Is the text an `approve` or `publish` governs in the state that verb needs?"""
    if step.verb is Verb.APPROVE:
        return _submitted(run, step.text)
    if step.verb is Verb.PUBLISH:
        submitted = _submitted(run, step.text)
        released = _released(playbook, run, step.text)
        return False if released is False else submitted and released
    return True


def may_begin(playbook: Playbook, run: Run, step: Step) -> bool | None:
    """Asked of every waiting step at every event: the first no ends it."""
    if not level_holds(step.when, run):
        return False
    answered = answers_hold(step.when, run)
    if answered is False:
        return False
    ready = text_ready(playbook, run, step)
    if ready is False:
        return False
    if answered and ready and all(run.steps[id].state in ENDED for id in step.after):
        return True
    return None
