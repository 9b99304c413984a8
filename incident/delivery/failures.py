"""What the run must hear: a person whose every message failed for good. Left as a pending event for the door, once a request."""

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
    """For these messages, which have just failed for good: the requests nothing else can reach. Returns how many.

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
            select(Message.id, Message.status, Message.error)
            .join(MessageCause, MessageCause.message_id == Message.id)
            .where(MessageCause.request_id == request.id)
        ).all()
        if any(row.status not in FAILED for row in rows):
            continue
        last = next(row for row in rows if row.id in failed)
        once = {"effect_key": f"unreachable:{request.id}", "message_id": last.id, "request_id": None}
        if insert_once(session, MessageCause, [once]):
            person = None if request.grouped else request.person_id
            reason = (last.error or "failed").split(":")[0][:60]
            event = Unreachable(request.step, request.activation, person, 1, reason)
            leave_for_the_door(session, request.incident_id, event, now)
            told += 1
    return told
