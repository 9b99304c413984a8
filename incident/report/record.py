"""Everything the record says of one incident, as values: what room, API and report are made from.

`gather` (in `gathering`) reads it in a fixed number of queries. Nothing here reads the database or the clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from incident.domain.address import USUAL, called
from incident.domain.words import Said


@dataclass(frozen=True, slots=True)
class CallView:
    """A call or an answer heard elsewhere, as it was recorded and not taken back (see `store.tables.PhoneCall`)."""

    id: str
    person_id: str
    name: str
    outcome: str
    source: str
    occurred_at: datetime
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class MemberView:
    """A person asked in the task force (or told with an answer wanted). state: not_told | sending | asked | accepted |
    declined | replaced | expired | wrong_number | unreachable | review | stopped (nothing was sent to them)."""

    person_id: str
    name: str
    post: str
    unit: str
    role: str
    role_title: str
    state: str
    phone: str | None
    landline: str | None
    asked_at: datetime | None
    answered_at: datetime | None
    via: str | None
    step: str
    request_id: str | None
    instead_of: str | None = None  # name
    replaced_by: str | None = None  # name
    reason: str = ""
    stand_in_accepted: bool = False  # and not merely asked
    late: bool = False  # replaced, then said yes: those on duty decide who stays
    calls: tuple[CallView, ...] = ()  # since they were asked, oldest first
    xung_ho: str = USUAL
    stands_in_for: str = ""  # as they are addressed
    stood_in_by: str = ""
    rang_at: datetime | None = None  # the last automatic call
    rang: str = ""  # ringing | picked_up | no-answer | busy | failed

    @property
    def called(self) -> Said:
        """As they are addressed: "ông Lê Văn Ví 03"."""
        return called(self.xung_ho, self.name)


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group of a step, by numbers."""

    step: str
    role: str
    role_title: str
    total: int
    accepted: int
    declined: int
    waiting: int


@dataclass(frozen=True, slots=True)
class StepView:
    id: str
    verb: str
    title: str
    state: str
    activation: int
    since: datetime | None
    due: datetime | None
    done_at: datetime | None
    people: tuple[str, ...]  # names of those it now waits for
    person_ids: tuple[str, ...]
    roles: tuple[str, ...]  # titles
    choices: dict[str, str]
    result: str | None
    items: tuple[str, ...]
    ticked: tuple[int, ...]
    needs_proof: bool
    proofs: tuple[str, ...]
    statement_id: str | None
    after: tuple[str, ...]
    added: bool = False
    turn: int = 0


@dataclass(frozen=True, slots=True)
class DeadlineView:
    """state: running | warned | met | missed | handed | no_anchor | not_applicable. `law` True = theo luật, else mục tiêu nội bộ."""

    id: str
    title: str
    law: bool
    basis: str  # "Nghị định 244/2026/NĐ-CP, Điều 7 khoản 3 …" or ""
    basis_note: str  # source and verification mark
    start: str  # anchor name or step id
    start_title: str
    started_at: datetime | None
    due: datetime | None
    met_at: datetime | None
    missed_at: datetime | None
    state: str
    handed_at: datetime | None = None  # since when it is another body's


@dataclass(frozen=True, slots=True)
class PhoneNote:
    """Who wrote an approval by telephone down, and what the approver said of it afterwards."""

    recorded_by: str  # name
    recorder_id: str
    recorded_at: datetime
    words: str  # as they may be shown
    confirmed_at: datetime | None
    confirmed_via: str | None
    disputed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ApprovalView:
    person_id: str
    name: str
    decision: str
    reason: str
    via: str
    at: datetime
    sha256: str
    phone: PhoneNote | None = None

    @property
    def stands(self) -> bool:
        """Not contradicted by the one it was recorded for."""
        return self.phone is None or self.phone.disputed_at is None

    @property
    def unconfirmed(self) -> bool:
        return self.phone is not None and self.stands and self.phone.confirmed_at is None


@dataclass(frozen=True, slots=True)
class RevisionView:
    id: str
    n: int
    text: str
    sha256: str
    code: str
    editors: tuple[str, ...]  # names
    submitted_by: str
    submitted_at: datetime
    voided_at: datetime | None
    approvals: tuple[ApprovalView, ...]

    @property
    def unapproved(self) -> bool:
        """The head let it go out without its approval."""
        return any(approval.decision == "skipped" for approval in self.approvals)


