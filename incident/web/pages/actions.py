"""What people do in the room, one small form each: asked for on a page of its own, handed to the door, shown again
with everything typed when the door refuses. Knows no rule: the door does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from incident.domain.errors import Invalid, NotFound, Refusal
from incident.report.record import IncidentView, StepView
from incident.response import answer, course, inbox, task
from incident.web import labels
from incident.web.language import _, for_input, parse_local
from incident.web.pages.access import actor, read, signed_in, wiring
from incident.web.pages.room import ENTRIES, sorted_room

pages = Blueprint("actions", __name__)

Answer = str | Response | tuple[str, int]
Typed = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form. kind: area | line | radios | boxes | time | choose. `need`: what is said when empty."""

    name: str
    kind: str
    label: str
    hint: str = ""
    items: tuple[tuple[str, str], ...] = ()
    need: str = ""
    value: Any = ""


@dataclass(frozen=True, slots=True)
class Form:
    title: str
    button: str
    fields: tuple[Field, ...]
    lead: str = ""
    listed: tuple[str, ...] = ()  # shown above the questions
    warning: bool = False
    done: str = ""


def ask(
    incident_id: str, build: Callable[[IncidentView], Form], do: Callable[[Typed], object], back: str = ""
) -> Answer:
    """GET shows the form; POST hands it to `do` and goes back to the room, or shows it again with what was wrong."""
    view = read(incident_id, timeline=False)
    form = build(view)
    if request.method == "GET":
        typed = {f.name: request.args.get(f.name, f.value) for f in form.fields}
        return _shown(view, form, typed, {})
    typed = typed_of(form)
    errors: dict[str, list[str]] = {f.name: [f.need] for f in form.fields if f.need and not typed[f.name]}
    if not errors:
        try:
            do(typed)
        except Refusal as refusal:
            return _shown(view, form, typed, refusal.errors or {"": [refusal.text]}), refusal.status
        flash(form.done or _("Đã ghi."), "taken")
        return redirect(back or url_for("room.show", incident_id=incident_id), 303)
    return _shown(view, form, typed, errors), 422


def typed_of(form: Form) -> Typed:
    many = {f.name for f in form.fields if f.kind == "boxes"}
    return {
        f.name: request.form.getlist(f.name) if f.name in many else request.form.get(f.name, "").strip()
        for f in form.fields
    }


def _shown(view: IncidentView, form: Form, typed: Typed, errors: dict[str, list[str]]) -> str:
    return render_template("room/action.html", view=view, form=form, typed=typed, errors=errors)


def when(typed: Typed, name: str) -> datetime | None:
    """A typed time. Raises Invalid with the field at fault."""
    text = typed.get(name)
    if not text:
        return None
    try:
        return parse_local(text)
    except ValueError:
        fault = _("Ghi thời điểm theo dạng giờ:phút ngày/tháng/năm")
        raise Invalid("bad_time", fault, {name: [fault]}) from None


def reason_field(label: str = "") -> Field:
    return Field("reason", "area", label or _("Lý do"), need=_("Ghi lý do"))


# ------------------------------------------------------------------ steps


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
def step(incident_id: str, step: str) -> Answer:
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
        lead = _(
            "Bỏ qua bước “%(title)s”. Việc bỏ qua được ghi vào nhật ký và nêu trong báo cáo.",
            title=step_of(view, step).title,
        )
        return Form(_("Bỏ qua một bước"), _("Bỏ qua bước này"), (reason_field(),), lead=lead, warning=True)

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
        return Form(_("Làm lại một bước"), _("Làm lại bước này"), (reason_field(),), lead=lead, warning=True)

    return ask(
        incident_id,
        build,
        lambda typed: task.redo(wiring().desk, incident_id, step, typed["reason"], actor(), wiring().now()),
    )


# ------------------------------------------------------------------ people


CALL_ANSWERS = ("accept", "decline", "wrong_number")


