"""One incident into another: which one, what moves, and the press that cannot be undone. Knows no rule: the door does."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for

from incident.domain.codes import shown_code
from incident.domain.errors import Refusal
from incident.response import merging
from incident.store.tables import Incident
from incident.web.language import _
from incident.web.pages.access import actor, command_only, read, signed_in, wiring
from incident.web.pages.forms import Answer, faults

pages = Blueprint("merge", __name__)


@pages.route("/incidents/<incident_id>/merge", methods=["GET", "POST"])
@signed_in
def ask(incident_id: str) -> Answer:
    view = read(incident_id, timeline=False)
    command_only()
    into = request.values.get("into", "")
    typed = {"into": into, "reason": request.form.get("reason", "").strip()}
    errors: dict[str, list[str]] = {}
    status = 200
    if request.method == "POST":
        try:
            done = merging.merge(wiring().desk, incident_id, into, typed["reason"], actor(), wiring().now())
        except Refusal as refusal:
            errors, status = faults(refusal, "reason"), refusal.status
        else:
            flash(_("Đã gộp vụ việc %(code)s vào đây.", code=shown_code(view.code, view.mode)), "taken")
            return redirect(url_for("room.show", incident_id=done.into), 303)
    with wiring().store.reading() as session:
        incident = session.get_one(Incident, incident_id)
        others = [
            (one.id, f"{shown_code(one.code, one.mode)} · {one.title}")
            for one in merging.candidates(session, incident, wiring().now())
        ]
    looked = None
    if into and view.status == "open":
        looked = merging.look(wiring().desk, incident_id, into)
    page = render_template(
        "room/merge.html", view=view, others=others, looked=looked, typed=typed, errors=errors
    )
    return page, status
