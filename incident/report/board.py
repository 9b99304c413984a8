"""The board beyond its cards: a mark of its state, and the incidents that are over, found without typing marks.

Must never read a run or a timeline: the closed ones may be thousands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident.domain.names import search_key
from incident.report.cards import takes_part
from incident.report.places import area_names, area_titles
from incident.store.tables import Inbound, Incident, Run


@dataclass(frozen=True, slots=True)
class Closed:
    """One incident that is over, as the list names it."""

    id: str
    number: str
    mode: str
    title: str
    short_name: str
    outcome: str | None
    opened_at: datetime
    closed_at: datetime | None
    area_names: tuple[str, ...]

    @property
    def drill(self) -> bool:
        return self.mode == "drill"


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was looked for; `count` is of all pages."""

    rows: tuple[Closed, ...]
    count: int
    page: int
    pages: int


def board_tag(session: Session) -> str:
    """Changes when a card, or the list of the closed ones, may have changed."""
    incidents = select(
        Incident.status, func.count(), func.sum(Incident.chain_seq), func.max(Incident.id)
    ).group_by(Incident.status)
    moved = select(func.max(Run.wake_at)).join(Incident).where(Incident.status == "open")
    review = select(func.count()).select_from(Inbound).where(Inbound.state == "review")
    seen = [
        sorted(str(tuple(row)) for row in session.execute(incidents)),
        str(session.scalar(moved)),
        session.scalar(review),
    ]
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:20]


def closed(session: Session, words: str, page: int, size: int, person_id: str | None = None) -> Found:
    """Those that are over, the last closed first. Every word must stand in number, titles, place or year."""
    columns = (
        Incident.id, Incident.number, Incident.mode, Incident.title, Incident.short_name, Incident.outcome,
        Incident.opened_at, Incident.closed_at, Incident.area,
    )  # fmt: skip
    chosen = select(*columns).where(Incident.status != "open")
    if person_id is not None:
        chosen = chosen.where(Incident.id.in_(takes_part(person_id)))
    rows = session.execute(chosen.order_by(Incident.closed_at.desc(), Incident.id.desc())).all()
    places = area_names(session, rows)
    every = [_closed(row, area_titles(row.area, places)) for row in rows]
    wanted = search_key(words).split()
    found = [row for row in every if _matches(row, wanted)] if wanted else every
    pages = max(1, -(-len(found) // size))
    page = min(max(1, page), pages)
    return Found(tuple(found[(page - 1) * size : page * size]), len(found), page, pages)


def _closed(row: Any, places: tuple[str, ...]) -> Closed:
    return Closed(
        row.id,
        row.number,
        row.mode,
        row.title,
        row.short_name,
        row.outcome,
        row.opened_at,
        row.closed_at,
        places,
    )


def _matches(row: Closed, wanted: Sequence[str]) -> bool:
    year = str(row.opened_at.year)
    text = search_key(" ".join((row.number, row.title, row.short_name, *row.area_names, year)))
    return all(word in text for word in wanted)
