"""DỪNG GỬI: what has not been handed to a carrier stays here, at once and together; and the ways on from there.

Stopping wins against the workers: it holds the incident's row (no mailing is expanded meanwhile) and then every message
that has not ended. What is merely claimed is taken from its worker, who asks again before each call; a call that has
begun may still reach its phone, and if it comes back undone it does not leave a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from incident.domain.actors import Actor
from incident.domain.errors import Conflict
from incident.response import withdrawing
from incident.response.advance import enter, held_open
from incident.response.desk import Desk
from incident.response.permissions import COMMAND, require
from incident.response.telling import KEPT_BACK
from incident.response.withdrawing import PERHAPS_GONE
from incident.store.sessions import lock
from incident.store.tables import Attempt, Drill, Incident, Mailing, Message, MessageCause, Request
from incident.store.transitions import note
from incident.timeline import ledger
from playbooks.signals import Paused, Resumed

PAUSED_FOR = timedelta(
    hours=24
)  # the longest pause there is; sending itself stays stopped until somebody resumes it
VALID_AGAIN = timedelta(hours=6)
# Reminders and warnings name a moment that has moved on; the ladder makes new ones.
OF_THE_MOMENT = ("remind", "warn")
# The message went to a carrier, or may have.
LEFT = ("sending", "unknown", "accepted", "sent", "delivered", "temporary-failure")
MAY_HAVE_LEFT = or_(Message.status.in_(LEFT), PERHAPS_GONE)


@dataclass(frozen=True, slots=True)
class Leaving:
    """Messages of one incident: `gone` to a carrier, `calling` just now (may still arrive), `waiting` to leave."""

    gone: int
    calling: int
    waiting: int


def leaving(session: Session, incident_id: str) -> Leaving:
    """What stopping would come to if it were done now."""
    called = _begun(session, incident_id)
    rows = session.execute(
        select(Message.status, PERHAPS_GONE.label("perhaps"), func.count())
        .where(Message.incident_id == incident_id, Message.kind != "reply", Message.id.not_in(called))
        .group_by(Message.status, "perhaps")
    ).all()
    gone = sum(n for status, perhaps, n in rows if perhaps or (status in LEFT and status != "sending"))
    waiting = sum(n for status, perhaps, n in rows if not perhaps and status in ("created", "sending"))
    return Leaving(gone, len(called), waiting + _unexpanded(session, incident_id))


def _unexpanded(session: Session, incident_id: str) -> int:
    left = select(func.sum(Mailing.total - Mailing.cursor)).where(
        Mailing.incident_id == incident_id, Mailing.done_at.is_(None)
    )
    return int(session.scalar(left) or 0)


def _begun(session: Session, incident_id: str) -> set[str]:
    """Messages whose call to a carrier is being made now."""
    return set(
        session.scalars(
            select(Attempt.message_id)
            .join(Message, and_(Message.id == Attempt.message_id, Message.attempts == Attempt.n))
            .where(
                Message.incident_id == incident_id,
                Message.status == "sending",
                Attempt.outcome == "calling",
            )
        )
    )


def stop(desk: Desk, incident_id: str, actor: Actor, now: datetime, reason: str = "") -> Leaving:
    """Stop everything of this incident that has not left; reminders and escalation pause. Raises Conflict."""
    require(actor, *COMMAND)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        if incident.stopped_at is not None:
            raise Conflict("stopped", "Vụ việc này đã dừng gửi.")
        incident.stopped_at = now
        stopped = halt(session, incident, now, KEPT_BACK)
        incident.paused_until = now + PAUSED_FOR
        ledger.append(
            session, incident, "sending_stopped", occurred_at=now, recorded_at=now, actor=actor,
            data={"gone": stopped.gone, "calling": stopped.calling, "stopped": stopped.waiting},
            texts={"reason": reason.strip()} if reason.strip() else {},
        )  # fmt: skip
        enter(session, desk, incident, [Paused(incident.paused_until)], now)
        return stopped


def halt(session: Session, incident: Incident, now: datetime, why: str) -> Leaving:
    """Cancel, under the incident's lock, all that has not left, answers to replies excepted. Returns the counts."""
    session.flush()
    left_over = _unexpanded(session, incident.id)
    session.execute(
        update(Mailing)
        .where(Mailing.incident_id == incident.id, Mailing.done_at.is_(None))
        .values(done_at=now)
    )
    moving = lock(
        session,
        select(Message)
        .where(
            Message.incident_id == incident.id,
            Message.status.in_(("created", "sending", "unknown")),
            Message.kind != "reply",
        )
        .order_by(Message.id),
    ).all()
    taken = withdrawing.take_back(session, moving, why, now)
    gone = session.scalar(
        select(func.count()).where(
            Message.incident_id == incident.id,
            Message.kind != "reply",
            MAY_HAVE_LEFT,
            Message.id.not_in(taken.called),
        )
    )
    return Leaving(int(gone or 0), len(taken.called), len(taken.cancelled) + left_over)


