"""What the next officer must know: the open incidents as one picture, plain enough to be kept with the hand-over.

Only ids, names, titles and times as text: no telephone number stands in a picture. Reads only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, inspect, select, text
from sqlalchemy.orm import Session

from incident.report.gathering import gather
from incident.report.record import DeadlineView, IncidentView, MemberView
from incident.store.tables import Incident
from incident.timeline.ledger import utc_text

AHEAD = timedelta(hours=8)
UNANSWERED = ("asked", "sending", "not_told", "unreachable", "wrong_number", "review")
RUNNING = ("running", "warned", "missed")
DRAFTS = "opening_draft"  # incidents typed and not yet sent


def open_ids(session: Session, before: datetime | None = None) -> list[str]:
    """The open incidents, drills last; with `before` only those that were open by then."""
    query = select(Incident.id).where(Incident.status == "open")
    if before is not None:
        query = query.where(Incident.opened_at < before)
    return list(session.scalars(query.order_by(Incident.mode.desc(), Incident.id)))


def picture(session: Session, ids: Sequence[str], now: datetime) -> dict[str, Any]:
    """The picture of these incidents as JSON."""
    return {
        "at": utc_text(now),
        "incidents": [_one(gather(session, id, now, timeline=False), now) for id in ids],
        "drafts": _drafts(session),
    }


def _one(view: IncidentView, now: datetime) -> dict[str, Any]:
    clocks = sorted(_pressing(view, now), key=lambda d: d.due or now)
    ahead = [d for d in clocks if d.due and d.due > now]
    return {
        "id": view.id,
        "code": view.code,
        "number": view.number,
        "mode": view.mode,
        "short_name": view.short_name,
        "level": view.level,
        "since": utc_text(view.opened_at),
        "next": _clock(ahead[0]) if ahead else None,
        "deadlines": [_clock(d) for d in clocks],
        "unanswered": [_person(m) for m in view.task_force if m.state in UNANSWERED],
        "groups": [{"title": g.role_title, "waiting": g.waiting} for g in view.groups if g.waiting],
        "review": len(view.review),
        "overdue": [{"title": s.title, "people": list(s.people)} for s in view.steps if s.state == "stuck"],
        "press": [
            {"n": p.n, "outlet": p.outlet, "deadline": utc_text(p.deadline) if p.deadline else None}
            for p in view.press
            if p.open
        ],
    }


def _pressing(view: IncidentView, now: datetime) -> list[DeadlineView]:
    """What has passed and is not met, and what falls due in the next eight hours."""
    return [
        d for d in view.deadlines if d.state in RUNNING and not d.met_at and d.due and d.due <= now + AHEAD
    ]


def _clock(deadline: DeadlineView) -> dict[str, Any]:
    assert deadline.due is not None
    return {"title": deadline.title, "due": utc_text(deadline.due), "law": deadline.law}


def _person(member: MemberView) -> dict[str, Any]:
    asked = utc_text(member.asked_at) if member.asked_at else None
    return {
        "person": member.person_id,
        "name": member.name,
        "xung_ho": member.xung_ho,
        "role": member.role_title,
        "state": member.state,
        "asked": asked,
    }


def _drafts(session: Session) -> int:
    """Openings saved and not sent, where this service keeps them."""
    if not inspect(session.connection()).has_table(DRAFTS):
        return 0
    return session.scalar(select(func.count()).select_from(text(DRAFTS))) or 0


def empty(picture: dict[str, Any]) -> bool:
    return not picture.get("incidents")
