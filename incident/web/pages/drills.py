"""Điều phối diễn tập: what is to come and what followed, for the controllers alone; and the stop of every drill.

Knows no rule: `response.drills` and `response.drill_stop` do. Nothing of it is shown to those who play.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for

from incident.domain.actors import Role
from incident.domain.drill import DrillClock
from incident.domain.errors import Forbidden, Refusal
from incident.domain.ids import new_id
from incident.report.exercise import STATES, Exercise, exercise, rated
from incident.report.record import DrillView, IncidentView
from incident.response import drill_stop, drills, enrolment
from incident.response.permissions import COMMAND
from incident.web.language import _, chosen
from incident.web.pages.access import actor, read, signed_in, wiring
from incident.web.pages.forms import Answer, Form, Typed, ask, faults, reason_field

pages = Blueprint("drills", __name__)

REMARK = ("objective", "rating", "text", "key")


@pages.get("/incidents/<incident_id>/drill")
@signed_in
def show(incident_id: str) -> Answer:
    return _page(incident_id, {"key": new_id(wiring().now())}, {})


def _page(incident_id: str, typed: Typed, errors: dict[str, list[str]]) -> str:
    _mine(incident_id)
    view, now = read(incident_id, language=chosen()), wiring().now()
    with wiring().store.reading() as session:
        people = enrolment.taking_part(session, incident_id)
        accounts = drills.accounts(session)
    drill = view.exercise
    assert drill is not None
    seen = exercise(view, now)
    known = [(str(a.id), a.name or a.email) for a in accounts]
    return render_template(
        "drills/drill.html",
        view=view,
        drill=drill,
        seen=seen,
        minute=_clock(drill).shows(now) // 60,
        people=people,
        rated=rated,
        states=STATES,
        running=view.status == "open" and drill.frozen_at is None,
        rates=drills.RATES,
        controllers=[name for id, name in known if id in drill.controllers],
        others=[{"value": id, "text": name} for id, name in known if id not in drill.controllers],
        objectives=_objectives(seen),
        typed=typed,
        errors=errors,
    )


def _objectives(seen: Exercise | None) -> list[dict[str, str]]:
    return [{"value": o.key, "text": o.title} for o in seen.objectives] if seen else []


def _clock(drill: DrillView) -> DrillClock:
    return DrillClock(drill.clock_at, drill.clock_seconds, drill.rate, drill.paused_at is not None)


def _mine(incident_id: str) -> None:
    """Raises NotFound where there is no drill, Forbidden for who does not control it."""
    read(incident_id, timeline=False)
    with wiring().store.reading() as session:
        drills.find(session, incident_id, actor())


@pages.post("/incidents/<incident_id>/drill/injects/<inject>/give")
@signed_in
def give(incident_id: str, inject: str) -> Answer:
    return _do(
        incident_id,
        lambda: drills.give(wiring().desk, incident_id, inject, actor(), wiring().now()),
        _("Đã đưa tình huống %(id)s.", id=inject[:8]),
    )


@pages.route("/incidents/<incident_id>/drill/injects/<inject>/skip", methods=["GET", "POST"])
@signed_in
def skip(incident_id: str, inject: str) -> Answer:
    _mine(incident_id)

    def do(typed: Typed) -> None:
        drills.skip(wiring().desk, incident_id, inject, typed["reason"], actor(), wiring().now())

    form = Form(
        _("Bỏ qua tình huống %(id)s", id=inject[:8]),
        _("Bỏ qua"),
        (reason_field(),),
        lead=_("Tình huống này sẽ không đến giờ mà tự đưa ra. Vẫn đưa bằng tay được sau đó."),
        done=_("Đã bỏ qua."),
    )
    return ask(incident_id, lambda view: form, do, back=url_for("drills.show", incident_id=incident_id))


@pages.post("/incidents/<incident_id>/drill/clock")
@signed_in
def clock(incident_id: str) -> Answer:
    """Paused, going on, or faster: by the button that was pressed."""
    do = request.form.get("do", "")
    desk, now = wiring().desk, wiring().now()

    def act() -> None:
        if do == "pause":
            drills.pause(desk, incident_id, actor(), now)
        elif do == "resume":
            drills.resume(desk, incident_id, actor(), now)
        else:
            drills.set_rate(desk, incident_id, int(do) if do.isdecimal() else 0, actor(), now)

    return _do(incident_id, act, _("Đã đặt đồng hồ diễn tập."))


@pages.post("/incidents/<incident_id>/drill/controllers")
@signed_in
def controller(incident_id: str) -> Answer:
    account = request.form.get("account", "")[:20]
    return _do(
        incident_id,
        lambda: drills.add_controller(wiring().desk, incident_id, account, actor(), wiring().now()),
        _("Đã thêm người điều phối."),
    )


@pages.post("/incidents/<incident_id>/drill/remarks")
@signed_in
def remark(incident_id: str) -> Answer:
    typed = {name: request.form.get(name, "").strip() for name in REMARK}
    return _do(
        incident_id,
        lambda: drills.remark(
            wiring().desk, incident_id, typed["objective"], typed["rating"], typed["text"], typed["key"], actor(),
            wiring().now(),
        ),
        _("Đã ghi nhận xét."),
        typed,
    )  # fmt: skip


def _do(incident_id: str, act: Callable[[], object], done: str, typed: Typed | None = None) -> Answer:
    """Hand it to the door; a refusal shows the page with what was typed."""
    _mine(incident_id)
    try:
        act()
    except Refusal as refusal:
        kept = {"key": new_id(wiring().now())} | {k: v for k, v in (typed or {}).items() if v}
        return _page(incident_id, kept, faults(refusal)), refusal.status
    flash(done, "taken")
    return redirect(url_for("drills.show", incident_id=incident_id), 303)


# ------------------------------------------------------------------ a real incident


@pages.route("/drills/stop", methods=["GET", "POST"])
@signed_in
def stop() -> Answer:
    """DỪNG DIỄN TẬP – CÓ SỰ CỐ THẬT: says whom it tells, then stops every open drill, then opens the real one."""
    desk, now = wiring().desk, wiring().now()
    with wiring().store.reading() as session:
        if not drill_stop.may_stop(session, actor()):
            raise Forbidden("not_allowed", _("Tài khoản của đồng chí không có quyền dừng diễn tập."))
        would = drill_stop.what_it_would_do(session, desk)
        text = drill_stop.text_of(session, desk, now)
    if request.method == "GET":
        return render_template("drills/stop.html", would=would, text=text)
    stopped = drill_stop.stop_all(desk, actor(), now)
    if stopped.numbers:
        flash(
            _(
                "Đã dừng diễn tập %(numbers)s và báo %(n)s người. Mở vụ việc thật ở đây.",
                numbers=", ".join(stopped.numbers),
                n=stopped.people,
            ),
            "taken",
        )
    return redirect(url_for("opening.form" if actor().may(*COMMAND) else "board.index"), 303)


# ------------------------------------------------------------------ what templates ask for


def steers(view: IncidentView) -> bool:
    """Whether the reader is a controller of this drill."""
    drill = view.exercise
    return drill is not None and (actor().may(Role.ADMIN) or actor().id in drill.controllers)


@pages.app_context_processor
def _offered() -> dict[str, object]:
    return {"steers": steers}
