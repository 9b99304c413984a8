"""Whether the service is alive, ready, and how it does: `/healthz`, `/readyz`, `/metrics`. Names no person and no number."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify
from sqlalchemy import func, select

from incident.delivery import leases, operating, vitals
from incident.store.tables import CarrierState, Inbound, Mailing, Message, Receipt, RunEvent

if TYPE_CHECKING:
    from incident.wiring import Wiring


def blueprint(wiring: Wiring) -> Blueprint:
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @health.get("/readyz")
    def readyz() -> tuple[Response, int]:
        reasons = vitals.unready(wiring.store, wiring.gateway.has("sms"), wiring.now())
        return jsonify({"ready": not reasons, "reasons": reasons}), 503 if reasons else 200

    @health.get("/metrics")
    def metrics() -> Response:
        return Response(exposition(wiring, wiring.now()), mimetype="text/plain; version=0.0.4")

    return health


def exposition(wiring: Wiring, now: datetime) -> str:
    """Prometheus' text format, read from the database at each scrape: every process tells the same."""
    lines: list[str] = []

    def gauge(name: str, help_: str, values: list[tuple[str, float]]) -> None:
        lines.append(f"# HELP incident_{name} {help_}")
        lines.append(f"# TYPE incident_{name} gauge")
        lines.extend(f"incident_{name}{labels} {value:g}" for labels, value in values)

    with wiring.store.reading() as session:
        by_status = session.execute(
            select(Message.channel, Message.status, func.count()).group_by(Message.channel, Message.status)
        ).all()
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
        "Messages by channel and status.",
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
