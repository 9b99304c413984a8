"""Changes of messages' statuses: the one place where they are kept.

Knows the rows and the table of arrows (`domain.message_states`), never why anything happened.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from incident.domain.message_states import may_become
from incident.store.bulk import insert_many
from incident.store.tables import Transition

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
    insert_many(session, Transition.__table__, rows)  # type: ignore[arg-type]
