"""Takes back messages that have not left: those that wait, and those that a worker holds and has not begun to send.

What waits to be asked about again, because its gateway may have it, has perhaps left: it is not taken back but looked for.
The caller holds the incident. Must never know why, beyond the word it keeps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from incident.store.tables import Attempt, Message
from incident.store.transitions import note

CHUNK = 500
PERHAPS_GONE = Message.passed_over.contains("=")
"""A call ended in the dark, and its gateway is to be asked again by the same key: what waits meanwhile may have arrived."""


class Moving(Protocol):
    """A message that has not ended, locked."""

    @property
    def id(self) -> str: ...

    @property
    def status(self) -> str: ...

    @property
    def passed_over(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Taken:
    """Ids of what was `cancelled`, of what is being `called` just now, and of what is `sought`, since it may have gone."""

    cancelled: Collection[str]
    called: Collection[str]
    sought: Collection[str]


def withdraw(session: Session, why: str, now: datetime, *which: ColumnElement[bool]) -> int:
    """Cancel what has not left of these messages; what is being called now does not leave a second time. Returns how many
    were cancelled."""
    session.flush()
    query = (
        select(Message.id, Message.status, Message.passed_over)
        .where(Message.status.in_(("created", "sending")), *which)
        .order_by(Message.id)
    )
    if session.get_bind().dialect.name != "sqlite":
        query = query.with_for_update()
    return len(take_back(session, session.execute(query).all(), why, now).cancelled)


def take_back(session: Session, moving: Iterable[Moving], why: str, now: datetime) -> Taken:
    """Cancel those of these locked messages that have not left; none of the others leaves a second time."""
    moving = list(moving)
    # Asked only now: whoever began a call did so before these rows were ours.
    called = _begun(session, [one.id for one in moving if one.status == "sending"])
    held = [one for one in moving if one.status in ("created", "sending") and one.id not in called]
    sought = [(one.id, one.status) for one in held if "=" in one.passed_over]
    kept = [(one.id, one.status) for one in held if "=" not in one.passed_over]
    _move(session, kept, "cancelled", why, now, error=why, finished_at=now)
    _move(session, sought, "unknown", why, now, look_at=now)
    ended = {id for id, _ in kept}
    never_again(session, (one.id for one in moving if one.id not in ended), now)
    return Taken(ended, called, {id for id, _ in sought})


def _move(
    session: Session, messages: Sequence[tuple[str, str]], to: str, why: str, now: datetime, **values: object
) -> None:
    """Give these (id, status), which are locked and not being called, another status."""
    for start in range(0, len(messages), CHUNK):
        chunk = messages[start : start + CHUNK]
        session.execute(
            update(Message)
            .where(Message.id.in_([id for id, _ in chunk]))
            .values(status=to, claim_token=None, claim_until=None, **values)
            .execution_options(synchronize_session=False)
        )
        note(session, ((id, before, to, why) for id, before in chunk), now)


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
