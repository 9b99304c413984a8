"""One advance under way: the run as it stands now, and the effects so far.

The only mutable thing of the engine; it lives for one call of `advance` and is never seen outside. It knows who holds
a role and how keys are made, and nothing of the rules of any verb.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from playbooks import calendar
from playbooks.language import ByLevel, Playbook, Rung, Span, Step, Verb
from playbooks.run import OPEN, AdHoc, Run, StepState, evolve
from playbooks.signals import Effect, Holders, Record, StandDown
from playbooks.wire import encode

AD_HOC = ""  # the role of the person of a task added during the run
DUTY_PICK = "on_duty"
LEADER = "lanh_dao"
DECISIVE = frozenset({"level", "held", "cancelled", "added", "steps"})  # what may let any step begin or end


class EngineRefusal(Exception):
    """This event cannot happen in this state; nothing has changed."""

    def __init__(self, code: str, event: str, step: str | None = None, state: str | None = None) -> None:
        super().__init__(f"{code}: {event} {step or 'run'} {state or ''}".rstrip())
        self.code = code
        self.event = event
        self.step = step
        self.state = state


def for_level(limits: ByLevel, level: int) -> Span | None:
    """The value of the level; of the nearest level when the file gives none (a wait must never be without a limit)."""
    if not limits:
        return None
    return limits[min(limits, key=lambda known: (abs(known - level), known))]


def later(start: datetime, span: Span) -> datetime:
    return calendar.add(start, span, calendar.VIETNAM_HOLIDAYS)


def text_time(at: datetime | None) -> str | None:
    """Times inside a Record are text, so that its data is JSON."""
    return None if at is None else str(encode(at))


def steps_of(playbook: Playbook, run: Run) -> dict[str, Step]:
    """The steps of the file in order, then those added during the run."""
    if not run.added:
        return playbook.by_id
    steps = dict(playbook.by_id)
    for task in run.added:
        steps[task.id] = _added(playbook, task)
    return steps


def _added(playbook: Playbook, task: AdHoc) -> Step:
    seconds = task.within_seconds
    within = {} if seconds is None else {level: Span(seconds) for level in playbook.levels}
    if not task.role:
        return Step(task.id, Verb.TASK, (task.text,), by=(AD_HOC,), within=within)
    # Nobody else is called when the role is silent: those on duty hear of it and phone.
    on_duty = tuple(Rung(slug) for slug, role in playbook.roles.items() if role.pick == DUTY_PICK)
    return Step(task.id, Verb.ASSIGN, (task.role,), within=within, ladder=on_duty, ack="any")


class Progress:
    def __init__(self, playbook: Playbook, run: Run, now: datetime, event: str) -> None:
        self.playbook = playbook
        self.run = run
        self.now = now
        self.event = event
        self.effects: list[Effect] = []
        self.count = run.serial
        self.unsettled: set[str] = (
            set()
        )  # steps something has changed for since they were looked at: none, as each advance ends so
        self._duty: tuple[dict[str, Holders], tuple[str, tuple[str, ...]]] | None = None
        self._steps = steps_of(playbook, run)

    # ------------------------------------------------------------ the run

    @property
    def steps(self) -> dict[str, Step]:
        if len(self._steps) != len(self.playbook.steps) + len(self.run.added):
            self._steps = steps_of(self.playbook, self.run)
        return self._steps

    def change(self, **fields: Any) -> None:
        """Facts of the whole run; those of its steps are put or amended."""
        self.run = evolve(self.run, **fields)
        if not fields.keys().isdisjoint(DECISIVE):
            self.unsettled.update(self.run.steps)

    def state(self, step: str) -> StepState:
        return self.run.steps[step]

    def put(self, step: str, state: StepState) -> None:
        before = self.run.steps.get(step)
        self.run = evolve(self.run, steps=self.run.steps | {step: state})
        if before is None or (before.state, before.result) != (state.state, state.result):
            self.unsettled.add(step)
            self.unsettled.update(self.playbook.followers.get(step, ()))

    def amend(self, step: str, **fields: Any) -> StepState:
        state = evolve(self.run.steps[step], **fields)
        self.put(step, state)
        return state

    def refuse(self, code: str, step: str | None = None) -> EngineRefusal:
        known = step is not None and step in self.run.steps
        return EngineRefusal(
            code,
            self.event,
            step,
            self.run.steps[step].state if known and step else None,
        )

    def find(self, step: str, *verbs: Verb) -> Step:
        """The step of that id; refused when there is none or its verb is another."""
        found = self.steps.get(step)
        if found is None:
            raise self.refuse("unknown_step", step)
        if verbs and found.verb not in verbs:
            raise self.refuse("wrong_verb", step)
        return found

    def find_open(self, step: str, *verbs: Verb) -> Step:
        found = self.find(step, *verbs)
        if self.state(step).state not in OPEN:
            raise self.refuse("step_not_open", step)
        return found

    def holds(self, step: str) -> bool:
        """The step waits because only the leader has been told so far."""
        return self.run.held and all(task.id != step for task in self.run.added)

    # ------------------------------------------------------------ effects

    def emit(self, effect: Effect) -> None:
        self.effects.append(effect)

    def serial(self) -> int:
        """A number no other effect of the run has; the run takes the count over at the end of the advance."""
        self.count += 1
        return self.count

    def record(self, kind: str, **data: Any) -> None:
        self.emit(Record(f"run:0:record:{self.serial()}:{kind}", kind, data))

    def stand_down(self, step: str, reason: str, persons: tuple[str, ...] = ()) -> None:
        activation = self.state(step).activation
        key = f"{step}:{activation}:stand_down:{self.serial()}:{','.join(persons)}"
        self.emit(StandDown(key, step, activation, persons, reason))

    # ------------------------------------------------------------ people

    def holders(self, role: str, step: str) -> Holders:
        if role == AD_HOC:
            return Holders(tuple(task.person for task in self.run.added if task.id == step))
        return self.run.roles.get(role, Holders())

    def is_group(self, role: str) -> bool:
        known = self.playbook.roles.get(role)
        return (known is not None and known.is_group) or self.run.roles.get(role, Holders()).group

    def listeners(self, role: str) -> tuple[str, ...]:
        """Who hears what is told to a role: its people, else its stand-ins."""
        holders = self.run.roles.get(role, Holders())
        return holders.people or holders.standins

    def duty(self) -> tuple[str, tuple[str, ...]]:
        """The role that hears what nobody else does, and its people: on duty, else the leader, else anybody named."""
        if self._duty is None or self._duty[0] is not self.run.roles:
            self._duty = (self.run.roles, self._find_duty())
        return self._duty[1]

    def _find_duty(self) -> tuple[str, tuple[str, ...]]:
        roles = self.playbook.roles
        on_duty = [slug for slug, role in roles.items() if role.pick == DUTY_PICK]
        for slug in (*on_duty, LEADER, *roles):
            people = self.listeners(slug)
            if people and slug in roles and not self.is_group(slug):
                return slug, people
        return AD_HOC, ()