@dataclass(frozen=True, slots=True)
class ReleaseView:
    id: str
    revision_n: int
    sha256: str
    released_by: str
    approved_to_go_at: datetime
    posted_by: str | None
    channel: str | None
    form: str | None
    link: str | None
    released_at: datetime | None
    recorded_at: datetime | None
    taken_down_at: datetime | None = None
    taken_down_by: str | None = None
    taken_down_why: str = ""


@dataclass(frozen=True, slots=True)
class StatementView:
    id: str
    step: str
    title: str
    state: str
    text: str
    version: int
    revisions: tuple[RevisionView, ...]
    releases: tuple[ReleaseView, ...]
    approve_step: str | None
    publish_step: str | None
    waits_for: tuple[str, ...]  # names
    waits_for_ids: tuple[str, ...]
    corrects: str | None = None
    updated_at: datetime | None = None

    @property
    def unconfirmed(self) -> tuple[ApprovalView, ...]:
        """Approvals by telephone of the newest revision that wait for their approver's word."""
        newest = self.revisions[-1] if self.revisions else None
        if newest is None or newest.voided_at is not None:
            return ()
        return tuple(approval for approval in newest.approvals if approval.unconfirmed)

    @property
    def unapproved(self) -> bool:
        """What would go out, or stands outside, was not approved: it says so of itself."""
        shown = [r for r in self.revisions if r.voided_at is None][-1:]
        return self.state in ("approved", "released", "corrected", "withdrawn") and any(
            r.unapproved for r in shown
        )

    @property
    def _contradictions(self) -> tuple[ApprovalView, ...]:
        """Of the newest revision: what its approver denied and has not given since."""
        newest = self.revisions[-1] if self.revisions else None
        if newest is None or newest.voided_at is not None:
            return ()
        return tuple(a for a in newest.approvals if not a.stands and not _approved_since(newest, a))

    @property
    def contradicted(self) -> bool:
        """It stands outside, and one recorded as its approver says that they did not approve."""
        return self.state == "released" and bool(self._contradictions)

    @property
    def taken_back(self) -> tuple[ApprovalView, ...]:
        """Approvals recorded and denied, which the text waits for again."""
        return self._contradictions[-1:] if self.state == "submitted" else ()


def _approved_since(revision: RevisionView, disputed: ApprovalView) -> bool:
    """The same person has approved the same revision after all."""
    return any(
        a.decision == "approved" and a.stands and a.person_id == disputed.person_id
        for a in revision.approvals
    )


@dataclass(frozen=True, slots=True)
class EntryView:
    """One line of the timeline. `text` is the sentence in Vietnamese; `free` the free texts as they may be shown
    (masked ones replaced), `maskable` the fields that still hold text. `salts`: by field what an exported file needs
    to prove the text; a masked field has none."""

    seq: int
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    actor: dict[str, Any]
    data: dict[str, Any]
    text: str
    free: dict[str, str]
    maskable: tuple[str, ...]
    canonical: str
    hash: str
    prev_hash: str
    salts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One request and its answer, for the report's table of asked and answered."""

    person_id: str
    name: str
    post: str
    unit: str
    role: str
    step: str
    activation: int
    purpose: str
    party: str
    grouped: bool
    asked_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    state: str
    via: str | None
    instead_of: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A reply a person must decide. `means`: what the machine made of it; "flood" where one number sent too many."""

    inbound_id: str
    sender: str
    person: str | None
    person_id: str | None
    body: str
    received_at: datetime
    means: str = ""


@dataclass(frozen=True, slots=True)
class ImprovementView:
    id: str
    issue: str
    action: str
    owner: str
    unit: str
    due: date
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class PressView:
    """A question of the press. state: new | answering | answered | refused. `question`, `answer` (of a refusal: its
    reason) as they may be shown. `name` and `phone` of the journalist: the caller decides who sees them."""

    id: str
    n: int
    outlet: str
    name: str
    phone: str
    question: str
    received_at: datetime
    deadline: datetime | None
    state: str
    owner_id: str | None
    owner: str
    answered_at: datetime | None
    answer: str
    link: str

    @property
    def open(self) -> bool:
        return self.state in ("new", "answering")

    @property
    def late(self) -> bool:
        """Answered or refused after the outlet's own deadline."""
        return bool(self.deadline and self.answered_at and self.answered_at > self.deadline)


@dataclass(frozen=True, slots=True)
class OtherView:
    """The incident that this one became part of."""

    id: str
    code: str
    number: str
    title: str


@dataclass(frozen=True, slots=True)
class ReleasedView:
    """A text that was released by a merged incident."""

    statement_id: str
    title: str
    at: datetime
    link: str


