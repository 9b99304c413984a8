"""The province's own words for the head and foot of every page, and what is wrong in the engine room.

Read once a request, together with what the page is about where it reads the database at all. Must never decide anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flask import current_app, g
from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.store.tables import Setting
from incident.web import alarms
from incident.web.alarms import Trouble, troubles

if TYPE_CHECKING:
    from incident.wiring import Wiring

_WORDS = select(Setting.key, Setting.value).where(Setting.key.in_(("agency", "duty_phone")))


@dataclass(frozen=True, slots=True)
class House:
    agency: str
    duty_phone: str
    warnings: tuple[str, ...]


def remember(session: Session, now: datetime) -> None:
    """Read it now, with the session of the page, and keep it for the templates."""
    words = {row.key: row.value for row in session.execute(_WORDS)}
    warnings: tuple[str, ...] = ()
    if g.get("actor"):
        calls_back = current_app.extensions["wiring"].gateway.calls_back
        warnings = tuple(alarms.words(found) for found in troubles(session, now, calls_back))
    current_app.extensions["duty_phone"] = words.get(
        "duty_phone", ""
    )  # for the page that has no database to ask
    g.house = House(words.get("agency", ""), words.get("duty_phone", ""), warnings)


def of_this_page(wiring: Wiring) -> House:
    """An error page must still come out when the database does not answer."""
    if "house" not in g:
        try:
            with wiring.store.reading() as session:
                remember(session, wiring.now())
        except Exception:
            current_app.logger.exception("the words of the house could not be read")
            g.house = House("", current_app.extensions.get("duty_phone", ""), ())
    found: House = g.house
    return found


def troubles_now(session: Session, wiring: Wiring) -> tuple[Trouble, ...]:
    """What is wrong at this moment, without words: also a mark of it, for what is sent only when something changed."""
    return troubles(session, wiring.now(), calls_back=wiring.gateway.calls_back)
