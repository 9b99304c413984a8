"""The province's own words for the head and foot of every page, and what is wrong in the engine room.

Read once a request, together with what the page is about where it reads the database at all. Must never decide anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import current_app, g
from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.store.tables import CarrierState, Lease, Setting
from incident.web.language import _

if TYPE_CHECKING:
    from incident.wiring import Wiring

CLOCK_STALE = timedelta(seconds=15)

_WORDS = select(Setting.key, Setting.value).where(Setting.key.in_(("agency", "duty_phone")))
_BEAT = select(Lease.beat_at).where(Lease.name == "clock")
_PAUSED = select(CarrierState.name, CarrierState.reason).where(CarrierState.paused_at.is_not(None))


@dataclass(frozen=True, slots=True)
class House:
    agency: str
    duty_phone: str
    warnings: tuple[str, ...]


def remember(session: Session, now: datetime) -> None:
    """Read it now, with the session of the page, and keep it for the templates."""
    words = {row.key: row.value for row in session.execute(_WORDS)}
    warnings = _warnings(session, now) if g.get("actor") else ()
    g.house = House(words.get("agency", ""), words.get("duty_phone", ""), warnings)


def of_this_page(wiring: Wiring) -> House:
    """An error page must still come out when the database does not answer."""
    if "house" not in g:
        try:
            with wiring.store.reading() as session:
                remember(session, wiring.now())
        except Exception:
            current_app.logger.exception("the words of the house could not be read")
            g.house = House("", "", ())
    found: House = g.house
    return found


def _warnings(session: Session, now: datetime) -> tuple[str, ...]:
    found = []
    beat = session.scalar(_BEAT)
    if beat is None or now - beat > CLOCK_STALE:
        found.append(
            _(
                "Bộ đếm giờ không chạy: hệ thống chưa tự nhắc và chưa tự mời người thay. Đề nghị gọi điện trực tiếp, báo quản trị."
            )
        )
    found.extend(
        _(
            "Kênh gửi “%(name)s” đang tạm dừng: %(reason)s. Tin chờ sẽ được gửi khi kênh hoạt động lại.",
            name=name,
            reason=reason,
        )
        for name, reason in session.execute(_PAUSED)
    )
    return tuple(found)
