"""The small forms of the room: a question each, asked for on a page of its own, handed to the door, shown again with
everything typed when the door refuses. Knows no rule: the door does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from incident.domain.errors import Invalid, Refusal
from incident.report.record import IncidentView
from incident.web import drafts
from incident.web.language import _, parse_local, spoken
from incident.web.pages.access import actor, read

Answer = str | Response | tuple[str, int]
Typed = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form. kind: area | line | careful (a line that warns of what must not stand in it) | hidden | radios | boxes | time | choose. `need`: what is said when empty."""

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
        typed |= {name: text for name, text in drafts.kept(request.path, actor().id).items() if name in typed}
        return _shown(view, form, typed, {})
    typed = typed_of(form)
    errors: dict[str, list[str]] = {f.name: [f.need] for f in form.fields if f.need and not typed[f.name]}
    if not errors:
        try:
            do(typed)
        except Refusal as refusal:
            return _shown(view, form, typed, faults(refusal)), refusal.status
        flash(form.done or _("Đã ghi."), "taken")
        return redirect(back or url_for("room.show", incident_id=incident_id), 303)
    return _shown(view, form, typed, errors), 422


def faults(refusal: Refusal, field: str = "") -> dict[str, list[str]]:
    """What a refusal says of each field, in the reader's language; all it has to say at `field` when it names none."""
    found = refusal.errors or {field: [refusal.text]}
    return {name: [spoken(text) for text in texts] for name, texts in found.items()}


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
