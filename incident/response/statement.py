"""Statements: drafted, edited, submitted, approved or returned, released, posted, corrected.

What is released is what was approved, by hash; an edit voids the approvals; time approves nothing.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident.domain import legal
from incident.domain.actors import Actor, Role
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.domain.ids import ALPHABET, new_id
from incident.response import casting
from incident.response.advance import enter, held_open, state_of
from incident.response.desk import Desk
from incident.response.library import pinned
from incident.response.permissions import require_person
from incident.store.tables import Approval, Incident, Release, Revision, Statement
from incident.timeline import ledger
from playbooks.language import Step, Verb
from playbooks.run import OPEN, Run
from playbooks.signals import Approved, Edited, Event, Published, Redone, Returned
from playbooks.signals import Submitted as SubmittedEvent
from playbooks.templates import placeholders

LATE = timedelta(minutes=10)  # a release typed in later than this is a deviation the report names
LONGEST = 50_000


@dataclass(frozen=True, slots=True)
class Submitted:
    revision_id: str
    n: int
    code: str
    sha256: str


def digest(text: str) -> str:
    """sha256 of the text as it is kept: NFC, line ends \\n, no blanks at line ends, one line feed at the end."""
    return hashlib.sha256(tidy(text).encode()).hexdigest()


def tidy(text: str) -> str:
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip() + "\n"


@dataclass(slots=True)
class _Case:
    """One statement with its incident (locked), its run and its steps."""

    session: Session
    desk: Desk
    incident: Incident
    statement: Statement
    run: Run
    draft: Step
    approve: Step | None
    publish: Step | None
    now: datetime

    def record(
        self, kind: str, actor: Actor, data: dict[str, object], texts: dict[str, str] | None = None
    ) -> None:
        if actor.person_id:
            casting.remember(self.session, self.incident, {actor.person_id}, self.now)
        ledger.append(
            self.session, self.incident, kind, occurred_at=self.now, recorded_at=self.now, actor=actor,
            data={"statement": self.statement.id, "step": self.statement.step, **data}, texts=texts,
        )  # fmt: skip

    def enter(self, *events: Event) -> None:
        enter(self.session, self.desk, self.incident, events, self.now)

    def newest(self) -> Revision:
        revision = self.session.scalar(
            select(Revision)
            .where(Revision.statement_id == self.statement.id)
            .order_by(Revision.n.desc())
            .limit(1)
        )
        if revision is None:
            raise Conflict("not_submitted", "Nội dung này chưa được trình.")
        return revision

    def actors(self, step: Step | None) -> set[str]:
        state = self.run.steps.get(step.id) if step else None
        return {a.person for a in state.actors} if state and state.state in OPEN else set()


def _case(session: Session, desk: Desk, statement_id: str, now: datetime) -> _Case:
    found = session.get(Statement, statement_id)
    if found is None:
        raise NotFound("no_statement", "Không có nội dung phát ngôn này.")
    incident = held_open(session, found.incident_id)
    session.refresh(found)
    playbook = pinned(session, incident.playbook_version)

    def governed(verb: Verb) -> Step | None:
        return next((s for s in playbook.steps if s.verb is verb and s.text == found.step), None)

    return _Case(
        session, desk, incident, found, state_of(session, incident.id), playbook.step(found.step),
        governed(Verb.APPROVE), governed(Verb.PUBLISH), now,
    )  # fmt: skip


def _may_draft(case: _Case, actor: Actor) -> str:
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
    text = _text(text)
    with desk.store.writing() as session:
        case = _case(session, desk, statement_id, now)
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
            _void(case)
            case.enter(Edited(statement.step, person))
        return statement.version


def _text(text: str) -> str:
    tidied = tidy(text)
    if not tidied.strip():
        raise Invalid("empty", "Nội dung đang trống.", {"text": ["Nội dung đang trống."]})
    if len(tidied) > LONGEST:
        raise Invalid("too_long", "Nội dung quá dài.", {"text": [f"Không quá {LONGEST} ký tự."]})
    return tidied


def _void(case: _Case) -> None:
    for revision in case.session.scalars(
        select(Revision).where(Revision.statement_id == case.statement.id, Revision.voided_at.is_(None))
    ):
        revision.voided_at = case.now


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
        case = _case(session, desk, statement_id, now)
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
            f"Còn {len(gaps)} chỗ chưa điền, chưa trình được: {named}",
            {"text": [f"Còn chỗ chưa điền: {named}"]},
        )


# ------------------------------------------------------------------ deciding


def approve(
    desk: Desk, statement_id: str, revision_id: str, actor: Actor, now: datetime, via: str = "web"
) -> None:
    """The current approver approves this revision. Raises Forbidden, Conflict."""
    with desk.store.writing() as session:
        case, revision, person = _deciding(session, desk, statement_id, revision_id, actor, now)
        assert case.approve is not None
        session.add(_decision(case, revision, person, "approved", "", via))
        case.record(
            "approved", actor,
            {"revision": revision.id, "n": revision.n, "sha256": revision.sha256, "person": person, "via": via},
        )  # fmt: skip
        case.enter(Approved(case.approve.id, person, revision.id, revision.sha256))
        if state_of(session, case.incident.id).steps[case.approve.id].state not in OPEN:
            case.statement.state, case.statement.updated_at = "approved", now


def return_(
    desk: Desk, statement_id: str, revision_id: str, reason: str, actor: Actor, now: datetime
) -> None:
    """The current approver sends it back, with a reason; the drafter is asked again."""
    if not reason.strip():
        raise Invalid("no_reason", "Cần nêu ý kiến.", {"reason": ["Nêu ý kiến để người soạn sửa được ngay."]})
    with desk.store.writing() as session:
        case, revision, person = _deciding(session, desk, statement_id, revision_id, actor, now)
        assert case.approve is not None
        case.statement.state, case.statement.updated_at = "returned", now
        _void(case)
        session.add(_decision(case, revision, person, "returned", reason.strip(), "web"))
        case.record(
            "returned",
            actor,
            {"revision": revision.id, "n": revision.n, "person": person},
            {"reason": reason.strip()},
        )
        case.enter(Returned(case.approve.id, person))


def _deciding(
    session: Session, desk: Desk, statement_id: str, revision_id: str, actor: Actor, now: datetime
) -> tuple[_Case, Revision, str]:
    person = require_person(actor)
    if actor.may(Role.ADMIN):
        raise Forbidden("admin", "Tài khoản quản trị không duyệt nội dung.")
    case = _case(session, desk, statement_id, now)
    if case.approve is None:
        raise Conflict("no_approval", "Kịch bản không có bước duyệt cho nội dung này.")
    newest = case.newest()
    if newest.id != revision_id:
        raise Conflict("old_revision", "Đã có bản mới hơn; xin xem bản hiện hành trước khi quyết định.")
    if person not in case.actors(case.approve):
        raise Forbidden("not_asked", "Việc duyệt này đang chờ người khác, không phải đồng chí.")
    return case, newest, person


def _decision(case: _Case, revision: Revision, person: str, decision: str, reason: str, via: str) -> Approval:
    assert case.approve is not None
    return Approval(
        id=new_id(case.now), revision_id=revision.id, step=case.approve.id, person_id=person, decision=decision,
        reason=reason, sha256=revision.sha256, via=via, at=case.now,
    )  # fmt: skip


# ------------------------------------------------------------------ going out


def release(
    desk: Desk, statement_id: str, actor: Actor, now: datetime, *, revision_id: str | None = None
) -> None:
    """The one entitled to speak decides that the approved text goes out; the poster is asked next."""
    with desk.store.writing() as session:
        case, revision, person = _publishing(session, desk, statement_id, revision_id, actor, now)
        assert case.publish is not None
        if case.run.steps[case.publish.id].turn + 1 >= len(case.publish.by):
            raise Conflict("post_now", "Chỉ còn việc ghi nơi đã đăng: kênh, hình thức, đường dẫn, thời điểm.")
        _go(case, revision, person, actor)


def _go(case: _Case, revision: Revision, person: str, actor: Actor) -> Release:
    """The spokesperson's turn."""
    assert case.publish is not None
    row = Release(
        id=new_id(case.now), incident_id=case.incident.id, revision_id=revision.id, step=case.publish.id,
        sha256=revision.sha256, released_by=person, approved_to_go_at=case.now,
    )  # fmt: skip
    case.session.add(row)
    case.record(
        "release_decided", actor,
        {"revision": revision.id, "n": revision.n, "sha256": revision.sha256, "person": person},
    )  # fmt: skip
    case.enter(Published(case.publish.id, person, revision.sha256, case.now))
    case.run = state_of(case.session, case.incident.id)
    return row


