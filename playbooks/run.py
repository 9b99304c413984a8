"""How far one run has come: a value, and its way to and from JSON. The engine alone decides what is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

from playbooks.signals import Holders, LawClock
from playbooks.wire import decode, encode

# Raised when a run written before would be read, or would go on, differently; the number stands in every stored run.
ENGINE = 2  # 2: another body may have the lead
Migration = Callable[[dict[str, Any]], dict[str, Any]]


def _nobody_else_leads(data: dict[str, Any]) -> dict[str, Any]:
    return data | {"handed_at": None}


# One function a raise, kept for ever: it turns the data of a run of engine n into that of engine n + 1; fields that it does
# not name have their defaults. `tests/playbooks/stored` has the log of a run of each engine, which is replayed.
MIGRATIONS: Mapping[int, Migration] = {1: _nobody_else_leads}

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


State = TypeVar("State", Run, StepState)


def evolve(before: State, /, **fields: Any) -> State:
    """The same with other fields, as `dataclasses.replace`: at a fifth of its cost, which is paid several times an event."""
    kind: Any = type(before)
    read, slots = _fields_of(kind)
    new: State = object.__new__(kind)
    for put, value in zip(slots.values(), read(before), strict=True):
        put(new, value)
    for name, value in fields.items():
        slots[name](new, value)
    return new


@cache
def _fields_of(kind: Any) -> tuple[Callable[[Any], tuple[Any, ...]], dict[str, Callable[[Any, Any], None]]]:
    names = kind.__slots__
    return attrgetter(*names), {name: kind.__dict__[name].__set__ for name in names}


class UnknownEngine(ValueError):
    """The run was written by an engine this one does not know: a later one."""


def to_json(run: Run) -> str:
    """Canonical: sorted keys, no spaces, UTC times of fixed width. Equal runs give equal text."""
    return json.dumps(encode(run), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def from_json(text: str, engine: int = ENGINE, migrations: Mapping[int, Migration] = MIGRATIONS) -> Run:
    """The run as this engine reads it, whichever engine wrote it. Raises UnknownEngine."""
    data: dict[str, Any] = json.loads(text)
    while (written := data.get("engine")) != engine:
        if not isinstance(written, int) or written not in migrations:
            raise UnknownEngine(f"engine {written}, this is {engine}")
        data = migrations[written](data) | {"engine": written + 1}
    run = decode(Run, data)
    assert isinstance(run, Run)
    return run
