"""What the door must hear: the last channel on which a person was tried has failed for good. Left as a pending event, once
an asking and set of failed channels; whether another channel is tried first, or the run hears of it, is the door's to say."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.delivery import drills
from incident.delivery.expansion import leave_for_the_door
from incident.delivery.outcomes import FAILED
from incident.delivery.rows import among, hold_incidents, insert_once
from incident.store.tables import Message, MessageCause, Request
from playbooks.signals import Unreachable

OF_AN_APPROVAL = ("ask_approval", "remind", "hop")  # what an effect's key says


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
        .where(among(MessageCause.message_id, failed), Request.state == "asked")
        .distinct()
    ).all()
    told = 0
    for request in requests:
        rows = session.execute(
            select(Message.id, Message.channel, Message.status, Message.error)
            .join(MessageCause, MessageCause.message_id == Message.id)
            .where(MessageCause.request_id == request.id, Message.created_at >= request.asked_at)
        ).all()
        if not any(row.id in failed for row in rows):
            continue  # the person has been asked anew since, at another number perhaps
        waits = {row.channel for row in rows if row.status not in FAILED}
        tried = {row.channel for row in rows}
        highest = next(channel for channel in ("voice", "sms", "email") if channel in tried)
        if waits if request.grouped else highest in waits:
            continue
        last = next(row for row in rows if row.id in failed)
        channels = "+".join(sorted(tried - waits))
        once = {
            "effect_key": f"unreachable:{request.id}:{request.asked_at.isoformat()}:{channels}",
            "message_id": last.id,
            "request_id": None,
        }
        if insert_once(session, MessageCause, [once]):
            person = None if request.grouped else request.person_id
            event = Unreachable(request.step, request.activation, person, 1, _reason(last.error))
            leave_for_the_door(session, request.incident_id, event, now)
            told += 1
    return told + _tell_of_approvals(session, failed, now)


def tell_ended(session: Session, ended: Collection[str], now: datetime) -> int:
    """The same for messages that ended without a call: nobody may be sent them, nobody can carry them, their time is over.
    What broke the rules of a drill is told on the timeline. In a transaction of its own, since the door's incidents come
    before messages."""
    drills.tell_refused(session, ended, now)
    ids = session.scalars(select(Message.incident_id).where(among(Message.id, ended)).distinct()).all()
    hold_incidents(session, [one for one in ids if one])
    return tell_run(session, ended, now)


def _tell_of_approvals(session: Session, failed: Collection[str], now: datetime) -> int:
    """An approval is asked without a request: its effect says which step of which activation waits for whom."""
    told = 0
    rows = session.execute(
        select(Message.id, Message.channel, Message.person_id, Message.error, MessageCause.effect_key)
        .join(MessageCause, MessageCause.message_id == Message.id)
        .where(
            among(Message.id, failed),
            Message.kind == "approve",
            Message.channel != "email",
            MessageCause.request_id.is_(None),
        )
    )
    for row in rows.all():
        incident_id, step, activation, what = (*row.effect_key.split(":"), "", "", "")[:4]
        if what not in OF_AN_APPROVAL:
            continue  # one SMS may say several things; what else it said waits for nobody
        key = f"unreachable:{incident_id}:{step}:{activation}:{row.person_id}:{row.channel}"
        once = {"effect_key": key, "message_id": row.id, "request_id": None}
        if activation.isdigit() and insert_once(session, MessageCause, [once]):
            event = Unreachable(step, int(activation), row.person_id, 1, _reason(row.error))
            leave_for_the_door(session, incident_id, event, now)
            told += 1
    return told


def _reason(error: str) -> str:
    return (error or "failed").split(":")[0][:60]
