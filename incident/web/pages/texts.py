"""The texts that phones receive: as written and as sent, how long they can become, where they are registered. Knows no rule."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from incident.domain.errors import Refusal
from incident.response import texts as door
from incident.response.texts import Text
from incident.web.language import _
from incident.web.pages.access import actor, command_only, signed_in, wiring
from incident.web.pages.forms import faults

pages = Blueprint("texts", __name__)

GROUPS = (
    ("summon", "confirm", "stand_in", "handed_back"),
    ("remind", "joined"),
    ("task", "approve", "publish"),
    ("warn", "shift"),
    ("reply",),
    ("stand_down", "handed", "merged", "reopened"),
)


def titles() -> tuple[str, ...]:
    return (
        _("Mời tham gia"),
        _("Đề nghị trả lời"),
        _("Việc, duyệt, công bố"),
        _("Báo cán bộ trực, đổi ca"),
        _("Tin trả lời tự động"),
        _("Kết thúc, chuyển, gộp, mở lại"),
    )


def group_of(kind: str) -> str:
    first = kind.split(".")[0]
    return next(title for title, kinds in zip(titles(), GROUPS, strict=True) if first in kinds)


def to_whom(kind: str) -> str:
    """What sets a text apart from its neighbours: the reader, or the carrier."""
    notes = [
        note
        for end, note in (
            (".len", _("gửi lãnh đạo")),
            (".dang", _("gửi cơ quan Đảng, đoàn thể, công an")),
            (".one_way", _("khi không nhắn trả lời được")),
        )
        if end in kind
    ]
    return ", ".join(notes)


@pages.route("/settings/texts", methods=["GET", "POST"])
@signed_in
def index() -> str | Response | tuple[str, int]:
    command_only()
    if request.method == "GET":
        return _all({}, {})
    typed = {name: request.form.get(name, "")[:2000] for name in ("carrier", "number", "body")}
    try:
        door.register_other(
            wiring().desk, typed["carrier"], typed["number"], typed["body"], actor(), wiring().now()
        )
    except Refusal as refusal:
        return _all(typed, faults(refusal)), refusal.status
    flash(_("Đã ghi mẫu đã đăng ký.") if typed["body"].strip() else _("Đã bỏ mẫu đã đăng ký."), "taken")
    return redirect(url_for("texts.index") + "#registered", 303)


def _all(filled: dict[str, str], errors: dict[str, list[str]]) -> str:
    strict = {
        route.sender.name
        for route in wiring().gateway.routes
        if route.sender.capabilities.needs_registered_template
    }
    with wiring().store.reading() as session:
        found = door.every(session, wiring().desk)
        others = door.others(session, wiring().desk)
        gaps = {name: door.unregistered(session, wiring().desk, name) for name in sorted(strict)}
    groups = [(title, [text for text in found if group_of(text.kind) == title]) for title in titles()]
    typed = request.args.get("try", "")[:2000]
    return render_template(
        "settings/texts.html",
        groups=groups,
        to_whom=to_whom,
        typed=typed,
        tried=door.tried(typed) if typed.strip() else None,
        gaps=gaps,
        others=others,
        filled=filled,
        errors=errors,
    )


@pages.route("/settings/texts/<kind>", methods=["GET", "POST"])
@signed_in
def show(kind: str) -> str | Response | tuple[str, int]:
    command_only()
    with wiring().store.reading() as session:
        text = door.one(session, wiring().desk, kind)
    if request.method == "GET":
        return _page(text, {"body": text.body}, {})
    typed = {name: request.form.get(name, "")[:2000] for name in ("body", "reason", "carrier", "number")}
    try:
        if request.form.get("what") == "register":
            door.register(wiring().desk, kind, typed["carrier"], typed["number"], actor(), wiring().now())
            flash(_("Đã ghi số đăng ký."), "taken")
        else:
            own = request.form.get("what") == "reset"
            door.change(
                wiring().desk, kind, "" if own else typed["body"], typed["reason"], actor(), wiring().now()
            )
            flash(_("Đã đổi mẫu tin. Dùng cho mọi tin gửi từ bây giờ."), "taken")
    except Refusal as refusal:
        return _page(text, typed, faults(refusal)), refusal.status
    return redirect(url_for("texts.show", kind=kind), 303)


def _page(text: Text, typed: dict[str, str], errors: dict[str, list[str]]) -> str:
    body = typed["body"] or text.body
    return render_template(
        "settings/text.html", text=text, typed=typed | {"body": body}, errors=errors, to_whom=to_whom,
        group=group_of(text.kind), tried=door.tried(body),
    )  # fmt: skip
