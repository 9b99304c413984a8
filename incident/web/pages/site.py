"""Puts the pages on the application, and gives every template its words, filters and the state of the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, g
from sqlalchemy import select

from incident.domain.actors import ROLE_TITLES, Role
from incident.domain.codes import shown_code
from incident.store.tables import CarrierState, Lease, Setting
from incident.web import labels, language
from incident.web.language import _
from incident.web.pages import (
    account,
    acknowledge,
    actions,
    board,
    calls,
    directory,
    opening,
    playbooks,
    report,
    room,
    simulator,
    statement,
    steps,
)
from incident.web.pages.access import NOBODY

if TYPE_CHECKING:
    from incident.wiring import Wiring

CLOCK_STALE = timedelta(seconds=15)
PARTS = (
    board, opening, room, steps, calls, actions, statement, acknowledge, report, playbooks, directory, account,
    simulator,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class House:
    """The province's own words for the head and foot of a page, and what is wrong in the engine room."""

    agency: str
    duty_phone: str
    warnings: tuple[str, ...]


def register(app: Flask, wiring: Wiring) -> None:
    for part in PARTS:
        app.register_blueprint(part.pages)
    environment = app.jinja_env
    environment.filters.update(
        clock=language.clock,
        second=language.second,
        full=language.full,
        iso=language.iso,
        span=language.span,
        money=language.money,
        phone=language.phone,
        at=lambda moment: language.moment_of(moment, wiring.now()),
        for_input=language.for_input,
    )
    environment.globals.update(
        labels=labels, shown_code=shown_code, tones=labels.LEVEL_TONES, timezone=wiring.settings.tz_display
    )
    environment.globals["asset"] = app.extensions["files"].address
    app.context_processor(_context)


def _context() -> dict[str, Any]:
    wiring: Wiring = current_app.extensions["wiring"]
    actor = g.get("actor")
    return {
        "actor": actor,
        "can": g.get("can", NOBODY),
        "role_titles": [ROLE_TITLES[role] for role in Role if actor and role in actor.roles],
        "language": language.chosen(),
        "now": wiring.now(),
        "house": _house(wiring),
        "embedded": wiring.settings.simulator_url is not None,
    }


def _house(wiring: Wiring) -> House:
    """Read once a request; an error page must still come out when the database does not answer."""
    try:
        with wiring.store.reading() as session:
            words = {row.key: row.value for row in session.scalars(select(Setting))}
            warnings = _warnings(session, wiring) if g.get("actor") else ()
    except Exception:
        current_app.logger.exception("the words of the house could not be read")
        return House("", "", ())
    return House(words.get("agency", ""), words.get("duty_phone", ""), warnings)


def _warnings(session: Any, wiring: Wiring) -> tuple[str, ...]:
    found = []
    beat = session.scalar(select(Lease.beat_at).where(Lease.name == "clock"))
    if beat is None or wiring.now() - beat > CLOCK_STALE:
        found.append(
            _(
                "Bộ đếm giờ không chạy: hệ thống chưa tự nhắc và chưa tự mời người thay. Đề nghị gọi điện trực tiếp, báo quản trị."
            )
        )
    found.extend(
        _(
            "Kênh gửi “%(name)s” đang tạm dừng: %(reason)s. Tin chờ sẽ được gửi khi kênh hoạt động lại.",
            name=carrier.name,
            reason=carrier.reason,
        )
        for carrier in session.scalars(select(CarrierState).where(CarrierState.paused_at.is_not(None)))
    )
    return tuple(found)
