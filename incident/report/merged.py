"""Incidents that became part of one, as the record of that one shows them. Reads only; their timelines stay their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.domain.codes import shown_code
from incident.report import queries
from incident.report.record import EntryView, HandedView, MergedView, OtherView, ReleasedView
from incident.store.tables import Incident, Release, Revision, Statement

NOTES = ("note", "directive", "call_recorded")
MOST_NOTES = 20

# The timeline of an incident: its id and, for a page, the kinds that are wanted and how many of them.
ReadTimeline = Callable[[str, tuple[str, ...], int | None], tuple[EntryView, ...]]


def other_of(session: Session, incident: Incident) -> OtherView | None:
    """What this incident is part of."""
    if incident.merged_into is None:
        return None
    into = session.get_one(Incident, incident.merged_into)
    return OtherView(into.id, shown_code(into.code, into.mode), into.number, into.title)


def merged_of(session: Session, incident_id: str, whole: bool, read: ReadTimeline) -> tuple[MergedView, ...]:
    """What became part of this incident, the first one first. `whole`: with their timelines."""
    rows = session.scalars(queries.MERGED, {"incident": incident_id}).all()
    return tuple(
        MergedView(
            id=row.id,
            code=shown_code(row.code, row.mode),
            number=row.number,
            title=row.title,
            at=row.closed_at,
            chain_seq=row.chain_seq,
            chain_hash=row.chain_hash,
            notes=read(row.id, NOTES, MOST_NOTES),
            released=_released(session, row.id),
            timeline=read(row.id, (), None) if whole else (),
        )
        for row in rows
    )


def _released(session: Session, incident_id: str) -> tuple[ReleasedView, ...]:
    rows = session.execute(
        select(Statement.id, Statement.title, Release.released_at, Release.link)
        .join(Revision, Revision.statement_id == Statement.id)
        .join(Release, Release.revision_id == Revision.id)
        .where(
            Release.incident_id == incident_id,
            Release.released_at.is_not(None),
            Release.taken_down_at.is_(None),
        )
        .order_by(Release.released_at)
    )
    out: dict[str, ReleasedView] = {}
    for id, title, at, link in rows:
        assert isinstance(at, datetime)
        out.setdefault(id, ReleasedView(id, title, at, link or ""))
    return tuple(out.values())


def handed_of(incident: Incident) -> HandedView | None:
    """Who has the lead, when it is not ours."""
    if incident.handed_at is None:
        return None
    return HandedView(incident.handed_to, incident.handed_short, incident.handed_at, incident.handed_paper)
