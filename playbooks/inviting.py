"""What those on duty change by hand in a call-up: who is asked beside or in place of whom, an answer taken back, a place
given back. Responsible for seats alone; knows no time limit and sends nothing but the asking."""

from __future__ import annotations

from dataclasses import replace

from playbooks.asking import (
    ACCEPTED,
    ASKED,
    CALLS,
    DECLINED,
    EXTRA,
    REPLACED,
    UNREACHABLE,
    ask_effect,
    release_people,
    seat,
)
from playbooks.language import Step
from playbooks.progress import Progress
from playbooks.run import DONE, OPEN, Actor, StepState
from playbooks.signals import Invited, Joined, Restored, Retracted

ANSWERS = (ACCEPTED, DECLINED, UNREACHABLE)


def invited(p: Progress, event: Invited) -> None:
    step = _call(p, event.step)
    if event.instead_of is not None:
        _in_place_of(p, step, event.person, event.instead_of)
    elif event.role or not _live(p.state(step.id), event.person):
        seat(p, step, event.role or EXTRA, event.person)
    else:
        _again(p, step, event.person)


def joined(p: Progress, event: Joined) -> None:
    step = _call(p, event.step)
    state = p.state(step.id)
    if state.state not in (*OPEN, DONE):
        raise p.refuse("step_not_open", step.id)
    if not _live(state, event.person):
        taken = tuple(a for a in state.actors if (a.person, a.role) != (event.person, EXTRA))
        seated = Actor(event.person, EXTRA, ACCEPTED if event.accepted else ASKED)
        p.amend(step.id, actors=(*taken, seated))


def _call(p: Progress, id: str) -> Step:
    step = p.find(id)
    if step.verb not in CALLS:
        raise p.refuse("wrong_verb", id)
    return step


def _live(state: StepState, person: str) -> list[Actor]:
    return [actor for actor in state.actors if actor.person == person and actor.state != REPLACED]


def _in_place_of(p: Progress, step: Step, person: str, absent: str) -> None:
    """Who sends another has declined; the seats are the other's alone, and no further stand-in is asked."""
    state = p.state(step.id)
    roles = dict.fromkeys(actor.role for actor in _live(state, absent))
    if not roles or person == absent:
        raise p.refuse("not_asked", step.id)
    p.amend(
        step.id,
        actors=tuple(
            replace(actor, state=DECLINED) if actor.person == absent and actor.state != REPLACED else actor
            for actor in state.actors
        ),
    )
    for role in roles:
        seat(p, step, role, person, absent)


def _again(p: Progress, step: Step, person: str) -> None:
    """Asked once more under a new key (their number was wrong), unless somebody has taken every place of theirs."""
    state = p.state(step.id)
    taken = {actor.role for actor in state.actors if actor.state == ACCEPTED}
    mine = [actor for actor in _live(state, person) if actor.role not in taken]
    if not mine:
        return
    waiting = tuple(replace(actor, state=ASKED) if actor in mine else actor for actor in state.actors)
    state = p.amend(step.id, actors=waiting)
    key = f"{step.id}:{state.activation}:{{}}:0:{person}~{p.serial()}"
    p.emit(ask_effect(p, step, state, key, replace(mine[0], state=ASKED), 0))


def retracted(p: Progress, event: Retracted) -> None:
    """What was recorded by mistake is as if it had not been said; what it set going is for people to undo."""
    step = _call(p, event.step)
    state = p.state(step.id)
    if state.activation != event.activation:
        return
    if event.person is None:
        _uncount(p, step, event.accepted)
        return
    p.amend(
        step.id,
        actors=tuple(
            replace(actor, state=ASKED) if actor.person == event.person and actor.state in ANSWERS else actor
            for actor in state.actors
        ),
    )


def _uncount(p: Progress, step: Step, accepted: bool) -> None:
    groups = list(p.state(step.id).counters)
    for place in reversed(range(len(groups))):
        group = groups[place]
        if accepted and group.accepted:
            groups[place] = replace(group, accepted=group.accepted - 1)
            break
        if not accepted and group.declined:
            groups[place] = replace(group, declined=group.declined - 1)
            break
    p.amend(step.id, counters=tuple(groups))


def restored(p: Progress, event: Restored) -> None:
    """The one who answered late takes the place back; whoever sat there in their stead gives it up."""
    step = _call(p, event.step)
    state = p.state(step.id)
    roles = {a.role for a in state.actors if a.person == event.person and a.state == REPLACED}
    if state.activation != event.activation or not roles:
        raise p.refuse("not_asked", step.id)
    p.amend(step.id, actors=tuple(_given_back(a, event.person, roles) for a in state.actors))
    release_people(p, step, state)


def _given_back(actor: Actor, person: str, roles: set[str]) -> Actor:
    if actor.role not in roles:
        return actor
    if actor.person == person:
        return replace(actor, state=ACCEPTED)
    return replace(actor, state=REPLACED) if actor.instead_of else actor
