"""How far one run has come: a value, and its way to and from JSON. The engine alone decides what is in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from playbooks.signals import Holders, LawClock
from playbooks.wire import decode, encode

ENGINE = 1

WAITING, ACTIVE, STUCK, DONE, SKIPPED, NOT_NEEDED, CANCELLED = (
    "waiting",
    "active",
    "stuck",
    "done",
    "skipped",
    "not_needed",
    "cancelled",
)
OPEN = (ACTIVE, STUCK)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of a step in its current activation. state: asked | accepted | declined | replaced | unreachable."""

    person: str
    role: str
    state: str = "asked"
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class Counter:
    """A group in a step's current activation, by numbers only."""

    role: str
    total: int = 0
    accepted: int = 0
    declined: int = 0
    frozen: bool = False  # the audience is known; before that `total` says nothing


@dataclass(frozen=True, slots=True)
class StepState:
    state: str = WAITING
    activation: int = 0
    since: datetime | None = None  # when this activation began
    due: datetime | None = None  # when the limit (or the next rung) falls
    rung: int = 0  # rungs already climbed
    turn: int = 0  # which of `by` (approve, publish)
    actors: tuple[Actor, ...] = ()
    counters: tuple[Counter, ...] = ()
    ticked: tuple[int, ...] = ()
    proof: bool = False
    result: str | None = None  # the chosen answer of an ask
    revision: str | None = None  # draft: the submitted revision id
    sha256: str | None = None  # draft: its hash; publish: hash released
    editors: tuple[str, ...] = ()  # draft: who edited the submitted revision
    approved_by: tuple[str, ...] = ()  # approve: who has approved this revision, in turn
    done_at: datetime | None = None
    again_at: datetime | None = None  # `every`: when it becomes active again
    held: int = 0  # seconds this activation's limit stood still because the run was paused
    resume: str | None = (
        None  # the state to return to when a closed incident is reopened, or the lead comes back
    )
    handed: bool = False  # it ended because another body has the lead


@dataclass(frozen=True, slots=True)
class AdHoc:
    """A task added during the run; with `role` the call-up of that role."""

    id: str
    text: str
    person: str
    within_seconds: int | None = None
    role: str = ""


@dataclass(frozen=True, slots=True)
class DeadlineState:
    """`applies` False = this law clock does not bind this incident (yet). due None with applies = no anchor yet."""

    applies: bool = True
    due: datetime | None = None
    warned: tuple[int, ...] = ()  # seconds-left marks already warned
    met_at: datetime | None = None
    missed_at: datetime | None = None
    start: datetime | None = None  # the moment `due` was counted from
    armed: int = 0  # how often `due` was set or moved; each time the warnings are fresh
    handed_at: datetime | None = None  # since when it is another body's


@dataclass(frozen=True, slots=True)
class Run:
    engine: int = ENGINE
    level: int = 0
    started_at: datetime | None = None
    anchors: dict[str, datetime] = field(default_factory=dict)
    roles: dict[str, Holders] = field(default_factory=dict)
    laws: dict[str, LawClock] = field(default_factory=dict)
    paused_until: datetime | None = None
    paused_at: datetime | None = None
    cancelled: bool = False
    handed_at: datetime | None = None  # since when another body has the lead
    held: bool = False  # only what was added has begun; the playbook's own steps wait for CalledOut
    finished: bool = False
    steps: dict[str, StepState] = field(default_factory=dict)
    added: tuple[AdHoc, ...] = ()
    deadlines: dict[str, DeadlineState] = field(default_factory=dict)
    wake_at: datetime | None = None
    reminded_at: datetime | None = None  # last bundled reminder for stuck steps
    serial: int = 0  # counts what may happen more than once, so that no key is ever used twice


class UnknownEngine(ValueError):
    """The run was written by an engine this one does not know."""


def to_json(run: Run) -> str:
    """Canonical: sorted keys, no spaces, UTC times of fixed width. Equal runs give equal text."""
    return json.dumps(encode(run), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def from_json(text: str) -> Run:
    data: dict[str, Any] = json.loads(text)
    if data.get("engine") != ENGINE:
        raise UnknownEngine(f"engine {data.get('engine')}, this is {ENGINE}")
    run = decode(Run, data)
    assert isinstance(run, Run)
    return run
