"""A playbook as it stands in its file: names with their places, before anybody asked whether they exist.

What was broken is absent. Values only; `shape` makes them, `references` judges them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from playbooks.faults import Mark
from playbooks.language import ByLevel, Span, Verb
from playbooks.yamlmarks import Text


@dataclass(slots=True)
class RungSheet:
    to: Text
    after: Span


@dataclass(slots=True)
class StepSheet:
    """A step as it stands in the file: names with their places. What was broken is absent."""

    id: Text
    verb: Verb
    mark: Mark
    keys: dict[str, Mark] = field(default_factory=dict)
    target: list[Text] = field(default_factory=list)
    by: list[Text] = field(default_factory=list)
    after: list[Text] | None = None  # None = after the step before
    levels: tuple[int, ...] | None = None
    answers: dict[str, tuple[Mark, list[Text]]] = field(default_factory=dict)
    within: ByLevel = field(default_factory=dict)
    ladder: list[RungSheet] = field(default_factory=list)
    ack: str | int = "none"
    via: list[Text] = field(default_factory=list)
    message: Text | None = None
    choices: dict[str, Text] = field(default_factory=dict)  # slug -> label
    choice_marks: dict[str, Mark] = field(default_factory=dict)
    items: list[Text] = field(default_factory=list)
    proof: bool = False
    every: ByLevel | None = None
    critical: bool = False


@dataclass(slots=True)
class UseSheet:
    name: Text


@dataclass(slots=True)
class RoleSheet:
    slug: Text
    title: str
    pick: Text
    standin: list[Text]


@dataclass(slots=True)
class DeadlineSheet:
    id: Text
    title: str
    met_by: Text
    law: Text | None
    within: ByLevel | None
    start: Text | None
    warn: list[Span]
    to: list[Text]


@dataclass(slots=True)
class ReviewSheet:
    template: Text
    by: Text
    within: Span


@dataclass(slots=True)
class Sheet:
    slug: Text | None = None
    version: int = 0
    title: str = ""
    levels: dict[int, str] = field(default_factory=dict)
    topics: list[Text] = field(default_factory=list)
    roles: dict[str, RoleSheet] = field(default_factory=dict)
    broken_roles: set[str] = field(default_factory=set)
    deadlines: list[DeadlineSheet] = field(default_factory=list)
    steps: list[StepSheet | UseSheet] = field(default_factory=list)
    broken_steps: set[str] = field(default_factory=set)
    incomplete: bool = False  # a step could not be read at all: what is not found may be in it
    review: ReviewSheet | None = None
