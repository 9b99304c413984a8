"""The vocabulary between the engine and the service: events that may happen, effects that must follow.

Everything that can happen to a run is one of the events; everything the service must do is one of the effects.
People are opaque ids. Times are aware UTC datetimes. `at` on an event is when it happened outside (never later than
the engine's `now`); where it is absent the engine's `now` is meant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds a role: `people` in order, `standins` in order. A group keeps no people here, only a name."""

    people: tuple[str, ...] = ()
    standins: tuple[str, ...] = ()
    group: bool = False


@dataclass(frozen=True, slots=True)
class LawClock:
    """A clock of the legal-basis data as it applies to this incident: hours from an anchor, by one basis."""

    anchor: str
    hours: int
    basis: str


# ---------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class Started:
    level: int
    anchors: dict[str, datetime]  # includes opened_at
    roles: dict[str, Holders]
    laws: dict[str, LawClock] = field(default_factory=dict)  # by the name a deadline's `law:` uses
    hold: bool = False  # the clocks run, the steps of the playbook wait for CalledOut


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A person accepted. For a group, `person` is None and `count` parties answered at once."""

    step: str
    activation: int
    person: str | None = None
    count: int = 1
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    step: str
    activation: int
    person: str | None = None
    count: int = 1
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No channel can reach the person. Acts like Declined; the reason is kept."""

    step: str
    activation: int
    person: str | None = None
    count: int = 1
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AudienceFrozen:
    """A group's audience is known: `total` parties are asked in this activation."""

    step: str
    activation: int
    total: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A choice of an `ask` step was made."""

    step: str
    person: str | None
    choice: str


@dataclass(frozen=True, slots=True)
class Ticked:
    """Items of a `task` were ticked (and proof given). `items` are indices; a task without items is done by one tick."""

    step: str
    person: str | None
    items: tuple[int, ...] = ()
    proof: bool = False


@dataclass(frozen=True, slots=True)
class Edited:
    """The text of a draft changed after it was submitted: voids approvals, withdraws a waiting publish."""

    step: str
    person: str | None


@dataclass(frozen=True, slots=True)
class Submitted:
    """A revision of a draft was submitted. `editors`: everyone who edited this revision (they may not approve it)."""

    step: str
    person: str | None
    revision: str
    sha256: str
    editors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Approved:
    step: str
    person: str
    revision: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ApprovalWithdrawn:
    """The person says that the approval recorded in their name is not theirs: it and those after it are void, a waiting
    publish is withdrawn, and the approval waits for this person again. The text stays submitted."""

    step: str
    person: str


@dataclass(frozen=True, slots=True)
class Returned:
    step: str
    person: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """The current turn of a `publish` step did its part with the text of `sha256`: first the one entitled to speak
    releases, then the poster posts. The step is done at the last turn; deadlines it ends are met at `at`."""

    step: str
    person: str
    sha256: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LevelChanged:
    level: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FactChanged:
    """Anchor times set or corrected (None removes), holders of roles changed, law clocks that now apply (replaces all)."""

    anchors: dict[str, datetime | None] = field(default_factory=dict)
    roles: dict[str, Holders] = field(default_factory=dict)
    laws: dict[str, LawClock] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class Redone:
    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class Added:
    """An ad-hoc task for one person; with `role` instead the call-up of that role. `within_seconds` None = no limit."""

    step: str
    text: str
    person: str
    within_seconds: int | None = None
    role: str = ""


@dataclass(frozen=True, slots=True)
class CalledOut:
    """A run that was held goes on: the steps of the playbook begin now."""


@dataclass(frozen=True, slots=True)
class Reassigned:
    step: str
    person: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Invited:
    """Those on duty call a person up: beside the others (`role` ""), in a role, or in place of one who sent them. Who is
    already asked and cannot be reached is asked again."""

    step: str
    person: str
    role: str = ""
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody called up in an incident that became part of this one takes part here: with the yes they gave there
    (`accepted`), or still to answer. They are not called up a second time."""

    step: str
    person: str
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Retracted:
    """An answer recorded by mistake is taken back: the person waits again. For a group `person` is None."""

    step: str
    activation: int
    person: str | None = None
    accepted: bool = True


@dataclass(frozen=True, slots=True)
class Restored:
    """One who was replaced and answered late takes the place back from the stand-in."""

    step: str
    activation: int
    person: str


@dataclass(frozen=True, slots=True)
class Paused:
    until: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Resumed:
    pass


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The incident was closed: everything still open stops, repeats end."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Another body has the lead from `at` on (never later than now). The steps of `keep` go on here; every other one ends,
    repeats too, and a deadline that such a step would have met is the other body's: neither met nor missed here."""

    at: datetime
    keep: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The lead came back: what ended with the hand-over goes on, and the deadlines run as if they had never left."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """The incident was opened again: what was open when it was closed becomes active again."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Revised:
    """The run goes on with another version of its playbook, which is the one `advance` is given. `before`, `version`: ids
    of the two; `roles`: the holders of every role of the new one."""

    before: str
    version: str
    roles: dict[str, Holders] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimePassed:
    pass


