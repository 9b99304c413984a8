"""Changes of messages' statuses: the one place where they are kept, and where what waits is cancelled.

Knows the rows and the table of arrows (`domain.message_states`), never why anything happened.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, insert, update
from sqlalchemy.orm import Session

from incident.domain.message_states import may_become
from incident.store.tables import Message, Transition

log = logging.getLogger(__name__)

WHY_LENGTH = 200


def note(session: Session, moves: Iterable[tuple[str, str, str, str]], now: datetime) -> None:
    """Keep changes of status: (message, before, after, why)."""
    rows = []
    for message, before, after, why in moves:
        if before == after:
            continue
        if not may_become(before, after):
            log.error("a message went from %s to %s, which it may not: %s", before, after, message)
        rows.append(
            {"message_id": message, "at": now, "before": before, "after": after, "why": why[:WHY_LENGTH]}
        )
    if rows:
        session.connection().execute(insert(Transition.__table__), rows)  # type: ignore[arg-type]


def cancel(session: Session, *which: ColumnElement[bool], why: str, now: datetime) -> list[str]:
    """What has not been claimed yet is not sent any more. Returns the ids, for whom it concerns."""
    session.flush()
    gone = session.scalars(
        update(Message)
        .where(Message.status == "created", *which)
        .values(status="cancelled", finished_at=now, error=why)
        .returning(Message.id)
    ).all()
    note(session, ((message, "created", "cancelled", why) for message in gone), now)
    return list(gone)
