"""Statements, as the rest of the house knows them: drafted, edited, submitted, corrected here; decided in `deciding`,
by telephone in `phone_approval`, sent out and taken back in `releasing`.

What is released is what was approved, by hash; an edit voids the approvals; time approves nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident.domain.actors import Actor, Role
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.domain.ids import ALPHABET, new_id
from incident.domain.words import said
from incident.response.advance import state_of
from incident.response.deciding import approve, return_
from incident.response.desk import Desk
from incident.response.library import pinned
from incident.response.permissions import require_person
from incident.response.releasing import mend_link, post, release, take_down
from incident.response.statement_case import (
    Case,
    checked_text,
    digest,
    held_case,
    tidy,
    void_revisions,
)
from incident.store.tables import Incident, Revision, Statement
from playbooks.language import Verb
from playbooks.run import OPEN
from playbooks.signals import Edited, Redone
from playbooks.signals import Submitted as SubmittedEvent
from playbooks.templates import placeholders

__all__ = [
    "Submitted",
    "approve",
    "correct",
    "create",
    "digest",
    "edit",
    "mend_link",
    "post",
    "release",
    "return_",
    "submit",
    "take_down",
    "tidy",
]


@dataclass(frozen=True, slots=True)
class Submitted:
    revision_id: str
    n: int
    code: str
    sha256: str


def _may_draft(case: Case, actor: Actor) -> str:
    """The step's actors and the secretary."""
    person = require_person(actor)
    if person in case.actors(case.draft) or actor.may(Role.SECRETARY):
        return person
    state = case.run.steps.get(case.draft.id)
    if state and person in {a.person for a in state.actors}:
        return person
    raise Forbidden("not_drafter", "Chỉ người được phân công soạn và thư ký sửa được nội dung này.")


# ------------------------------------------------------------------ writing


def edit(desk: Desk, statement_id: str, text: str, version: int, actor: Actor, now: datetime) -> int:
    """Keep the working text. `version` is the one the editor saw; another one raises Conflict ("stale") and nothing is
    lost: the page shows both. Editing what was submitted or approved voids the approvals. Returns the new version."""
    text = checked_text(text)
    with desk.store.writing() as session:
        case = held_case(session, desk, statement_id, now)
        person = _may_draft(case, actor)
        statement = case.statement
        if statement.state in ("released", "corrected", "withdrawn"):
            raise Conflict("released", "Nội dung đã công bố không sửa được; xin dùng đính chính.")
        if statement.version != version:
            raise Conflict("stale", "Có người vừa sửa nội dung này; xin xem bản mới trước khi lưu.")
        if text == statement.text:
            return statement.version
        was_submitted = statement.state in ("submitted", "approved")
        statement.text, statement.version = text, version + 1
        statement.editors = sorted({*statement.editors, person})
        statement.updated_at = now
        case.record("edited", actor, {"version": version + 1, "person": person})
        if was_submitted:
            statement.state = "drafting"
            void_revisions(case)
            case.enter(Edited(statement.step, person))
        return statement.version


def create(
    desk: Desk, incident_id: str, title: str, text: str, actor: Actor, now: datetime, step: str | None = None
) -> str:
    """Put a text into the draft step that is open (or into `step`). Returns the statement's id. Raises Conflict when no
    draft is open: what was released is changed by `correct`."""
    with desk.store.reading() as session:
        playbook = pinned(session, _incident(session, incident_id).playbook_version)
        run = state_of(session, incident_id)
        drafts = [
            s.id
            for s in playbook.steps
            if s.verb is Verb.DRAFT and (step in (None, s.id)) and run.steps[s.id].state in OPEN
        ]
        statement = session.scalar(
            select(Statement)
            .where(Statement.incident_id == incident_id, Statement.step == (drafts[0] if drafts else ""))
            .order_by(Statement.created_at.desc())
            .limit(1)
        )
    if statement is None:
        raise Conflict(
            "no_open_draft", "Không có bước soạn thảo nào đang mở; nội dung đã công bố thì dùng đính chính."
        )
    edit(desk, statement.id, text, statement.version, actor, now)
    if title.strip() and title.strip() != statement.title:
        with desk.store.writing() as session:
            session.get_one(Statement, statement.id).title = " ".join(title.split())[:200]
    return statement.id


