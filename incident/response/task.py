"""Doing the work of a step: ticking, answering, handing in proof; and what those on duty change of it, each with a reason:
skipped, done again, given to another, added."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.domain.actors import Actor, Role
from incident.domain.address import called
from incident.domain.drill import speaks_of_drill
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.domain.ids import new_id
from incident.domain.words import said
from incident.response import casting, deciding, pressed
from incident.response.advance import enter, held_open, state_of
from incident.response.desk import Desk
from incident.response.enrolment import require_taking_part
from incident.response.library import pinned
from incident.response.permissions import COMMAND, require
from incident.response.statement_case import case_of, void_revisions
from incident.store.tables import Incident, Person, Proof, Revision, Statement
from incident.timeline import ledger
from playbooks.language import Step, Verb
from playbooks.run import OPEN, Run
from playbooks.signals import Added, Answered, Event, Reassigned, Redone, Skipped, Ticked


def complete(
    desk: Desk,
    incident_id: str,
    step: str,
    actor: Actor,
    now: datetime,
    *,
    answer: str | None = None,
    items: tuple[int, ...] = (),
    proof: str = "",
    reason: str = "",
) -> None:
    """Tick a task (`items` by number from 0, `proof` a text or a public address) or answer a question (`answer` a
    choice). Raises NotFound, Conflict (statement steps: the text names where), Invalid, Forbidden."""
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        run = state_of(session, incident_id)
        verb, spec = _verb(session, incident, run, step)
        _may_work(actor, run, step)
        data: dict[str, object] = {"step": step, "person": actor.person_id}
        texts = {"reason": reason} if reason else {}
        if verb is Verb.ASK:
            event: Event = _answered(spec, step, answer, actor)
            kind = "answered"
            data["choice"] = answer
        elif verb is Verb.TASK:
            kind = "ticked"
            event = Ticked(step, actor.person_id, items, bool(proof.strip()))
            data["items"] = list(items)
            if proof.strip():
                texts["proof"] = proof.strip()
                session.add(_proof(incident, step, proof, actor, now))
        else:
            raise _elsewhere(session, incident, verb, spec)
        if actor.person_id:
            casting.remember(session, incident, {actor.person_id}, now)
        ledger.append(
            session, incident, kind, occurred_at=now, recorded_at=now, actor=actor, data=data, texts=texts
        )
        enter(session, desk, incident, [event], now)


def _answered(spec: Step | None, step: str, answer: str | None, actor: Actor) -> Answered:
    choices = spec.choices if spec else {}
    if answer not in choices:
        known = ", ".join(f"{key} ({title})" for key, title in choices.items())
        raise Invalid(
            "bad_choice",
            "Cần chọn một câu trả lời.",
            {"answer": [said("Các lựa chọn: %(known)s.", known=known)]},
        )
    return Answered(step, actor.person_id, str(answer))


def _proof(incident: Incident, step: str, text: str, actor: Actor, now: datetime) -> Proof:
    return Proof(
        id=new_id(now),
        incident_id=incident.id,
        step=step,
        text=text.strip(),
        person=actor.name,
        created_at=now,
    )


def _verb(session: Session, incident: Incident, run: Run, step: str) -> tuple[Verb, Step | None]:
    if any(added.id == step for added in run.added):
        return Verb.TASK, None
    try:
        spec = pinned(session, incident.playbook_version).step(step)
    except KeyError:
        raise NotFound("no_step", "Kịch bản không có bước này.") from None
    return spec.verb, spec


def _may_work(actor: Actor, run: Run, step: str) -> None:
    """The people a step waits for, the duty officer on their behalf, and tokens."""
    state = run.steps.get(step)
    people = {a.person for a in state.actors} if state else set()
    if actor.person_id in people or actor.may(*COMMAND, Role.SECRETARY):
        return
    raise Forbidden("not_yours", "Việc này không giao cho đồng chí; cán bộ trực có thể ghi thay.")


def _elsewhere(session: Session, incident: Incident, verb: Verb, spec: Step | None) -> Conflict:
    """Statement steps are completed where their text is; answers where people answer."""
    if verb in (Verb.ASSIGN, Verb.NOTIFY):
        return Conflict(
            "by_answers", "Bước này hoàn thành khi đủ người trả lời; ghi cuộc gọi cho từng người."
        )
    drafted = spec.id if spec and verb is Verb.DRAFT else spec.text if spec else ""
    statement = session.scalar(
        select(Statement.id)
        .where(Statement.incident_id == incident.id, Statement.step == drafted)
        .order_by(Statement.created_at.desc())
        .limit(1)
    )
    where = f"/incidents/{incident.id}/statements/{statement}" if statement else f"/incidents/{incident.id}"
    return Conflict("in_statement", said("Bước này làm tại trang nội dung phát ngôn: %(where)s", where=where))


def with_reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid("no_reason", "Cần ghi lý do.", {"reason": [said("Cần ghi lý do.")]})
    return reason.strip()


def skip(desk: Desk, incident_id: str, step: str, reason: str, actor: Actor, now: datetime) -> None:
    """Skip a step. An approval is skipped by the head of the task force alone, for the one text that was submitted.
    Raises Forbidden, NotFound, Invalid, Conflict."""
    reason = with_reason(reason)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        verb, spec = _verb(session, incident, state_of(session, incident_id), step)
        if verb is Verb.APPROVE and spec is not None:
            deciding.let_go(session, desk, incident, spec.text, reason, actor, now)
            return
        require(actor, *COMMAND)
        enter(session, desk, incident, [Skipped(step, "")], now)
        _note_reason(session, incident, "override", step, "skip", reason, actor, now)


def redo(desk: Desk, incident_id: str, step: str, reason: str, actor: Actor, now: datetime) -> None:
    """Do a step again: its approvals are voided and a waiting publication is withdrawn. What has been released is
    corrected, not written again. Raises Forbidden, NotFound, Invalid, Conflict."""
    reason = with_reason(reason)
    require(actor, *COMMAND, Role.APPROVER)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        run = state_of(session, incident_id)
        verb, spec = _verb(session, incident, run, step)
        if spec is not None and verb in (Verb.DRAFT, Verb.APPROVE):
            _text_again(session, desk, incident, run, spec, now)
        enter(session, desk, incident, [Redone(step, "")], now)
        _note_reason(session, incident, "override", step, "redo", reason, actor, now)


def _text_again(
    session: Session, desk: Desk, incident: Incident, run: Run, spec: Step, now: datetime
) -> None:
    """The text a step is about goes back with it: to be written again, or to wait for its approval again."""
    draft = spec.id if spec.verb is Verb.DRAFT else spec.text
    revision = session.get(Revision, run.steps[draft].revision or "")
    if revision is None:
        return
    statement = session.get_one(Statement, revision.statement_id)
    if statement.state in ("released", "corrected", "withdrawn"):
        raise Conflict("released", "Nội dung đã công bố không làm lại; xin dùng đính chính.")
    statement.updated_at = now
    if spec.verb is Verb.APPROVE:
        statement.state = "submitted"
        return
    statement.state = "drafting"
    void_revisions(case_of(session, desk, statement, incident, now))


def reassign(
    desk: Desk, incident_id: str, step: str, person_id: str, reason: str, actor: Actor, now: datetime
) -> str:
    """Give an open step to somebody else; its limit begins anew, what is done of it stays done. Returns who, as they are
    addressed. Raises Forbidden, NotFound, Invalid, Conflict."""
    require(actor, *COMMAND)
    reason = with_reason(reason)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        run = state_of(session, incident_id)
        _verb(session, incident, run, step)
        person = active_person(session, person_id)
        name = called(person.xung_ho, person.name)
        if person.id in _waits_for(run, step):
            raise Conflict("has_it", said("Việc này đang giao %(name)s.", name=name))
        require_taking_part(session, incident, person.id)
        casting.remember(session, incident, {person.id}, now)
        ledger.append(
            session, incident, "reassigned", occurred_at=now, recorded_at=now, actor=actor,
            data={"step": step, "person": person.id, "before": sorted(_waits_for(run, step))},
            texts={"reason": reason},
        )  # fmt: skip
        enter(session, desk, incident, [Reassigned(step, person.id)], now)
        return name


def _waits_for(run: Run, step: str) -> set[str]:
    state = run.steps.get(step)
    live = state.actors if state is not None and state.state in OPEN else ()
    return {a.person for a in live if a.state in ("asked", "accepted")}


LONGEST_TASK = 300
LONGEST_LIMIT = timedelta(days=30)


def add(
    desk: Desk,
    incident_id: str,
    text: str,
    person_id: str,
    reason: str,
    actor: Actor,
    now: datetime,
    *,
    due: datetime | None = None,
    key: str = "",
) -> str:
    """Add a task beside the playbook's, for one person, until `due` (None: without a limit). With the `key` of a form the
    same task is added once. Returns the step's id. Raises Forbidden, NotFound, Invalid."""
    require(actor, *COMMAND)
    errors: dict[str, list[str]] = {}
    text = " ".join(text.split())
    if not text:
        errors["title"] = [said("Ghi việc cần làm.")]
    elif len(text) > LONGEST_TASK:
        errors["title"] = [said("Không quá %(n)s ký tự.", n=LONGEST_TASK)]
    if due is not None and not now < due <= now + LONGEST_LIMIT:
        errors["due"] = [said("Từ bây giờ đến 30 ngày tới.")]
    if errors:
        raise Invalid("invalid", "Xin xem lại các ô được đánh dấu.", errors)
    reason = with_reason(reason)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        if known := pressed.before(session, incident_id, key, "step", person_id, text):
            return known
        if incident.mode == "live" and speaks_of_drill(text):
            fault = said("Tin của vụ việc thật có chữ “diễn tập” bị chặn. Viết cách khác.")
            raise Invalid("like_a_drill", "Xin xem lại các ô được đánh dấu.", {"title": [fault]})
        person = active_person(session, person_id)
        require_taking_part(session, incident, person.id)
        step = _free_id(state_of(session, incident_id))
        casting.remember(session, incident, {person.id}, now)
        ledger.append(
            session, incident, "step_added", occurred_at=now, recorded_at=now, actor=actor,
            data={"step": step, "person": person.id, "due": due}, texts={"title": text, "reason": reason},
        )  # fmt: skip
        seconds = int((due - now).total_seconds()) if due is not None else None
        enter(session, desk, incident, [Added(step, ledger.clean(text), person.id, seconds)], now)
        pressed.remember(session, incident_id, key, "step", person_id, text, result=step)
        return step


def _free_id(run: Run) -> str:
    n = 1 + len(run.added)
    while f"viec_them_{n}" in run.steps:
        n += 1
    return f"viec_them_{n}"


def active_person(session: Session, person_id: str) -> Person:
    """Somebody of the directory who can be asked. Raises NotFound."""
    person = session.get(Person, ledger.clean(person_id))
    if person is None or not person.active:
        raise NotFound("no_person", "Không có người này trong danh bạ.")
    return person


def _note_reason(
    session: Session,
    incident: Incident,
    kind: str,
    step: str,
    what: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    ledger.append(
        session, incident, kind, occurred_at=now, recorded_at=now, actor=actor,
        data={"step": step, "what": what}, texts={"reason": reason},
    )  # fmt: skip