# ------------------------------------------------------------------ going on


def kept_back(session: Session, incident: Incident) -> int:
    """How many messages would go if sending went on."""
    if incident.stopped_at is None:
        return 0
    messages = session.scalar(select(func.count()).select_from(Message).where(_waits(incident)))
    rest = session.scalar(select(func.sum(Mailing.total - Mailing.cursor)).where(_held_mailing(incident)))
    return int(messages or 0) + int(rest or 0)


def _held_mailing(incident: Incident) -> ColumnElement[bool]:
    return and_(
        Mailing.incident_id == incident.id,
        Mailing.done_at == incident.stopped_at,
        Mailing.cursor < Mailing.total,
        Mailing.purpose != "remind",
    )


def _waits(incident: Incident) -> ColumnElement[bool]:
    """Kept back, or undone after the stop; and still worth telling: nobody has answered it meanwhile."""
    stopped = or_(
        and_(Message.status == "cancelled", Message.error == KEPT_BACK),
        and_(Message.status == "expired", Message.valid_until == incident.stopped_at),
    )
    answered = (
        select(MessageCause.message_id)
        .join(Request, Request.id == MessageCause.request_id)
        .where(Request.incident_id == incident.id, Request.state != "asked")
    )
    return and_(
        Message.incident_id == incident.id,
        stopped,
        Message.kind.not_in(OF_THE_MOMENT),
        Message.id.not_in(answered),
    )


def go_on(desk: Desk, incident_id: str, actor: Actor, now: datetime) -> int:
    """Send what was kept back, and let reminders and escalation go on. Returns how many are sent. Raises Conflict."""
    require(actor, *COMMAND)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        if incident.stopped_at is None:
            raise Conflict("not_stopped", "Vụ việc này không ở trạng thái dừng gửi.")
        drill = session.get(Drill, incident_id)
        if drill is not None and drill.frozen_at is not None:
            raise Conflict("frozen", "Cuộc diễn tập đã dừng vì có sự cố thật; muốn tập tiếp xin mở cuộc mới.")
        count = kept_back(session, incident)
        _release(session, incident, now)
        was_paused = incident.paused_until is not None and incident.paused_until > now
        incident.stopped_at = incident.paused_until = None
        ledger.append(
            session, incident, "sending_resumed", occurred_at=now, recorded_at=now, actor=actor,
            data={"sent": count},
        )  # fmt: skip
        if was_paused:
            enter(session, desk, incident, [Resumed()], now)
        desk.store.after_commit(session, desk.ring)
        return count


def _release(session: Session, incident: Incident, now: datetime) -> None:
    session.flush()
    rows = lock(session, select(Message).where(_waits(incident)).order_by(Message.id)).all()
    moves = [(row.id, row.status, "created", "sent on") for row in rows]
    for row in rows:
        row.status, row.error, row.finished_at = "created", "", None
        row.not_before, row.valid_until = now, now + VALID_AGAIN
    session.flush()
    note(session, moves, now)
    session.execute(update(Mailing).where(_held_mailing(incident)).values(done_at=None, valid_until=None))


def got_something(session: Session, incident: Incident) -> list[str]:
    """Everybody to whom a message of this incident went, or may have gone."""
    return list(
        dict.fromkeys(
            person
            for person in session.scalars(
                select(Message.person_id)
                .where(Message.incident_id == incident.id, MAY_HAVE_LEFT, Message.kind != "reply")
                .order_by(Message.created_at, Message.id)
            )
            if person
        )
    )
