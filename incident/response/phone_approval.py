"""An approval given by telephone: written down by somebody who had no hand in the text, told to the approver at once,
and confirmed or contradicted by them.

It counts like any other approval; whether a text may go out before it is confirmed is the province's policy. What the
approver contradicts is void at once, whoever wrote it down and however long ago.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from incident import wording
from incident.domain.actors import Actor, Role
from incident.domain.address import called
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.domain.words import said
from incident.response import approval_policy, direct
from incident.response.deciding import deciding, decision, take_approval
from incident.response.desk import Desk
from incident.response.permissions import require, require_person
from incident.response.statement_case import Case, case_of, held_case
from incident.store.tables import Incident, Person, PhoneApproval, Release, Revision, Statement
from playbooks.run import DONE, OPEN
from playbooks.signals import Added, ApprovalWithdrawn

LONGEST_WORDS = 1000
LOOK_WITHIN_SECONDS = 300  # the duty officer, when what was contradicted already stands outside
HEAD = "to_truong"
ON_DUTY = "on_duty"


@dataclass(frozen=True, slots=True)
class Call:
    """What was heard. `code`: the three characters the approver read out, or was read; `said_at` None is now."""

    approver: str
    code: str
    words: str
    said_at: datetime | None = None


# ------------------------------------------------------------------ writing it down


def record(desk: Desk, statement_id: str, revision_id: str, call: Call, actor: Actor, now: datetime) -> None:
    """The duty officer or the secretary writes down that the approver in turn approved this revision, and the approver
    is told at once. Raises Forbidden (not allowed at this level, wrote the text, approves oneself), Invalid, Conflict."""
    require(actor, Role.DUTY_OFFICER, Role.SECRETARY)
    if actor.may(Role.ADMIN):
        raise Forbidden("admin", "Tài khoản quản trị không ghi lời duyệt.")
    recorder = require_person(actor)
    words = _words(call.words)
    with desk.store.writing() as session:
        case = held_case(session, desk, statement_id, now)
        if not approval_policy.read(session).phone_at(case.incident.level):
            raise Forbidden("phone_not_allowed", "Cấp độ này chưa cho duyệt qua điện thoại.")
        revision = _in_turn(case, revision_id, call.approver)
        _may_record(revision, recorder, call.approver)
        _same_code(revision, call.code)
        said_at = _checked_time(call.said_at or now, revision, now)
        row = decision(case, revision, call.approver, "approved", "", "phone", said_at)
        session.add(row)
        entry = case.record(
            "approved", actor,
            {"revision": revision.id, "n": revision.n, "sha256": revision.sha256, "code": revision.code,
             "person": call.approver, "via": "phone", "recorded_by": recorder},
            {"words": words}, said_at,
        )  # fmt: skip
        note = PhoneApproval(
            approval_id=row.id, incident_id=case.incident.id, revision_id=revision.id,
            person_id=call.approver, recorded_by=recorder, recorded_at=now, seq=entry.seq,
        )  # fmt: skip
        session.add(note)
        take_approval(case, revision, call.approver)
        _tell_approver(case, revision, note, said_at)


def _words(text: str) -> str:
    words = " ".join(text.split())
    if not words:
        raise Invalid("no_words", "Cần ghi lời duyệt.", {"words": [said("Ghi lãnh đạo nói thế nào.")]})
    if len(words) > LONGEST_WORDS:
        raise Invalid(
            "too_long", "Ghi quá dài.", {"words": [said("Không quá %(n)s ký tự.", n=LONGEST_WORDS)]}
        )
    return words


def _in_turn(case: Case, revision_id: str, approver: str) -> Revision:
    try:
        return deciding(case, revision_id, approver)[0]
    except Forbidden as refusal:
        raise Conflict("not_in_turn", "Lượt duyệt này không chờ đồng chí đó; xin mở lại trang.") from refusal


def _may_record(revision: Revision, recorder: str, approver: str) -> None:
    if recorder == approver:
        raise Forbidden("own_approval", "Đồng chí là người duyệt: xin duyệt trực tiếp, không ghi thay mình.")
    if recorder in revision.editors:
        raise Forbidden("editor_may_not_record", "Người soạn, sửa bản này không được ghi lời duyệt bản đó.")


def _same_code(revision: Revision, code: str) -> None:
    if "".join(code.split()).upper() != revision.code:
        fault = said("Mã không khớp bản đang trình. Đề nghị đọc lại mã cho lãnh đạo đối chiếu.")
        raise Invalid("wrong_code", fault, {"code": [fault]})


def _checked_time(said_at: datetime, revision: Revision, now: datetime) -> datetime:
    if said_at > now:
        raise Invalid("future", "Thời điểm ở tương lai.", {"said_at": [said("Không được ở tương lai.")]})
    if said_at < revision.submitted_at:
        fault = said("Không được trước lúc trình bản này.")
        raise Invalid("before_submission", fault, {"said_at": [fault]})
    return said_at


def _tell_approver(case: Case, revision: Revision, note: PhoneApproval, said_at: datetime) -> None:
    person = case.session.get_one(Person, note.person_id)
    two_way, link = case.desk.two_way_with(person), ""
    if not two_way:
        link = direct.approval_address(
            case.session, case.desk, case.incident, person.id, revision.id, case.now
        )
    kind = "approve.phone" if two_way else "approve.phone.one_way"
    text = direct.text_to(
        case.session, case.desk, case.incident, person, kind,
        at=wording.clock(said_at), n=revision.n, mark=revision.code, link=link,
    )  # fmt: skip
    direct.send(case.session, case.desk, case.incident, person, "approve_phone", text, case.now)


# ------------------------------------------------------------------ what the approver says of it


def confirm(desk: Desk, statement_id: str, revision_id: str, actor: Actor, now: datetime, via: str) -> None:
    """The approver says that it was so: by web or link. Raises Forbidden, NotFound, Conflict."""
    person = require_person(actor)
    with desk.store.writing() as session:
        case = held_case(session, desk, statement_id, now, closed_too=True)
        take_confirmation(case, _own(session, revision_id, person, waiting=True), actor, via, now)


def dispute(
    desk: Desk, statement_id: str, revision_id: str, actor: Actor, now: datetime, via: str, said: str = ""
) -> None:
    """The approver says that it was not so: by web or link. Raises Forbidden, NotFound, Conflict."""
    person = require_person(actor)
    with desk.store.writing() as session:
        case = held_case(session, desk, statement_id, now, closed_too=True)
        take_back(
            case, _own(session, revision_id, person, waiting=False), actor, via, now, said.strip()[:1000]
        )


def _own(session: Session, revision_id: str, person: str, waiting: bool) -> PhoneApproval:
    row = session.scalar(
        select(PhoneApproval)
        .where(
            PhoneApproval.revision_id == revision_id,
            PhoneApproval.person_id == person,
            PhoneApproval.disputed_at.is_(None),
        )
        .order_by(PhoneApproval.recorded_at.desc())
        .limit(1)
    )
    if row is None:
        raise NotFound("nothing_recorded", "Không có lần duyệt qua điện thoại nào của đồng chí ở bản này.")
    if waiting and row.confirmed_at is not None:
        raise Conflict("confirmed", "Lần duyệt này đã được xác nhận.")
    return row


def recorded_for(session: Session, person_ids: Collection[str], incident_ids: Collection[str]) -> set[str]:
    """Of these people, those in whose name an approval was recorded in one of these incidents."""
    query = select(PhoneApproval.person_id).where(
        PhoneApproval.person_id.in_(person_ids), PhoneApproval.incident_id.in_(incident_ids)
    )
    return set(session.scalars(query.distinct()))


def answered(
    session: Session,
    person_id: str,
    incidents: Mapping[str, Incident],
    code: str | None,
    at: datetime,
    *,
    waiting: bool,
) -> PhoneApproval | None:
    """The recorded approval a reply is about: the newest that was told before it, in the incident it names; without a
    code only where one incident alone can be meant. `waiting`: not yet confirmed."""
    query = select(PhoneApproval).where(
        PhoneApproval.person_id == person_id,
        PhoneApproval.incident_id.in_(incidents),
        PhoneApproval.recorded_at <= at,
        PhoneApproval.disputed_at.is_(None),
    )
    rows = [
        row
        for row in session.scalars(query.order_by(PhoneApproval.recorded_at.desc()))
        if code in (None, incidents[row.incident_id].code) and not (waiting and row.confirmed_at)
    ]
    return rows[0] if len({row.incident_id for row in rows}) == 1 else None


def case_for(session: Session, desk: Desk, row: PhoneApproval, incident: Incident, now: datetime) -> Case:
    """The case of a recorded approval whose incident the caller has locked."""
    revision = session.get_one(Revision, row.revision_id)
    return case_of(session, desk, session.get_one(Statement, revision.statement_id), incident, now)


def take_confirmation(case: Case, row: PhoneApproval, actor: Actor, via: str, at: datetime) -> Revision:
    revision = case.session.get_one(Revision, row.revision_id)
    row.confirmed_at, row.confirmed_via = at, via
    case.statement.updated_at = case.now
    case.record(
        "approval_confirmed", actor,
        {"revision": revision.id, "n": revision.n, "person": row.person_id, "via": via}, at=at,
    )  # fmt: skip
    return revision


def take_back(
    case: Case, row: PhoneApproval, actor: Actor, via: str, at: datetime, said: str = ""
) -> tuple[Revision, bool]:
    """Void the approval. Not yet outside: a waiting release is withdrawn and the approval waits for the person again.
    Outside already: a task for those on duty. Returns the revision, and whether it stands outside."""
    revision = case.session.get_one(Revision, row.revision_id)
    row.disputed_at = at
    case.statement.updated_at = case.now
    outside = _outside(case.session, revision)
    case.record(
        "approval_disputed", actor,
        {"revision": revision.id, "n": revision.n, "person": row.person_id, "via": via, "released": outside},
        {"reply": said} if said else None, at,
    )  # fmt: skip
    told = [*_holders(case, HEAD), *sorted(case.actors(case.publish))]
    if case.incident.status == "open" and outside:
        _set_task(case, row)
    else:
        told += _on_duty(case)
    if case.incident.status == "open" and not outside and _counts(case, revision, row.person_id):
        _withdraw(case, revision, row.person_id)
    _tell_others(case, row, revision, told, outside)
    return revision, outside


def _outside(session: Session, revision: Revision) -> bool:
    posted = select(Release.id).where(Release.revision_id == revision.id, Release.channel.is_not(None))
    return session.scalar(posted.limit(1)) is not None


def _counts(case: Case, revision: Revision, person: str) -> bool:
    """Whether the run still builds on this approval: the text may have been edited since."""
    if case.approve is None:
        return False
    state = case.run.steps[case.approve.id]
    current = case.run.steps[case.draft.id].revision == revision.id
    return current and state.state in (*OPEN, DONE) and person in state.approved_by


def _withdraw(case: Case, revision: Revision, person: str) -> None:
    assert case.approve is not None
    # A decision to release that nobody has carried out is withdrawn with it; the timeline keeps that it was made.
    case.session.execute(delete(Release).where(Release.revision_id == revision.id, Release.channel.is_(None)))
    case.statement.state = "submitted"
    case.enter(ApprovalWithdrawn(case.approve.id, person))


def _set_task(case: Case, row: PhoneApproval) -> None:
    who = _named(case.session, row.person_id)
    text = f"Đã công bố, người duyệt báo không đúng: gọi {who}, xin ý kiến gỡ hoặc đính chính"
    case.enter(
        *(
            Added(f"sai_{row.approval_id[-12:]}_{n}", text, person, LOOK_WITHIN_SECONDS)
            for n, person in enumerate(_on_duty(case), 1)
        )
    )


def _on_duty(case: Case) -> list[str]:
    duty = [slug for slug, role in case.playbook.roles.items() if role.pick == ON_DUTY]
    return [person for slug in duty for person in _holders(case, slug)]


def _holders(case: Case, role: str) -> tuple[str, ...]:
    holders = case.run.roles.get(role)
    return holders.people if holders else ()


def _tell_others(case: Case, row: PhoneApproval, revision: Revision, told: list[str], outside: bool) -> None:
    kind = "approve.disputed.out" if outside else "approve.disputed"
    who = _named(case.session, row.person_id)
    for person_id in dict.fromkeys(p for p in told if p != row.person_id):
        person = case.session.get_one(Person, person_id)
        text = direct.text_to(case.session, case.desk, case.incident, person, kind, who=who, n=revision.n)
        direct.send(case.session, case.desk, case.incident, person, "approve_phone", text, case.now)


def _named(session: Session, person_id: str) -> str:
    person = session.get_one(Person, person_id)
    return called(person.xung_ho, person.name)
