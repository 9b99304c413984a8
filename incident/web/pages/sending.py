"""What may be done about sending in the room: stop it, go on, call out a task force that waits or one who was left out.

Knows no rule: the door does."""

from __future__ import annotations

from flask import Blueprint

from incident.domain.errors import Refusal
from incident.report.record import IncidentView
from incident.response import calling_out, preview, stopping
from incident.store.tables import Incident
from incident.web.language import _, _n, spoken
from incident.web.pages.access import actor, command_only, signed_in, wiring
from incident.web.pages.forms import Answer, Field, Form, Typed, ask

pages = Blueprint("sending", __name__)


@pages.route("/incidents/<incident_id>/stop", methods=["GET", "POST"])
@signed_in
def stop(incident_id: str) -> Answer:
    """DỪNG GỬI: one question, that says what is gone and what is stopped."""
    command_only()

    def build(view: IncidentView) -> Form:
        with wiring().store.reading() as session:
            now = stopping.leaving(session, incident_id)
        counts = [
            _("Sẽ dừng: %(n)s tin chưa gửi.", n=now.waiting),
            _("Đã gửi đi, không lấy lại được: %(n)s tin.", n=now.gone),
        ]
        if now.calling:
            counts.append(_("Đang gửi, có thể vẫn đến: %(n)s tin.", n=now.calling))
        return Form(
            _("Dừng gửi"),
            _("DỪNG GỬI"),
            (
                Field(
                    "reason",
                    "line",
                    _("Lý do (không bắt buộc)"),
                    _("Không ghi nội dung mật, không ghi tên nạn nhân."),
                    value="",
                ),
            ),
            lead=_(
                "Tin chưa giao cho nhà mạng sẽ không đi nữa; hệ thống thôi nhắc, thôi mời người thay. Gửi tiếp được, hoặc kết thúc là mở nhầm: chỉ người đã nhận tin được nhắn xin lỗi."
            ),
            listed=tuple(counts),
            warning=True,
            done=_("Đã dừng gửi."),
        )

    def do(typed: Typed) -> None:
        stopping.stop(wiring().desk, incident_id, actor(), wiring().now(), typed["reason"][:300])

    return ask(incident_id, build, do)


@pages.post("/incidents/<incident_id>/go-on")
@signed_in
def go_on(incident_id: str) -> Answer:
    command_only()

    def do(typed: Typed) -> None:
        stopping.go_on(wiring().desk, incident_id, actor(), wiring().now())

    return ask(
        incident_id,
        lambda view: Form(_("Tiếp tục gửi"), _("Tiếp tục gửi"), (), done=_("Đã tiếp tục gửi và nhắc.")),
        do,
    )


@pages.route("/incidents/<incident_id>/call-out", methods=["GET", "POST"])
@signed_in
def call_out(incident_id: str) -> Answer:
    """The leader has agreed: the others are told now. First, who."""
    command_only()

    def build(view: IncidentView) -> Form:
        listed, count = _who(incident_id) if view.held_at else ((), 0)
        return Form(
            _("Báo Tổ công tác"),
            _n("Gửi cho %(n)s người", n=count) if count else _("Báo Tổ công tác"),
            (),
            listed=listed,
            warning=True,
            done=_("Đã báo Tổ công tác. Tin đang được gửi."),
        )  # fmt: skip

    def do(typed: Typed) -> None:
        calling_out.call_out(wiring().desk, incident_id, actor(), wiring().now())

    return ask(incident_id, build, do)


def _who(incident_id: str) -> tuple[tuple[str, ...], int]:
    try:
        seen = preview.preview_call_out(wiring().desk, incident_id, wiring().now())
    except Refusal:
        return (), 0
    sums = _n(
        "Sẽ báo ngay %(n)s người: %(sms)s SMS (%(parts)s phần), %(emails)s thư điện tử.",
        n=seen.told,
        sms=seen.sms,
        parts=seen.sms_parts,
        emails=seen.emails,
    )
    people = [f"{spoken(p.called)} – {p.role_title}, {p.post}" for p in seen.people]
    groups = [f"{title}: " + _("%(n)s đầu mối", n=count) for title, count in seen.groups]
    return (sums, *people, *groups, *seen.next), seen.told


@pages.post("/incidents/<incident_id>/call-after-all/<person_id>")
@signed_in
def call_after_all(incident_id: str, person_id: str) -> Answer:
    command_only()

    def do(typed: Typed) -> None:
        calling_out.call_after_all(wiring().desk, incident_id, person_id, actor(), wiring().now())

    return ask(
        incident_id,
        lambda view: Form(_("Mời lại"), _("Mời lại"), (), done=_("Đã mời lại.")),
        do,
    )


def _kept_back(incident_id: str) -> int:
    """How many messages would go if sending went on: asked for by the room while it is stopped."""
    with wiring().store.reading() as session:
        return stopping.kept_back(session, session.get_one(Incident, incident_id))


@pages.app_context_processor
def _offered() -> dict[str, object]:
    return {"kept_back": _kept_back}
