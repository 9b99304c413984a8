"""The door: an event enters, the engine says what follows, and all of it is written in the caller's transaction.

The incident's row is locked by the caller. Order of locks everywhere: incident, run, request, message.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.domain.actors import SYSTEM
from incident.domain.errors import Conflict, Forbidden, NotFound, Refusal
from incident.domain.words import said
from incident.response import casting
from incident.response.desk import Desk
from incident.response.library import pinned
from incident.response.telling import Telling
from incident.store.sessions import lock
from incident.store.tables import Incident, Run, RunEvent
from incident.timeline import ledger
from playbooks import run as run_state
from playbooks.engine import EngineRefusal, advance
from playbooks.events import event_from_json, event_to_json
from playbooks.language import Playbook
from playbooks.signals import Event, FactChanged, Holders, Record, TimePassed, Unreachable, WakeAt

log = logging.getLogger(__name__)

# What the engine refuses, in words for people. Its code decides; anything else is said generally.
REFUSED = {
    "editor_may_not_approve": said("Người đã sửa bản này không được duyệt chính bản đó."),
    "not_asked": said("Việc này đang chờ người khác, không phải đồng chí."),
    "not_the_submitted_revision": said("Đã có bản mới hơn; xin mở lại trang và xem bản hiện hành."),
    "not_the_approved_text": said("Nội dung này không phải nội dung đã duyệt; không công bố được."),
    "not_their_approval": said("Lần duyệt này không còn hiệu lực, không phải rút nữa."),
    "not_approved": said("Nội dung chưa được duyệt; không công bố được."),
    "step_not_open": said("Bước này không còn chờ xử lý."),
    "step_already_ended": said("Bước này đã kết thúc."),
    "step_never_begun": said("Bước này chưa bắt đầu, không làm lại được."),
    "unknown_step": said("Kịch bản không có bước này."),
    "wrong_verb": said("Bước này không nhận cách xử lý đó."),
    "unknown_choice": said("Câu trả lời không nằm trong các lựa chọn."),
    "unknown_item": said("Mục này không có trong danh sách của bước."),
    "unknown_level": said("Kịch bản không có cấp độ này."),
    "step_has_begun": said("Phiên bản mới không còn một bước đã bắt đầu."),
    "in_the_future": said("Thời điểm không được ở tương lai."),
    "not_held": said("Tổ công tác của vụ việc này đã được báo."),
    "closed": said("Vụ việc đã kết thúc; muốn làm tiếp xin mở lại vụ việc trước."),
    "not_closed": said("Vụ việc chưa kết thúc."),
    "handed_over": said("Vụ việc đã chuyển cơ quan khác chủ trì; muốn làm tiếp xin nhận lại trước."),
    "not_handed_over": said("Vụ việc đang do ta chủ trì."),
    "not_paused": said("Vụ việc không ở trạng thái tạm dừng nhắc."),
    "pause_already_over": said("Thời điểm tạm dừng đến phải ở tương lai."),
}
FORBIDDEN = ("editor_may_not_approve", "not_asked")


def held(session: Session, incident_id: str) -> Incident:
    """The incident, locked until the end of the transaction. Raises NotFound."""
    incident: Incident | None = lock(
        session, select(Incident).where(Incident.id == incident_id)
    ).one_or_none()
    if incident is None:
        raise NotFound("no_incident", "Không có vụ việc này.")
    return incident


def held_open(session: Session, incident_id: str) -> Incident:
    """The incident, locked and open. Raises NotFound, Conflict."""
    incident = held(session, incident_id)
    require_open(session, incident)
    return incident


def require_open(session: Session, incident: Incident) -> None:
    """Raises Conflict, with the way on, when it is closed."""
    if incident.merged_into is not None:
        into = session.get_one(Incident, incident.merged_into)
        raise Conflict(
            "merged", said("Vụ việc này đã gộp vào %(number)s; xin làm tiếp ở đó.", number=into.number)
        )
    if incident.status != "open":
        raise Conflict("closed", "Vụ việc đã kết thúc; muốn làm tiếp xin mở lại vụ việc trước.")


def state_of(session: Session, incident_id: str) -> run_state.Run:
    return run_state.from_json(session.get_one(Run, incident_id).state)


def enter(session: Session, desk: Desk, incident: Incident, events: Iterable[Event], now: datetime) -> None:
    """Tell the run these events and write everything that follows. Raises Refusal when the engine refuses one:
    the caller's transaction is then rolled back and nothing has happened."""
    with session.no_autoflush:  # written together, where a part asks for it or at the end
        _enter(session, desk, incident, events, now)


def _enter(session: Session, desk: Desk, incident: Incident, events: Iterable[Event], now: datetime) -> None:
    row = session.get_one(Run, incident.id)
    playbook = pinned(session, incident.playbook_version)
    telling = Telling(session, desk, incident, playbook, now)
    run = run_state.from_json(row.state) if row.state else None
    run, records = _advance(session, telling, run, events)
    _record(session, incident, records, telling.people, now)
    telling.write(run)
    row.state = run_state.to_json(run)
    row.wake_at = None if incident.status != "open" else run.wake_at
    if telling.something_to_send:
        desk.store.after_commit(session, desk.ring)


def _advance(
    session: Session, telling: Telling, run: run_state.Run | None, events: Iterable[Event]
) -> tuple[run_state.Run, list[Record]]:
    """The run after these events and what they bring about, and what is to be recorded of it."""
    queue, records = deque(events), list[Record]()
    while queue:
        event, before = queue.popleft(), run
        try:
            run, effects = advance(telling.playbook, run, event, telling.now)
        except EngineRefusal as refusal:
            raise _refused(refusal) from refusal
        if run != before or not isinstance(event, TimePassed):
            session.add(_logged(telling.incident.id, event, telling.now))
        telling.foresee(effects)
        for effect in effects:
            if isinstance(effect, Record):
                records.append(effect)
            elif not isinstance(effect, WakeAt):
                queue.extend(telling.take(effect, run))
    assert run is not None
    return run, records


