"""Who answered, by telephone or on the page, and what an unclear reply means. Knows no rule: the door does."""

from __future__ import annotations

from flask import Blueprint, request

from incident.report.record import IncidentView
from incident.response import answer, course, inbox
from incident.web.language import _, for_input
from incident.web.pages.access import actor, read, signed_in, wiring
from incident.web.pages.forms import Answer, Field, Form, Typed, ask, when

pages = Blueprint("calls", __name__)

CALL_ANSWERS = ("accept", "decline", "wrong_number")


@pages.route("/incidents/<incident_id>/calls", methods=["GET", "POST"])
@signed_in
def record(incident_id: str) -> Answer:
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
