"""What a playbook says, as frozen values. Knows nothing of YAML (that is `load`) and nothing of a run (that is `run`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

GROUP_PICKS = frozenset({"nhom_dia_ban", "moi_nguoi_dia_ban"})
ANCHORS = ("occurred_at", "detected_at", "accepted_at", "assessed_at", "opened_at")
STANDIN = "thay_the"
REMIND = "nhac_lai"


class Verb(StrEnum):
    ASSIGN = "assign"
    DRAFT = "draft"
    APPROVE = "approve"
    PUBLISH = "publish"
    NOTIFY = "notify"
    TASK = "task"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: elapsed `seconds`, or whole `working_days` (then seconds is 0)."""

    seconds: int = 0
    working_days: int = 0


# A value for each level the playbook knows; a scalar in the file is the same value for every level.
ByLevel = dict[int, Span]


@dataclass(frozen=True, slots=True)
class Role:
    slug: str
    title: str
    pick: str
    standin: tuple[str, ...] = ()

    @property
    def is_group(self) -> bool:
        return self.pick in GROUP_PICKS


@dataclass(frozen=True, slots=True)
class Deadline:
    """`law` names a clock of the legal-basis data (its hours and start are facts of the incident);
    otherwise `within` counts from `start` (an anchor or a step id)."""

    id: str
    title: str
    met_by: str
    law: str | None = None
    within: ByLevel | None = None
    start: str = "opened_at"
    warn: tuple[Span, ...] = ()
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class When:
    """All lines must hold; a tuple means one of. `levels` None = any level."""

    levels: tuple[int, ...] | None = None
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of an escalation ladder: `to` is a role, STANDIN or REMIND; `after` counts from the rung before
    (the first one from the end of the step's limit)."""

    to: str
    after: Span = Span()


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `target` is what the verb governs: roles (assign, notify), a template path (draft),
    a step id (approve, publish) or a text (task, ask). `ack`: "none", "any", "all" or a number."""

    id: str
    verb: Verb
    target: tuple[str, ...]
    by: tuple[str, ...] = ()
    after: tuple[str, ...] = ()  # step ids; empty = at the start
    when: When = When()
    within: ByLevel = field(default_factory=dict)
    ladder: tuple[Rung, ...] = ()
    ack: str | int = "none"
    via: tuple[str, ...] = ()
    message: str | None = None
    choices: dict[str, str] = field(default_factory=dict)
    items: tuple[str, ...] = ()
    proof: bool = False
    every: ByLevel | None = None
    critical: bool = False
    line: int = 0

    @property
    def text(self) -> str:
        return self.target[0]


@dataclass(frozen=True, slots=True)
class Review:
    template: str
    by: str
    within: Span


@dataclass(frozen=True, slots=True)
class Playbook:
    """A whole playbook with its fragments expanded and its templates inlined (`templates`: path -> text).

    `approvals` and `publications` of each draft, and `followers` (the steps whose beginning depends on a step), follow from
    the steps and are asked for at every event of a run."""

    slug: str
    version: int
    title: str
    levels: dict[int, str]
    roles: dict[str, Role]
    steps: tuple[Step, ...]
    topics: tuple[str, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    review: Review | None = None
    templates: dict[str, str] = field(default_factory=dict)
    by_id: dict[str, Step] = field(init=False, repr=False, compare=False)
    approvals: dict[str, tuple[Step, ...]] = field(init=False, repr=False, compare=False)
    publications: dict[str, tuple[Step, ...]] = field(init=False, repr=False, compare=False)
    followers: dict[str, frozenset[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_id: dict[str, Step] = {}
        for step in self.steps:
            by_id.setdefault(step.id, step)
        object.__setattr__(self, "by_id", by_id)
        object.__setattr__(self, "approvals", self._governing(Verb.APPROVE))
        object.__setattr__(self, "publications", self._governing(Verb.PUBLISH))
        object.__setattr__(self, "followers", self._followers())

    def _governing(self, verb: Verb) -> dict[str, tuple[Step, ...]]:
        """The steps of that verb, by the draft they are about."""
        found: dict[str, tuple[Step, ...]] = {}
        for step in self.steps:
            if step.verb is verb:
                found[step.text] = (*found.get(step.text, ()), step)
        return found

    def _followers(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {step.id: set() for step in self.steps}
        for step in self.steps:
            governed = step.target if step.verb in (Verb.APPROVE, Verb.PUBLISH) else ()
            approved = self.approvals.get(step.text, ()) if step.verb is Verb.PUBLISH else ()
            before = [*step.after, *step.when.answers, *governed]
            for approval in approved:
                before += [approval.id, *approval.when.answers]
            for name in before:
                found.setdefault(name, set()).add(step.id)
        return {name: frozenset(steps) for name, steps in found.items()}

    def step(self, id: str) -> Step:
        """Raises KeyError."""
        return self.by_id[id]
