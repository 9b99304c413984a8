"""Replies as they come in: stored first, once each. What they mean is for `response` to say, later and in batches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.delivery import references
from incident.domain.ids import new_id
from incident.store.sessions import Store
from incident.store.tables import Attempt, Inbound, Message
from notify.message import Reply
from notify.phone import BadNumber, to_e164

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def inbound_row(reply: Reply, message_id: str | None, now: datetime) -> dict[str, Any]:
    """A reply as it is kept until somebody reads it. `message_id`: what it answers, where the carrier says so."""
    return {
        "id": new_id(now),
        "message_id": message_id,
        "carrier": reply.carrier,
        "carrier_id": _storable(reply.carrier_id)[:80],
        "sender": _number(_storable(reply.sender)),
        "recipient": _storable(reply.to)[:40],
        "body": _storable(reply.body),
        "received_at": now,
        "state": "new",
        "means": "",
    }


def message_of(session: Session, reference: str, secret: str) -> str | None:
    """The message of an attempt's signed reference, which says what is answered; None when it is none of ours."""
    attempt_id = references.attempt_of(reference, secret) if reference else None
    if attempt_id is None:
        return None
    return session.scalar(select(Attempt.message_id).where(Attempt.id == attempt_id))


def answered_by_mail(session: Session, answers: Sequence[str]) -> str | None:
    """The mail of ours that is answered: its Message-ID is made of its row's id. The first that is known."""
    known = set(
        session.scalars(select(Message.id).where(Message.id.in_(answers), Message.channel == "email"))
    )
    return next((one for one in answers if one in known), None)


def _storable(text: str) -> str:
    """Without what no database takes, halves of a character and NUL: the answer around them must not be lost."""
    return _UNSTORABLE.sub("", text)


def _number(sender: str) -> str:
    """A number as the directory keeps it; a mail address, a name or a short code as it came."""
    if "@" in sender:
        return sender[:200]
    try:
        return to_e164(sender)[:20]
    except BadNumber:
        return sender[:20]


def waiting(store: Store, now: datetime, older_than_seconds: float = 0.0, limit: int = 200) -> list[str]:
    """Replies that nobody has read yet, in the order in which they came."""
    with store.reading() as session:
        return list(
            session.scalars(
                select(Inbound.id)
                .where(
                    Inbound.state == "new", Inbound.received_at <= now - timedelta(seconds=older_than_seconds)
                )
                .order_by(Inbound.received_at, Inbound.id)
                .limit(limit)
            )
        )