@dataclass(frozen=True, slots=True)
class MergedView:
    """An incident that became part of this one. `notes`: its last notes, instructions and calls; `timeline`: all of it,
    where a report needs it. `chain_seq`, `chain_hash`: the head of its timeline."""

    id: str
    code: str
    number: str
    title: str
    at: datetime | None
    chain_seq: int
    chain_hash: str
    notes: tuple[EntryView, ...] = ()
    released: tuple[ReleasedView, ...] = ()
    timeline: tuple[EntryView, ...] = ()


@dataclass(frozen=True, slots=True)
class HandedView:
    """Another body has the lead: its name, since when, the paper's number and symbol ("" for none)."""

    to: str
    short: str
    at: datetime
    paper: str


@dataclass(frozen=True, slots=True)
class RemarkView:
    """What an evaluator of a drill wrote. `rating` of the objective: P | S | M | U, "" for a mere note."""

    objective: str
    rating: str
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DrillView:
    """What a drill has beside an incident; not for those who play. `script`: as `playbooks.injects` compiles it;
    `roles`: titles of its playbook's roles."""

    script: dict[str, Any]
    roles: dict[str, str]
    participants: int
    rate: int
    clock_at: datetime
    clock_seconds: int
    paused_at: datetime | None
    frozen_at: datetime | None
    controllers: tuple[str, ...]
    remarks: tuple[RemarkView, ...]


@dataclass(frozen=True, slots=True)
class IncidentView:
    """The whole of one incident as the record has it."""

    id: str
    code: str
    number: str
    mode: str
    title: str
    summary: str
    short_name: str
    playbook: str
    playbook_title: str
    playbook_version: int
    playbook_sha256: str
    level: int
    level_name: str
    levels: dict[int, str]
    area: tuple[str, ...]
    area_names: tuple[str, ...]
    topic: str | None
    kinds: tuple[str, ...]
    source: str
    occurred_at: datetime | None
    detected_at: datetime | None
    accepted_at: datetime | None
    assessed_at: datetime | None
    opened_at: datetime
    opened_by: str
    status: str
    outcome: str | None
    closed_at: datetime | None
    paused_until: datetime | None
    basis: dict[str, Any]
    steps: tuple[StepView, ...]
    task_force: tuple[MemberView, ...]
    groups: tuple[GroupView, ...]
    deadlines: tuple[DeadlineView, ...]
    statements: tuple[StatementView, ...]
    answers: tuple[AnswerView, ...]
    messages: dict[str, int]  # by status
    review: tuple[ReviewView, ...]
    timeline: tuple[EntryView, ...]
    sections: dict[str, str]
    section_versions: dict[str, int]
    improvements: tuple[ImprovementView, ...]
    names: dict[str, Any]
    chain_seq: int
    chain_hash: str
    press: tuple[PressView, ...] = ()
    calls: tuple[CallView, ...] = ()
    held_at: datetime | None = None  # only the leader on duty was told
    stopped_at: datetime | None = None  # sending was stopped by a person
    leaving: int = 0  # messages that have not left, with those of mailings still to be expanded
    left_out: tuple[str, ...] = ()  # person ids who were not to be called
    heads: tuple[str, ...] = ()  # person ids of those who lead
    merged_into: OtherView | None = None
    merged: tuple[MergedView, ...] = ()
    handed: HandedView | None = None
    exercise: DrillView | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def drill(self) -> bool:
        return self.mode == "drill"

    def called(self, person_id: str | None, name: str = "") -> Said:
        """One of this incident as they are addressed; `name` where the record knows only that."""
        known = self.names.get(person_id or "") or {}
        return called(known.get("xung_ho"), name or known.get("name", ""))


@dataclass(frozen=True, slots=True)
class IncidentCard:
    """One incident on the board: how urgent it is and whom it waits for."""

    id: str
    code: str
    number: str
    mode: str
    title: str
    short_name: str
    playbook: str
    playbook_title: str
    level: int
    level_name: str
    area: tuple[str, ...]
    area_names: tuple[str, ...]
    opened_at: datetime
    status: str
    outcome: str | None
    closed_at: datetime | None
    paused_until: datetime | None
    next_deadline: DeadlineView | None  # the nearest one that still runs
    missed: int  # deadlines missed and still not met
    asked: int  # people of the task force asked
    accepted: int
    missing: tuple[str, ...]  # names of those asked who have not answered
    overdue: int  # steps that are stuck
    open_steps: int
    review: int  # replies a person must decide
    held: bool  # only the leader on duty was told
    stopped: bool  # sending was stopped by a person
    handed_to: str = ""  # another body has the lead
    handed_at: datetime | None = None

    @property
    def drill(self) -> bool:
        return self.mode == "drill"
