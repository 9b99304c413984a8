"""The course of an incident: notes, level, facts, pause, closing, reopening, masking."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from incident import wording
from incident.domain import legal
from incident.domain.actors import SYSTEM, Actor, Role
from incident.domain.errors import Conflict, Forbidden, Invalid
from incident.domain.leading import heads
from incident.domain.words import said
from incident.response import casting, notices, pressed, stopping
from incident.response.advance import enter, held, held_open, state_of
from incident.response.desk import Desk
from incident.response.library import pinned
from incident.response.open import AHEAD
from incident.response.permissions import COMMAND, require, require_person
from incident.response.task import with_reason
from incident.store.tables import Entry, Incident, Mailing, Request, RunEvent
from incident.timeline import ledger, masking
from playbooks.run import OPEN
from playbooks.signals import Cancelled, Event, FactChanged, LevelChanged, Paused, Reopened, Resumed

OUTCOMES = {
    "handled": said("đã xử lý"),
    "not_incident": said("không phải sự cố"),
    "false_alarm": said("báo nhầm"),
    "opened_by_mistake": said("mở nhầm"),
    "duplicate": said("trùng"),
    "handed_over": said("chuyển cơ quan khác"),
}
LET_GO = (
    "handed_over"  # the step of the mailing that tells people at a hand-over that nothing is left for them
)
NOTE_KINDS = ("note", "directive", "call_recorded")
LONGEST_NOTE = 20_000
LONGEST_PAUSE = timedelta(hours=24)


def add_note(
    desk: Desk,
    incident_id: str,
    text: str,
    actor: Actor,
    now: datetime,
    occurred_at: datetime | None = None,
    kind: str = "note",
    key: str = "",
) -> int:
    """Write a line: a development, a leader's directive, a call. `occurred_at` may lie in the past. Returns its seq.
    With the `key` of a form the same words are written once, however often they are sent."""
    require(actor, *COMMAND)
    text = text.strip()
    if not text:
        raise Invalid("empty", "Chưa có nội dung.", {"text": [said("Chưa có nội dung.")]})
    if len(text) > LONGEST_NOTE:
        raise Invalid(
            "too_long", "Nội dung quá dài.", {"text": [said("Không quá %(n)s ký tự.", n=LONGEST_NOTE)]}
        )
    if kind not in NOTE_KINDS:
        raise Invalid("bad_kind", "Không có loại ghi chép này.")
    at = _not_ahead("occurred_at", occurred_at, now) or now
    with desk.store.writing() as session:
        incident = held(session, incident_id)
        if written := pressed.before(session, incident_id, key, kind, text):
            return int(written)
        # The person of a call is the one who was called; who wrote it down is the actor.
        data = {"person": actor.person_id} if actor.person_id and kind != "call_recorded" else {}
        if actor.person_id:
            casting.remember(session, incident, {actor.person_id}, now)
        entry = ledger.append(
            session, incident, kind, occurred_at=min(at, now), recorded_at=now, actor=actor, data=data,
            texts={"text": text},
        )  # fmt: skip
        pressed.remember(session, incident_id, key, kind, text, result=str(entry.seq))
        return entry.seq


def _not_ahead(name: str, at: datetime | None, now: datetime) -> datetime | None:
    if at is not None and at > now + AHEAD:
        raise Invalid("future", "Thời điểm ở tương lai.", {name: [said("Thời điểm không được ở tương lai.")]})
    return at


def change_level(desk: Desk, incident_id: str, level: int, reason: str, actor: Actor, now: datetime) -> None:
    require(actor, *COMMAND)
    reason = with_reason(reason)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        playbook = pinned(session, incident.playbook_version)
        if level not in playbook.levels:
            raise Invalid(
                "bad_level", "Kịch bản không có cấp độ này.", {"level": [said("Không có cấp độ này.")]}
            )
        if level == incident.level:
            raise Conflict("same_level", "Vụ việc đang ở cấp độ này.")
        data = {"before": incident.level, "after": level, "level_name": playbook.levels[level]}
        incident.level = level
        _record(session, incident, "level_changed", actor, now, data, reason)
        enter(session, desk, incident, [LevelChanged(level)], now)


ANCHORS = ("occurred_at", "detected_at", "accepted_at", "assessed_at")


def change_facts(
    desk: Desk, incident_id: str, changes: dict[str, Any], reason: str, actor: Actor, now: datetime
) -> None:
    """Set or correct facts: `kinds` (list), the four anchor times (None removes), `topic`. Deadlines move with them;
    the timeline keeps what was there before. Raises Invalid."""
    require(actor, *COMMAND)
    reason = with_reason(reason)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        errors = _fact_errors(incident, changes, now)
        if errors:
            raise Invalid("invalid", "Xin xem lại các ô được đánh dấu.", errors)
        put_facts(session, desk, incident, changes, reason, actor, now)


def put_facts(
    session: Session,
    desk: Desk,
    incident: Incident,
    changes: dict[str, Any],
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Write these facts of a held incident, where they differ; the run hears of it."""
    before = {name: getattr(incident, name) for name in changes}
    changed = {name: value for name, value in changes.items() if before[name] != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(incident, name, value)
    if "occurred_at" in changed:
        moment = incident.occurred_at or incident.detected_at or incident.opened_at
        incident.basis = legal.basis_for(moment).as_json()
    _record(
        session, incident, "facts_changed", actor, now,
        {"before": {k: _plain(before[k]) for k in changed}, "after": {k: _plain(v) for k, v in changed.items()}},
        reason,
    )  # fmt: skip
    enter(session, desk, incident, [_fact_event(session, incident, changed, now)], now)


def _fact_errors(incident: Incident, changes: dict[str, Any], now: datetime) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    for name, value in changes.items():
        if name in ANCHORS:
            if value is not None and value > now + AHEAD:
                errors[name] = [said("Thời điểm không được ở tương lai.")]
        elif name == "kinds":
            strange = [kind for kind in value if kind not in incident.basis.get("kinds", {})]
            if strange:
                errors["kinds"] = [
                    said(
                        "%(basis)s không có loại: %(strange)s.",
                        basis=incident.basis["short"],
                        strange=", ".join(strange),
                    )
                ]
        elif name != "topic":
            errors[name] = [said("Không sửa được mục này.")]
    return errors


def _fact_event(session: Session, incident: Incident, changed: dict[str, Any], now: datetime) -> Event:
    anchors = {name: value for name, value in changed.items() if name in ANCHORS}
    known = {name: at for name in ANCHORS if (at := getattr(incident, name)) is not None}
    known["opened_at"] = incident.opened_at
    laws = legal.law_clocks(incident.basis, tuple(incident.kinds), known)
    roles = {}
    if "topic" in changed:
        playbook = pinned(session, incident.playbook_version)
        roles = casting.cast_again(session, incident, playbook, now)
        current = state_of(session, incident.id).roles
        roles = {slug: holders for slug, holders in roles.items() if current.get(slug) != holders}
    return FactChanged(anchors=anchors, roles=roles, laws=laws)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | datetime) else list(value)


