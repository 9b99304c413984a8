"""The statements that read one incident. Built once: building a statement takes as long as running it, and a page asks all.

Each takes the parameter `incident`. Must never know what is made of the rows.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from incident.store.tables import (
    Assignment,
    Attempt,
    DrillRemark,
    FreeText,
    Improvement,
    Inbound,
    Incident,
    Mailing,
    Message,
    MessageCause,
    Participant,
    Person,
    PhoneApproval,
    PhoneCall,
    PlaybookVersion,
    Post,
    Proof,
    ReportSection,
    Request,
    RunEvent,
    Statement,
    Unit,
)
from incident.store.tables import Run as RunRow

THIS = bindparam("incident", type_=String)
AT_HAND = Request.grouped.is_(False)  # asked by name, not as one of a group


def of_this(column: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == THIS
    return found


def _scalar(value: Any, column: Any) -> Any:
    return select(value).where(of_this(column)).scalar_subquery()


def _sent_to(*which: ColumnElement[bool]) -> Select[Any]:
    taken = (
        select(
            Attempt.message_id,
            func.min(Attempt.finished_at).label("at"),
            func.max(Attempt.started_at).label("last"),
        )
        .join(Message, Message.id == Attempt.message_id)
        .where(of_this(Message.incident_id), Attempt.outcome == "accepted")
        .group_by(Attempt.message_id)
        .subquery()
    )
    return (
        select(
            MessageCause.request_id, Message.status, taken.c.at, Message.channel, Message.error, taken.c.last
        )
        .distinct()
        .join(Message, Message.id == MessageCause.message_id)
        .join(Request, Request.id == MessageCause.request_id)
        .join(taken, taken.c.message_id == Message.id, isouter=True)
        .where(of_this(Request.incident_id), *which)
    )


def _in_review() -> ColumnElement[bool]:
    """A reply of this incident, or of somebody who has an open request in it and named no incident."""
    open_here = select(Request.person_id).where(of_this(Request.incident_id), Request.state == "asked")
    unnamed = and_(Inbound.incident_id.is_(None), Inbound.person_id.in_(open_here))
    return and_(Inbound.state == "review", or_(of_this(Inbound.incident_id), unnamed))


_OTHER = aliased(Incident)
HEAD = (
    select(
        Incident,
        PlaybookVersion.version,
        PlaybookVersion.title,
        PlaybookVersion.sha256,
        RunRow.state,
        select(func.sum(Mailing.total - Mailing.cursor))
        .where(of_this(Mailing.incident_id), Mailing.done_at.is_(None))
        .scalar_subquery()
        .label("unexpanded"),
        exists(select(_OTHER.id).where(of_this(_OTHER.merged_into))).label("holds_others"),
    )
    .join(PlaybookVersion, PlaybookVersion.id == Incident.playbook_version)
    .join(RunRow, RunRow.incident_id == Incident.id, isouter=True)
    .where(of_this(Incident.id))
    .execution_options(populate_existing=True)
)
MERGED = select(Incident).where(of_this(Incident.merged_into)).order_by(Incident.closed_at, Incident.id)
REQUESTS = (
    select(
        Request.id, Request.step, Request.activation, Request.person_id, Request.role, Request.purpose,
        Request.grouped, Request.party, Request.instead_of, Request.state, Request.asked_at, Request.answered_at,
        Request.via, Request.reason,
    )
    .where(of_this(Request.incident_id))
    .order_by(Request.asked_at, Request.id)
)  # fmt: skip
NAMED_REQUESTS = REQUESTS.where(AT_HAND)
SENT = _sent_to()
NAMED_SENT = _sent_to(AT_HAND)
PEOPLE = Person.id.in_(bindparam("people", expanding=True))
CONTACT = select(
    Person.id, Person.name, Person.phone, Person.landline, Person.email, Person.wrong_number_at, Unit.short_name, Person.xung_ho
).join(Unit, Unit.key == Person.unit)  # fmt: skip
CONTACTS = CONTACT.where(PEOPLE)
ALL_CONTACTS = CONTACT.where(
    or_(PEOPLE, Person.id.in_(select(Request.person_id).where(of_this(Request.incident_id))))
)
POSTS = (
    select(Assignment.person, Post.title)
    .join(Post, Post.key == Assignment.post)
    .where(Assignment.person.in_(bindparam("people", expanding=True)))
    .order_by(Assignment.valid_from, Assignment.id)
)
MESSAGE_COUNTS = (
    select(Message.status, func.count().label("n"))
    .where(of_this(Message.incident_id))
    .group_by(Message.status)
)
REVIEW = (
    select(
        Inbound.id,
        Inbound.sender,
        Person.name,
        Inbound.person_id,
        Inbound.body,
        Inbound.received_at,
        Inbound.means,
    )
    .join(Person, Person.id == Inbound.person_id, isouter=True)
    .where(_in_review())
    .order_by(Inbound.received_at, Inbound.id)
)
PROOFS = select(Proof.step, Proof.text).where(of_this(Proof.incident_id)).order_by(Proof.created_at, Proof.id)
CALLS = (
    select(
        PhoneCall.id, PhoneCall.person_id, Person.name, PhoneCall.outcome, PhoneCall.source,
        PhoneCall.occurred_at, PhoneCall.recorded_at, PhoneCall.recorded_by,
    )
    .join(Person, Person.id == PhoneCall.person_id)
    .where(of_this(PhoneCall.incident_id), PhoneCall.undone_at.is_(None))
    .order_by(PhoneCall.occurred_at, PhoneCall.id)
)  # fmt: skip
UNITS = (
    select(
        Request.id, Request.step, Request.role, Unit.short_name, Person.id, Person.name, Person.phone,
        Person.landline, Request.state, Request.asked_at, Request.answered_at, Request.via, Request.reason,
        Person.xung_ho,
    )
    .join(Person, Person.id == Request.person_id)
    .join(Unit, Unit.key == Request.party)
    .where(of_this(Request.incident_id), Request.grouped)
)  # fmt: skip
TEXTS = (
    select(FreeText.seq, FreeText.field, FreeText.text, FreeText.salt, FreeText.mask_reason, FreeText.masked_at)
    .where(FreeText.chain == bindparam("chain"), FreeText.seq.between(bindparam("first"), bindparam("last")))
    .order_by(FreeText.seq, FreeText.field)
)  # fmt: skip
STATEMENTS = (
    select(Statement).where(of_this(Statement.incident_id)).order_by(Statement.created_at, Statement.id)
)
PHONE_APPROVALS = select(PhoneApproval).where(of_this(PhoneApproval.incident_id))
BESIDE = select(FreeText).where(of_this(FreeText.chain), FreeText.seq.in_(bindparam("seqs", expanding=True)))
SECTIONS = select(ReportSection.key, ReportSection.text, ReportSection.version).where(
    of_this(ReportSection.incident_id)
)
IMPROVEMENTS = (
    select(
        Improvement.id, Improvement.issue, Improvement.action, Improvement.owner, Improvement.unit,
        Improvement.due, Improvement.done_at,
    )
    .where(of_this(Improvement.incident_id))
    .order_by(Improvement.due, Improvement.id)
)  # fmt: skip
CHANGE = (
    select(
        Incident.chain_seq,
        Incident.status,
        Incident.level,
        Incident.paused_until,
        RunRow.wake_at,
        func.length(RunRow.state),
        _scalar(func.max(RunEvent.id), RunEvent.incident_id),
        _scalar(func.sum(Statement.version), Statement.incident_id),
        _scalar(func.max(Statement.updated_at), Statement.incident_id),
        _scalar(func.sum(ReportSection.version), ReportSection.incident_id),
        _scalar(func.count(Improvement.id) * 1000 + func.count(Improvement.done_at), Improvement.incident_id),
        select(func.count(Inbound.id)).where(_in_review()).scalar_subquery(),
        _scalar(func.max(Request.answered_at), Request.incident_id),
    )
    .join(RunRow, RunRow.incident_id == Incident.id, isouter=True)
    .where(of_this(Incident.id))
)

REMARKS = (
    select(DrillRemark.objective, DrillRemark.rating, DrillRemark.text, DrillRemark.by, DrillRemark.at)
    .where(of_this(DrillRemark.incident_id))
    .order_by(DrillRemark.at, DrillRemark.id)
)
PARTICIPANTS = select(func.count()).select_from(Participant).where(of_this(Participant.incident_id))
