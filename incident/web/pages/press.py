"""Báo chí hỏi: the line to read aloud, a question written down on one screen, and what became of it.

Knows no rule: `response.press` does. Numbers of journalists are shown to those who call them back.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from incident.domain.errors import Refusal
from incident.domain.ids import new_id
from incident.report.press import STATES
from incident.report.record import IncidentView, PressView
from incident.response import casting, press
from incident.response.permissions import require
from incident.store.tables import Setting
from incident.web.labels import Label
from incident.web.language import _, parse_local
from incident.web.pages.access import actor, read, signed_in, wiring
from incident.web.pages.forms import Answer, Field, Form, Typed, ask, faults

pages = Blueprint("press", __name__)

OWN_LINE = "press_line"
WITHIN = {"30": timedelta(minutes=30), "60": timedelta(hours=1), "120": timedelta(hours=2)}
TONES = {"new": "orange", "answering": "blue", "answered": "green", "refused": "grey"}


@pages.route("/incidents/<incident_id>/press/new", methods=["GET", "POST"])
@signed_in
def new(incident_id: str) -> Answer:
    """The whole question on one screen, under the line that is read aloud meanwhile."""
    view = read(incident_id, timeline=False)
    require(actor(), *press.DESK)
    if request.method == "GET":
        return _form(view, {"key": new_id(wiring().now())}, {})
    names = ("key", "outlet", "name", "phone", "question", "within", "deadline")
    typed = {name: request.form.get(name, "").strip() for name in names}
    try:
        asked = press.Question(
            typed["key"], typed["outlet"], typed["question"], typed["name"], typed["phone"], _deadline(typed)
        )
        press.ask(wiring().desk, incident_id, asked, actor(), wiring().now())
    except ValueError:
        fault = _("Ghi thời điểm theo dạng giờ:phút ngày/tháng/năm")
        return _form(view, typed, {"deadline": [fault]}), 422
    except Refusal as refusal:
        return _form(view, typed, faults(refusal)), refusal.status
    flash(_("Đã ghi câu hỏi của báo chí."), "taken")
    return redirect(url_for("room.show", incident_id=incident_id) + "#press", 303)


def _form(view: IncidentView, typed: dict[str, Any], errors: dict[str, list[str]]) -> str:
    return render_template("press/new.html", view=view, typed=typed, errors=errors)


def _deadline(typed: dict[str, str]) -> datetime | None:
    """The time typed counts before the choice. Raises ValueError."""
    if typed["deadline"]:
        return parse_local(typed["deadline"])
    return wiring().now() + WITHIN[typed["within"]] if typed["within"] in WITHIN else None


@pages.get("/incidents/<incident_id>/press/<request_id>")
@signed_in
def show(incident_id: str, request_id: str) -> str:
    view, question = _found(incident_id, request_id)
    return render_template("press/question.html", view=view, question=question, typed={}, errors={})


def _found(incident_id: str, request_id: str) -> tuple[IncidentView, PressView]:
    view = read(incident_id, timeline=False)
    question = next((p for p in view.press if p.id == request_id), None)
    if question is None:
        abort(404)
    return view, question


@pages.post("/incidents/<incident_id>/press/<request_id>/take")
@signed_in
def take(incident_id: str, request_id: str) -> Answer:
    _found(incident_id, request_id)

    def do(typed: Typed) -> None:
        press.take(wiring().desk, request_id, actor(), wiring().now())

    form = Form(_("Tôi trả lời"), _("Tôi trả lời"), (), done=_("Đồng chí nhận trả lời câu hỏi này."))
    return ask(incident_id, lambda view: form, do, back=_address(incident_id, request_id))


@pages.post("/incidents/<incident_id>/press/<request_id>/answer")
@signed_in
def answer(incident_id: str, request_id: str) -> Answer:
    """What was answered. A refusal of the door shows the page again with what was typed."""
    view, question = _found(incident_id, request_id)
    typed = {name: request.form.get(name, "").strip() for name in ("answer", "link")}
    try:
        press.answer(wiring().desk, request_id, typed["answer"], typed["link"], actor(), wiring().now())
    except Refusal as refusal:
        errors = faults(refusal)
        page = render_template(
            "press/question.html", view=view, question=question, typed=typed, errors=errors
        )
        return page, refusal.status
    flash(_("Đã ghi câu trả lời."), "taken")
    return redirect(url_for("room.show", incident_id=incident_id) + "#press", 303)


@pages.route("/incidents/<incident_id>/press/<request_id>/refuse", methods=["GET", "POST"])
@signed_in
def refuse(incident_id: str, request_id: str) -> Answer:
    _view, question = _found(incident_id, request_id)
    require(actor(), *press.DESK)
    form = Form(
        _("Từ chối trả lời câu hỏi %(n)s của %(outlet)s", n=question.n, outlet=question.outlet),
        _("Ghi từ chối"),
        (
            Field(
                "reason", "area", _("Lý do từ chối"), _("Nêu rõ lý do, căn cứ pháp luật"), need=_("Ghi lý do")
            ),
        ),
        lead=_(
            "Theo luật, từ chối cung cấp thông tin cho báo chí phải nêu rõ lý do và trả lời cho cơ quan báo chí."
        ),
        warning=True,
        done=_("Đã ghi từ chối, có nêu lý do."),
    )

    def do(typed: Typed) -> None:
        press.refuse(wiring().desk, request_id, typed["reason"], actor(), wiring().now())

    return ask(incident_id, lambda view: form, do)


def _address(incident_id: str, request_id: str) -> str:
    return url_for("press.show", incident_id=incident_id, request_id=request_id)


# ------------------------------------------------------------------ what templates ask for


def read_aloud(view: IncidentView) -> press.Line:
    with wiring().store.reading() as session:
        house = casting.house(session, wiring().settings.public_url)
        own = session.get(Setting, OWN_LINE)
    return press.line_to_read(view, house, wiring().now(), own.value if own else "")


def label(question: PressView) -> Label:
    words = {
        "new": _("Mới"),
        "answering": _("Đang trả lời"),
        "answered": _("Đã trả lời, sau hạn của báo") if question.late else _("Đã trả lời"),
        "refused": _("Từ chối, có nêu lý do"),
    }
    return Label(words.get(question.state, STATES[question.state]), TONES[question.state])


def may_answer() -> bool:
    return press.sees_press(actor())


@pages.app_context_processor
def _offered() -> dict[str, object]:
    return {
        "press_line": read_aloud,
        "press_label": label,
        "press_soon": lambda question: press.due_soon(question, wiring().now()),
        "may_answer_press": may_answer,
    }