Event = (
    Started
    | Acknowledged
    | Declined
    | Unreachable
    | AudienceFrozen
    | Answered
    | Ticked
    | Edited
    | Submitted
    | Approved
    | ApprovalWithdrawn
    | Returned
    | Published
    | LevelChanged
    | FactChanged
    | Skipped
    | Redone
    | Added
    | CalledOut
    | Reassigned
    | Invited
    | Joined
    | Retracted
    | Restored
    | Paused
    | Resumed
    | Cancelled
    | HandedOver
    | TakenBack
    | Reopened
    | Revised
    | TimePassed
)

# ---------------------------------------------------------------- effects
#
# `key` is unique within a run for ever: step:activation:kind:rung:person (the service adds the incident and the
# channel). `due` is the moment the ladder moves on if nothing happens ("trước 02h25"), None when it never does.


@dataclass(frozen=True, slots=True)
class Summon:
    """Call a person up and wait for an answer. `person` None = the whole group of `role`."""

    key: str
    step: str
    activation: int
    role: str
    person: str | None
    rung: int = 0
    instead_of: str | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell a person (or a group) the text of a registered template; `ack` = an answer is counted."""

    key: str
    step: str
    activation: int
    role: str
    person: str | None
    message: str
    via: tuple[str, ...]
    ack: bool
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Remind:
    """Remind one person (or those of the group who have not answered) of what they were asked in this activation."""

    key: str
    step: str
    activation: int
    role: str
    person: str | None
    rung: int
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task, question or publication now waits for this person."""

    key: str
    step: str
    activation: int
    role: str
    person: str
    rung: int = 0
    instead_of: str | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenDraft:
    key: str
    step: str
    activation: int
    role: str
    person: str
    rung: int = 0
    instead_of: str | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class AskApproval:
    key: str
    step: str
    activation: int
    role: str
    person: str
    draft: str
    revision: str
    sha256: str
    rung: int = 0
    instead_of: str | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Warn:
    """Tell a person that a step or a deadline needs them. reason: overdue | stuck | approaching | missed | unanswered."""

    key: str
    about: str  # "step" | "deadline"
    id: str
    activation: int
    role: str
    person: str
    reason: str
    rung: int = 0
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class StandDown:
    """Nothing more is awaited for this activation: open requests of it end (state "expired", or "replaced" for
    `persons` whose stand-in acted). `persons` empty = all of the activation. Unsent messages for it are cancelled.
    A call-up that is done (reason "done" of an assign or notify) only stops reminding: late answers still count."""

    key: str
    step: str
    activation: int
    persons: tuple[str, ...] = ()
    reason: str = ""  # done | skipped | cancelled | handed_over | replaced | redone


@dataclass(frozen=True, slots=True)
class Record:
    """A line for the timeline. `kind` is snake_case English; `data` is JSON without floats."""

    key: str
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Exactly one, last, in every non-empty list of effects: when time must next be told to this run."""

    at: datetime | None


@dataclass(frozen=True, slots=True)
class Finish:
    """Every step has ended. The incident stays open until a person closes it."""

    key: str


Effect = (
    Summon
    | Notify
    | Remind
    | OpenTask
    | OpenDraft
    | AskApproval
    | Warn
    | StandDown
    | Record
    | WakeAt
    | Finish
)

# The kinds a Record may carry, with the keys of its data:
#   step_started {step, activation, people, due}    step_done {step, activation, result}
#   step_not_needed {step}      step_skipped {step, reason}    step_redone {step, reason, activation}
#   step_overdue {step, activation, rung, to}       step_stuck {step, activation}
#   stand_in_asked {step, activation, person, instead_of}
#   approvals_voided {step}     publish_withdrawn {step}     approval_withdrawn {step, person}
#   deadline_set {deadline, due, start, applies?}   deadline_warned {deadline, left_seconds}
#   deadline_met {deadline, at, due}                deadline_missed {deadline, due}
#   deadline_handed_over {deadline, at, due}        deadline_taken_back {deadline, due}
#   role_holder_changed {role, people}              run_finished {}
#   nobody_to_ask {step, activation, role}          (neither holder nor stand-in can be asked)
RECORD_KINDS = frozenset(
    {
        "step_started",
        "step_done",
        "step_not_needed",
        "step_skipped",
        "step_redone",
        "step_overdue",
        "step_stuck",
        "stand_in_asked",
        "approval_withdrawn",
        "approvals_voided",
        "publish_withdrawn",
        "deadline_set",
        "deadline_warned",
        "deadline_met",
        "deadline_missed",
        "deadline_handed_over",
        "deadline_taken_back",
        "role_holder_changed",
        "run_finished",
        "nobody_to_ask",
    }
)
