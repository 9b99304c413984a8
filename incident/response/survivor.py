"""Which incident an old one has become part of. Must never merge anything itself: `merging` does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from incident.store.tables import Incident, Request


def of(session: Session, incident: Incident) -> Incident:
    """The incident itself, or the one it is part of now, however often that was merged again."""
    while incident.merged_into is not None:
        incident = session.get_one(Incident, incident.merged_into)
    return incident


def with_survivors(session: Session, ids: Iterable[str]) -> set[str]:
    """These ids and those of everything they became part of."""
    known, fresh = set(ids), set(ids)
    while fresh:
        rows = session.scalars(
            select(Incident.merged_into).where(Incident.id.in_(fresh), Incident.merged_into.is_not(None))
        )
        fresh = {str(one) for one in rows} - known
        known |= fresh
    return known


def lasting(incidents: Mapping[str, Incident], id: str) -> str:
    """The same among incidents that were read before; as far as they reach."""
    while (incident := incidents.get(id)) is not None and incident.merged_into in incidents:
        id = str(incident.merged_into)
    return id


def was_asked_before(session: Session, incident: Incident, person_id: str) -> bool:
    """Whether somebody was asked in one that became part of this incident."""
    merged = select(Incident.id).where(Incident.merged_into == incident.id)
    asked = exists().where(Request.person_id == person_id, Request.incident_id.in_(merged))
    return bool(session.scalar(select(asked)))