def pause(desk: Desk, incident_id: str, until: datetime, reason: str, actor: Actor, now: datetime) -> None:
    """Stop reminders and escalation until then; legal clocks keep running."""
    require(actor, *COMMAND)
    reason = with_reason(reason)
    if not now < until <= now + LONGEST_PAUSE:
        raise Invalid(
            "bad_until", "Tạm dừng nhiều nhất 24 giờ.", {"until": [said("Từ bây giờ đến 24 giờ tới.")]}
        )
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        incident.paused_until = until
        _record(session, incident, "paused", actor, now, {"until": until}, reason)
        enter(session, desk, incident, [Paused(until)], now)


def resume(desk: Desk, incident_id: str, actor: Actor, now: datetime, reason: str = "") -> None:
    require(actor, *COMMAND)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        if incident.paused_until is None:
            raise Conflict("not_paused", "Vụ việc không ở trạng thái tạm dừng nhắc.")
        if incident.stopped_at is not None:
            raise Conflict("stopped", "Vụ việc đang dừng gửi: bấm “Tiếp tục gửi” ở đầu phòng xử lý.")
        incident.paused_until = None
        _record(session, incident, "resumed", actor, now, {}, reason)
        enter(session, desk, incident, [Resumed()], now)


# ------------------------------------------------------------------ closing


