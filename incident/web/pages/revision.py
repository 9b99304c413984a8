"""An incident under way passes to the version of its playbook that is in use: what changes, what stands in the way, why."""

from __future__ import annotations

from flask import Blueprint

from incident.report.record import IncidentView
from incident.response import revising
from incident.store.tables import Incident
from incident.web.language import _, chosen
from incident.web.pages.access import actor, signed_in, wiring
from incident.web.pages.forms import Answer, Field, Form, Typed, ask, reason_field

pages = Blueprint("revision", __name__)


@pages.route("/incidents/<incident_id>/playbook", methods=["GET", "POST"])
@signed_in
def show(incident_id: str) -> Answer:
    def build(view: IncidentView) -> Form:
        with wiring().store.reading() as session:
            incident = session.get_one(Incident, view.id)
            found = revising.outlook(session, wiring().desk, incident, english=chosen() == "en")
        title = _("Đổi phiên bản kịch bản")
        if found.same:
            lead = _("Vụ việc đang chạy đúng phiên bản đang dùng (phiên bản %(n)s).", n=found.before.version)
            return Form(title, "", (), lead=lead)
        numbers = {"before": found.before.version, "after": found.after.version}
        if found.hindered:
            lead = _(
                "Chưa đổi được từ phiên bản %(before)s sang %(after)s: phần đã bắt đầu khác nhau.", **numbers
            )
            return Form(title, "", (), lead=lead, listed=tuple(map(str, found.hindered)))
        return Form(
            title,
            _("Đổi sang phiên bản %(n)s", n=found.after.version),
            (Field("sha256", "hidden", "", value=found.sha256), reason_field()),
            lead=_("Từ phiên bản %(before)s sang %(after)s. Bước đã bắt đầu giữ nguyên; bước chưa bắt đầu theo phiên bản mới.", **numbers),
            listed=tuple(map(str, found.differs)),
            done=_("Đã đổi phiên bản kịch bản."),
        )  # fmt: skip

    def do(typed: Typed) -> None:
        revising.revise(
            wiring().desk,
            incident_id,
            typed.get("sha256", ""),
            typed.get("reason", ""),
            actor(),
            wiring().now(),
        )

    return ask(incident_id, build, do)
