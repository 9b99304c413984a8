"""The after-action report of an incident, in every form it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response
from sqlalchemy import select

from incident.domain.errors import Forbidden
from incident.report.gathering import gather
from incident.response.permissions import reads_all
from incident.store.tables import Setting
from incident.web.api import incoming
from incident.web.api.door import Calls, actor, visible, wiring

calls = Calls("reports", "Báo cáo sau vụ việc")

MEDIA_TYPES = {
    "html": "text/html",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "json": "application/json",
    "csv": "text/csv",
}


def _may_have(part: str) -> None:
    """The annex names people: for those who read everything, not for a member."""
    if part == "noi-bo" and not reads_all(actor()):
        raise Forbidden("names", "Phụ lục nội bộ có tên người; chỉ người được xem toàn bộ mới mở được.")


def _report(fmt: str) -> Callable[..., Response]:
    def report(query: dict[str, Any], incident_id: str) -> Response:
        from incident.report.rendering import render  # heavy: charts and papers

        now = wiring().now()
        with wiring().store.reading() as session:
            visible(session, incident_id)
            _may_have(query["part"])
            view = gather(session, incident_id, now)
            words = {row.key: row.value for row in session.scalars(select(Setting))}
        content, media_type = render(view, fmt, query["part"], now, settings_words=words)
        name = f"bao-cao-{view.number.replace('/', '-')}-{query['part']}.{fmt}"
        response = Response(content, content_type=media_type)
        response.headers["Content-Disposition"] = (
            f'{"inline" if fmt == "html" else "attachment"}; filename="{name}"'
        )
        response.headers["Cache-Control"] = "private, no-store"
        return response

    report.__name__ = f"report_{fmt}"
    return report


for _fmt, _media_type in MEDIA_TYPES.items():
    calls.call(
        "GET",
        f"/incidents/<key:incident_id>/report.{_fmt}",
        summary=f"Báo cáo, dạng {_fmt}",
        query=incoming.ReportAsked,
        gives={"type": "object"} if _fmt == "json" else {"type": "string"},
        content_type=_media_type,
    )(_report(_fmt))
