"""What the door must hear: the last channel on which a person was tried has failed for good. Left as a pending event, once
a request and set of failed channels; whether another channel is tried first, or the run hears of it, is the door's to say."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.delivery.expansion import leave_for_the_door
from incident.delivery.outcomes import FAILED
from incident.delivery.rows import insert_once
from incident.store.tables import Message, MessageCause, Request
from playbooks.signals import Unreachable


def tell_run(session: Session, failed: Collection[str], now: datetime) -> int:
    """For these messages, which have just failed for good: the requests for which nothing quicker than an email is on its
    way any more; of a group, those nothing at all can reach. Returns how many.

    The caller holds the incidents (`rows.hold_incidents`) and the messages.
    """
    if not failed:
        return 0
    requests = session.scalars(
        select(Request)
        .join(MessageCause, MessageCause.request_id == Request.id)
        .where(MessageCause.message_id.in_(failed), Request.state == "asked")
        .distinct()
    ).all()
    told = 0
    for request in requests:
        rows = session.execute(
            select(Message.id, Message.channel, Message.status, Message.error)
            .join(MessageCause, MessageCause.message_id == Message.id)
            .where(MessageCause.request_id == request.id)
        ).all()
        waits = {row.channel for row in rows if row.status not in FAILED}
        tried = {row.channel for row in rows}
        highest = next(channel for channel in ("voice", "sms", "email") if channel in tried)
        if waits if request.grouped else highest in waits:
            continue
        last = next(row for row in rows if row.id in failed)
        channels = "+".join(sorted(tried - waits))
        once = {
            "effect_key": f"unreachable:{request.id}:{channels}",
            "message_id": last.id,
            "request_id": None,
        }
        if insert_once(session, MessageCause, [once]):
            person = None if request.grouped else request.person_id
            event = Unreachable(request.step, request.activation, person, 1, _reason(last.error))
            leave_for_the_door(session, request.incident_id, event, now)
            told += 1
    return told + _tell_of_approvals(session, failed, now)


def _tell_of_approvals(session: Session, failed: Collection[str], now: datetime) -> int:
    """An approval is asked without a request: its effect says which step of which activation waits for whom."""
    told = 0
    rows = session.execute(
        select(Message.id, Message.channel, Message.person_id, Message.error, MessageCause.effect_key)
        .join(MessageCause, MessageCause.message_id == Message.id)
        .where(
            Message.id.in_(failed),
            Message.kind == "approve",
            Message.channel != "email",
            MessageCause.request_id.is_(None),
        )
    )
    for row in rows.all():
        incident_id, step, activation = row.effect_key.split(":")[:3]
        key = f"unreachable:{incident_id}:{step}:{activation}:{row.person_id}:{row.channel}"
        once = {"effect_key": key, "message_id": row.id, "request_id": None}
        if activation.isdigit() and insert_once(session, MessageCause, [once]):
            event = Unreachable(step, int(activation), row.person_id, 1, _reason(row.error))
            leave_for_the_door(session, incident_id, event, now)
            told += 1
    return told


def _reason(error: str) -> str:
    return (error or "failed").split(":")[0][:60]