def post(
    desk: Desk,
    statement_id: str,
    actor: Actor,
    now: datetime,
    *,
    channel: str,
    form: str | None = None,
    link: str = "",
    released_at: datetime | None = None,
    revision_id: str | None = None,
) -> None:
    """Record where and when the approved text stands outside. The first channel completes the step; further ones are
    added to the record. One who holds both turns does both at once. Raises Invalid, Forbidden, Conflict."""
    at = released_at or now
    with desk.store.writing() as session:
        case = _case(session, desk, statement_id, now)
        form = _checked_form(case, channel, form)
        already = case.statement.state == "released"
        if already:
            person, revision = require_person(actor), case.newest()
            earlier = _released(session, revision)
            if person not in {r.posted_by for r in earlier} | {r.released_by for r in earlier}:
                raise Forbidden("not_poster", "Chỉ người đã công bố, đã đăng mới ghi thêm kênh.")
            decided = earlier[0]
        else:
            case, revision, person = _publishing(session, desk, statement_id, revision_id, actor, now)
            decided = _decided(case, revision, person, actor)
        _check_time(at, decided.approved_to_go_at, revision, now)
        row = decided
        if already:
            if any(r.channel == channel for r in _released(session, revision)):
                raise Conflict("channel_done", "Kênh này đã ghi rồi.")
            row = Release(
                id=new_id(now), incident_id=case.incident.id, revision_id=revision.id, step=decided.step,
                sha256=revision.sha256, released_by=decided.released_by,
                approved_to_go_at=decided.approved_to_go_at,
            )  # fmt: skip
            session.add(row)
        row.posted_by, row.channel, row.form, row.link = person, channel, form, link.strip()[:500]
        row.released_at, row.recorded_at = at, now
        data: dict[str, object] = {
            "revision": revision.id, "n": revision.n, "sha256": revision.sha256, "channel": channel,
            "form": form, "link": link.strip()[:500], "released_at": at, "person": person,
        }  # fmt: skip
        if now - at > LATE:
            data["typed_late_seconds"] = int((now - at).total_seconds())
        case.record("released", actor, data)
        if not already:
            assert case.publish is not None
            case.enter(Published(case.publish.id, person, revision.sha256, at))
            case.statement.state, case.statement.updated_at = "released", now
            _mark_corrected(case)


