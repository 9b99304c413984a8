"""Another body takes the lead, and the way back: to whom, since when, by which paper, what stays. Knows no rule."""

from __future__ import annotations

from flask import Blueprint

from incident.directory import queries
from incident.report.record import IncidentView
from incident.response import course, transferring
from incident.response.transferring import Transfer
from incident.web import labels
from incident.web.language import _, for_input
from incident.web.pages.access import actor, signed_in, wiring
from incident.web.pages.foreseen import foreseen
from incident.web.pages.forms import Answer, Field, Form, Typed, reason_field, when
from incident.web.pages.forms import ask as ask_form
from playbooks.signals import TakenBack

pages = Blueprint("transfer", __name__)
ENDED = ("done", "skipped", "not_needed")


@pages.route("/incidents/<incident_id>/transfer", methods=["GET", "POST"])
@signed_in
def ask(incident_id: str) -> Answer:
    def build(view: IncidentView) -> Form:
        with wiring().store.reading() as session:
            units = tuple((unit.key, unit.name) for unit in queries.units(session, wiring().now()))
        told = course.would_be_stood_down(wiring().desk, incident_id)
        steps = tuple(
            (step.id, f"{step.title} ({labels.step(step).text.lower()})")
            for step in view.steps
            if step.state not in ENDED
        )
        return Form(
            _("Chuyển cơ quan khác chủ trì"),
            _("Chuyển cơ quan khác chủ trì"),
            (
                Field("unit", "choose", _("Cơ quan chủ trì"), _("Trong danh bạ"), units),
                Field("to", "careful", _("Hoặc ghi tên cơ quan"), _("Ví dụ: Bộ Công an")),
                Field("short_name", "careful", _("Tên ngắn dùng trong tin nhắn"), _("Không quá 20 ký tự; bỏ trống thì lấy tên trên")),
                Field("at", "time", _("Từ lúc"), value=for_input(wiring().now()), need=_("Ghi thời điểm")),
                Field("paper", "line", _("Số, ký hiệu văn bản"), _("Bỏ trống nếu chưa có")),
                Field("keep", "boxes", _("Việc giữ lại"), _("Việc không đánh dấu dừng lại ở đây"), steps, value=[]),
                reason_field(_("Lý do, ai quyết định")),
            ),
            lead=_(
                "Vụ việc còn mở để theo dõi. Lần công bố đang chờ bị dừng; thời hạn gắn với việc không giữ lại chuyển theo, ghi “chuyển lúc …”. Có thể nhận lại."
            ),
            listed=(
                _("%(n)s người nhận SMS (mỗi người một tin): cơ quan mới chủ trì, không phát ngôn.", n=told),
                _("Người có việc giữ lại được báo việc của mình vẫn tiếp tục."),
            ),
            warning=True,
            done=_("Đã chuyển cơ quan khác chủ trì."),
        )  # fmt: skip

    def do(typed: Typed) -> None:
        what = Transfer(
            typed["to"],
            typed["unit"] or None,
            typed["short_name"],
            when(typed, "at"),
            typed["paper"],
            tuple(typed["keep"]),
        )
        transferring.transfer(wiring().desk, incident_id, what, typed["reason"], actor(), wiring().now())

    return ask_form(incident_id, build, do)


@pages.route("/incidents/<incident_id>/take-back", methods=["GET", "POST"])
@signed_in
def take_back(incident_id: str) -> Answer:
    def build(view: IncidentView) -> Form:
        lead = _(
            "Việc đã dừng khi chuyển hoạt động trở lại, thời hạn tính như chưa từng chuyển; thời hạn đã qua trong lúc đó ghi là quá hạn."
        )
        listed = foreseen(incident_id, TakenBack())
        return Form(
            _("Nhận lại, tiếp tục chủ trì"), _("Nhận lại"), (reason_field(),), lead, listed, warning=True,
            done=_("Đã nhận lại."),
        )  # fmt: skip

    return ask_form(
        incident_id,
        build,
        lambda typed: transferring.take_back(
            wiring().desk, incident_id, typed["reason"], actor(), wiring().now()
        ),
    )
