"""Tells how far a run has come: its steps and deadlines as values. Pure: must never know the database or the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from incident.domain.titles import step_title
from incident.report.record import DeadlineView, GroupView, StepView
from playbooks.asking import EXTRA
from playbooks.language import Deadline, Playbook, Step, Verb
from playbooks.run import OPEN, AdHoc, DeadlineState, Run, StepState

Name = Callable[[str], str]

ANCHOR_TITLES = {
    "occurred_at": "Lúc xảy ra",
    "detected_at": "Lúc phát hiện",
    "accepted_at": "Lúc tiếp nhận, xử lý theo thẩm quyền",
    "assessed_at": "Lúc có kết quả xác minh, đánh giá",
    "opened_at": "Lúc mở vụ việc",
}

EXTRA_TITLE = "Mời thêm"
STILL_RUNNING = ("running", "warned")


def role_title(playbook: Playbook, slug: str) -> str:
    role = playbook.roles.get(slug)
    return role.title if role else EXTRA_TITLE if slug == EXTRA else slug


def titles(playbook: Playbook, run: Run) -> dict[str, str]:
    """The title of every step, also of those added during the run."""
    known = {step.id: step_title(playbook, step) for step in playbook.steps}
    return known | {added.id: added.text for added in run.added}


def spoken(playbook: Playbook, run: Run) -> dict[str, dict[str, str]]:
    """The titles that the story of an entry asks for, under the names it knows them by."""
    known = {f"step:{id}": title for id, title in titles(playbook, run).items()}
    known |= {f"deadline:{deadline.id}": deadline.title for deadline in playbook.deadlines}
    known |= {f"role:{slug}": role.title for slug, role in playbook.roles.items()} | {
        f"role:{EXTRA}": EXTRA_TITLE
    }
    for step in playbook.steps:
        known |= {f"choice:{step.id}:{key}": title for key, title in step.choices.items()}
    return {key: {"name": title} for key, title in known.items()}


def draft_of(playbook: Playbook, step: Step) -> str | None:
    """The draft a step is about: itself, or what it approves or publishes."""
    if step.verb is Verb.DRAFT:
        return step.id
    return step.text if step.verb in (Verb.APPROVE, Verb.PUBLISH) else None


def step_about(playbook: Playbook, verb: Verb, draft: str) -> str | None:
    """The step that approves or publishes a draft."""
    found = (step.id for step in playbook.steps if step.verb is verb and step.text == draft)
    return next(found, None)


def waits_for(state: StepState | None) -> tuple[str, ...]:
    """The people an open step still waits for, each once."""
    if state is None or state.state not in OPEN:
        return ()
    return tuple(dict.fromkeys(actor.person for actor in state.actors if actor.state == "asked"))


def steps(
    playbook: Playbook,
    run: Run,
    name: Name,
    statements: Mapping[str, str],
    proofs: Mapping[str, Sequence[str]],
) -> tuple[StepView, ...]:
    """`statements`: draft step -> its newest statement; `proofs`: step -> texts."""
    known = titles(playbook, run)
    written = [
        _step(
            playbook,
            step,
            run.steps.get(step.id, StepState()),
            known[step.id],
            name,
            statements.get(draft_of(playbook, step) or ""),
            tuple(proofs.get(step.id, ())),
        )
        for step in playbook.steps
    ]
    added = [
        _added(task, run.steps.get(task.id, StepState()), name, tuple(proofs.get(task.id, ())))
        for task in run.added
    ]
    return tuple(written + added)


def _step(
    playbook: Playbook,
    step: Step,
    state: StepState,
    title: str,
    name: Name,
    statement: str | None,
    proofs: tuple[str, ...],
) -> StepView:
    people = waits_for(state)
    slugs = step.target if step.verb in (Verb.ASSIGN, Verb.NOTIFY) else step.by
    return StepView(
        id=step.id,
        verb=step.verb.value,
        title=title,
        state=state.state,
        activation=state.activation,
        since=state.since,
        due=state.due,
        done_at=state.done_at,
        people=tuple(name(person) for person in people),
        person_ids=people,
        roles=tuple(role_title(playbook, slug) for slug in slugs),
        choices=dict(step.choices),
        result=state.result,
        items=step.items,
        ticked=state.ticked,
        needs_proof=step.proof,
        proofs=proofs,
        statement_id=statement,
        after=step.after,
        turn=state.turn,
    )


def _added(task: AdHoc, state: StepState, name: Name, proofs: tuple[str, ...]) -> StepView:
    people = waits_for(state)
    return StepView(
        id=task.id,
        verb=(Verb.ASSIGN if task.role else Verb.TASK).value,
        title=task.text,
        state=state.state,
        activation=state.activation,
        since=state.since,
        due=state.due,
        done_at=state.done_at,
        people=tuple(name(person) for person in people),
        person_ids=people,
        roles=(),
        choices={},
        result=state.result,
        items=(),
        ticked=state.ticked,
        needs_proof=False,
        proofs=proofs,
        statement_id=None,
        after=(),
        added=True,
        turn=state.turn,
    )


def groups(playbook: Playbook, run: Run) -> tuple[GroupView, ...]:
    return tuple(
        GroupView(
            step=step.id,
            role=counter.role,
            role_title=role_title(playbook, counter.role),
            total=counter.total,
            accepted=counter.accepted,
            declined=counter.declined,
            waiting=max(0, counter.total - counter.accepted - counter.declined),
        )
        for step in playbook.steps
        for counter in run.steps.get(step.id, StepState()).counters
    )


def deadlines(playbook: Playbook, run: Run, basis: Mapping[str, Any]) -> tuple[DeadlineView, ...]:
    """`basis`: the legal basis as it was copied to the incident."""
    known = titles(playbook, run)
    return tuple(
        _deadline(deadline, run.deadlines.get(deadline.id, DeadlineState(applies=False)), run, basis, known)
        for deadline in playbook.deadlines
    )


def _deadline(
    deadline: Deadline, state: DeadlineState, run: Run, basis: Mapping[str, Any], known: Mapping[str, str]
) -> DeadlineView:
    clock = run.laws.get(deadline.law) if deadline.law else None
    start = clock.anchor if clock else deadline.start
    words, note = _basis(clock.basis if clock else "", basis)
    return DeadlineView(
        id=deadline.id,
        title=deadline.title,
        law=deadline.law is not None,
        basis=words,
        basis_note=note,
        start=start,
        start_title=ANCHOR_TITLES.get(start) or known.get(start, start),
        started_at=_started(start, state, run),
        due=state.due,
        met_at=state.met_at,
        missed_at=state.missed_at,
        state=deadline_state(state),
        handed_at=state.handed_at,
    )


def _started(start: str, state: DeadlineState, run: Run) -> Any:
    if state.start:
        return state.start
    if start in ANCHOR_TITLES:
        return run.anchors.get(start)
    step = run.steps.get(start)
    return step.done_at if step else None


def deadline_state(state: DeadlineState) -> str:
    if not state.applies:
        return "not_applicable"
    if state.handed_at:
        return "handed"
    if state.missed_at:
        return "missed"
    if state.met_at:
        return "met"
    if state.due is None:
        return "no_anchor"
    return "warned" if state.warned else "running"


def _basis(article: str, basis: Mapping[str, Any]) -> tuple[str, str]:
    """The article of a law clock, with the source and mark of the basis that was copied to the incident."""
    if not article:
        return "", ""
    known = (str(basis.get(key) or "") for key in ("title", "source", "verified"))
    return article, "; ".join(part for part in known if part)