def _decided(case: _Case, revision: Revision, person: str, actor: Actor) -> Release:
    """The release decision, made now when the poster is also the one entitled to speak."""
    assert case.publish is not None
    turn = case.run.steps[case.publish.id].turn
    if turn + 1 < len(case.publish.by):
        posters = case.run.roles.get(case.publish.by[turn + 1])
        if posters is None or person not in posters.people:
            raise Conflict(
                "release_first", "Xin quyết định công bố trước; nơi đăng do người đăng ghi lại sau khi đăng."
            )
        return _go(case, revision, person, actor)
    decided = case.session.scalar(
        select(Release).where(Release.revision_id == revision.id, Release.channel.is_(None))
    )
    if decided is not None:
        return decided
    row = Release(
        id=new_id(case.now), incident_id=case.incident.id, revision_id=revision.id, step=case.publish.id,
        sha256=revision.sha256, released_by=person, approved_to_go_at=case.now,
    )  # fmt: skip
    case.session.add(row)
    return row


def _publishing(
    session: Session, desk: Desk, statement_id: str, revision_id: str | None, actor: Actor, now: datetime
) -> tuple[_Case, Revision, str]:
    person = require_person(actor)
    case = _case(session, desk, statement_id, now)
    if case.publish is None:
        raise Conflict("no_publish", "Kịch bản không có bước công bố cho nội dung này.")
    revision = case.newest()
    if revision_id not in (None, revision.id):
        raise Conflict("old_revision", "Đã có bản mới hơn; xin xem bản hiện hành.")
    if case.statement.state != "approved":
        raise Conflict("not_approved", "Nội dung chưa được duyệt; không công bố được.")
    if digest(case.statement.text) != revision.sha256:
        raise Conflict("changed", "Nội dung đang mở khác bản đã duyệt; không công bố được.")
    if person not in case.actors(case.publish):
        raise Forbidden("not_asked", "Việc công bố này đang chờ người khác, không phải đồng chí.")
    return case, revision, person


def _released(session: Session, revision: Revision) -> list[Release]:
    return list(session.scalars(select(Release).where(Release.revision_id == revision.id)))


def _checked_form(case: _Case, channel: str, form: str | None) -> str:
    known = legal.channels().get(channel)
    if known is None:
        keys = ", ".join(legal.channels())
        raise Invalid("bad_channel", "Không có kênh này.", {"channel": [f"Các kênh: {keys}."]})
    form = form or known.form
    if form not in case.incident.basis.get("forms", {}):
        raise Invalid(
            "bad_form", "Hình thức không có trong căn cứ pháp lý của vụ việc.",
            {"form": [f"Các hình thức: {', '.join(case.incident.basis.get('forms', {}))}."]},
        )  # fmt: skip
    return form


def _check_time(at: datetime, decided: datetime, revision: Revision, now: datetime) -> None:
    if at > now:
        raise Invalid(
            "future", "Thời điểm công bố ở tương lai.", {"released_at": ["Không được ở tương lai."]}
        )
    if at < revision.submitted_at:
        raise Invalid(
            "before_approval", "Thời điểm công bố trước khi duyệt.",
            {"released_at": ["Không được trước thời điểm duyệt."]},
        )  # fmt: skip


def _mark_corrected(case: _Case) -> None:
    if case.statement.corrects:
        old = case.session.get(Statement, case.statement.corrects)
        if old is not None:
            old.state, old.updated_at = "corrected", case.now


# ------------------------------------------------------------------ correcting


def correct(desk: Desk, statement_id: str, text: str, reason: str, actor: Actor, now: datetime) -> str:
    """Start a correction of what was released: a new statement at the same step, which goes through approval and
    publication again. The old one stays on the record. Returns the new statement's id."""
    if not reason.strip():
        raise Invalid("no_reason", "Cần nêu nội dung sai.", {"reason": ["Nêu nội dung sai và vì sao."]})
    text = _text(text)
    with desk.store.writing() as session:
        case = _case(session, desk, statement_id, now)
        person = _may_draft(case, actor)
        if case.statement.state != "released":
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
