"""What people write into the after-action report: its sections, one version after another, and the improvement plan.

Each is written with its line on the timeline; the texts themselves are no part of the chain, they may be bettered."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime

from sqlalchemy.orm import Session

from incident.domain.actors import Actor, Role
from incident.domain.errors import Conflict, Invalid, NotFound
from incident.domain.ids import new_id
from incident.domain.words import said
from incident.response import pressed
from incident.response.desk import Desk
from incident.response.permissions import COMMAND, require
from incident.store.sessions import lock
from incident.store.tables import Improvement, Incident, ReportSection
from incident.timeline import ledger

SECTIONS = ("summary", "went_well", "to_improve", "lessons", "conditions")
WRITERS = (*COMMAND, Role.SECRETARY, Role.APPROVER, Role.SPOKESPERSON)
LONGEST = 20_000


def clean(text: str) -> str:
    """NFC, line feeds kept, no control characters."""
    kept = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(sign for sign in kept if sign == "\n" or sign.isprintable()).strip()


def write_section(
    desk: Desk, incident_id: str, key: str, text: str, version: int, actor: Actor, now: datetime
) -> int:
    """Keep a section. `version` is the one the writer saw (0 = none yet). Returns the new version.
    Raises Forbidden, NotFound, Invalid, Conflict ("stale")."""
    require(actor, *WRITERS)
    text = clean(text)
    if key not in SECTIONS:
        raise NotFound("no_section", "Báo cáo không có mục này.")
    if len(text) > LONGEST:
        raise Invalid("too_long", "Nội dung quá dài.", {key: [said("Không quá %(n)s ký tự.", n=LONGEST)]})
    with desk.store.writing() as session:
        incident = _held(session, incident_id)
        row = session.get(ReportSection, (incident_id, key))
        if (row.version if row else 0) != version:
            stale = said("Người khác vừa sửa mục này; xin xem bản mới trước khi lưu.")
            raise Conflict("stale", stale, {key: [stale]})
        if row is None:
            row = ReportSection(incident_id=incident_id, key=key, version=0)
            session.add(row)
        row.text, row.version, row.updated_by, row.updated_at = text, version + 1, actor.name, now
        _record(
            session, incident, "report_section_written", actor, now, {"section": key, "version": version + 1}
        )
        return version + 1


def add_improvement(
    desk: Desk, incident_id: str, *, issue: str, action: str, owner: str, unit: str, due: date | None,
    actor: Actor, now: datetime,
) -> str:  # fmt: skip
    """A line of the improvement plan: what was wrong, what will be done, by whom, until when. Returns its id."""
    require(actor, *WRITERS)
    given = {"issue": clean(issue), "action": clean(action), "owner": clean(owner)}
    missing = {
        "issue": said("Ghi vấn đề"),
        "action": said("Ghi việc sẽ làm"),
        "owner": said("Ghi người chịu trách nhiệm"),
    }
    errors: dict[str, list[str]] = {name: [missing[name]] for name, text in given.items() if not text}
    if due is None:
        errors["due"] = [said("Chọn ngày hoàn thành")]
    if errors or due is None:
        raise Invalid("incomplete", "Chưa đủ thông tin.", errors)
    with desk.store.writing() as session:
        incident = _held(session, incident_id)
        words = (given["issue"], given["action"], given["owner"], clean(unit), due.isoformat())
        if written := pressed.before(session, incident_id, "improvement", *words):
            return written  # the same line twice is one line
        row = Improvement(
            id=new_id(now), incident_id=incident_id, issue=given["issue"][:LONGEST], action=given["action"][:LONGEST],
            owner=given["owner"][:160], unit=clean(unit)[:160], due=due, created_at=now,
        )  # fmt: skip
        session.add(row)
        _record(
            session,
            incident,
            "improvement_added",
            actor,
            now,
            {"improvement": row.id, "due": due.isoformat()},
        )
        pressed.remember(session, incident_id, "improvement", *words, result=row.id)
        return row.id


def finish_improvement(
    desk: Desk, incident_id: str, improvement_id: str, actor: Actor, now: datetime
) -> None:
    """Mark a line of the plan as done; doing so twice changes nothing."""
    require(actor, *WRITERS)
    with desk.store.writing() as session:
        incident = _held(session, incident_id)
        row = session.get(Improvement, improvement_id)
        if row is None or row.incident_id != incident_id:
            raise NotFound("no_improvement", "Không có dòng này trong kế hoạch cải thiện.")
        if row.done_at is None:
            row.done_at = now
            _record(session, incident, "improvement_done", actor, now, {"improvement": row.id})


def _held(session: Session, incident_id: str) -> Incident:
    incident = session.get(Incident, incident_id)
    if incident is None:
        raise NotFound("no_incident", "Không có vụ việc này.")
    return lock(session, incident)


def _record(
    session: Session, incident: Incident, kind: str, actor: Actor, now: datetime, data: dict[str, object]
) -> None:
    ledger.append(session, incident, kind, occurred_at=now, recorded_at=now, actor=actor, data=data)
