"""The playbook engine: what happened + how far the run had come + the time -> how far it is now, and what must follow.

Two rules. Everything that changes a run is an event handled here; nothing else does. This module does no I/O, reads no
clock, and knows no people, channels or texts: people are ids, the rest is the service's.

One advance is always the same four movements:

1. the event is handled by its handler (the table HANDLERS); an event that cannot happen in this state raises
   `EngineRefusal` and nothing has happened;
2. what its new state allows begins, what it no longer allows is withdrawn (`_settle`);
3. whatever `now` has made due happens: pauses end, rungs are climbed, repeats begin, those on duty are reminded;
4. the deadlines are brought up to now, and the next moment to wake is named.

Movements 2 and 3 repeat until nothing changes. Time alone never finishes a step that waits for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from playbooks import deadlines, inviting, ladder
from playbooks.asking import (
    ACCEPTED,
    ASKED,
    CALLS,
    DECLINED,
    REPLACED,
    UNREACHABLE,
    accept,
    activate,
    ask_role,
    awaited,
    finish,
    fresh,
    may_act,
    quorum_reached,
    refuse_seat,
    release_people,
    roles_asked,
    seat,
    unserved_roles,
)
from playbooks.conditions import answers_hold, may_begin, text_ready
from playbooks.events import event_name
from playbooks.language import Playbook, Step, Verb
from playbooks.progress import EngineRefusal, Progress
from playbooks.run import (
    ACTIVE,
    CANCELLED,
    DONE,
    NOT_NEEDED,
    OPEN,
    SKIPPED,
    STUCK,
    WAITING,
    Actor,
    AdHoc,
    DeadlineState,
    Run,
    StepState,
)
from playbooks.signals import (
    Acknowledged,
    Added,
    Answered,
    ApprovalWithdrawn,
    Approved,
    AudienceFrozen,
    CalledOut,
    Cancelled,
    Declined,
    Edited,
    Effect,
    Event,
    FactChanged,
    Finish,
    HandedOver,
    Holders,
    Invited,
    Joined,
    LevelChanged,
    Paused,
    Published,
    Reassigned,
    Redone,
    Reopened,
    Restored,
    Resumed,
    Retracted,
    Returned,
    Revised,
    Skipped,
    Started,
    Submitted,
    TakenBack,
    Ticked,
    TimePassed,
    Unreachable,
    WakeAt,
)

__all__ = ["EngineRefusal", "advance", "replay"]


def advance(playbook: Playbook, run: Run | None, event: Event, now: datetime) -> tuple[Run, list[Effect]]:
    """The run after `event` at `now` (aware), and the effects in order; the last is the one WakeAt.

    `run` None is the run that has not begun: only Started fits. Raises EngineRefusal."""
    p = Progress(playbook, run or Run(), now, event_name(event))
    _check_possible(p, run, event)
    HANDLERS[type(event)](p, event)
    _settle(p)
    _let_time_act(p)
    if not p.run.cancelled:
        deadlines.refresh(p)
    _finish_run(p)
    wake = _wake_at(p)
    if (wake, p.count) != (p.run.wake_at, p.run.serial):
        p.change(wake_at=wake, serial=p.count)
    after = run if run is not None and p.run == run else p.run
    return after, [*p.effects, WakeAt(wake)]


def replay(
    playbook: Playbook,
    log: Iterable[tuple[Event, datetime]],
    versions: Callable[[str], Playbook] | None = None,
) -> Run:
    """The run a log of events leads to. `versions` finds the playbooks by their ids where the log passes from one version
    to another; elsewhere it is `playbook` throughout."""
    run: Run | None = None
    log = list(log)
    first = next((event for event, _ in log if isinstance(event, Revised)), None)
    if first is not None and versions is not None:
        playbook = versions(first.before)
    for event, now in log:
        if isinstance(event, Revised) and versions is not None:
            playbook = versions(event.version)
        run, _ = advance(playbook, run, event, now)
    if run is None:
        raise EngineRefusal("not_started", "replay")
    return run


# ---------------------------------------------------------------- the four movements

AFTER_CLOSING = (Reopened, Acknowledged, Declined, Unreachable, AudienceFrozen, FactChanged, TimePassed)


def _check_possible(p: Progress, run: Run | None, event: Event) -> None:
    if p.now.tzinfo is None:
        raise ValueError("now has no zone")
    if isinstance(event, Started):
        if run is not None:
            raise p.refuse("already_started")
    elif run is None:
        raise p.refuse("not_started")
    elif run.cancelled and not isinstance(event, AFTER_CLOSING):
        raise p.refuse("closed")


def _settle(p: Progress) -> None:
    """Begin what may begin, withdraw what may no longer go on, until nothing changes."""
    while p.unsettled and not p.run.cancelled:
        for step in p.steps.values():
            if step.id in p.unsettled:
                p.unsettled.discard(step.id)
                if not (p.run.held and p.holds(step.id)):
                    _settle_step(p, step)


def _settle_step(p: Progress, step: Step) -> None:
    state = p.state(step.id).state
    if state in (WAITING, NOT_NEEDED):
        _begin_or_not(p, step, state, may_begin(p.playbook, p.run, step))
    elif state in OPEN and answers_hold(step.when, p.run) is False:
        p.stand_down(step.id, "skipped")
        _not_needed(p, step)
    elif state in OPEN and step.verb is Verb.PUBLISH and not text_ready(p.playbook, p.run, step):
        _back_to_waiting(p, step)
        p.record("publish_withdrawn", step=step.id)


def _begin_or_not(p: Progress, step: Step, state: str, answer: bool | None) -> None:
    if answer:
        activate(p, step)
    elif answer is None and state == NOT_NEEDED:
        p.amend(step.id, state=WAITING)
    elif answer is False and state == WAITING:
        _not_needed(p, step)


def _not_needed(p: Progress, step: Step) -> None:
    p.put(step.id, replace(fresh(p.state(step.id)), state=NOT_NEEDED))
    p.record("step_not_needed", step=step.id)


def _let_time_act(p: Progress) -> None:
    if p.run.cancelled:
        return
    if p.run.paused_until is not None and p.run.paused_until <= p.now:
        ladder.end_pause(p, p.run.paused_until)
    while p.run.paused_until is None:
        before = p.run
        ladder.climb_overdue(p)
        ladder.repeat(p)
        ladder.remind_stuck(p)
        _settle(p)
        if p.run == before:
            return


def _finish_run(p: Progress) -> None:
    """Every step has ended and none will come again. A person still has to close the incident."""
    over = all(
        state.state in (DONE, SKIPPED, NOT_NEEDED) and state.again_at is None
        for state in p.run.steps.values()
    )
    if over and not p.run.finished:
        p.change(finished=True)
        p.record("run_finished")
        p.emit(Finish(f"run:0:finish:{p.serial()}"))
    elif not over and p.run.finished:
        p.change(finished=False)


def _wake_at(p: Progress) -> datetime | None:
    if p.run.cancelled:
        return None
    moments = [deadlines.next_wake(p), p.run.paused_until]
    if p.run.paused_until is None:
        for state in p.run.steps.values():
            if state.state == ACTIVE:
                moments.append(state.due)
            elif state.again_at is not None and state.state == DONE:
                moments.append(state.again_at)
        moments.append(ladder.next_stuck_reminder(p))
    return min((moment for moment in moments if moment is not None), default=None)


# ---------------------------------------------------------------- beginning and facts


def _started(p: Progress, event: Started) -> None:
    if event.level not in p.playbook.levels:
        raise p.refuse("unknown_level")
    p.change(
        level=event.level,
        started_at=p.now,
        anchors=dict(event.anchors),
        roles=dict(event.roles),
        laws=dict(event.laws),
        held=event.hold,
        steps={step.id: StepState() for step in p.playbook.steps},
        deadlines={deadline.id: DeadlineState(applies=False) for deadline in p.playbook.deadlines},
    )


def begun(run: Run) -> frozenset[str]:
    """The steps in which something has happened already."""
    return frozenset(
        id for id, state in run.steps.items() if state.activation or state.state not in (WAITING, NOT_NEEDED)
    )


def _revised(p: Progress, event: Revised) -> None:
    """What has begun stays as it is; that it is the same in both versions is for the caller to see. Steps and deadlines
    that are new wait for their turn, those that are gone had none."""
    if p.run.handed_at is not None:
        raise p.refuse("handed_over")  # what is new would begin here, and is another body's
    if p.run.level not in p.playbook.levels:
        raise p.refuse("unknown_level")
    gone = begun(p.run) - p.steps.keys()
    if gone:
        raise p.refuse("step_has_begun", min(gone))
    known = p.run.deadlines
    p.change(
        steps={id: p.run.steps.get(id, StepState()) for id in p.steps},
        deadlines={d.id: known.get(d.id, DeadlineState(applies=False)) for d in p.playbook.deadlines},
    )
    for role, holders in event.roles.items():
        if p.run.roles.get(role) != holders:
            _change_holders(p, role, holders)
    p.change(roles={role: held for role, held in p.run.roles.items() if role in p.playbook.roles})


def _level_changed(p: Progress, event: LevelChanged) -> None:
    if event.level not in p.playbook.levels:
        raise p.refuse("unknown_level")
    p.change(level=event.level)
    ladder.shorten_limits(p)


def _fact_changed(p: Progress, event: FactChanged) -> None:
    anchors = {name: at for name, at in (p.run.anchors | event.anchors).items() if at is not None}
    p.change(anchors=anchors, laws=p.run.laws if event.laws is None else dict(event.laws))
    for role, holders in event.roles.items():
        if p.run.roles.get(role) != holders:
            _change_holders(p, role, holders)


def _change_holders(p: Progress, role: str, holders: Holders) -> None:
    before = p.run.roles.get(role, Holders())
    p.change(roles=p.run.roles | {role: holders})
    if before.people != holders.people:
        p.record("role_holder_changed", role=role, people=list(holders.people))
    for step in p.steps.values():
        state = p.state(step.id)
        asked = role in roles_asked(step, state) and not p.is_group(role)
        if state.state in OPEN and asked:
            _hand_over(p, step, role, before, holders)


def _hand_over(p: Progress, step: Step, role: str, before: Holders, after: Holders) -> None:
    """Unanswered seats of those who no longer hold the role pass to those who do; an answer is kept, and so is a
    person the step was reassigned to."""
    state = p.state(step.id)
    seats = [a for a in state.actors if a.role == role and a.state != REPLACED]
    known = [a for a in seats if a.person in before.people + before.standins]
    leaving = [a for a in known if a.state == ASKED and not _still_holds(a, after)]
    p.amend(step.id, actors=tuple(replace(a, state=REPLACED) if a in leaving else a for a in state.actors))
    served = any(a.state == ACCEPTED for a in seats)
    if not served and (known or not seats):
        ask_role(p, step, role)
    release_people(p, step, state)


def _still_holds(actor: Actor, holders: Holders) -> bool:
    """A stand-in asked for somebody stays one as long as the directory says so."""
    in_place = holders.people or holders.standins
    return actor.person in (in_place if actor.instead_of is None else in_place + holders.standins)


# ---------------------------------------------------------------- answers to a call


def _acknowledged(p: Progress, event: Acknowledged) -> None:
    step = p.find(event.step)
    if not _still_matters(p, step, event.activation):
        return
    if event.person is None:
        _count(p, step, accepted=event.count)
    else:
        accept(p, step, event.person)
    _check_quorum(p, step)


def _declined(p: Progress, event: Declined | Unreachable) -> None:
    step = p.find(event.step)
    if not _still_matters(p, step, event.activation):
        return
    if event.person is None:
        _count(p, step, declined=event.count)
    else:
        refuse_seat(p, step, event.person, DECLINED if isinstance(event, Declined) else UNREACHABLE)


def _still_matters(p: Progress, step: Step, activation: int) -> bool:
    """A late answer changes nothing, except in a call-up: there a no after the quorum still needs a stand-in."""
    state = p.state(step.id)
    open_now = state.state in OPEN or (step.verb is Verb.ASSIGN and state.state == DONE)
    return open_now and state.activation == activation and not p.run.cancelled


def _count(p: Progress, step: Step, accepted: int = 0, declined: int = 0) -> None:
    """Parties of a group answered. Which group of several is not told, and only the sum matters."""
    groups = p.state(step.id).counters
    if not groups:
        return
    last = next((i for i, g in enumerate(groups) if g.accepted + g.declined < g.total), len(groups) - 1)
    group = groups[last]
    counted = replace(group, accepted=group.accepted + accepted, declined=group.declined + declined)
    p.amend(step.id, counters=(*groups[:last], counted, *groups[last + 1 :]))


def _audience_frozen(p: Progress, event: AudienceFrozen) -> None:
    step = p.find(event.step)
    state = p.state(step.id)
    groups = state.counters
    place = next((i for i, group in enumerate(groups) if not group.frozen), None)
    if state.activation != event.activation or place is None:
        return
    group = replace(groups[place], total=event.total, frozen=True)
    p.amend(step.id, counters=(*groups[:place], group, *groups[place + 1 :]))
    _check_quorum(p, step)


def _check_quorum(p: Progress, step: Step) -> None:
    state = p.state(step.id)
    if step.verb in CALLS and state.state in OPEN and quorum_reached(step, state):
        finish(p, step)


# ---------------------------------------------------------------- acts


def _answered(p: Progress, event: Answered) -> None:
    step = p.find_open(event.step, Verb.ASK)
    if event.choice not in step.choices:
        raise p.refuse("unknown_choice", step.id)
    _took_it(p, step, event.person)
    finish(p, step, result=event.choice)


def _ticked(p: Progress, event: Ticked) -> None:
    step = p.find_open(event.step, Verb.TASK)
    if not set(event.items) <= set(range(len(step.items))):
        raise p.refuse("unknown_item", step.id)
    state = p.state(step.id)
    ticked = tuple(sorted({*state.ticked, *event.items}))
    state = p.amend(step.id, ticked=ticked, proof=state.proof or event.proof)
    _took_it(p, step, event.person)
    if len(ticked) == len(step.items) and (state.proof or not step.proof):
        finish(p, step)


def _submitted(p: Progress, event: Submitted) -> None:
    step = p.find_open(event.step, Verb.DRAFT)
    drafter = (event.person,) if event.person else ()
    editors = tuple(dict.fromkeys((*event.editors, *drafter)))
    p.amend(step.id, revision=event.revision, sha256=event.sha256, editors=editors)
    _took_it(p, step, event.person)
    finish(p, step)


def _edited(p: Progress, event: Edited) -> None:
    """A draft nobody has submitted may change as it likes; a submitted one is open again, and unapproved."""
    step = p.find(event.step, Verb.DRAFT)
    onward = (*p.playbook.approvals.get(step.id, ()), *p.playbook.publications.get(step.id, ()))
    if any(p.state(one.id).handed for one in onward):
        raise p.refuse("handed_over", step.id)
    if p.state(step.id).state == DONE:
        _void_approvals(p, step.id)
        activate(p, step)
    elif p.state(step.id).state not in OPEN:
        raise p.refuse("step_not_open", step.id)


def _approved(p: Progress, event: Approved) -> None:
    step = p.find_open(event.step, Verb.APPROVE)
    draft = p.state(step.text)
    if draft.state != DONE or (draft.revision, draft.sha256) != (event.revision, event.sha256):
        raise p.refuse("not_the_submitted_revision", step.id)
    if not may_act(p, step, event.person):
        raise p.refuse("editor_may_not_approve", step.id)
    _require_actor(p, step, event.person)
    _took_it(p, step, event.person)
    state = p.state(step.id)
    approved = (*state.approved_by, event.person)
    while len(approved) < len(step.by) and event.person in p.holders(step.by[len(approved)], step.id).people:
        approved = (*approved, event.person)  # one person in two posts says yes once
    if len(approved) < len(step.by):
        _pass_on(p, step, turn=len(approved), approved_by=approved)
    else:
        p.amend(step.id, approved_by=approved)
        finish(p, step)


def _approval_withdrawn(p: Progress, event: ApprovalWithdrawn) -> None:
    """Approvals of others before this one stand: the same text was theirs to judge, and they have not taken it back."""
    step = p.find(event.step, Verb.APPROVE)
    state = p.state(step.id)
    if state.state not in (*OPEN, DONE) or event.person not in state.approved_by:
        raise p.refuse("not_their_approval", step.id)
    turn = state.approved_by.index(event.person)
    if state.state in OPEN:
        p.stand_down(step.id, "redone")
    p.record("approval_withdrawn", step=step.id, person=event.person)
    activate(
        p, step, only=(step.by[turn], event.person), turn=turn, approved_by=state.approved_by[:turn]
    )  # a waiting publish is withdrawn when the run settles


def _returned(p: Progress, event: Returned) -> None:
    step = p.find_open(event.step, Verb.APPROVE)
    _require_actor(p, step, event.person)
    draft = p.find(step.text)
    _void_approvals(p, draft.id)
    activate(p, draft)


def _published(p: Progress, event: Published) -> None:
    step = p.find_open(event.step, Verb.PUBLISH)
    state, draft = p.state(step.id), p.state(step.text)
    if event.at > p.now:
        raise p.refuse("in_the_future", step.id)
    if not text_ready(p.playbook, p.run, step):
        raise p.refuse("not_approved", step.id)
    if event.sha256 != draft.sha256:
        raise p.refuse("not_the_approved_text", step.id)
    _require_actor(p, step, event.person)
    _took_it(p, step, event.person)
    if state.turn + 1 < len(step.by):
        _pass_on(p, step, turn=state.turn + 1, sha256=event.sha256)
    else:
        p.amend(step.id, sha256=event.sha256)
        finish(p, step, at=event.at)


def _pass_on(p: Progress, step: Step, **kept: Any) -> None:
    """To the next of `by`: a new activation, so that its ladder and its messages are its own."""
    p.stand_down(step.id, "done")
    activate(p, step, **kept)


def _require_actor(p: Progress, step: Step, person: str) -> None:
    if not any(a.person == person and a.state != REPLACED for a in p.state(step.id).actors):
        raise p.refuse("not_asked", step.id)


def _took_it(p: Progress, step: Step, person: str | None) -> None:
    """Who acts has also answered."""
    if person is not None:
        accept(p, step, person)


def _void_approvals(p: Progress, draft: str) -> None:
    """The text changes: every approval of it is void (also one that was skipped), a waiting publish is withdrawn."""
    for step in p.playbook.approvals.get(draft, ()):
        if p.state(step.id).state in (*OPEN, DONE, SKIPPED):
            _back_to_waiting(p, step)
            p.record("approvals_voided", step=step.id)
    for step in p.playbook.publications.get(draft, ()):
        if p.state(step.id).state in OPEN:
            _back_to_waiting(p, step)
            p.record("publish_withdrawn", step=step.id)


def _back_to_waiting(p: Progress, step: Step) -> None:
    if p.state(step.id).state in OPEN:
        p.stand_down(step.id, "redone")
    p.put(step.id, fresh(p.state(step.id)))


# ---------------------------------------------------------------- what a person overrides


def _skipped(p: Progress, event: Skipped) -> None:
    step = p.find(event.step)
    state = p.state(step.id)
    if state.state == DONE and state.again_at is not None:
        p.amend(step.id, again_at=None)  # done, and not to be done again
    elif state.state in (WAITING, *OPEN):
        if state.state in OPEN:
            p.stand_down(step.id, "skipped")
        p.put(step.id, replace(fresh(state), state=SKIPPED))
    else:
        raise p.refuse("step_already_ended", step.id)
    p.record("step_skipped", step=step.id, reason=event.reason)


def _redone(p: Progress, event: Redone) -> None:
    step = p.find(event.step)
    state = p.state(step.id)
    if state.state not in (DONE, SKIPPED, *OPEN):
        raise p.refuse("step_never_begun", step.id)
    if step.verb is Verb.DRAFT:
        _void_approvals(p, step.id)
    _back_to_waiting(p, step)
    p.record("step_redone", step=step.id, reason=event.reason, activation=state.activation + 1)


def _added(p: Progress, event: Added) -> None:
    if event.step in p.run.steps:
        raise p.refuse("step_exists", event.step)
    if event.role and event.role not in p.playbook.roles:
        raise p.refuse("unknown_role", event.step)
    task = AdHoc(event.step, event.text, event.person, event.within_seconds, event.role)
    p.change(added=(*p.run.added, task), steps=p.run.steps | {event.step: StepState()})


def _called_out(p: Progress, _: CalledOut) -> None:
    if not p.run.held:
        raise p.refuse("not_held")
    p.change(held=False)


def _reassigned(p: Progress, event: Reassigned) -> None:
    step = p.find_open(event.step)
    if not may_act(p, step, event.person):
        raise p.refuse("editor_may_not_approve", step.id)
    if step.verb in CALLS:
        _reassign_call(p, step, event.person)
    else:
        _reassign_act(p, step, event.person)


def _reassign_call(p: Progress, step: Step, person: str) -> None:
    """The first role nobody has said yes for: its unanswered people make room for this one."""
    role = next(iter(unserved_roles(p, step)), None)
    if role is None:
        raise p.refuse("nothing_to_reassign", step.id)
    state = p.state(step.id)
    actors = tuple(
        replace(a, state=REPLACED) if a.role == role and a.person != person else a for a in state.actors
    )
    p.amend(step.id, actors=actors)
    seat(p, step, role, person)
    release_people(p, step, state)


def _reassign_act(p: Progress, step: Step, person: str) -> None:
    """A new activation with this person alone; the limit begins again."""
    state = p.state(step.id)
    role = roles_asked(step, state)[0]
    p.stand_down(step.id, "replaced", tuple(awaited(step, state)))
    activate(p, step, only=(role, person), **_carried(state))


def _carried(state: StepState) -> dict[str, Any]:
    """What of the work already done stays when the same work goes on in a new activation."""
    return {
        "turn": state.turn,
        "ticked": state.ticked,
        "proof": state.proof,
        "sha256": state.sha256,
        "approved_by": state.approved_by,
    }


def _paused(p: Progress, event: Paused) -> None:
    if event.until <= p.now:
        raise p.refuse("pause_already_over")
    p.change(paused_until=event.until, paused_at=p.run.paused_at or p.now)


def _resumed(p: Progress, _: Resumed) -> None:
    if p.run.paused_until is None:
        raise p.refuse("not_paused")
    ladder.end_pause(p, min(p.now, p.run.paused_until))


def _cancelled(p: Progress, _: Cancelled) -> None:
    """The incident was closed. Everybody who was asked anything and has not answered is stood down."""
    p.change(cancelled=True, paused_until=None, paused_at=None)
    for step in p.steps.values():
        state = p.state(step.id)
        if state.state in OPEN or (step.verb in CALLS and state.state == DONE):
            p.stand_down(step.id, "cancelled")
        if state.state in (WAITING, *OPEN):
            p.amend(step.id, state=CANCELLED, resume=state.state, due=None)


def _handed_over(p: Progress, event: HandedOver) -> None:
    if p.run.handed_at is not None:
        raise p.refuse("handed_over")
    if event.at > p.now:
        raise p.refuse("in_the_future")
    kept = {p.find(step).id for step in event.keep}
    p.change(handed_at=event.at)
    for step in p.steps.values():
        if step.id not in kept:
            _leave(p, step)
    deadlines.hand_over(p, event.at, kept)


def _leave(p: Progress, step: Step) -> None:
    """The step ends here. What was done stays done; who had not answered a call is no longer waited for."""
    state = p.state(step.id)
    if state.state in OPEN or (step.verb in CALLS and state.state == DONE):
        p.stand_down(step.id, "handed_over")
    if state.state in (WAITING, NOT_NEEDED, *OPEN):
        p.amend(step.id, state=CANCELLED, resume=state.state, due=None, handed=True)
        if step.verb is Verb.PUBLISH and state.state in OPEN:
            p.record("publish_withdrawn", step=step.id)
    elif state.again_at is not None:
        p.amend(step.id, again_at=None)


def _taken_back(p: Progress, _: TakenBack) -> None:
    if p.run.handed_at is None:
        raise p.refuse("not_handed_over")
    p.change(handed_at=None)
    _resume(p)
    deadlines.take_back(p)


def _reopened(p: Progress, _: Reopened) -> None:
    if not p.run.cancelled:
        raise p.refuse("not_closed")
    p.change(cancelled=False)
    _resume(p)


def _resume(p: Progress) -> None:
    """What was open is asked anew, with the work already done; who had said yes to a call has said yes. What another body
    has taken over stays there until the lead comes back."""
    for step in p.steps.values():
        state = p.state(step.id)
        if state.state != CANCELLED or (state.handed and p.run.handed_at is not None):
            continue
        if state.resume in (ACTIVE, STUCK):
            activate(p, step, keep=_yes_to_call(step, state), **_carried(state))
        else:
            p.put(step.id, fresh(state))


def _yes_to_call(step: Step, state: StepState) -> tuple[Actor, ...]:
    return tuple(a for a in state.actors if a.state == ACCEPTED) if step.verb in CALLS else ()


def _time_passed(p: Progress, _: TimePassed) -> None:
    """Nothing of its own: the movements after it do what time has made due."""


HANDLERS: dict[type, Callable[[Progress, Any], None]] = {
    Started: _started,
    Acknowledged: _acknowledged,
    Declined: _declined,
    Unreachable: _declined,
    AudienceFrozen: _audience_frozen,
    Answered: _answered,
    Ticked: _ticked,
    Edited: _edited,
    Submitted: _submitted,
    Approved: _approved,
    ApprovalWithdrawn: _approval_withdrawn,
    Returned: _returned,
    Published: _published,
    LevelChanged: _level_changed,
    FactChanged: _fact_changed,
    Skipped: _skipped,
    Redone: _redone,
    Added: _added,
    CalledOut: _called_out,
    Reassigned: _reassigned,
    Invited: inviting.invited,
    Joined: inviting.joined,
    Retracted: inviting.retracted,
    Restored: inviting.restored,
    Paused: _paused,
    Resumed: _resumed,
    Cancelled: _cancelled,
    HandedOver: _handed_over,
    TakenBack: _taken_back,
    Reopened: _reopened,
    Revised: _revised,
    TimePassed: _time_passed,
}
