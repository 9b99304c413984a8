"""The carriers: how each stands, its last hour, its account; pausing one, using it again, a test message to oneself."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from incident.delivery import carriers as state
from incident.delivery import operating
from incident.domain.errors import Invalid, NotFound, Refusal
from incident.domain.words import said
from incident.response import texts
from incident.store.tables import Person
from incident.web.language import _
from incident.web.pages.access import actor, command_only, signed_in, wiring
from incident.web.pages.forms import faults
from incident.wording import clock
from notify.gateway import Route
from notify.message import Channel

pages = Blueprint("carriers", __name__)

LONGEST_REASON = 200


@pages.get("/settings/carriers")
@signed_in
def index() -> str:
    command_only()
    return _page({}, {})


@pages.post("/settings/carriers/<name>")
@signed_in
def act(name: str) -> Response | tuple[str, int]:
    command_only()
    route = next((route for route in wiring().gateway.routes if route.sender.name == name), None)
    if route is None:
        raise NotFound("unknown_carrier", _("Không có kênh gửi này."))
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON]
    try:
        flash(_done(request.form.get("what", ""), route, reason), "taken")
    except Refusal as refusal:
        return _page({"carrier": name, "reason": reason}, faults(refusal)), refusal.status
    return redirect(url_for("carriers.index"), 303)


def _done(what: str, route: Route, reason: str) -> str:
    name, now = route.sender.name, wiring().now()
    if what == "test" and route.channel != "voice":  # a call reads out an incident, and a test has none
        return _tested(route)
    if what == "hold":
        if not reason:
            raise Invalid("no_reason", "Cần ghi lý do.", {"reason": [said("Ghi lý do, người quyết định.")]})
        with wiring().store.writing() as session:
            held = state.hold(session, name, reason, actor(), now)
        return (
            _("Đã tạm dừng kênh này. Tin đi bằng kênh khác, nếu có.")
            if held
            else _("Kênh này đã dừng từ trước.")
        )
    if what == "let_go":
        with wiring().store.writing() as session:
            used = state.let_go(session, name, actor(), now)
        wiring().bell.ring()
        return _("Đã cho dùng lại kênh này.") if used else _("Kênh này đang dùng bình thường.")
    raise Invalid("unknown_act", "Không có thao tác này.")


def _tested(route: Route) -> str:
    now = wiring().now()
    with wiring().store.writing() as session:
        me = session.get(Person, actor().person_id) if actor().person_id else None
        address = _mine(me, route.channel)
        if me is None or not address:
            raise Invalid(
                "no_address", "Tài khoản này chưa gắn với người có số di động hoặc thư điện tử trong danh bạ."
            )
        text = f"Tin thử của hệ thống vụ việc truyền thông lúc {clock(now)}. Không cần trả lời."
        gateway = wiring().gateway
        if not operating.test(session, gateway, route.sender.name, route.channel, me.id, address, text, now):
            raise Invalid("too_soon", "Vừa gửi một tin thử; đợi nửa phút rồi thử lại.")
    wiring().bell.ring()
    return _("Đã gửi tin thử tới chính đồng chí.")


def _mine(person: Person | None, channel: Channel) -> str:
    if person is None:
        return ""
    return (person.email if channel == "email" else person.phone) or ""


def _page(typed: dict[str, str], errors: dict[str, list[str]]) -> str:
    now = wiring().now()
    with wiring().store.reading() as session:
        found = operating.every(session, wiring().gateway, now)
        me = session.get(Person, actor().person_id) if actor().person_id else None
        tests = {
            one.name: operating.last_test(session, _mine(me, one.channels[0]))
            for one in found
            if _mine(me, one.channels[0])
        }
        missing = {
            one.name: len(texts.unregistered(session, wiring().desk, one.name))
            for one in found
            if one.can.needs_registered_template
        }
    return render_template(
        "settings/carriers.html", carriers=found, typed=typed, errors=errors, tests=tests, missing=missing
    )