def close(
    desk: Desk,
    incident_id: str,
    outcome: str,
    reason: str,
    actor: Actor,
    now: datetime,
    stand_down: bool = True,
) -> None:
    """End the handling with an outcome of OUTCOMES; what is still open is listed on the timeline, everyone who was
    asked is told. Raises Invalid, Forbidden, Conflict."""
    require_head(desk, incident_id, actor)
    reason = with_reason(reason)
    if outcome not in OUTCOMES:
        raise Invalid(
            "bad_outcome",
            "Cần chọn kết quả.",
            {"outcome": [said("Các kết quả: %(outcomes)s.", outcomes=", ".join(OUTCOMES))]},
        )
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        if outcome == "handed_over" and incident.handed_at is None:
            fault = said("Ghi “Chuyển cơ quan khác” trước: cơ quan nào, từ giờ nào, văn bản nào.")
            raise Invalid("not_handed_over", fault, {"outcome": [fault]})
        run = state_of(session, incident_id)
        still_open = [step for step, state in run.steps.items() if state.state in OPEN]
        incident.status = "cancelled" if outcome == "opened_by_mistake" else "closed"
        incident.outcome, incident.closed_at, incident.paused_until = outcome, now, None
        incident.stopped_at = None
        _record(
            session, incident, "closed", actor, now,
            {"outcome": outcome, "outcome_title": OUTCOMES[outcome], "still_open": still_open}, reason,
        )  # fmt: skip
        asked = asked_people(session, incident)
        gone = _let_go(session, incident)
        enter(session, desk, incident, [Cancelled()], now)
        stop_sending(session, incident, now)
        if (
            outcome == "opened_by_mistake"
        ):  # an apology for what nobody got would be the first they hear of it
            asked = stopping.got_something(session, incident)
        asked = [person for person in asked if person not in gone]
        if stand_down and asked:
            _stand_down(session, desk, incident, asked, outcome, now)
            desk.store.after_commit(session, desk.ring)


def require_head(desk: Desk, incident_id: str, actor: Actor) -> None:
    """Raises Forbidden unless the actor leads the incident or is on duty."""
    if not actor.may(Role.DUTY_OFFICER) and not _is_head(desk, incident_id, actor):
        raise Forbidden("not_head", "Việc này do Tổ trưởng hoặc cán bộ trực quyết định.")


def _is_head(desk: Desk, incident_id: str, actor: Actor) -> bool:
    if actor.person_id is None:
        return False
    with desk.store.reading() as session:
        try:
            run = state_of(session, incident_id)
        except LookupError:
            return False
        return actor.person_id in heads(run)


def would_be_stood_down(desk: Desk, incident_id: str) -> int:
    """How many people would be told if the incident were closed now."""
    with desk.store.reading() as session:
        incident = session.get_one(Incident, incident_id)
        gone = _let_go(session, incident)
        return len([person for person in asked_people(session, incident) if person not in gone])


def _let_go(session: Session, incident: Incident) -> set[str]:
    """People who were told at the hand-over that nothing is left for them: nobody is told twice."""
    if incident.handed_at is None:
        return set()
    rows = session.scalars(
        select(Mailing.audience).where(
            Mailing.incident_id == incident.id,
            Mailing.step == LET_GO,
            Mailing.created_at >= incident.handed_at,
        )
    )
    return {str(person) for audience in rows for person, _ in audience}


def asked_people(session: Session, incident: Incident) -> list[str]:
    """Everyone who was woken and has not refused, in the order of asking: also whose place somebody else has taken."""
    woken = ("asked", "accepted", "expired", "replaced")
    rows = session.scalars(
        select(Request.person_id)
        .where(Request.incident_id == incident.id, Request.state.in_(woken))
        .order_by(Request.asked_at, Request.id)
    )
    return list(dict.fromkeys(rows))


