"""A press that comes twice (a double click, a retry after a time-out) writes once.

A form carries a key of its own. What it wrote is remembered under the key *and* the words: the same form with other
words is another act. Called with the incident held, so that two presses at once take their turn.
"""

from __future__ import annotations

import hashlib

from sqlalchemy.orm import Session

from incident.store.tables import Pressed


def before(session: Session, incident_id: str, key: str, *words: str) -> str | None:
    """What this very press has written already; None when it is new, or when the caller sent no key."""
    found = session.get(Pressed, (incident_id, _digest(key, words))) if key else None
    return found.result if found else None


def remember(session: Session, incident_id: str, key: str, *words: str, result: str) -> None:
    if key:
        session.add(Pressed(incident_id=incident_id, key=_digest(key, words), result=result))


def _digest(key: str, words: tuple[str, ...]) -> str:
    return hashlib.sha256("\x1f".join((key, *words)).encode()).hexdigest()