def _incident(session: Session, incident_id: str) -> Incident:
    incident = session.get(Incident, incident_id)
    if incident is None:
        raise NotFound("no_incident", "Không có vụ việc này.")
    return incident


def submit(desk: Desk, statement_id: str, actor: Actor, now: datetime) -> Submitted:
    """Freeze the working text as a revision and ask for its approval."""
    with desk.store.writing() as session:
        case = held_case(session, desk, statement_id, now)
        person = _may_draft(case, actor)
        statement = case.statement
        if statement.state not in ("drafting", "returned"):
            raise Conflict("submitted", "Nội dung này đã được trình.")
        n = (
            session.scalar(select(func.max(Revision.n)).where(Revision.statement_id == statement.id)) or 0
        ) + 1
        text = tidy(statement.text)
        _no_gaps(text)
        revision = Revision(
            id=new_id(now),
            statement_id=statement.id,
            n=n,
            text=text,
            sha256=digest(text),
            code="".join(secrets.choice(ALPHABET) for _ in range(3)),
            editors=sorted({*statement.editors, person}),
            submitted_by=actor.name,
            submitted_at=now,
        )
        session.add(revision)
        session.flush()
        statement.state, statement.updated_at = "submitted", now
        case.record(
            "submitted", actor,
            {"revision": revision.id, "n": n, "sha256": revision.sha256, "code": revision.code, "person": person},
        )  # fmt: skip
        case.enter(
            SubmittedEvent(statement.step, person, revision.id, revision.sha256, tuple(revision.editors))
        )
        return Submitted(revision.id, n, revision.code, revision.sha256)


def _no_gaps(text: str) -> None:
    """The templates leave «…» for people to fill; a text that still has them is not ready for anybody to approve."""
    gaps = placeholders(text)
    if gaps:
        named = "; ".join(gaps[:3]) + ("; …" if len(gaps) > 3 else "")
        raise Invalid(
            "gaps",
            said("Còn %(gaps)s chỗ chưa điền, chưa trình được: %(named)s", gaps=len(gaps), named=named),
            {"text": [said("Còn chỗ chưa điền: %(named)s", named=named)]},
        )


# ------------------------------------------------------------------ correcting


def correct(desk: Desk, statement_id: str, text: str, reason: str, actor: Actor, now: datetime) -> str:
    """Start a correction of what was released: a new statement at the same step, which goes through approval and
    publication again. The old one stays on the record. Returns the new statement's id."""
    if not reason.strip():
        raise Invalid("no_reason", "Cần nêu nội dung sai.", {"reason": [said("Nêu nội dung sai và vì sao.")]})
    text = checked_text(text)
    with desk.store.writing() as session:
        case = held_case(session, desk, statement_id, now)
        person = _may_draft(case, actor)
        if case.statement.state not in ("released", "withdrawn"):
            raise Conflict(
                "not_released", "Chỉ đính chính nội dung đã công bố; chưa công bố thì sửa trực tiếp."
            )
        old = case.statement
        new = Statement(
            id=new_id(now),
            incident_id=old.incident_id,
            step=old.step,
            title=f"Đính chính: {old.title}"[:200],
            text=text,
            editors=[person],
            corrects=old.id,
            created_at=now,
            updated_at=now,
        )
        session.add(new)
        session.flush()
        case.record("correction_opened", actor, {"new": new.id, "person": person}, {"reason": reason.strip()})
        case.statement = new
        again = [old.step, *([case.publish.id] if case.publish else [])]
        case.enter(*(Redone(step, "") for step in again))
        return new.id
