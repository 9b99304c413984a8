"""One run talked to event by event: what is said to the engine, what comes back, and on which minute."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from playbooks.engine import advance
from playbooks.language import Playbook
from playbooks.run import Run, StepState
from playbooks.signals import Effect, Event, Holders, Record, Started, TimePassed, WakeAt, Warn
from tests.playbooks.flood import FLOOD, T0, at, started

Kind = TypeVar("Kind", bound=Effect)


class Talk:
    """Every event said is kept, and so is every effect."""

    def __init__(
        self,
        playbook: Playbook = FLOOD,
        level: int = 3,
        roles: dict[str, Holders] | None = None,
        first: Started | None = None,
    ):
        self.playbook = playbook
        self.now = T0
        self.log: list[tuple[Event, datetime]] = []
        self.keys: list[str] = []
        self.run, self.last = self._advance(None, first or started(level, roles))

    def _advance(self, run: Run | None, event: Event) -> tuple[Run, list[Effect]]:
        after, effects = advance(self.playbook, run, event, self.now)
        self.log.append((event, self.now))
        assert isinstance(effects[-1], WakeAt)
        assert sum(isinstance(e, WakeAt) for e in effects) == 1
        self.keys += [effect.key for effect in effects if not isinstance(effect, WakeAt)]
        assert len(self.keys) == len(set(self.keys)), "a key was used twice"
        return after, effects

    def says(self, event: Event, minute: float | None = None) -> list[Effect]:
        assert not isinstance(event, Started)
        if minute is not None:
            self.now = at(minute)
        self.run, self.last = self._advance(self.run, event)
        return self.last

    def waits_until(self, minute: float) -> list[Effect]:
        """Only the clock speaks, at every moment it was asked to, and at the end. All effects on the way."""
        effects: list[Effect] = []
        while self.run.wake_at is not None and self.run.wake_at <= at(minute):
            before = self.run.wake_at
            self.now = before
            effects += self.says(TimePassed())
            assert self.run.wake_at is None or self.run.wake_at > before, "the sweep spins"
        self.now = at(minute)
        effects += self.says(TimePassed())
        self.last = effects
        return effects

    def sleeps_until(self, minute: float) -> list[Effect]:
        """The machine was off: one sweep at the end."""
        return self.says(TimePassed(), minute)

    # ------------------------------------------------------------ what came back

    def step(self, id: str) -> StepState:
        return self.run.steps[id]

    def got(self, kind: type[Kind], step: str | None = None) -> list[Kind]:
        found = [effect for effect in self.last if isinstance(effect, kind)]
        return [e for e in found if step is None or getattr(e, "step", getattr(e, "id", None)) == step]

    def people(self, kind: type[Kind], step: str | None = None) -> list[str | None]:
        return [getattr(effect, "person", None) for effect in self.got(kind, step)]

    def records(self, kind: str) -> list[dict[str, object]]:
        return [effect.data for effect in self.got(Record) if effect.kind == kind]

    def warned(self, reason: str, id: str | None = None) -> list[str]:
        return [e.person for e in self.got(Warn) if e.reason == reason and id in (None, e.id)]

    @property
    def states(self) -> dict[str, str]:
        return {id: state.state for id, state in self.run.steps.items()}
