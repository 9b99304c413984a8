"""How far the sending of an incident has come, in messages. Must never say anything about people: a sent message is no answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident.store.tables import Mailing

STILL_TO_GO = ("created", "sending")
WORTH_SHOWING = 20


@dataclass(frozen=True, slots=True)
class Progress:
    gone: int
    total: int

    @property
    def percent(self) -> int:
        return 100 * self.gone // self.total


def progress(session: Session, incident_id: str, messages: Mapping[str, int]) -> Progress | None:
    """None when nothing is on its way, or so little that it is gone before anybody has read the line.

    `messages`: counts by status. Of a mailing that is not yet written out, each person counts as one message."""
    unwritten = session.scalar(
        select(func.sum(Mailing.total - Mailing.cursor)).where(
            Mailing.incident_id == incident_id, Mailing.done_at.is_(None)
        )
    )
    total = sum(messages.values()) + max(0, unwritten or 0)
    waiting = sum(messages.get(status, 0) for status in STILL_TO_GO) + max(0, unwritten or 0)
    return Progress(total - waiting, total) if waiting and total >= WORTH_SHOWING else None
