"""Who is asked in an activation of a step, what their answers count for, and how the activation ends.

Responsible for actors, stand-ins, groups and quorum. Knows nothing of time limits (that is `ladder`) and nothing of
what a particular event means (that is `engine`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from playbooks.language import Step, Verb
from playbooks.progress import Progress, for_level, later, text_time
from playbooks.run import ACTIVE, DONE, WAITING, Actor, Counter, StepState, evolve
from playbooks.signals import AskApproval, Effect, Notify, OpenDraft, OpenTask, Summon, Warn

ASKED, ACCEPTED, DECLINED, REPLACED, UNREACHABLE = "asked", "accepted", "declined", "replaced", "unreachable"
CALLS = (Verb.ASSIGN, Verb.NOTIFY)  # finished by acknowledgements; the others by an act
EXTRA = "moi_them"  # the seat of somebody called up beside the roles; nobody stands in for it and no quorum counts it
IN_TURN = (Verb.APPROVE, Verb.PUBLISH)  # one role of `by` after the other


# ---------------------------------------------------------------- an activation begins


def fresh(state: StepState) -> StepState:
    """Nothing is kept but the count of activations."""
    return StepState(state=WAITING, activation=state.activation)


def activate(
    p: Progress,
    step: Step,
    only: tuple[str, str] | None = None,
    keep: tuple[Actor, ...] = (),
    **carried: Any,
) -> None:
    """Begin a new activation now and ask its people: those of its roles, or `only` this (role, person).

    `keep`: seats already answered, whose roles are not asked again. `carried`: what else stays (turn, approvals, …)."""
    before = p.state(step.id)
    limit = for_level(step.within, p.run.level)
    due = later(p.now, limit) if limit else None
    began = evolve(fresh(before), state=ACTIVE, activation=before.activation + 1, since=p.now, due=due)
    state = evolve(began, actors=keep, **carried)
    p.put(step.id, state)
    asking = len(p.effects)
    if only:
        seat(p, step, *only)
    for role in () if only else roles_asked(step, state):
        if not _served(state, role):
            ask_role(p, step, role)
    _record_start(p, step, asking)
    if step.verb is Verb.NOTIFY and step.ack == "none":
        finish(p, step)
    elif step.verb is Verb.ASSIGN and not keep and quorum_reached(step, p.state(step.id)):
        finish(p, step)  # by those who had said yes before the others were called


def _record_start(p: Progress, step: Step, position: int) -> None:
    """The line "began" stands before the lines about who was asked."""
    asked, p.effects[position:] = p.effects[position:], []
    state = p.state(step.id)
    people = list(dict.fromkeys(actor.person for actor in state.actors))
    p.record(
        "step_started", step=step.id, activation=state.activation, people=people, due=text_time(state.due)
    )
    p.effects.extend(asked)


def roles_asked(step: Step, state: StepState) -> tuple[str, ...]:
    """The roles this activation waits for: in turn for `approve` and `publish`, else all at once."""
    if step.verb in CALLS:
        return step.target
    if step.verb in IN_TURN:
        return step.by[state.turn : state.turn + 1]
    return step.by


def ask_role(p: Progress, step: Step, role: str) -> None:
    if p.is_group(role) and step.verb in CALLS:
        _ask_group(p, step, role)
        return
    able = [person for person in p.holders(role, step.id).people if may_act(p, step, person)]
    for person in able:
        seat(p, step, role, person)
    if not able:
        barred = next(iter(p.holders(role, step.id).people), None)
        if not call_stand_ins(p, step, role, barred, rung=0):
            nobody(p, step, role)


def may_act(p: Progress, step: Step, person: str) -> bool:
    """Whoever edited a revision may not approve it."""
    return step.verb is not Verb.APPROVE or person not in p.state(step.text).editors


def _ask_group(p: Progress, step: Step, role: str) -> None:
    state = p.amend(step.id, counters=(*p.state(step.id).counters, Counter(role)))
    p.emit(_call(step, state, f"{step.id}:{state.activation}:{{}}:0:{role}", role, None, 0, None))


# ---------------------------------------------------------------- asking a person


def seat(
    p: Progress, step: Step, role: str, person: str, instead_of: str | None = None, rung: int = 0
) -> bool:
    """Make the person an actor of this role and ask them, unless they are. True when something changed.

    One person in two roles has two seats and is asked once; their one answer is the answer of both seats."""
    state = p.state(step.id)
    own = [actor for actor in state.actors if actor.person == person]
    if any(actor.role == role and actor.state != REPLACED for actor in own):
        return False
    live = [actor.state for actor in own if actor.state != REPLACED] or _said_yes_alone(p, step, person)
    actor = Actor(person, role, live[0] if live else ASKED, instead_of)
    others = tuple(seated for seated in state.actors if (seated.person, seated.role) != (person, role))
    state = p.amend(step.id, actors=(*others, actor))
    if not live:
        again = f"~{p.serial()}" if own else ""
        key = f"{step.id}:{state.activation}:{{}}:{rung}:{person}{again}"
        p.emit(ask_effect(p, step, state, key, actor, rung))
    return True


def _said_yes_alone(p: Progress, step: Step, person: str) -> list[str]:
    """Who was called up alone and accepted is not called up a second time with the others."""
    if step.verb is not Verb.ASSIGN:
        return []
    alone = [p.state(task.id) for task in p.run.added if task.role and task.id != step.id]
    said = [actor for state in alone for actor in state.actors if actor.person == person]
    return [ACCEPTED] if any(actor.state == ACCEPTED for actor in said) else []


def ask_effect(p: Progress, step: Step, state: StepState, key: str, actor: Actor, rung: int) -> Effect:
    if step.verb in CALLS:
        return _call(step, state, key, actor.role, actor.person, rung, actor.instead_of)
    common: dict[str, Any] = {
        "step": step.id,
        "activation": state.activation,
        "role": actor.role,
        "person": actor.person,
        "rung": rung,
        "instead_of": actor.instead_of,
        "due": state.due,
    }
    if step.verb is Verb.DRAFT:
        return OpenDraft(key=key.format("open_draft"), **common)
    if step.verb is Verb.APPROVE:
        draft = p.state(step.text)
        text: dict[str, Any] = {
            "draft": step.text,
            "revision": draft.revision or "",
            "sha256": draft.sha256 or "",
        }
        return AskApproval(key=key.format("ask_approval"), **common, **text)
    return OpenTask(key=key.format("open_task"), **common)


def _call(
    step: Step, state: StepState, key: str, role: str, person: str | None, rung: int, instead_of: str | None
) -> Effect:
    if step.verb is Verb.ASSIGN:
        return Summon(
            key.format("summon"), step.id, state.activation, role, person, rung, instead_of, state.due
        )
    ack = step.ack != "none"
    return Notify(
        key.format("notify"),
        step.id,
        state.activation,
        role,
        person,
        step.message or "",
        step.via,
        ack,
        state.due,
    )


def call_stand_ins(p: Progress, step: Step, role: str, instead_of: str | None, rung: int) -> list[str]:
    """Ask every stand-in of the role who has not been asked for it; who they were."""
    asked = []
    for person in p.holders(role, step.id).standins:
        if may_act(p, step, person) and seat(p, step, role, person, instead_of, rung):
            asked.append(person)
            p.record(
                "stand_in_asked",
                step=step.id,
                activation=p.state(step.id).activation,
                person=person,
                instead_of=instead_of,
            )
    return asked


def nobody(p: Progress, step: Step, role: str) -> None:
    """Neither holder nor stand-in can be asked: those on duty must know now."""
    activation = p.state(step.id).activation
    p.record("nobody_to_ask", step=step.id, activation=activation, role=role)
    tell_duty(p, step, "unanswered")


def tell_duty(p: Progress, step: Step, reason: str) -> None:
    role, people = p.duty()
    tell(p, step, reason, role, people, rung=p.state(step.id).rung, mark=f"~{p.serial()}")


def tell(
    p: Progress, step: Step, reason: str, role: str, people: Iterable[str], rung: int, mark: str = ""
) -> None:
    state = p.state(step.id)
    for person in dict.fromkeys(people):
        key = f"{step.id}:{state.activation}:{reason}:{rung}:{person}{mark}"
        p.emit(Warn(key, "step", step.id, state.activation, role, person, reason, rung, state.due))


# ---------------------------------------------------------------- answers


def accept(p: Progress, step: Step, person: str) -> None:
    """The person's yes, in every seat they have. For a call-up it frees the others asked for the same seat."""
    state = p.state(step.id)
    mine = [actor for actor in state.actors if actor.person == person and actor.state != REPLACED]
    actors = tuple(replace(actor, state=ACCEPTED) if actor in mine else actor for actor in state.actors)
    if step.verb in CALLS:
        actors = tuple(_freed(actor, mine) for actor in actors)
    if actors == state.actors:
        return
    p.amend(step.id, actors=actors)
    release_people(p, step, state)


