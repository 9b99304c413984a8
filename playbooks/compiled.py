"""A playbook as the canonical JSON a run is pinned to, and back.

The same meaning gives the same bytes: keys sorted, no spaces, places in the file left out. Knows nothing of YAML.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from playbooks.language import (
    ByLevel,
    Deadline,
    Playbook,
    Review,
    Role,
    Rung,
    Span,
    Step,
    Verb,
    When,
)

LANGUAGE = 1


def compile(playbook: Playbook) -> str:
    data = {
        "language": LANGUAGE,
        "playbook": playbook.slug,
        "version": playbook.version,
        "title": playbook.title,
        "levels": {str(level): name for level, name in playbook.levels.items()},
        "topics": list(playbook.topics),
        "roles": [_role(role) for role in playbook.roles.values()],
        "deadlines": [_deadline(deadline) for deadline in playbook.deadlines],
        "steps": [_step(step) for step in playbook.steps],
        "review": _review(playbook.review),
        "templates": playbook.templates,
    }
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256(compiled: str) -> str:
    return hashlib.sha256(compiled.encode()).hexdigest()


def from_compiled(text: str) -> Playbook:
    """The playbook a run was pinned to. Raises ValueError for JSON that is not one."""
    try:
        return _playbook(json.loads(text))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a compiled playbook: {error!r}") from error


def _span(span: Span) -> dict[str, int]:
    return {"days": span.working_days} if span.working_days else {"seconds": span.seconds}


def _by_level(spans: ByLevel | None) -> dict[str, dict[str, int]] | None:
    return None if spans is None else {str(level): _span(span) for level, span in spans.items()}


def _role(role: Role) -> dict[str, Any]:
    return {"slug": role.slug, "title": role.title, "pick": role.pick, "standin": list(role.standin)}


def _deadline(deadline: Deadline) -> dict[str, Any]:
    return {
        "id": deadline.id,
        "title": deadline.title,
        "met_by": deadline.met_by,
        "law": deadline.law,
        "within": _by_level(deadline.within),
        "start": deadline.start,
        "warn": [_span(span) for span in deadline.warn],
        "to": list(deadline.to),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "id": step.id,
        "verb": step.verb.value,
        "target": list(step.target),
        "by": list(step.by),
        "after": list(step.after),
        "when": {
            "levels": None if step.when.levels is None else list(step.when.levels),
            "answers": {question: list(choices) for question, choices in step.when.answers.items()},
        },
        "within": _by_level(step.within),
        "ladder": [{"to": rung.to, "after": _span(rung.after)} for rung in step.ladder],
        "ack": step.ack,
        "via": list(step.via),
        "message": step.message,
        # a list of pairs: the order of choices is the order on the screen, and sorted keys would lose it
        "choices": [[choice, label] for choice, label in step.choices.items()],
        "items": list(step.items),
        "proof": step.proof,
        "every": _by_level(step.every),
        "critical": step.critical,
    }


def _review(review: Review | None) -> dict[str, Any] | None:
    if review is None:
        return None
    return {"template": review.template, "by": review.by, "within": _span(review.within)}


def _playbook(data: dict[str, Any]) -> Playbook:
    if data["language"] != LANGUAGE:
        raise ValueError(f"a playbook of language {data['language']}, this is {LANGUAGE}")
    roles = [Role(r["slug"], r["title"], r["pick"], tuple(r["standin"])) for r in data["roles"]]
    return Playbook(
        slug=data["playbook"],
        version=data["version"],
        title=data["title"],
        levels={
            int(level): name for level, name in sorted(data["levels"].items(), key=lambda kv: int(kv[0]))
        },
        roles={role.slug: role for role in roles},
        steps=tuple(_read_step(step) for step in data["steps"]),
        topics=tuple(data["topics"]),
        deadlines=tuple(_read_deadline(deadline) for deadline in data["deadlines"]),
        review=_read_review(data["review"]),
        templates=dict(data["templates"]),
    )


def _read_span(data: dict[str, int]) -> Span:
    return Span(seconds=data.get("seconds", 0), working_days=data.get("days", 0))


def _read_levels(data: dict[str, Any] | None) -> ByLevel | None:
    if data is None:
        return None
    return {int(level): _read_span(span) for level, span in sorted(data.items(), key=lambda kv: int(kv[0]))}


def _read_deadline(data: dict[str, Any]) -> Deadline:
    return Deadline(
        id=data["id"],
        title=data["title"],
        met_by=data["met_by"],
        law=data["law"],
        within=_read_levels(data["within"]),
        start=data["start"],
        warn=tuple(_read_span(span) for span in data["warn"]),
        to=tuple(data["to"]),
    )


def _read_step(data: dict[str, Any]) -> Step:
    when = data["when"]
    levels = None if when["levels"] is None else tuple(when["levels"])
    answers = {question: tuple(choices) for question, choices in when["answers"].items()}
    return Step(
        id=data["id"],
        verb=Verb(data["verb"]),
        target=tuple(data["target"]),
        by=tuple(data["by"]),
        after=tuple(data["after"]),
        when=When(levels, answers),
        within=_read_levels(data["within"]) or {},
        ladder=tuple(Rung(rung["to"], _read_span(rung["after"])) for rung in data["ladder"]),
        ack=data["ack"],
        via=tuple(data["via"]),
        message=data["message"],
        choices=dict(data["choices"]),
        items=tuple(data["items"]),
        proof=data["proof"],
        every=_read_levels(data["every"]),
        critical=data["critical"],
    )


def _read_review(data: dict[str, Any] | None) -> Review | None:
    return None if data is None else Review(data["template"], data["by"], _read_span(data["within"]))
