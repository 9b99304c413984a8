"""Takes back messages that have not left: those that wait, and those that a worker holds and has not begun to send.

The caller holds the incident. Must never know why, beyond the word it keeps.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from incident.store.tables import Attempt, Message
from incident.store.transitions import note

CHUNK = 500


def withdraw(session: Session, why: str, now: datetime, *which: ColumnElement[bool]) -> int:
    """Cancel what has not left of these messages; what is being called now does not leave a second time. Returns how many
    were cancelled."""
    session.flush()
    query = (
        select(Message.id, Message.status)
        .where(Message.status.in_(("created", "sending")), *which)
        .order_by(Message.id)
    )
    if session.get_bind().dialect.name != "sqlite":
        query = query.with_for_update()
    rows = session.execute(query).all()
    # Asked only now: whoever began a call did so before these rows were ours.
    begun = _begun(session, [row.id for row in rows if row.status == "sending"])
    kept = [(row.id, row.status) for row in rows if row.id not in begun]
    cancel(session, kept, why, now)
    never_again(session, begun, now)
    return len(kept)


def cancel(session: Session, messages: Iterable[tuple[str, str]], why: str, now: datetime) -> None:
    """End these (id, status), which are locked and have not left."""
    messages = list(messages)
    for start in range(0, len(messages), CHUNK):
        chunk = messages[start : start + CHUNK]
        session.execute(
            update(Message)
            .where(Message.id.in_([id for id, _ in chunk]))
            .values(status="cancelled", error=why, finished_at=now, claim_token=None, claim_until=None)
            .execution_options(synchronize_session=False)
        )
        note(session, ((id, before, "cancelled", why) for id, before in chunk), now)


def never_again(session: Session, begun: Iterable[str], now: datetime) -> None:
    """Their call is being made: should it turn out not to have gone, its time is over."""
    ids = sorted(begun)
    for start in range(0, len(ids), CHUNK):
        session.execute(
            update(Message)
            .where(Message.id.in_(ids[start : start + CHUNK]))
            .values(valid_until=now)
            .execution_options(synchronize_session=False)
        )


def _begun(session: Session, ids: list[str]) -> set[str]:
    """Of these messages, those whose call is being made."""
    found: set[str] = set()
    for start in range(0, len(ids), CHUNK):
        found |= set(
            session.scalars(
                select(Attempt.message_id).where(
                    Attempt.message_id.in_(ids[start : start + CHUNK]), Attempt.outcome == "calling"
                )
            )
        )
    return found
