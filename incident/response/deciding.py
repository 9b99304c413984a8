"""Deciding on a submitted text: approved or sent back by the one whose turn it is, wherever they are.

The page, the signed link and the recorded call all end here. Time approves nothing; an editor approves nothing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from incident.domain.actors import Actor, Role
from incident.domain.errors import Conflict, Forbidden, Invalid
from incident.domain.ids import new_id
from incident.domain.leading import heads
from incident.domain.words import said
from incident.response import approval_policy
from incident.response.advance import state_of
from incident.response.desk import Desk
from incident.response.permissions import require_person
from incident.response.statement_case import Case, case_of, held_case, void_revisions
from incident.store.tables import Approval, Incident, Revision, Statement
from playbooks.run import DONE, OPEN
from playbooks.signals import Approved, Returned, Skipped


def approve(
    desk: Desk, statement_id: str, revision_id: str, actor: Actor, now: datetime, via: str = "web"
) -> None:
    """The current approver approves this revision: `via` web, or link where the incident's level allows it.
    Raises Forbidden, Conflict."""
    with desk.store.writing() as session:
        case, revision, person = _deciding(session, desk, statement_id, revision_id, actor, now, via)
        assert case.approve is not None
        session.add(decision(case, revision, person, "approved", "", via))
        case.record(
            "approved", actor,
            {"revision": revision.id, "n": revision.n, "sha256": revision.sha256, "code": revision.code,
             "person": person, "via": via},
        )  # fmt: skip
        take_approval(case, revision, person)


def take_approval(case: Case, revision: Revision, person: str) -> None:
    """The run hears of it; after the last approver the text is approved."""
    assert case.approve is not None
    case.enter(Approved(case.approve.id, person, revision.id, revision.sha256))
    case.run = state_of(case.session, case.incident.id)
    case.statement.updated_at = case.now
    if case.run.steps[case.approve.id].state not in OPEN:
        case.statement.state = "approved"


def return_(
    desk: Desk,
    statement_id: str,
    revision_id: str,
    reason: str,
    actor: Actor,
    now: datetime,
    via: str = "web",
) -> None:
    """The current approver sends it back, with a reason; the drafter is asked again."""
    if not reason.strip():
        raise Invalid(
            "no_reason", "Cần nêu ý kiến.", {"reason": [said("Nêu ý kiến để người soạn sửa được ngay.")]}
        )
    with desk.store.writing() as session:
        case, revision, person = _deciding(session, desk, statement_id, revision_id, actor, now, via)
        assert case.approve is not None
        case.statement.state, case.statement.updated_at = "returned", now
        void_revisions(case)
        session.add(decision(case, revision, person, "returned", reason.strip(), via))
        case.record(
            "returned",
            actor,
            {"revision": revision.id, "n": revision.n, "person": person, "via": via},
            {"reason": reason.strip()},
        )
        case.enter(Returned(case.approve.id, person))


def let_go(
    session: Session, desk: Desk, incident: Incident, draft: str, reason: str, actor: Actor, now: datetime
) -> None:
    """The head lets the submitted text of `draft` go out although nobody, or not everybody, has approved it. Kept as a
    decision on that one revision, so that the text says of itself that it was not approved; an edit voids it. Raises
    Forbidden, Conflict."""
    person = require_person(actor)
    run = state_of(session, incident.id)
    if person not in heads(run) or actor.may(Role.ADMIN):
        raise Forbidden("not_head", "Bỏ qua bước duyệt do Tổ trưởng quyết định, bằng tài khoản của mình.")
    revision = session.get(Revision, run.steps[draft].revision or "")
    if revision is None or run.steps[draft].state != DONE:
        raise Conflict(
            "not_submitted", "Chưa có bản nào được trình; bỏ qua duyệt là quyết định cho một bản cụ thể."
        )
    if person in revision.editors:
        raise Forbidden(
            "editor_may_not_approve", "Người đã sửa bản này không được cho bỏ qua duyệt chính bản đó."
        )
    case = case_of(session, desk, session.get_one(Statement, revision.statement_id), incident, now)
    assert case.approve is not None
    session.add(decision(case, revision, person, "skipped", reason, "web"))
    case.statement.state, case.statement.updated_at = "approved", now
    case.record(
        "approval_skipped",
        actor,
        {
            "revision": revision.id,
            "n": revision.n,
            "sha256": revision.sha256,
            "code": revision.code,
            "person": person,
        },
        {"reason": reason},
    )
    case.enter(Skipped(case.approve.id, ""))


def _deciding(
    session: Session, desk: Desk, statement_id: str, revision_id: str, actor: Actor, now: datetime, via: str
) -> tuple[Case, Revision, str]:
    person = require_person(actor)
    if actor.may(Role.ADMIN):
        raise Forbidden("admin", "Tài khoản quản trị không duyệt nội dung.")
    case = held_case(session, desk, statement_id, now)
    if via == "link" and not approval_policy.read(session).link_at(case.incident.level):
        raise Forbidden(
            "link_not_allowed", "Cấp độ này chưa cho duyệt bằng liên kết; xin đăng nhập để duyệt."
        )
    return case, *deciding(case, revision_id, person)


def deciding(case: Case, revision_id: str, person: str) -> tuple[Revision, str]:
    """The newest revision, when it is the one meant and its approval waits for this person. Raises Conflict, Forbidden."""
    if case.approve is None:
        raise Conflict("no_approval", "Kịch bản không có bước duyệt cho nội dung này.")
    newest = case.newest()
    if newest.id != revision_id:
        raise Conflict("old_revision", "Đã có bản mới hơn; xin xem bản hiện hành trước khi quyết định.")
    if newest.voided_at is not None:
        raise Conflict("voided", "Nội dung đã được sửa hoặc trả lại; chờ trình bản mới.")
    if person not in case.actors(case.approve):
        raise Forbidden("not_asked", "Việc duyệt này đang chờ người khác, không phải đồng chí.")
    return newest, person


def decision(
    case: Case,
    revision: Revision,
    person: str,
    decided: str,
    reason: str,
    via: str,
    at: datetime | None = None,
) -> Approval:
    assert case.approve is not None
    return Approval(
        id=new_id(case.now), revision_id=revision.id, step=case.approve.id, person_id=person, decision=decided,
        reason=reason, sha256=revision.sha256, via=via, at=at or case.now,
    )  # fmt: skip