def stop_sending(session: Session, incident: Incident, now: datetime) -> None:
    """What has not left yet does not leave; nobody is asked any more, and nothing is left for the run."""
    stopping.halt(session, incident, now, "closed")
    session.execute(
        update(Request)
        .where(Request.incident_id == incident.id, Request.state == "asked")
        .values(state="expired")
    )
    session.query(RunEvent).filter(
        RunEvent.incident_id == incident.id, RunEvent.applied_at.is_(None)
    ).delete()


def _stand_down(
    session: Session, desk: Desk, incident: Incident, people: list[str], outcome: str, now: datetime
) -> None:
    """One mailing tells everyone who was asked that it is over."""
    kind = {"opened_by_mistake": "stand_down.mistake", "handed_over": "stand_down.handed"}.get(
        outcome, "stand_down"
    )
    at = {"opened_by_mistake": incident.opened_at, "handed_over": incident.handed_at}.get(outcome) or now
    facts = wording.Facts(unknown="", asks=("không phải làm gì thêm",), extra={"at": wording.spoken(now)})
    notices.announce(
        session, desk, incident, people, now, step="stand_down", purpose="stand_down",
        sms=(kind, {"at": wording.clock(at), "body": incident.handed_short}), mail=("stand_down", facts),
        via=("sms",) if _called_out(session, incident) else ("sms", "email"),
    )  # fmt: skip
    ledger.append(
        session, incident, "stood_down", occurred_at=now, recorded_at=now, actor=SYSTEM,
        data={"count": len(people)},
    )  # fmt: skip


def _called_out(session: Session, incident: Incident) -> bool:
    """Whether a whole group was asked: it was asked by SMS alone, and is told by SMS alone."""
    grouped = select(Request.id).where(Request.incident_id == incident.id, Request.grouped).limit(1)
    return session.scalar(grouped) is not None


def reopen(desk: Desk, incident_id: str, reason: str, actor: Actor, now: datetime) -> None:
    """The same incident, run and code go on."""
    require(actor, *COMMAND)
    reason = with_reason(reason)
    with desk.store.writing() as session:
        incident = held(session, incident_id)
        if incident.status == "open":
            raise Conflict("open", "Vụ việc đang mở.")
        if incident.merged_into is not None:
            raise Conflict("merged", "Vụ việc này đã gộp vào vụ việc khác; việc gộp không hoàn tác được.")
        taken = session.scalar(
            select(Incident.number).where(Incident.code == incident.code, Incident.status == "open")
        )
        if taken:
            raise Conflict(
                "code_taken",
                said(
                    "Mã %(code)s đang dùng cho %(taken)s; xin mở vụ việc mới.",
                    code=incident.code,
                    taken=taken,
                ),
            )
        incident.status, incident.outcome, incident.closed_at = "open", None, None
        _record(session, incident, "reopened", actor, now, {}, reason)
        enter(session, desk, incident, [Reopened()], now)


# ------------------------------------------------------------------ masking


def mask(
    desk: Desk, incident_id: str, seq: int, field: str, reason: str, actor: Actor, now: datetime
) -> None:
    """Blank a free text that must not stay (a victim's name): a second person, with a reason. The chain still
    verifies. Raises Invalid, Forbidden, NotFound, Conflict."""
    require(actor, *COMMAND, Role.SECRETARY, Role.APPROVER, Role.SPOKESPERSON)
    require_person(actor)
    reason = with_reason(reason)
    with desk.store.writing() as session:
        incident = held(session, incident_id)
        masking.mask(session, incident, seq, field, actor, reason, now)


def _record(
    session: Session,
    incident: Incident,
    kind: str,
    actor: Actor,
    now: datetime,
    data: dict[str, Any],
    reason: str,
) -> Entry:
    return ledger.append(
        session, incident, kind, occurred_at=now, recorded_at=now, actor=actor, data=data,
        texts={"reason": reason} if reason else {},
    )  # fmt: skip