def _record(
    session: Session, incident: Incident, records: list[Record], told: set[str], now: datetime
) -> None:
    people = {person for record in records for person in record.data.get("people", ()) if person}
    people |= {p for record in records if (p := record.data.get("person"))}
    people |= {p for record in records if (p := record.data.get("instead_of"))}
    casting.remember(session, incident, people | told, now)
    ledger.append_many(
        session, incident, [ledger.Line(record.kind, now, now, SYSTEM, record.data) for record in records]
    )


def _logged(incident_id: str, event: Event, now: datetime) -> RunEvent:
    return RunEvent(
        incident_id=incident_id, event=json.loads(event_to_json(event)), created_at=now, applied_at=now
    )


def _refused(refusal: EngineRefusal) -> Refusal:
    code = refusal.code
    text = REFUSED.get(
        code, said("Bước này không nhận việc đó lúc này; xin mở lại trang để xem trạng thái mới.")
    )
    return (Forbidden if code in FORBIDDEN else Conflict)(code, text)


# ------------------------------------------------------------------ the sweep's part


def tell_time(desk: Desk, now: datetime, limit: int = 50) -> int:
    """Tell the time to every run that asked for it by now. Returns how many were told."""
    with desk.store.reading() as session:
        due = session.scalars(
            select(Run.incident_id).where(Run.wake_at <= now).order_by(Run.wake_at).limit(limit)
        ).all()
    for incident_id in due:
        with desk.store.writing() as session:
            incident = held(session, incident_id)
            run = session.get_one(Run, incident_id)
            if run.wake_at is not None and run.wake_at <= now:
                enter(session, desk, incident, [TimePassed()], now)
    return len(due)


def apply_pending(desk: Desk, now: datetime) -> int:
    """Enter the events that delivery left for the run. Returns how many."""
    with desk.store.reading() as session:
        waiting = session.scalars(
            select(RunEvent.incident_id).where(RunEvent.applied_at.is_(None)).distinct().limit(50)
        ).all()
    entered = 0
    for incident_id in waiting:
        try:
            entered += _apply(desk, incident_id, now)
        except Exception:  # what one incident cannot take must not keep the others from hearing
            log.exception("what delivery left for incident %s could not be entered", incident_id)
    return entered


def _apply(desk: Desk, incident_id: str, now: datetime) -> int:
    with desk.store.writing() as session:
        incident = held(session, incident_id)
        rows = session.scalars(
            select(RunEvent)
            .where(RunEvent.incident_id == incident_id, RunEvent.applied_at.is_(None))
            .order_by(RunEvent.id)
        ).all()
        events = [event_from_json(json.dumps(row.event)) for row in rows]
        events = _tried_elsewhere(session, desk, incident, events, now)
        _note_unreachable(session, incident, events, now)
        if events:
            enter(session, desk, incident, events, now)
        # `enter` logged them anew in the order in which they were applied.
        for row in rows:
            session.delete(row)
        return len(rows)


def _tried_elsewhere(
    session: Session, desk: Desk, incident: Incident, events: list[Event], now: datetime
) -> list[Event]:
    """What is left for the run to hear: who could not be reached on one channel is first tried on the next."""
    failed = [event for event in events if isinstance(event, Unreachable) and event.person]
    if not failed or incident.status != "open":
        return events
    row = session.get_one(Run, incident.id)
    playbook = pinned(session, incident.playbook_version)
    telling = Telling(session, desk, incident, playbook, now)
    run = run_state.from_json(row.state)
    settled: list[Event] = [event for event in failed if telling.onward(event, run)]
    if telling.something_to_send:
        desk.store.after_commit(session, desk.ring)
    return _heard_once([event for event in events if event not in settled])


def _heard_once(events: list[Event]) -> list[Event]:
    """A person whose channels failed one after the other is unreachable once."""
    kept: dict[object, Event] = {}
    for place, event in enumerate(events):
        if isinstance(event, Unreachable) and event.person:
            kept.setdefault((event.step, event.activation, event.person), event)
        else:
            kept[place] = event
    return list(kept.values())


def _note_unreachable(session: Session, incident: Incident, events: list[Event], now: datetime) -> None:
    for event in events:
        if isinstance(event, Unreachable):
            data = {
                "step": event.step,
                "person": event.person,
                "count": event.count,
                "code": event.reason,
            }
            ledger.append(
                session, incident, "unreachable", occurred_at=now, recorded_at=now, actor=SYSTEM, data=data
            )


def sweep_roles(desk: Desk, now: datetime) -> int:
    """Look again who holds the roles of open incidents (a shift has changed, a post has a new holder).
    Returns how many incidents changed."""
    with desk.store.reading() as session:
        open_ids = session.scalars(select(Incident.id).where(Incident.status == "open")).all()
        changed = [i for i in open_ids if _recast(session, session.get_one(Incident, i), now)]
    for incident_id in changed:
        with desk.store.writing() as session:
            incident = held(session, incident_id)
            roles = _recast(session, incident, now)
            if roles and incident.status == "open":
                enter(session, desk, incident, [FactChanged(roles=roles, reason="lịch trực, danh bạ")], now)
    return len(changed)


def _recast(session: Session, incident: Incident, now: datetime) -> dict[str, Holders]:
    playbook: Playbook = pinned(session, incident.playbook_version)
    known = state_of(session, incident.id).roles
    fresh = casting.cast_again(session, incident, playbook, now)
    return {role: holders for role, holders in fresh.items() if known.get(role) != holders}
