"""What the record itself shows of the actions a drill expects: a table, one rule a word, over the entries of a timeline.

Pure. It never asks a person: what the record cannot show is for the evaluators to write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from incident.domain.drill import DrillClock

REPORTED = "da_bao_cao"  # the choice by which the library's playbooks say that the leader was told


class Line(Protocol):
    """What is read of an entry."""

    @property
    def seq(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def data(self) -> dict[str, Any]: ...


@dataclass(slots=True)
class Before:
    """What the entries so far have told: who was asked to stand in, and whether anything stands outside."""

    stand_ins: set[str] = field(default_factory=set)
    released: bool = False

    def learn(self, line: Line) -> None:
        if line.kind == "stand_in_asked" and line.data.get("person"):
            self.stand_ins.add(str(line.data["person"]))
        if line.kind == "person_invited" and line.data.get("person"):
            self.stand_ins.add(str(line.data["person"]))
        self.released = self.released or line.kind == "released"


Rule = Callable[[Line, Before], bool]


def _of(*kinds: str) -> Rule:
    return lambda line, before: line.kind in kinds


def _stand_in(kind: str) -> Rule:
    return lambda line, before: line.kind == kind and line.data.get("person") in before.stand_ins


def _leader(line: Line, before: Before) -> bool:
    told = line.kind == "leader_informed" and line.data.get("reached") is not False
    return told or (line.kind == "answered" and line.data.get("choice") == REPORTED)


def _raised(line: Line, before: Before) -> bool:
    was, is_ = line.data.get("before"), line.data.get("after")
    return line.kind == "level_changed" and isinstance(was, int) and isinstance(is_, int) and is_ > was


RULES: Mapping[str, Rule] = {
    "leader_informed": _leader,
    "leader_directed": _of("directive"),
    "acknowledged": _of("acknowledged"),
    "stand_in_accepted": _stand_in("acknowledged"),
    "question_answered": _of("answered"),
    "proof_kept": _of("proof_added"),
    "statement_submitted": _of("submitted"),
    "statement_returned": _of("returned"),
    "statement_approved": _of("approved"),
    "deputy_approved": _stand_in("approved"),
    "statement_released": _of("released"),
    "communes_told": _of("mailing_sent"),
    "communes_told_first": lambda line, before: line.kind == "mailing_sent" and not before.released,
    "enquiry_logged": _of("press_asked"),
    "enquiry_answered": _of("press_answered"),
    "answered_before_deadline": lambda line, before: line.kind == "press_answered" and not line.data.get("late"),
    "fact_refuted": _of("facts_changed"),
    "dinh_chinh_opened": _of("correction_opened", "corrected", "withdrawn"),
    "level_raised": _raised,
    "role_changed": _of("role_changed"),
    "second_channel_used": lambda line, before: (
        line.kind in ("channel_hop", "call_recorded")
        or (line.kind in ("acknowledged", "declined") and line.data.get("via") not in (None, "sms"))
    ),
    "call_recorded": _of("call_recorded"),
    "note_written": _of("note", "directive"),
    "zalo_told": _of("group_told"),
}  # fmt: skip


def first_shown(word: str, lines: Sequence[Line], after: int) -> Line | None:
    """The first entry behind `after` that shows what `word` names (a key of RULES)."""
    rule, before = RULES[word], Before()
    for line in lines:
        if line.seq > after and rule(line, before):
            return line
        before.learn(line)
    return None


def clocks(lines: Iterable[Line], opened_at: datetime) -> list[DrillClock]:
    """The drill's clock as it was set, the oldest first."""
    found = [DrillClock(opened_at)]
    for line in lines:
        if line.kind == "drill_clock":
            data = line.data
            found.append(DrillClock(line.occurred_at, data["seconds"], data["rate"], data["paused"]))
    return found


def shown_at(history: Sequence[DrillClock], moment: datetime) -> int:
    """What the drill's clock showed then, in seconds."""
    return next((clock for clock in reversed(history) if clock.at <= moment), history[0]).shows(moment)
