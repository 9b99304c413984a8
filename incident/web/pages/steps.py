"""What people do with a step of the playbook: answer it, tick it, prove it, skip it, do it again, add one. Knows no rule."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, request

from incident.domain.errors import NotFound
from incident.domain.ids import new_id
from incident.report.record import IncidentView, StepView
from incident.response import task
from incident.web import labels
from incident.web.language import _, spoken
from incident.web.pages.access import actor, command_only, signed_in, wiring
from incident.web.pages.foreseen import foreseen
from incident.web.pages.forms import Answer, Field, Form, Typed, ask, reason_field, when
from playbooks.signals import Redone, Skipped

pages = Blueprint("steps", __name__)


def step_of(view: IncidentView, step_id: str) -> StepView:
    for step in view.steps:
        if step.id == step_id:
            return step
    raise NotFound("unknown_step", _("Không có bước này trong vụ việc."))


def completion(view: IncidentView, step: StepView) -> Form:
    fields: list[Field] = []
    if step.choices:
        fields.append(
            Field(
                "answer",
                "radios",
                step.title,
                items=tuple(step.choices.items()),
                need=_("Chọn một câu trả lời"),
            )
        )
    if step.items:
        left = tuple((str(n), text) for n, text in enumerate(step.items) if n not in step.ticked)
        fields.append(Field("items", "boxes", _("Đã làm xong"), items=left, value=[]))
    if step.needs_proof:
        hint = _("Đường dẫn công khai hoặc mô tả nơi lưu; không ghi tài khoản, tên người đăng")
        fields.append(Field("proof", "area", _("Bằng chứng"), hint))
    fields.append(Field("reason", "area", _("Ghi chú"), _("Nếu làm thay người khác: ghi ai giao, qua đâu")))
    done = tuple(_("Đã xong: %(what)s", what=step.items[n]) for n in step.ticked if n < len(step.items))
    return Form(step.title, _("Ghi kết quả"), tuple(fields), lead=labels.verb(step.verb), listed=done)


@pages.route("/incidents/<incident_id>/steps/<step>", methods=["GET", "POST"])
@signed_in
def show(incident_id: str, step: str) -> Answer:
    def do(typed: Typed) -> None:
        task.complete(
            wiring().desk, incident_id, step, actor(), wiring().now(),
            answer=typed.get("answer") or None, items=_items(typed.get("items", ())),
            proof=typed.get("proof", ""), reason=typed.get("reason", ""),
        )  # fmt: skip

    return ask(incident_id, lambda view: completion(view, step_of(view, step)), do)


def _items(values: Any) -> tuple[int, ...]:
    return tuple(int(value) for value in values if re.fullmatch("[0-9]{1,3}", str(value)))


@pages.post("/incidents/<incident_id>/steps/<step>/complete")
@signed_in
def complete(incident_id: str, step: str) -> Answer:
    """One press in the room: an answer, one item, or simply done."""

    def do(typed: Typed) -> None:
        task.complete(
            wiring().desk, incident_id, step, actor(), wiring().now(),
            answer=request.form.get("answer") or None, items=_items(request.form.getlist("items")),
        )  # fmt: skip

    return ask(incident_id, lambda view: Form(step_of(view, step).title, _("Ghi kết quả"), ()), do)


@pages.route("/incidents/<incident_id>/steps/<step>/skip", methods=["GET", "POST"])
@signed_in
def skip(incident_id: str, step: str) -> Answer:
    def build(view: IncidentView) -> Form:
        about = step_of(view, step)
        listed = foreseen(incident_id, Skipped(step, ""))
        if about.verb == "approve":
            lead = _(
                "Cho công bố bản đang chờ duyệt mà không chờ “%(title)s”. Chữ “chưa duyệt” gắn với bản này trên trang nội dung và trong báo cáo; sửa nội dung thì phải trình duyệt lại.",
                title=about.title,
            )
            reason = reason_field(_("Lý do cho công bố khi chưa duyệt"))
            return Form(
                _("Cho công bố khi chưa duyệt"),
                _("Cho công bố khi chưa duyệt"),
                (reason,),
                lead,
                listed,
                warning=True,
            )
        lead = _(
            "Bỏ qua bước “%(title)s”. Việc bỏ qua được ghi vào nhật ký và nêu trong báo cáo.",
            title=about.title,
        )
        return Form(_("Bỏ qua một bước"), _("Bỏ qua bước này"), (reason_field(),), lead, listed, warning=True)

    return ask(
        incident_id,
        build,
        lambda typed: task.skip(wiring().desk, incident_id, step, typed["reason"], actor(), wiring().now()),
    )


@pages.route("/incidents/<incident_id>/steps/<step>/redo", methods=["GET", "POST"])
@signed_in
def redo(incident_id: str, step: str) -> Answer:
    def build(view: IncidentView) -> Form:
        lead = _(
            "Làm lại bước “%(title)s”. Làm lại một dự thảo thì các lần duyệt trước hết hiệu lực.",
            title=step_of(view, step).title,
        )
        listed = foreseen(incident_id, Redone(step, ""))
        return Form(
            _("Làm lại một bước"), _("Làm lại bước này"), (reason_field(),), lead, listed, warning=True
        )

    return ask(
        incident_id,
        build,
        lambda typed: task.redo(wiring().desk, incident_id, step, typed["reason"], actor(), wiring().now()),
    )


@pages.route("/incidents/<incident_id>/steps/new", methods=["GET", "POST"])
@signed_in
def add(incident_id: str) -> Answer:
    """A task beside the playbook's, for somebody who takes part."""
    command_only()

    def build(view: IncidentView) -> Form:
        people = {m.person_id: f"{spoken(m.called)} · {m.role_title}" for m in reversed(view.task_force)}
        me = actor().person_id
        if me is not None:
            people.setdefault(me, _("%(name)s (tôi)", name=actor().name))
        return Form(
            _("Thêm việc"),
            _("Thêm việc"),
            (
                Field("key", "hidden", "", value=new_id(wiring().now())),
                Field("title", "area", _("Việc cần làm"), need=_("Ghi việc cần làm")),
                Field(
                    "person", "choose", _("Giao cho"), _("Người chưa tham gia: bấm “Thêm người” trước"),
                    tuple(reversed(people.items())), need=_("Chọn một người"),
                ),
                Field("due", "time", _("Xong trước"), _("Bỏ trống nếu không có hạn")),
                reason_field(_("Lý do, ai giao")),
            ),
            lead=_("Người được giao nhận một SMS (và thư, nếu có địa chỉ). Quá hạn mà chưa xong thì cán bộ trực được báo."),
            done=_("Đã thêm việc."),
        )  # fmt: skip

    def do(typed: Typed) -> None:
        task.add(
            wiring().desk, incident_id, typed["title"], typed["person"], typed["reason"], actor(), wiring().now(),
            due=when(typed, "due"), key=typed["key"],
        )  # fmt: skip

    return ask(incident_id, build, do)
