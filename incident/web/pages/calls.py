"""Who answered, by telephone, in the Zalo group or on the page, and what an unclear reply means. Knows no rule: the door
does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from incident.domain.errors import Conflict, Invalid, NotFound, Refusal
from incident.report.record import IncidentView, MemberView, ReviewView
from incident.report.units import UnitAnswer, units_answered
from incident.response import answer, calls, inbox
from incident.response.calls import Heard
from incident.web import labels
from incident.web.language import _, for_input, moment_of, spoken
from incident.web.pages.access import actor, can, command_only, read, signed_in, wiring
from incident.web.pages.forms import Answer, Field, Form, Typed, ask, faults, when
from incident.web.pages.room import in_order_of_calling

pages = Blueprint("calls", __name__)

AGO = {"now": timedelta(), "five": timedelta(minutes=5)}
STILL_ASKED = ("asked", "sending", "not_told", "review", "unreachable", "wrong_number", "declined")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the list of those who have not answered."""

    person_id: str
    name: str
    about: str
    label: labels.Label | None


def heard_at(now: datetime) -> datetime:
    """Now, five minutes ago, or the time that was chosen. Raises Invalid."""
    wanted = request.form.get("when", "now")
    if wanted in AGO:
        return now - AGO[wanted]
    typed = when({"at": request.form.get("at", "")}, "at")
    if typed is None:
        fault = _("Ghi thời điểm")
        raise Invalid("no_time", fault, {"at": [fault]})
    return typed


def back_to_room(incident_id: str) -> Response:
    return redirect(url_for("room.show", incident_id=incident_id), 303)


def in_the_room(incident_id: str, act: Callable[[], str | Markup]) -> Response:
    """A press in the room itself: what came of it is said above the room, whether it was taken or refused. Who is
    offered no such press is turned away."""
    read(incident_id, timeline=False)  # who may not see an incident writes nothing into it
    command_only()
    try:
        flash(act(), "taken")
    except Refusal as refusal:
        flash(spoken(refusal.text), "error")
    return back_to_room(incident_id)


# ------------------------------------------------------------------ several at once


@pages.route("/incidents/<incident_id>/calls", methods=["GET", "POST"])
@signed_in
def record(incident_id: str) -> Answer:
    """Everybody who has not answered: tick those whose answer came by Zalo, or go to one person's page."""
    if request.method == "GET" and request.args.get("person"):
        return redirect(url_for("calls.one", incident_id=incident_id, person_id=request.args["person"]), 303)
    view = read(incident_id, timeline=False)
    command_only()
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            return _several(incident_id)
        except Refusal as refusal:
            errors = faults(refusal)
    now = wiring().now()
    typed = {"when": request.form.get("when", "now"), "at": request.form.get("at") or for_input(now)}
    typed |= {name: request.form.get(name, "") for name in ("outcome", "text")}
    typed["source"] = request.form.get("source", "zalo")
    page = render_template(
        "room/answers.html", view=view, waiting=_waiting(view, now), typed=typed, errors=errors,
        ticked=request.form.getlist("person"),
    )  # fmt: skip
    return (page, 422) if errors else page


def _several(incident_id: str) -> Response:
    outcome, source = request.form.get("outcome", ""), request.form.get("source", "")
    if outcome not in ("accept", "decline"):
        raise Invalid("bad_outcome", _("Chọn câu trả lời"), {"outcome": [_("Chọn câu trả lời")]})
    now = wiring().now()
    at, text = heard_at(now), request.form.get("text", "").strip()
    people = dict.fromkeys(request.form.getlist("person"))
    heard = [Heard(person, outcome, at, source, text) for person in people]
    told = calls.record_many(wiring().desk, incident_id, heard, actor(), now)
    flash(_("Đã ghi trả lời của %(n)s người: %(what)s.", n=told, what=labels.outcome(outcome)), "taken")
    return back_to_room(incident_id)


def _waiting(view: IncidentView, now: datetime) -> list[Waiting]:
    named = [
        Waiting(m.person_id, m.name, f"{m.role_title} · {m.post}", labels.member(m, now))
        for m in in_order_of_calling(view, (m for m in view.task_force if m.state in STILL_ASKED))
    ]
    with wiring().store.reading() as session:
        units = [u for u in units_answered(session, view.id) if u.state == "asked"]
    return named + [Waiting(u.person_id, u.person, u.unit, None) for u in units]


# ------------------------------------------------------------------ one person


@pages.route("/incidents/<incident_id>/calls/<person_id>", methods=["GET", "POST"])
@signed_in
def one(incident_id: str, person_id: str) -> Answer:
    """The number, and one press for what the call came to."""
    view = read(incident_id, timeline=False)
    command_only()
    now = wiring().now()
    member = _member(view, person_id)
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        outcome = request.form.get("outcome", "")
        if outcome == calls.SENT_ANOTHER:
            return redirect(url_for("people.stand_in", incident_id=incident_id, person_id=person_id), 303)
        try:
            heard = Heard(person_id, outcome, heard_at(now), text=request.form.get("text", "").strip())
            calls.record(wiring().desk, incident_id, heard, actor(), now)
        except Refusal as refusal:
            errors = faults(refusal)
            if request.args.get("from") == "room":
                flash(spoken(refusal.text), "error")
                return back_to_room(incident_id)
        else:
            flash(said(member, outcome), "taken")
            return back_to_room(incident_id)
    typed = {"when": request.form.get("when", "now"), "at": request.form.get("at") or for_input(now)}
    typed["text"] = request.form.get("text", "")
    page = render_template(
        "room/call.html", view=view, person=member, typed=typed, errors=errors, stand_ins=True
    )
    return (page, 422) if errors else page


