"""Whether the service is alive, ready, and how it does: `/healthz`, `/readyz`, `/metrics`. Names no person and no number.

Anybody may ask whether it is alive and ready. What it counts is for whoever watches it: a program on this machine, or one
that shows METRICS_TOKEN.
"""

from __future__ import annotations

import hmac
import threading
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, jsonify, request
from sqlalchemy import ColumnElement, TextClause, func, not_, or_, select
from sqlalchemy.orm import Session

from incident.delivery import leases, operating, vitals
from incident.domain.ids import first_id
from incident.store.tables import (
    DUE,
    MOVING,
    CarrierState,
    Inbound,
    Mailing,
    Message,
    Receipt,
    RunEvent,
)
from notify.loopback import is_loopback

if TYPE_CHECKING:
    from incident.wiring import Wiring

KEPT_SECONDS = 3.0  # several scrapers, or one in a hurry, cost the database no more than one
DAY = timedelta(days=1)


def blueprint(wiring: Wiring) -> Blueprint:
    health = Blueprint("health", __name__)
    counted = _Counted(wiring)

    @health.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @health.get("/readyz")
    def readyz() -> tuple[Response, int]:
        reasons = vitals.unready(wiring.store, wiring.gateway.has("sms"), wiring.now())
        return jsonify({"ready": not reasons, "reasons": reasons}), 503 if reasons else 200

    @health.get("/metrics")
    def metrics() -> Response:
        if not _may_count(wiring.settings.metrics_token, wiring.settings.proxies):
            abort(403)
        return Response(counted(), mimetype="text/plain; version=0.0.4")

    return health


def _may_count(token: str | None, proxies: int) -> bool:
    """A proxy that was not configured makes the whole world look as if it were here: it says so in its headers."""
    forwarded = not proxies and ("X-Forwarded-For" in request.headers or "Forwarded" in request.headers)
    address = str(request.remote_addr)
    if is_loopback(f"//[{address}]" if ":" in address else f"//{address}") and not forwarded:
        return True
    given = request.headers.get("Authorization", "").encode()
    return bool(token) and hmac.compare_digest(given, f"Bearer {token}".encode())


class _Counted:
    """The metrics of this process, a few seconds old at most."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._lock = threading.Lock()
        self._text = ""
        self._until = 0.0

    def __call__(self) -> str:
        with self._lock:
            if time.monotonic() >= self._until:
                self._text = exposition(self._wiring, self._wiring.now())
                self._until = time.monotonic() + KEPT_SECONDS
            return self._text


def _messages(session: Session, now: datetime) -> list[tuple[str, str, int]]:
    """By channel and status, all that still move, and of the others those of the last day: what has ended is never gone
    through, however much of it there is."""
    others = (Message.id >= first_id(now - DAY), not_(or_(DUE, MOVING)))
    parts: list[tuple[ColumnElement[bool] | TextClause, ...]] = [(DUE,), (MOVING,), others]
    return [
        (channel, status, count)
        for which in parts
        for channel, status, count in session.execute(
            select(Message.channel, Message.status, func.count())
            .where(*which)
            .group_by(Message.channel, Message.status)
        )
    ]


def exposition(wiring: Wiring, now: datetime) -> str:
    """Prometheus' text format, read from the database at each scrape: every process tells the same."""
    lines: list[str] = []

    def gauge(name: str, help_: str, values: list[tuple[str, float]]) -> None:
        lines.append(f"# HELP incident_{name} {help_}")
        lines.append(f"# TYPE incident_{name} gauge")
        lines.extend(f"incident_{name}{labels} {value:g}" for labels, value in values)

    with wiring.store.reading() as session:
        by_status = _messages(session, now)
        due = session.scalar(
            select(func.min(Message.not_before)).where(Message.status == "created", Message.not_before <= now)
        )
        counts = {
            "receipts_waiting": session.scalar(select(func.count()).where(Receipt.applied_at.is_(None))),
            "replies_unread": session.scalar(select(func.count()).where(Inbound.state == "new")),
            "mailings_open": session.scalar(select(func.count()).where(Mailing.done_at.is_(None))),
            "run_events_pending": session.scalar(select(func.count()).where(RunEvent.applied_at.is_(None))),
            "carriers_paused": session.scalar(
                select(func.count()).where(CarrierState.paused_at.is_not(None))
            ),
        }
        carriers = operating.every(session, wiring.gateway, now)
    beat = leases.beat(wiring.store, "clock")
    gauge(
        "messages",
        "Messages by channel and status: all that wait or move, and the others of the last 24 hours.",
        [(f'{{channel="{channel}",status="{status}"}}', count) for channel, status, count in by_status],
    )
    gauge("oldest_due_seconds", "Age of the oldest message that is due.", [("", _age(due, now))])
    gauge("clock_beat_seconds", "Age of the clock's last sweep.", [("", _age(beat, now))])
    gauge(
        "carrier_share_percent",
        "How much of its messages a carrier keeps; 0 while it is paused or avoided.",
        [
            (f'{{carrier="{c.name}"}}', 0 if c.state in ("held", "paused", "avoided") else c.share)
            for c in carriers
        ],
    )
    gauge(
        "carrier_calls_last_hour",
        "Calls to each carrier by how they ended.",
        [
            (f'{{carrier="{c.name}",outcome="{outcome}"}}', n)
            for c in carriers
            for outcome, n in c.hour.items()
        ],
    )
    for name, count in counts.items():
        gauge(name, f"{name.replace('_', ' ').capitalize()}.", [("", count or 0)])
    return "\n".join(lines) + "\n"


def _age(at: datetime | None, now: datetime) -> float:
    return 0.0 if at is None else max(0.0, (now - at).total_seconds())
