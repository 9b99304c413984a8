"""What people do with the incident as a whole: notes, level, facts, pause, close, reopen, mask. Knows no rule."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for

from incident.domain.errors import Invalid, Refusal
from incident.report.record import IncidentView
from incident.response import course
from incident.web.language import _, chosen, for_input, spoken
from incident.web.pages.access import actor, read, signed_in, wiring
from incident.web.pages.foreseen import foreseen
from incident.web.pages.forms import Answer, Field, Form, Typed, ask, faults, reason_field, when
from incident.web.pages.room import ENTRIES
from incident.web.pages.room import page as room_page
from playbooks.signals import LevelChanged, Reopened

pages = Blueprint("actions", __name__)


@pages.post("/incidents/<incident_id>/notes")
@signed_in
def note(incident_id: str) -> Answer:
    """Written in the room itself; a refusal shows the room with the text still there."""
    read(incident_id, timeline=False)  # who may not see an incident writes nothing into it
    typed = {name: request.form.get(name, "").strip() for name in ("text", "kind", "at", "key")}
    errors: dict[str, list[str]] = {} if typed["text"] else {"text": [_("Ghi nội dung")]}
    status = 422
    if not errors:
        try:
            kind = "directive" if typed["kind"] == "directive" else "note"
            course.add_note(
                wiring().desk,
                incident_id,
                typed["text"],
                actor(),
                wiring().now(),
                occurred_at=when(typed, "at"),
                kind=kind,
                key=typed["key"],
            )
        except Refusal as refusal:
            errors, status = faults(refusal, "text"), refusal.status
        else:
            flash(_("Đã ghi vào nhật ký."), "taken")
            return redirect(url_for("room.show", incident_id=incident_id), 303)
    return room_page(read(incident_id, limit=ENTRIES, language=chosen()), typed, errors), status


@pages.route("/incidents/<incident_id>/level", methods=["GET", "POST"])
@signed_in
def level(incident_id: str) -> Answer:
    def build(view: IncidentView) -> Form:
        others = tuple(
            (str(n), f"{n} {spoken(name)}") for n, name in sorted(view.levels.items()) if n != view.level
        )
        return Form(
            _("Nâng/hạ cấp độ"),
            _("Đổi cấp độ"),
            (Field("level", "radios", _("Cấp độ mới"), items=others, need=_("Chọn cấp độ")), reason_field()),
            lead=_(
                "Nâng cấp: thêm người được báo, thời hạn chỉ ngắn lại. Hạ cấp: việc đang làm không tự dừng."
            ),
            listed=tuple(
                _("Cấp %(n)s: %(what)s", n=n, what=" ".join(foreseen(incident_id, LevelChanged(n))))
                for n in sorted(view.levels)
                if n != view.level and view.status == "open"
            ),
            done=_("Đã đổi cấp độ."),
        )

    def do(typed: Typed) -> None:
        wanted = typed["level"]
        if not re.fullmatch("[0-9]", wanted):
            raise Invalid("bad_level", _("Chọn cấp độ"), {"level": [_("Chọn cấp độ")]})
        course.change_level(wiring().desk, incident_id, int(wanted), typed["reason"], actor(), wiring().now())

    return ask(incident_id, build, do)


ANCHORS = ("occurred_at", "detected_at", "accepted_at", "assessed_at")


@pages.route("/incidents/<incident_id>/facts", methods=["GET", "POST"])
@signed_in
def facts(incident_id: str) -> Answer:
    """Which kinds of the law the incident is of, and when things happened: clocks follow."""

    def build(view: IncidentView) -> Form:
        kinds = tuple((key, text) for key, text in view.basis.get("kinds", {}).items())
        titles = {
            "occurred_at": _("Xảy ra lúc"),
            "detected_at": _("Biết tin lúc"),
            "accepted_at": _("Tiếp nhận lúc"),
            "assessed_at": _("Đánh giá xong lúc"),
        }
        times = tuple(Field(a, "time", titles[a], value=for_input(getattr(view, a))) for a in ANCHORS)
        asked = Field(
            "kinds",
            "boxes",
            _("Vụ việc thuộc trường hợp nào?"),
            _("Bỏ trống nếu không thuộc trường hợp nào"),
            kinds,
            value=list(view.kinds),
        )
        return Form(
            _("Xác định loại và các mốc"),
            _("Ghi"),
            (asked, *times, reason_field(_("Căn cứ, người xác định"))),
            lead=str(view.basis.get("title", "")),
            listed=(
                _(
                    "Thời hạn tính lại theo mốc mới. Mốc mới làm thời hạn đã qua thì Tổ trưởng và cán bộ trực được báo ngay."
                ),
            ),
        )

    def do(typed: Typed) -> None:
        view = read(incident_id, timeline=False)
        changes: dict[str, Any] = {}
        if set(typed["kinds"]) != set(view.kinds):
            changes["kinds"] = tuple(typed["kinds"])
        for anchor in ANCHORS:
            if typed[anchor] != for_input(getattr(view, anchor)):
                changes[anchor] = when(typed, anchor)
        if not changes:
            raise Invalid("nothing_changed", _("Chưa có thay đổi nào để ghi."))
        course.change_facts(wiring().desk, incident_id, changes, typed["reason"], actor(), wiring().now())

    return ask(incident_id, build, do)


@pages.route("/incidents/<incident_id>/pause", methods=["GET", "POST"])
@signed_in
def pause(incident_id: str) -> Answer:
    def build(view: IncidentView) -> Form:
        until = for_input(wiring().now() + timedelta(hours=1))
        return Form(
            _("Tạm dừng nhắc"),
            _("Tạm dừng"),
            (Field("until", "time", _("Tạm dừng đến"), value=until, need=_("Ghi thời điểm")), reason_field()),
            lead=_("Hệ thống thôi nhắc và thôi mời người thay đến giờ này. Thời hạn theo luật vẫn chạy."),
            listed=(_("Không ai nhận tin nhắn về việc tạm dừng. Đến giờ, hệ thống tự nhắc tiếp."),),
            done=_("Đã tạm dừng nhắc."),
        )

    def do(typed: Typed) -> None:
        until = when(typed, "until")
        assert until is not None
        course.pause(wiring().desk, incident_id, until, typed["reason"], actor(), wiring().now())

    return ask(incident_id, build, do)


@pages.post("/incidents/<incident_id>/resume")
@signed_in
def resume(incident_id: str) -> Answer:
    def do(typed: Typed) -> None:
        course.resume(wiring().desk, incident_id, actor(), wiring().now())

    return ask(
        incident_id, lambda view: Form(_("Tiếp tục"), _("Tiếp tục"), (), done=_("Đã tiếp tục nhắc.")), do
    )


@pages.route("/incidents/<incident_id>/close", methods=["GET", "POST"])
@signed_in
def close(incident_id: str) -> Answer:
    def build(view: IncidentView) -> Form:
        outcomes = tuple((key, spoken(title).capitalize()) for key, title in course.OUTCOMES.items())
        told = course.would_be_stood_down(wiring().desk, incident_id)
        return Form(
            _("Kết thúc xử lý"),
            _("Kết thúc xử lý"),
            (
                Field("outcome", "radios", _("Kết quả"), items=outcomes, need=_("Chọn kết quả")),
                reason_field(_("Ý kiến người quyết định kết thúc")),
                Field(
                    "stand_down",
                    "boxes",
                    _("Thông báo"),
                    items=(("yes", _("Nhắn những người đã được báo: vụ việc kết thúc")),),
                    value=["yes"],
                ),
            ),
            lead=_("Mọi việc nhắc, mời người thay dừng lại. Vụ việc có thể mở lại."),
            listed=(*still_open(view), _("Nếu chọn nhắn: %(n)s người nhận SMS báo kết thúc.", n=told)),
            warning=True,
            done=_("Đã kết thúc xử lý."),
        )

    leads_on = request.method == "POST" and request.form.get("outcome") == "handed_over"
    if leads_on and read(incident_id, timeline=False).handed is None:
        return redirect(url_for("transfer.ask", incident_id=incident_id), 303)

    def do(typed: Typed) -> None:
        course.close(
            wiring().desk, incident_id, typed["outcome"], typed["reason"], actor(), wiring().now(),
            stand_down="yes" in typed["stand_down"],
        )  # fmt: skip

    return ask(incident_id, build, do)


def still_open(view: IncidentView) -> tuple[str, ...]:
    """What would be left undone, in words."""
    steps = [
        _("Việc chưa xong: %(title)s", title=s.title) for s in view.steps if s.state in ("active", "stuck")
    ]
    silent = [m.name for m in view.task_force if m.state == "asked"]
    clocks = [
        _("Thời hạn chưa đạt: %(title)s", title=d.title)
        for d in view.deadlines
        if d.state in ("running", "warned", "missed") and not d.met_at
    ]
    people = [_("Chưa trả lời: %(names)s", names=", ".join(silent))] if silent else []
    texts = [
        _("Chưa công bố: %(title)s", title=s.title)
        for s in view.statements
        if s.state not in ("released", "corrected", "withdrawn")
    ]
    return tuple(steps + clocks + people + texts)


@pages.route("/incidents/<incident_id>/reopen", methods=["GET", "POST"])
@signed_in
def reopen(incident_id: str) -> Answer:
    def build(view: IncidentView) -> Form:
        lead = _("Vụ việc mở lại với cùng số, cùng diễn biến; việc còn dang dở hoạt động trở lại.")
        listed = foreseen(incident_id, Reopened()) if view.status != "open" else ()
        return Form(_("Mở lại vụ việc"), _("Mở lại"), (reason_field(),), lead, listed, warning=True)

    return ask(
        incident_id,
        build,
        lambda typed: course.reopen(wiring().desk, incident_id, typed["reason"], actor(), wiring().now()),
    )


@pages.route("/incidents/<incident_id>/entries/<int:seq>/mask/<field>", methods=["GET", "POST"])
@signed_in
def mask(incident_id: str, seq: int, field: str) -> Answer:
    def build(view: IncidentView) -> Form:
        lead = _(
            "Che nội dung của dòng nhật ký số %(seq)s. Chữ bị xóa hẳn, chuỗi mã băm vẫn kiểm tra được. Người che phải khác người ghi.",
            seq=seq,
        )
        return Form(
            _("Che nội dung"),
            _("Che nội dung này"),
            (reason_field(),),
            lead=lead,
            warning=True,
            done=_("Đã che."),
        )

    return ask(
        incident_id,
        build,
        lambda typed: course.mask(
            wiring().desk, incident_id, seq, field, typed["reason"], actor(), wiring().now()
        ),
    )