def _freed(actor: Actor, accepted: list[Actor]) -> Actor:
    """Between a holder and a stand-in of one role the first yes counts."""
    rival = any(
        actor.role == mine.role and actor.person != mine.person and (actor.instead_of or mine.instead_of)
        for mine in accepted
    )
    return replace(actor, state=REPLACED) if rival and actor.state == ASKED else actor


def release_people(p: Progress, step: Step, before: StepState) -> None:
    """Stand down whoever was awaited before and now holds no seat that waits for them."""
    live = {actor.person for actor in p.state(step.id).actors if actor.state != REPLACED}
    gone = dict.fromkeys(actor.person for actor in before.actors if actor.state == ASKED)
    if persons := tuple(person for person in gone if person not in live):
        p.stand_down(step.id, "replaced", persons)


def refuse_seat(p: Progress, step: Step, person: str, to: str) -> None:
    """The person declined or cannot be reached: each role they leave empty gets its stand-ins at once."""
    state = p.state(step.id)
    awaited = (ASKED, ACCEPTED) if to == DECLINED else (ASKED,)
    mine = [actor for actor in state.actors if actor.person == person and actor.state in awaited]
    if not mine:
        return
    p.amend(step.id, actors=tuple(replace(a, state=to) if a in mine else a for a in state.actors))
    for role in dict.fromkeys(actor.role for actor in mine):
        if not _served(p.state(step.id), role):
            _fill(p, step, role, person)