@pages.route("/incidents/<incident_id>/calls", methods=["GET", "POST"])
@signed_in
def call(incident_id: str) -> Answer:
    """The duty officer phoned, and writes down what was said."""

    def build(view: IncidentView) -> Form:
        people = tuple({m.person_id: f"đ/c {m.name} – {m.post}" for m in view.task_force}.items())
        answers = (
            ("accept", _("Đã nhận, tham gia")),
            ("decline", _("Bận, không tham gia được")),
            ("wrong_number", _("Nhầm số")),
            ("no_answer", _("Không nghe máy, không liên lạc được")),
        )
        return Form(
            _("Ghi cuộc gọi"),
            _("Ghi cuộc gọi"),
            (
                Field("person", "choose", _("Đã gọi cho"), items=people, need=_("Chọn người đã gọi")),
                Field("answer", "radios", _("Trả lời"), items=answers, need=_("Chọn câu trả lời")),
                Field("at", "time", _("Gọi lúc"), value=for_input(wiring().now())),
                Field(
                    "reason",
                    "area",
                    _("Nội dung cuộc gọi"),
                    _("Ai gọi, số nào, nói gì"),
                    need=_("Ghi nội dung cuộc gọi"),
                ),
            ),
            lead=_("Câu trả lời qua điện thoại được ghi tên người ghi và nội dung cuộc gọi."),
            done=_("Đã ghi cuộc gọi."),
        )

    def do(typed: Typed) -> None:
        desk, now = wiring().desk, wiring().now()
        if typed["answer"] in CALL_ANSWERS:
            answer.acknowledge(
                desk, incident_id, typed["person"], typed["answer"], via="phone", actor=actor(), now=now,
                reason=typed["reason"], occurred_at=when(typed, "at"),
            )  # fmt: skip
            return
        name = next(
            (m.name for m in read(incident_id, timeline=False).task_force if m.person_id == typed["person"]),
            "",
        )
        text = _("Gọi đ/c %(name)s: không liên lạc được. %(text)s", name=name, text=typed["reason"])
        course.add_note(
            desk, incident_id, text, actor(), now, occurred_at=when(typed, "at"), kind="call_recorded"
        )

    return ask(incident_id, build, do)


@pages.post("/incidents/<incident_id>/own-answer")
@signed_in
def own_answer(incident_id: str) -> Answer:
    """A member answers for themselves, signed in."""

    def do(typed: Typed) -> None:
        who = actor()
        answer.acknowledge(
            wiring().desk,
            incident_id,
            who.person_id or "",
            request.form.get("answer", ""),
            via="web",
            actor=who,
            now=wiring().now(),
        )

    return ask(
        incident_id,
        lambda view: Form(_("Trả lời"), _("Gửi"), (), done=_("Đã ghi nhận trả lời của đồng chí.")),
        do,
    )


@pages.post("/incidents/<incident_id>/replies/<inbound_id>")
@signed_in
def decide(incident_id: str, inbound_id: str) -> Answer:
    """An unclear reply is decided by a person, with one press."""

    def do(typed: Typed) -> None:
        view = read(incident_id, timeline=False)
        means = request.form.get("means", "")
        inbox.decide_reply(wiring().desk, inbound_id, means, view.code, actor(), wiring().now())

    return ask(
        incident_id, lambda view: Form(_("Trả lời chưa rõ"), _("Gửi"), (), done=_("Đã ghi quyết định.")), do
    )


# ------------------------------------------------------------------ course of the incident


@pages.post("/incidents/<incident_id>/notes")
@signed_in
def note(incident_id: str) -> Answer:
    """Written in the room itself; a refusal shows the room with the text still there."""
    read(incident_id, timeline=False)  # who may not see an incident writes nothing into it
    typed = {name: request.form.get(name, "").strip() for name in ("text", "kind", "at")}
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
            )
        except Refusal as refusal:
            errors, status = refusal.errors or {"text": [refusal.text]}, refusal.status
        else:
            flash(_("Đã ghi vào nhật ký."), "taken")
            return redirect(url_for("room.show", incident_id=incident_id), 303)
    view = read(incident_id, limit=ENTRIES)
    room = sorted_room(view, actor().person_id, wiring().now())
    return render_template("room/room.html", room=room, view=view, typed=typed, errors=errors), status


@pages.route("/incidents/<incident_id>/level", methods=["GET", "POST"])
@signed_in
def level(incident_id: str) -> Answer:
    def build(view: IncidentView) -> Form:
        others = tuple((str(n), f"{n} {name}") for n, name in sorted(view.levels.items()) if n != view.level)
        return Form(
            _("Nâng/hạ cấp độ"),
            _("Đổi cấp độ"),
            (Field("level", "radios", _("Cấp độ mới"), items=others, need=_("Chọn cấp độ")), reason_field()),
            lead=_(
                "Nâng cấp: thêm người được báo, thời hạn chỉ ngắn lại. Hạ cấp: việc đang làm không tự dừng."
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
        outcomes = tuple((key, title[:1].upper() + title[1:]) for key, title in course.OUTCOMES.items())
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
            listed=still_open(view),
            warning=True,
            done=_("Đã kết thúc xử lý."),
        )

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
        return Form(_("Mở lại vụ việc"), _("Mở lại"), (reason_field(),), lead=lead, warning=True)

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
