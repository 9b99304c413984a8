"""Doing the work of a step: ticking, answering, handing in proof; skipping and doing again, with a reason."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.domain.actors import Actor, Role
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.domain.ids import new_id
from incident.domain.words import said
from incident.response import casting
from incident.response.advance import enter, held_open, state_of
from incident.response.desk import Desk
from incident.response.library import pinned
from incident.response.permissions import COMMAND, require, require_person
from incident.store.tables import Incident, Proof, Statement
from incident.timeline import ledger
from playbooks.language import Step, Verb
from playbooks.run import Run
from playbooks.signals import Answered, Event, Redone, Skipped, Ticked


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
    """Skip a step. An approval is skipped only by one who may approve (the head of the task force)."""
    reason = with_reason(reason)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        verb, _ = _verb(session, incident, state_of(session, incident_id), step)
        if verb is Verb.APPROVE:
            require_person(actor)
        require(actor, *((Role.APPROVER,) if verb is Verb.APPROVE else COMMAND))
        enter(session, desk, incident, [Skipped(step, "")], now)
        _note_reason(session, incident, "override", step, "skip", reason, actor, now)


def redo(desk: Desk, incident_id: str, step: str, reason: str, actor: Actor, now: datetime) -> None:
    """Do a step again: its approvals are voided and a waiting publication is withdrawn."""
    reason = with_reason(reason)
    require(actor, *COMMAND, Role.APPROVER)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        _verb(session, incident, state_of(session, incident_id), step)
        enter(session, desk, incident, [Redone(step, "")], now)
        _note_reason(session, incident, "override", step, "redo", reason, actor, now)


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
