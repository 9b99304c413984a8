"""The board: what is open, the most urgent first; what is closed, below."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, render_template, request

from incident.report.gathering import gather_list
from incident.report.record import IncidentCard
from incident.web.pages.access import actor, can, signed_in, wiring

pages = Blueprint("board", __name__)

CLOSED_SHOWN = 20
NEVER = datetime.max.replace(tzinfo=UTC)


@pages.get("/")
@signed_in
def index() -> str:
    opened, closed = _cards()
    name = "board/live.html" if "HX-Request" in request.headers else "board/board.html"
    return render_template(name, opened=opened, closed=closed)


def urgency(card: IncidentCard) -> tuple[bool, bool, datetime, int]:
    """Live before drills, then what already waits for a person, then the nearest deadline."""
    waits = bool(card.missed or card.overdue or card.review)
    return (
        card.drill,
        not waits,
        card.next_deadline.due or NEVER if card.next_deadline else NEVER,
        -card.level,
    )


def _cards() -> tuple[list[IncidentCard], list[IncidentCard]]:
    now, mine = wiring().now(), None if can().read_all else actor().person_id or "nobody"
    with wiring().store.reading() as session:
        opened = gather_list(session, now, status="open", limit=100, person_id=mine)
        closed = gather_list(session, now, status="closed", limit=CLOSED_SHOWN, person_id=mine)
    return sorted(opened, key=urgency), closed
