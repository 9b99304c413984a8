"""The report of one incident: what the record says, what people write, the improvement plan, and the files."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.wrappers import Response

from incident.domain.errors import Forbidden, Refusal
from incident.report.build import build
from incident.report.page import html_fragment
from incident.report.rendering import FORMATS, file_name, render
from incident.response import review
from incident.store.tables import Setting
from incident.web.language import _
from incident.web.pages.access import actor, can, read, signed_in, wiring
from incident.web.pages.forms import faults

pages = Blueprint("report", __name__)

Answer = str | Response | tuple[str, int]
SECTIONS: dict[str, Any] = {
    "summary": _l("Tóm tắt"),
    "went_well": _l("Việc làm tốt"),
    "to_improve": _l("Việc cần cải thiện"),
    "lessons": _l("Bài học"),
    "conditions": _l("Điều kiện, hoàn cảnh góp phần"),
}
PARTS = ("ban-gui", "noi-bo")
NAMES_SHOWN = "noi-bo"


@pages.get("/incidents/<incident_id>/report")
@signed_in
def show(incident_id: str) -> str:
    view = read(incident_id)
    return _page(incident_id, {**view.sections}, {})


def _page(incident_id: str, typed: dict[str, Any], errors: dict[str, list[str]]) -> str:
    view = read(incident_id)
    fragment = html_fragment(build(view, _part(), wiring().now()))
    return render_template(
        "report/report.html",
        view=view,
        fragment=fragment,
        sections=SECTIONS,
        typed=typed,
        errors=errors,
        part=_part(),
    )


def _part() -> str:
    part = request.args.get("part", PARTS[0])
    if part not in PARTS:
        abort(404)
    if part == NAMES_SHOWN and not can().read_all:
        raise Forbidden(
            "names", _("Phụ lục nội bộ có tên người; chỉ người được xem toàn bộ vụ việc mới mở được.")
        )
    return part


@pages.get("/incidents/<incident_id>/report.<fmt>")
@signed_in
def download(incident_id: str, fmt: str) -> Response:
    if fmt not in FORMATS:
        abort(404)
    part, now = _part(), wiring().now()
    view = read(incident_id)
    with wiring().store.reading() as session:
        words = {row.key: row.value for row in session.scalars(select(Setting))}
    content, kind = render(view, fmt, part, now, settings_words=words)
    name = file_name(view, fmt, part)
    answer = send_file(BytesIO(content), mimetype=kind, as_attachment=fmt != "html", download_name=name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@pages.post("/incidents/<incident_id>/report/sections/<key>")
@signed_in
def write(incident_id: str, key: str) -> Answer:
    """One section at a time, against the version the writer saw."""
    text, version = request.form.get("text", ""), request.form.get("version", 0, int)
    view = read(incident_id, timeline=False)
    try:
        review.write_section(wiring().desk, incident_id, key, text, version, actor(), wiring().now())
    except Refusal as refusal:
        errors = faults(refusal)
        return _page(incident_id, {**view.sections, key: text}, errors), refusal.status
    flash(_("Đã lưu mục “%(title)s”.", title=SECTIONS[key]), "taken")
    return redirect(url_for("report.show", incident_id=incident_id) + "#write", 303)


@pages.post("/incidents/<incident_id>/report/improvements")
@signed_in
def improve(incident_id: str) -> Answer:
    """A line of the improvement plan."""
    typed = {name: request.form.get(name, "") for name in ("issue", "action", "owner", "unit", "due")}
    view = read(incident_id, timeline=False)
    try:
        review.add_improvement(
            wiring().desk, incident_id, issue=typed["issue"], action=typed["action"], owner=typed["owner"],
            unit=typed["unit"], due=_day(typed["due"]), actor=actor(), now=wiring().now(),
        )  # fmt: skip
    except Refusal as refusal:
        return _page(incident_id, {**view.sections, **typed}, faults(refusal)), refusal.status
    flash(_("Đã thêm vào kế hoạch cải thiện."), "taken")
    return redirect(url_for("report.show", incident_id=incident_id) + "#plan", 303)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@pages.post("/incidents/<incident_id>/report/improvements/<improvement_id>/done")
@signed_in
def improved(incident_id: str, improvement_id: str) -> Response:
    read(incident_id, timeline=False)
    review.finish_improvement(wiring().desk, incident_id, improvement_id, actor(), wiring().now())
    return redirect(url_for("report.show", incident_id=incident_id) + "#plan", 303)
