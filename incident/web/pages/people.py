"""Who takes part: call somebody up, send a stand-in, give a role or a step to another, correct a number, settle a late answer.
Knows no rule: the door does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from incident.directory import queries
from incident.domain.address import ADDRESSES, called
from incident.domain.errors import Invalid, NotFound, Refusal
from incident.domain.words import Said
from incident.report.record import IncidentView
from incident.response import calls, drills, people, task
from incident.response.advance import state_of
from incident.response.calls import Heard
from incident.response.library import pinned
from incident.response.people import Newcomer
from incident.store.tables import Inbound, Incident, Person
from incident.web import language
from incident.web.language import _, opened, spoken
from incident.web.pages.access import actor, can, command_only, read, signed_in, wiring
from incident.web.pages.calls import back_to_room, heard_at, in_the_room
from incident.web.pages.forms import Answer, Field, Form, Typed, ask, faults

pages = Blueprint("people", __name__)

FOUND = 20
NEEDED = ("name", "phone", "post")
NEWCOMER = (*NEEDED, "unit", "xung_ho")


@dataclass(frozen=True, slots=True)
class Choice:
    """A person one may choose, and what is said of them."""

    id: str
    name: str
    about: str


@dataclass(frozen=True, slots=True)
class Choosing:
    """A page that asks for one person: suggested ones first, others by search."""

    title: str
    button: str
    lead: str
    suggested: tuple[Choice, ...] = ()
    suggested_title: str = ""
    reason: str = ""  # the label of the field for a reason; "" = none is asked for
    newcomer: bool = False
    timed: bool = False
    roles: tuple[tuple[str, str], ...] = ()


def _choices(view: IncidentView, *, without: frozenset[str] = frozenset()) -> tuple[Choice, ...]:
    wanted = request.args.get("q", "")[:100]
    if not wanted.strip():
        return ()
    with wiring().store.reading() as session:
        found = queries.people(session, wiring().now(), search=wanted, limit=FOUND)
    asked = {m.person_id: m for m in view.task_force if m.state in ("asked", "accepted", "sending")}
    return tuple(
        Choice(p.id, spoken(called(p.xung_ho, p.name)), _about(p, p.id in asked))
        for p in found
        if p.id not in without
    )


def _about(person: queries.Listed, asked: bool) -> str:
    parts = [person.post, person.unit]
    if person.phone is None:
        parts.append(_("không có số di động"))
    if person.wrong_number_at:
        parts.append(_("số đã báo nhầm"))
    if asked:
        parts.append(_("đã được mời"))
    return " · ".join(part for part in parts if part)


def _named(ids: tuple[str, ...]) -> tuple[Choice, ...]:
    with wiring().store.reading() as session:
        known = queries.snapshot(session, ids, wiring().now())
    return tuple(
        Choice(id, spoken(called(one["xung_ho"], one["name"])), one["post"] or one["unit"])
        for id in ids
        if (one := known.get(id))
    )


def _page(
    view: IncidentView,
    choosing: Choosing,
    errors: dict[str, list[str]],
    without: frozenset[str] = frozenset(),
) -> Answer:
    typed: dict[str, Any] = {name: request.form.get(name, "") for name in (*NEWCOMER, "reason", "text")}
    typed |= {
        "person": request.form.get("person", ""),
        "role": request.values.get("role", ""),
        "q": request.args.get("q", ""),
    }
    page = render_template(
        "room/choose.html", view=view, choosing=choosing, typed=typed, errors=errors,
        found=_choices(view, without=without), units=_units() if choosing.newcomer else (),
        addresses=ADDRESSES,
    )  # fmt: skip
    return (page, 422) if errors else page


def _units() -> tuple[tuple[str, str], ...]:
    with wiring().store.reading() as session:
        return tuple((unit.key, unit.name) for unit in queries.units(session, wiring().now()))


# ------------------------------------------------------------------ somebody more


@pages.route("/incidents/<incident_id>/people", methods=["GET", "POST"])
@signed_in
def add(incident_id: str) -> Answer:
    view = read(incident_id, timeline=False)
    command_only()
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            name = _invited(incident_id)
        except Refusal as refusal:
            errors = faults(refusal)
        else:
            flash(_("Đã mời %(name)s tham gia.", name=name), "taken")
            return back_to_room(incident_id)
    lead = _("Người được mời nhận một SMS (và thư, nếu có địa chỉ), trả lời như các đồng chí khác.")
    return _page(view, Choosing(_("Thêm người"), _("Mời tham gia"), lead, newcomer=True), errors)


def _invited(incident_id: str) -> str:
    desk, now = wiring().desk, wiring().now()
    if request.form.get("person"):
        return people.invite(desk, incident_id, request.form["person"], actor(), now)
    if request.form.get("how") != "new":
        raise Invalid("nobody", _("Chọn một người"), {"person": [_("Chọn một người")]})
    typed = {name: request.form.get(name, "").strip() for name in NEWCOMER}
    who = Newcomer(**{name: text for name, text in typed.items() if text or name in NEEDED})
    people.invite_newcomer(desk, incident_id, who, actor(), now)
    return called(who.xung_ho, who.name)


@pages.route("/incidents/<incident_id>/drill/participants", methods=["GET", "POST"])
@signed_in
def participate(incident_id: str) -> Answer:
    """Somebody more takes part in a drill: nothing is sent to them by that."""
    view = read(incident_id, timeline=False)
    with wiring().store.reading() as session:
        drills.find(session, incident_id, actor())
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            drills.add_participant(
                wiring().desk, incident_id, request.form.get("person", "")[:36], actor(), wiring().now()
            )
        except Refusal as refusal:
            errors = faults(refusal, "person")
        else:
            flash(_("Đã thêm vào danh sách tham gia diễn tập. Chưa gửi tin nào."), "taken")
            return redirect(url_for("drills.show", incident_id=incident_id), 303)
    lead = _("Người được thêm nhận tin diễn tập từ bây giờ. Thêm ở đây chưa gửi tin nào.")
    return _page(view, Choosing(_("Thêm người tham gia"), _("Cho tham gia"), lead), errors)


# ------------------------------------------------------------------ in place of another


@pages.route("/incidents/<incident_id>/calls/<person_id>/stand-in", methods=["GET", "POST"])
@signed_in
def stand_in(incident_id: str, person_id: str) -> Answer:
    """The one who was called sends somebody: who?"""
    view = read(incident_id, timeline=False)
    command_only()
    member = next((m for m in view.task_force if m.person_id == person_id), None)
    if member is None:
        raise NotFound("no_person", _("Người này chưa được mời trong vụ việc."))
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        now = wiring().now()
        try:
            heard = Heard(
                person_id, calls.SENT_ANOTHER, heard_at(now), text=request.form.get("text", "").strip(),
                instead=request.form.get("person") or None,
            )  # fmt: skip
            calls.record(wiring().desk, incident_id, heard, actor(), now)
        except Refusal as refusal:
            errors = {("person" if name == "instead" else name): of for name, of in faults(refusal).items()}
        else:
            flash(
                _("Đã ghi: %(name)s cử người thay; người được cử đang được mời.", name=member.called),
                "taken",
            )
            return back_to_room(incident_id)
    choosing = Choosing(
        _("Cử người thay %(name)s", name=member.called),
        _("Mời người này thay"),
        opened(
            _("%(name)s được ghi là báo bận; chỉ người chọn dưới đây nhận SMS mời thay.", name=member.called)
        ),
        _named(_stand_ins(incident_id, member.role, person_id)),
        _("Người thay theo danh bạ"),
        timed=True,
    )
    return _page(view, choosing, errors, frozenset({person_id}))


def _stand_ins(incident_id: str, role: str, absent: str) -> tuple[str, ...]:
    with wiring().store.reading() as session:
        holders = state_of(session, incident_id).roles.get(role)
    return tuple(person for person in holders.standins if person != absent) if holders else ()


# ------------------------------------------------------------------ who holds a role


@pages.route("/incidents/<incident_id>/roles", methods=["GET", "POST"])
@signed_in
def role(incident_id: str) -> Answer:
    view = read(incident_id, timeline=False)
    command_only()
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        wanted, person = request.form.get("role", ""), request.form.get("person", "")
        if not wanted:
            errors["role"] = [_("Chọn vai cần đổi người")]
        if not person:
            errors["person"] = [_("Chọn một người")]
        if not errors:
            try:
                name = people.change_role(
                    wiring().desk,
                    incident_id,
                    wanted,
                    person,
                    request.form.get("reason", ""),
                    actor(),
                    wiring().now(),
                )
            except Refusal as refusal:
                errors = faults(refusal)
            else:
                flash(_("Đã đổi người giữ vai: %(name)s.", name=name), "taken")
                return back_to_room(incident_id)
    roles, standins = _roles(incident_id)
    chosen = request.values.get("role", "")
    choosing = Choosing(
        _("Đổi người giữ vai"),
        _("Đổi người giữ vai"),
        _("Chỉ trong vụ việc này; danh bạ và lịch trực không đổi. Ai đã trả lời vẫn giữ nguyên trả lời."),
        _named(standins.get(chosen, ())),
        _("Người thay theo danh bạ"),
        reason=_("Lý do"),
        roles=roles,
    )
    return _page(view, choosing, errors)


def _roles(incident_id: str) -> tuple[tuple[tuple[str, str], ...], dict[str, tuple[str, ...]]]:
    """(slug, "title: who holds it now") of every role of one person, and the stand-ins of each."""
    with wiring().store.reading() as session:
        playbook = pinned(session, session.get_one(Incident, incident_id).playbook_version)
        run = state_of(session, incident_id)
        held = {
            slug: run.roles[slug]
            for slug, role in playbook.roles.items()
            if not role.is_group and slug in run.roles
        }
        known = queries.snapshot(session, {p for h in held.values() for p in h.people}, wiring().now())
    titles = tuple(
        (
            slug,
            f"{playbook.roles[slug].title}: "
            + (", ".join(known[p]["name"] for p in h.people if p in known) or _("chưa có người")),
        )
        for slug, h in held.items()
    )
    return titles, {slug: h.standins for slug, h in held.items()}


# ------------------------------------------------------------------ a step given to another


@pages.route("/incidents/<incident_id>/steps/<step>/reassign", methods=["GET", "POST"])
@signed_in
def reassign(incident_id: str, step: str) -> Answer:
    view = read(incident_id, timeline=False)
    command_only()
    about = next((one for one in view.steps if one.id == step), None)
    if about is None:
        raise NotFound("unknown_step", _("Không có bước này trong vụ việc."))
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        person = request.form.get("person", "")
        if not person:
            errors["person"] = [_("Chọn một người")]
        else:
            try:
                name = task.reassign(
                    wiring().desk, incident_id, step, person, request.form.get("reason", ""), actor(), wiring().now()
                )  # fmt: skip
            except Refusal as refusal:
                errors = faults(refusal, "person")
            else:
                flash(_("Đã chuyển việc cho %(name)s.", name=name), "taken")
                return back_to_room(incident_id)
    lead = _(
        "“%(title)s”: người được chọn nhận một SMS, thời hạn của bước tính lại từ đầu, phần đã làm giữ nguyên. Người đang giữ (%(who)s) thôi được nhắc.",
        title=about.title,
        who=", ".join(about.people) or _("chưa có"),
    )
    near = tuple(dict.fromkeys(m.person_id for m in view.task_force if m.state == "accepted"))
    choosing = Choosing(
        _("Chuyển việc cho người khác"),
        _("Chuyển việc"),
        lead,
        _named(tuple(p for p in near if p not in about.person_ids)),
        _("Người đang tham gia"),
        reason=_("Lý do"),
    )
    return _page(view, choosing, errors, frozenset(about.person_ids))


# ------------------------------------------------------------------ a number corrected


@pages.route("/incidents/<incident_id>/people/<person_id>/number", methods=["GET", "POST"])
@signed_in
def number(incident_id: str, person_id: str) -> Answer:
    """Sửa số và gửi lại."""
    command_only()

    def build(view: IncidentView) -> Form:
        name = _name(person_id)
        return Form(
            _("Sửa số và gửi lại"),
            _("Sửa số và gửi lại"),
            (
                Field(
                    "number",
                    "line",
                    _("Số di động đúng của %(name)s", name=name),
                    _("10 chữ số; số cũ 11 chữ số được tự đổi"),
                    need=_("Ghi số di động"),
                    value=_suggested(),
                ),
                Field(
                    "shared",
                    "boxes",
                    _("Nếu số này đang ghi cho người khác"),
                    items=(("yes", _("Hai đồng chí dùng chung máy này")),),
                    value=[],
                ),
            ),
            lead=_(
                "Số mới được ghi vào danh bạ; %(name)s nhận một SMS mời trả lời; số cũ không bao giờ được nhắn nữa.",
                name=name,
            ),
            done=_("Đã sửa số của %(name)s.", name=name),
        )

    def do(typed: Typed) -> None:
        done = people.correct_number(
            wiring().desk,
            incident_id,
            person_id,
            typed["number"],
            actor(),
            wiring().now(),
            "yes" in typed["shared"],
        )
        if not done.asked_again:
            flash(_("Không gửi lại: việc của %(name)s đã có người nhận.", name=done.called), "info")

    return ask(incident_id, build, do)


def _suggested() -> str:
    """The number of an assigned reply, so that nobody has to type it; only for those who see numbers."""
    inbound = request.args.get("inbound")
    if not inbound or not can().phones:
        return ""
    with wiring().store.reading() as session:
        sender = session.scalar(select(Inbound.sender).where(Inbound.id == inbound))
    return language.phone(sender) if sender and "@" not in sender else ""


def _name(person_id: str) -> Said:
    with wiring().store.reading() as session:
        person = session.get(Person, person_id)
    if person is None:
        raise NotFound("no_person", _("Không có người này trong danh bạ."))
    return called(person.xung_ho, person.name)


# ------------------------------------------------------------------ a late answer


@pages.post("/incidents/<incident_id>/late/<request_id>")
@signed_in
def late(incident_id: str, request_id: str) -> Response:
    keep = request.form.get("who") != "back"

    def act() -> str:
        name = people.settle_late(wiring().desk, incident_id, request_id, keep, actor(), wiring().now())
        if keep:
            return _("Đã giữ người thay: %(name)s.", name=name)
        return _("Đã chuyển lại cho %(name)s; người thay được nhắn thôi tham gia.", name=name)

    return in_the_room(incident_id, act)
