"""The board: what is open, the most urgent first; what is over, found by its words; and the screen on the office wall."""

from __future__ import annotations

from datetime import UTC, datetime
from zlib import crc32

from flask import Blueprint, Response, make_response, render_template, request

from incident.report.board import board_tag, closed
from incident.report.cards import gather_list
from incident.report.record import IncidentCard
from incident.web.house import troubles_now
from incident.web.language import chosen
from incident.web.pages.access import actor, can, signed_in, wiring
from incident.web.watching import mark

pages = Blueprint("board", __name__)

OPEN_SHOWN = 100
CLOSED_SHOWN = 20
WALL_SHOWN = 8
LAST_PAGE = 100_000
NEVER = datetime.max.replace(tzinfo=UTC)


@pages.get("/")
@signed_in
def index() -> str:
    wanted = request.args.get("q", "").strip()[:80]
    page = min(max(1, request.args.get("page", 1, int)), LAST_PAGE)
    with wiring().store.reading() as session:
        over = closed(session, wanted, page, CLOSED_SHOWN, _mine())
    return render_template("board/board.html", opened=_open(), over=over, wanted=wanted)


@pages.get("/board/live")
@signed_in
def live() -> Response:
    """The open ones, sent only when something has changed or a minute has passed."""
    return _live("board/live.html", OPEN_SHOWN)


@pages.get("/wall")
@signed_in
def wall() -> str:
    """For a screen that hangs in the office: nobody signs anything there, so no number and no button is on it."""
    return render_template("board/wall.html", opened=_open(), shown=WALL_SHOWN)


@pages.get("/wall/live")
@signed_in
def wall_live() -> Response:
    return _live("board/wall_live.html", WALL_SHOWN)


def _live(template: str, shown: int) -> Response:
    now = wiring().now()
    with wiring().store.reading() as session:
        wrong = troubles_now(session, wiring())
        tag = mark(f"{board_tag(session)}{crc32(repr(wrong).encode()):08x}", now, actor().id, chosen())
    if request.if_none_match.contains_weak(tag):
        response = Response(status=304)
    else:
        response = make_response(render_template(template, opened=_open(), shown=shown))
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def urgency(card: IncidentCard) -> tuple[bool, bool, datetime, int]:
    """Live before drills, then what already waits for a person, then the nearest deadline."""
    waits = bool(card.missed or card.overdue or card.review)
    return (
        card.drill,
        not waits,
        card.next_deadline.due or NEVER if card.next_deadline else NEVER,
        -card.level,
    )


def _mine() -> str | None:
    """Whose incidents are shown: all of them, or those one was asked in."""
    return None if can().read_all else actor().person_id or "nobody"


def _open() -> list[IncidentCard]:
    with wiring().store.reading() as session:
        found = gather_list(session, wiring().now(), status="open", limit=OPEN_SHOWN, person_id=_mine())
    return sorted(found, key=urgency)