def _fill(p: Progress, step: Step, role: str, instead_of: str) -> None:
    if role == EXTRA:
        return
    if call_stand_ins(p, step, role, instead_of, rung=p.state(step.id).rung):
        return
    if not any(actor.role == role and actor.state == ASKED for actor in p.state(step.id).actors):
        nobody(p, step, role)


def _served(state: StepState, role: str) -> bool:
    return any(actor.role == role and actor.state == ACCEPTED for actor in state.actors)


def unserved_roles(p: Progress, step: Step) -> list[str]:
    """Named roles somebody is still awaited for. A yes to a task is not yet the act."""
    state = p.state(step.id)
    roles = [role for role in roles_asked(step, state) if not p.is_group(role)]
    return [role for role in roles if step.verb not in CALLS or not _served(state, role)]


def awaited(step: Step, state: StepState) -> list[str]:
    """People who still owe this activation an answer or an act."""
    wanted = (ASKED,) if step.verb in CALLS else (ASKED, ACCEPTED)
    roles = {a.role for a in state.actors if step.verb in CALLS and a.state == ACCEPTED}
    return list(dict.fromkeys(a.person for a in state.actors if a.state in wanted and a.role not in roles))


def quorum_reached(step: Step, state: StepState) -> bool:
    """`all`: somebody of every role and every party of the groups. A number: so many seats and parties."""
    accepted = [actor for actor in state.actors if actor.state == ACCEPTED and actor.role != EXTRA]
    count = len(accepted) + sum(group.accepted for group in state.counters)
    if count == 0:
        return False
    if step.ack == "any":
        return True
    served = {actor.role for actor in accepted} | {group.role for group in state.counters}
    everyone = set(step.target) <= served and all(
        group.frozen and group.accepted >= group.total for group in state.counters
    )
    if isinstance(step.ack, int):
        return count >= step.ack or everyone
    return everyone


# ---------------------------------------------------------------- an activation ends


def finish(p: Progress, step: Step, result: str | None = None, at: datetime | None = None) -> None:
    """Done. Nobody need be reminded any more; a call-up may still be answered late (see `signals.StandDown`)."""
    again = _again(p, step)
    state = p.amend(
        step.id,
        state=DONE,
        result=result,
        done_at=at or p.now,
        due=None,
        again_at=again,
    )
    p.record("step_done", step=step.id, activation=state.activation, result=result)
    if step.ack != "none" or step.verb is not Verb.NOTIFY:
        p.stand_down(step.id, "done")


def _again(p: Progress, step: Step) -> datetime | None:
    period = for_level(step.every, p.run.level) if step.every else None
    again = later(p.now, period) if period else p.now
    return again if again > p.now else None