def said(member: MemberView, outcome: str) -> str:
    """What was recorded, and what follows from it."""
    noted = _("Đã ghi: %(name)s – %(what)s.", name=member.called, what=labels.outcome(outcome))
    follows = {
        "decline": _("Hệ thống đang mời người thay."),
        "wrong_number": _(
            "Đã ngừng gửi tới số này, đang mời người thay. Có số đúng thì bấm Sửa số và gửi lại."
        ),
        "someone_else": _("Vẫn chờ %(name)s trả lời.", name=member.called),
    }
    return f"{noted} {follows[outcome]}" if outcome in follows else noted


def _member(view: IncidentView, person_id: str) -> MemberView:
    found = next((m for m in view.task_force if m.person_id == person_id), None)
    return found or _of_a_unit(view, person_id)


def _of_a_unit(view: IncidentView, person_id: str) -> MemberView:
    """The contact of a unit, who stands in no task force. Raises NotFound."""
    with wiring().store.reading() as session:
        units = [u for u in units_answered(session, view.id) if u.person_id == person_id]
    if not units:
        raise NotFound("no_person", _("Người này chưa được mời trong vụ việc."))
    unit: UnitAnswer = units[0]
    return MemberView(
        person_id=person_id, name=unit.person, post=unit.unit, unit=unit.unit, role=unit.role, role_title=unit.unit,
        state=unit.state, phone=unit.phone, landline=unit.landline, asked_at=unit.asked_at,
        answered_at=unit.answered_at, via=unit.via, step=unit.step, request_id=unit.request_id, reason=unit.reason,
        xung_ho=unit.xung_ho,
        calls=tuple(call for call in view.calls if call.person_id == person_id),
    )  # fmt: skip


@pages.post("/incidents/<incident_id>/calls/<call_id>/undo")
@signed_in
def undo(incident_id: str, call_id: str) -> Response:
    def act() -> str:
        name = calls.take_back(wiring().desk, incident_id, call_id, actor(), wiring().now())
        return _("Đã hoàn tác: %(name)s trở lại trạng thái trước đó.", name=name)

    return in_the_room(incident_id, act)


# ------------------------------------------------------------------ answers of one's own, unclear replies


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
    command_only()

    def do(typed: Typed) -> None:
        view = read(incident_id, timeline=False)
        if not any(reply.inbound_id == inbound_id for reply in view.review):
            raise Conflict("decided", _("Tin này đã được xử lý."))
        means = request.form.get("means", "")
        inbox.decide_reply(wiring().desk, inbound_id, means, view.code, actor(), wiring().now())

    return ask(
        incident_id, lambda view: Form(_("Trả lời chưa rõ"), _("Gửi"), (), done=_("Đã ghi quyết định.")), do
    )


@pages.route("/incidents/<incident_id>/replies/<inbound_id>/assign", methods=["GET", "POST"])
@signed_in
def assign(incident_id: str, inbound_id: str) -> Answer:
    """A right code from a number of nobody, or of several: those on duty say whose answer it is."""
    command_only()

    def build(view: IncidentView) -> Form:
        reply = _reply(view, inbound_id)
        people = tuple(
            (w.person_id, f"{spoken(view.called(w.person_id, w.name))} – {w.about}")
            for w in _waiting(view, wiring().now())
        ) + tuple(
            (m.person_id, f"{spoken(m.called)} – {m.post}") for m in view.task_force if m.state == "replaced"
        )
        answers = (("accept", _("Đã nhận, tham gia")), ("decline", _("Bận, không tham gia được")))
        return Form(
            _("Gán trả lời cho đồng chí"),
            _("Ghi là trả lời của đồng chí này"),
            (
                Field(
                    "person", "radios", _("Đây là trả lời của"), items=people, need=_("Chọn người đã trả lời")
                ),
                Field("means", "radios", _("Nội dung trả lời là"), items=answers, need=_("Chọn câu trả lời")),
            ),
            lead=_(
                "Tin nhận lúc %(at)s: “%(body)s”",
                at=moment_of(reply.received_at, wiring().now()),
                body=reply.body,
            ),
            listed=(
                _("Số này không tự ghi vào danh bạ. Nếu đúng là số mới của đồng chí, ghi riêng ở bước sau."),
            ),
            done=_("Đã ghi trả lời."),
        )

    def do(typed: Typed) -> None:
        view = read(incident_id, timeline=False)
        unknown = _reply(view, inbound_id).person is None
        inbox.decide_reply(
            wiring().desk, inbound_id, typed["means"], view.code, actor(), wiring().now(), typed["person"]
        )
        if unknown and can().phones:
            to_number = url_for(
                "people.number", incident_id=incident_id, person_id=typed["person"], inbound=inbound_id
            )
            flash(
                Markup('<a class="govuk-link" href="{}">{}</a>').format(
                    to_number, _("Ghi số vừa nhắn cho đồng chí này")
                ),
                "info",
            )

    return ask(incident_id, build, do)


def _reply(view: IncidentView, inbound_id: str) -> ReviewView:
    found = next((reply for reply in view.review if reply.inbound_id == inbound_id), None)
    if found is None:
        raise NotFound("no_reply", _("Tin này đã được xử lý."))
    return found
