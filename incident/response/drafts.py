"""Openings that were typed and not sent: kept for whoever is on duty, told to nobody, without a code or a timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from incident.domain.actors import Actor
from incident.domain.errors import Conflict, NotFound
from incident.domain.ids import new_id
from incident.response.desk import Desk
from incident.response.permissions import COMMAND, require
from incident.store.tables import OpeningDraft

KEPT = timedelta(days=7)
LONGEST_FIELD = 1000
MOST_PLACES = 200


@dataclass(frozen=True, slots=True)
class Unsent:
    """One of them as a list shows it."""

    id: str
    mode: str
    title: str
    saved_by: str
    saved_at: datetime


def save(desk: Desk, fields: Mapping[str, Any], actor: Actor, now: datetime, draft: str = "") -> str:
    """Keep what was typed; again under the same id where it was taken up from there. Returns the id."""
    require(actor, *COMMAND)
    kept = {name: _cut(value) for name, value in fields.items()}
    with desk.store.writing() as session:
        row = session.get(OpeningDraft, draft) if draft else None
        if row is None:
            row = OpeningDraft(id=new_id(now))
            session.add(row)
        row.mode = "drill" if kept.get("drill") else "live"
        row.title = str(kept.get("title") or "")[:300]
        row.fields, row.saved_by, row.saved_at = kept, actor.name, now
        return row.id


def _cut(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [str(item)[:LONGEST_FIELD] for item in value[:MOST_PLACES]]
    return str(value)[:LONGEST_FIELD]


def unsent(session: Session, now: datetime) -> tuple[Unsent, ...]:
    """The newest first; those older than a week are no longer offered."""
    rows = session.scalars(
        select(OpeningDraft).where(OpeningDraft.saved_at > now - KEPT).order_by(OpeningDraft.saved_at.desc())
    )
    return tuple(Unsent(row.id, row.mode, row.title, row.saved_by, row.saved_at) for row in rows)


def find(session: Session, draft: str) -> OpeningDraft:
    """Raises NotFound: it was sent or discarded meanwhile."""
    row = session.get(OpeningDraft, draft)
    if row is None:
        raise NotFound("no_draft", "Bản chưa gửi này không còn: đã được gửi hoặc đã bỏ.")
    return row


def discard(desk: Desk, draft: str, actor: Actor) -> None:
    require(actor, *COMMAND)
    with desk.store.writing() as session:
        session.delete(find(session, draft))


def take(session: Session, draft: str) -> None:
    """It is being sent, in the caller's transaction; of two officers only one gets it. Raises Conflict."""
    gone = session.execute(delete(OpeningDraft).where(OpeningDraft.id == draft).returning(OpeningDraft.id))
    if gone.first() is None:
        raise Conflict("draft_gone", "Bản chưa gửi này vừa được người khác gửi hoặc bỏ. Chưa gửi tin nào.")


def tidy(session: Session, now: datetime) -> None:
    """What nobody sent within a week goes."""
    session.execute(delete(OpeningDraft).where(OpeningDraft.saved_at <= now - KEPT))
