"""Sao chép cho nhóm Zalo: a text that may be read by everybody, to be copied, and a press when it has been sent."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for

from incident.domain.errors import Invalid
from incident.report.record import IncidentView
from incident.response import casting, zalo
from incident.response.permissions import COMMAND, require
from incident.web.language import _
from incident.web.pages.access import actor, read, signed_in, wiring
from incident.web.pages.forms import Answer

pages = Blueprint("zalo", __name__)


@pages.get("/incidents/<incident_id>/zalo")
@signed_in
def show(incident_id: str) -> str:
    view = read(incident_id, timeline=False)
    require(actor(), *COMMAND)
    now = wiring().now()
    return _page(view, now)


def _page(view: IncidentView, now: datetime) -> str:
    words = _words(view, now)
    return render_template("zalo/zalo.html", view=view, words=words, as_of=now, mark=zalo.digest(words))


@pages.post("/incidents/<incident_id>/zalo")
@signed_in
def sent(incident_id: str) -> Answer:
    """The same text is made again for the moment it was shown; where it has become another one meanwhile (something was
    released), the new one is shown instead."""
    view = read(incident_id, timeline=False)
    as_of, now = _moment(request.form.get("as_of", "")), wiring().now()
    if not view.opened_at <= as_of <= now:
        raise Invalid("stale", _("Trang đã cũ; xin tải lại."))
    words = _words(view, as_of)
    if zalo.digest(words) != request.form.get("mark", ""):
        flash(_("Nội dung đã thay đổi từ lúc mở trang. Đọc lại nội dung mới dưới đây."), "error")
        return _page(view, now), 409
    zalo.sent(wiring().desk, incident_id, words, as_of, actor(), now)
    flash(_("Đã ghi vào nhật ký: đã gửi nội dung vào nhóm Zalo."), "taken")
    return redirect(url_for("room.show", incident_id=incident_id), 303)


def _words(view: IncidentView, as_of: datetime) -> str:
    with wiring().store.reading() as session:
        house = casting.house(session, wiring().settings.public_url)
    return zalo.text(view, house, as_of)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Invalid("stale", _("Trang đã cũ; xin tải lại."))
    return moment
