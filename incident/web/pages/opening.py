"""Opening an incident: six questions, a page that says exactly what will happen, and then one incident, once.

Nothing typed is lost, whatever is refused. The sending itself is the door's.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, session, url_for
from marshmallow import ValidationError
from sqlalchemy import select
from werkzeug.wrappers import Response as Answered

from incident.domain.address import called
from incident.domain.errors import Conflict, Invalid, Refusal
from incident.domain.names import search_key
from incident.response import drafts, library, likeness, preview
from incident.response import open as opening_door
from incident.response.likeness import Alike, Like, Sought
from incident.response.open import KeyUsed, Opened, Opening
from incident.store.tables import Incident, Person, Shift, Unit
from incident.web.language import _, for_input, moment_of, parse_local
from incident.web.pages.access import actor, command_only, signed_in, wiring
from incident.web.pages.forms import faults
from incident.web.pages.opening_form import (
    KEPT_IN_DRAFT,
    KINDS,
    NEUTRAL,
    OWN,
    PLAYBOOKS,
    WHOLE_PROVINCE,
    Typed,
    answers_of,
    area_of,
    clean,
    faults_of,
    is_drill,
    level_hints,
    opening_of,
    place,
    playbook_of,
    typed_of,
    wrong_drill_code,
)

pages = Blueprint("opening", __name__)

Page = str | Answered | tuple[str, int]
Faults = dict[str, list[str]]
# Which faults belong to the page before sending; all others to the form.
OF_CONFIRMING = frozenset(
    {"left_out", "left_out_reason", "leader", "leader_at", "drill_code", "only_leader", "injects"}
)
LONGEST_NOTE = 600  # carried to another room in the session's cookie


@pages.get("/incidents/new")
@signed_in
def form() -> Page:
    command_only()
    if draft := request.args.get("draft"):
        return _form(_taken_up(draft), {})
    return _form(_blank(), {})


def _blank() -> Typed:
    return {"detected_at": for_input(wiring().now()), "key": secrets.token_urlsafe(18), "area": []}


def _taken_up(draft: str) -> Typed:
    """What was saved unsent, as it was typed. Raises NotFound."""
    with wiring().store.reading() as reading:
        kept = drafts.find(reading, draft).fields
    return {**_blank(), **{name: value for name, value in kept.items() if value}, "draft": draft}


@pages.get("/incidents/new/counts")
@signed_in
def counts() -> Response:
    """How many each level wakes, for the kind and area chosen so far."""
    command_only()
    kind, area = request.args.get("kind", ""), request.args.getlist("area")[:200]
    hints = _hints(kind, area)
    answer = jsonify({str(level): text for level, text in hints.items()})
    answer.headers["Cache-Control"] = "private, max-age=30"
    return answer


@pages.post("/incidents/new")
@signed_in
def send() -> Page:
    command_only()
    typed, do = typed_of(request.form), request.form.get("do", "check")
    if into := request.form.get("into"):
        return _join(into, typed)
    if do == "save":
        return _save(typed)
    if do == "edit":
        return _form(typed, {})
    if do == "apart":
        typed["apart"] = list(dict.fromkeys([*typed["apart"], *typed["seen"]]))
    try:
        wanted = opening_of(typed, _places)
    except ValidationError as fault:
        return _form(typed, faults_of(fault)), 422
    try:
        if do in ("send", "leader"):
            return _send(wanted, typed, only_leader=do == "leader")
        return _confirm(wanted, typed, {})
    except Refusal as refusal:
        return _refused(wanted, typed, refusal)


def _send(wanted: Opening, typed: Typed, only_leader: bool) -> Page:
    answers, errors = answers_of(typed)
    errors |= wrong_drill_code(typed)
    if wanted.left_out and not wanted.left_out_reason and wanted.mode == "live":
        errors["left_out_reason"] = [_("Ghi lý do không báo")]
    if set(typed.get("computed", wanted.left_out)) != set(wanted.left_out):
        errors["left_out"] = [_("Danh sách người được báo vừa đổi. Kiểm tra lại ai được báo thay rồi gửi.")]
    if errors:
        return _confirm(wanted, typed, errors), 422
    who = actor()
    opened = opening_door.open_incident(
        wiring().desk,
        replace(wanted, **answers, only_leader=only_leader),
        who,
        wiring().now(),
        scope=f"web:{who.id}",
        key=typed["key"] or secrets.token_urlsafe(18),
        told_apart={*typed["seen"], *typed["apart"]},
        draft=typed["draft"],
    )
    return _opened(opened, only_leader)


def _opened(opened: Opened, only_leader: bool) -> Answered:
    if opened.created:
        text = (
            _(
                "Đã mở vụ việc %(number)s. Chỉ báo lãnh đạo trực; Tổ công tác chưa được báo.",
                number=opened.number,
            )
            if only_leader
            else _("Đã mở vụ việc %(number)s. Tin đang được gửi.", number=opened.number)
        )
        flash(text, "taken")
    return redirect(url_for("room.show", incident_id=opened.incident_id), 303)


def _refused(wanted: Opening, typed: Typed, refusal: Refusal) -> Page:
    """The page the refusal belongs to, with everything that was typed."""
    if isinstance(refusal, Alike):
        return _confirm(wanted, typed, {}, newly=refusal.found), 409
    if isinstance(refusal, KeyUsed):
        return render_template("opening/used.html", incident=_head(refusal.incident_id), typed=typed), 409
    if isinstance(refusal, Conflict):
        typed["draft"] = ""
    errors = faults(refusal)
    of_form = isinstance(refusal, Invalid) and not OF_CONFIRMING.issuperset(errors)
    return (_form(typed, errors) if of_form else _confirm(wanted, typed, errors)), refusal.status


def _head(incident_id: str) -> Incident:
    with wiring().store.reading() as reading:
        return reading.get_one(Incident, incident_id)


# ------------------------------------------------------------------ instead of opening


def _join(incident_id: str, typed: Typed) -> Answered:
    """Into the incident that is open already; what was typed is offered there as a note."""
    at = _moment(typed["detected_at"])
    lines = [clean(typed["title"])]
    if source := clean(typed["source"]):
        lines.append(_("Nguồn: %(source)s", source=source))
    if at is not None:
        lines.append(_("Biết tin lúc %(at)s", at=moment_of(at, wiring().now())))
    session["note"] = {"incident": incident_id[:36], "text": "\n".join(lines)[:LONGEST_NOTE]}
    return redirect(url_for("room.show", incident_id=incident_id, _anchor="write"), 303)


def carried_note(incident_id: str) -> dict[str, str]:
    """The note that was carried to this room, once."""
    note = session.get("note")
    if not isinstance(note, dict) or note.get("incident") != incident_id:
        return {}
    session.pop("note")
    return {"text": str(note.get("text", ""))}


def _save(typed: Typed) -> Answered:
    kept = {name: typed[name] for name in KEPT_IN_DRAFT}
    drafts.save(wiring().desk, kept, actor(), wiring().now(), typed["draft"])
    flash(_("Đã lưu, chưa gửi. Chưa ai được báo; cán bộ trực nào cũng mở tiếp được."), "taken")
    return redirect(url_for("board.index"), 303)


def _moment(text: str) -> datetime | None:
    try:
        return parse_local(text) if text else None
    except ValueError:
        return None


# ------------------------------------------------------------------ the two pages


def _form(typed: Typed, errors: dict[str, Any]) -> str:
    hints = _hints(str(typed.get("kind", "")), typed.get("area", []))
    return render_template(
        "opening/form.html",
        typed={**typed, "key": typed.get("key") or secrets.token_urlsafe(18)},
        errors=errors,
        kinds=(*KINDS, *_own_playbooks()),
        places=_places(),
        hints=hints,
        alike=_alike_so_far(typed),
    )


def _own_playbooks() -> list[tuple[str, str, str]]:
    """What the province added to the playbooks that every kind has."""
    with wiring().store.reading() as reading:
        cards = library.playbooks(reading, wiring().desk)
    named = set(PLAYBOOKS.values())
    return [
        (OWN + card.slug, card.title, card.slug)
        for card in cards
        if card.origin != library.BUNDLED and card.slug not in named
    ]


def _hints(kind: str, area: list[str]) -> dict[int, str]:
    """Exact where kind and area are known; else of the neutral playbook, and said to be so."""
    known = playbook_of(kind)
    exact = known is not None and bool(area)
    slug = known if known and exact else NEUTRAL
    try:
        where = area_of(area) if exact else (WHOLE_PROVINCE,)
        found = preview.counts(wiring().desk, slug, where, wiring().now())
    except Refusal:
        found = {}
    return level_hints(found, exact)


def _alike_so_far(typed: Typed) -> tuple[Like, ...]:
    """Like incidents of what stands in a form that came back; a blank form is like nothing."""
    if not typed.get("title"):
        return ()
    slug = playbook_of(str(typed.get("kind", ""))) or NEUTRAL
    mode = "drill" if is_drill(typed) else "live"
    return _alike(Sought(clean(typed["title"]), slug, None, area_of(typed.get("area", [])), mode), typed)


def _alike(wanted: Sought, typed: Typed) -> tuple[Like, ...]:
    with wiring().store.reading() as reading:
        found = likeness.like(reading, wanted, wiring().now())
    return tuple(one for one in found if one.id not in typed.get("apart", ()))


def _confirm(wanted: Opening, typed: Typed, errors: Faults, newly: tuple[Like, ...] = ()) -> str:
    now = wiring().now()
    reason = wanted.left_out_reason or "–"  # asked for when it is sent
    seen = preview.preview(wiring().desk, replace(wanted, left_out_reason=reason), now)
    alike = newly or _alike(opening_door.sought(wanted), typed)
    shown = {*typed["seen"], *(one.id for one in alike)}
    carried = {
        **typed,
        "short_name": wanted.short_name,
        "seen": sorted(shown),
        "shown_code": seen.code,
        "key": typed["key"] or secrets.token_urlsafe(18),
        "leader_at": typed["leader_at"] or for_input(now),
    }
    return render_template(
        "opening/confirm.html",
        wanted=wanted,
        typed=carried,
        preview=seen,
        told=seen.told,
        leaders=_leaders(now),
        alike=alike,
        newly=bool(newly),
        scripts=_scripts(wanted),
        errors=errors,
    )


def _scripts(wanted: Opening) -> list[dict[str, str]]:
    """The inject lists this drill can be run with."""
    if wanted.mode != "drill":
        return []
    return [
        {"value": card.slug, "text": _("%(title)s (%(n)s tình huống)", title=card.title, n=card.size)}
        for card in library.scripts(wiring().desk)
        if card.playbook == wanted.playbook
    ]


def _places() -> dict[str, str]:
    with wiring().store.reading() as reading:
        communes = reading.execute(
            select(Unit.area, Unit.name).where(Unit.area.is_not(None), Unit.valid_to.is_(None))
        ).all()
    named = {area: place(name) for area, name in communes if area}
    return dict(sorted(named.items(), key=lambda one: search_key(one[1])))


def _leaders(now: datetime) -> list[tuple[str, str]]:
    with wiring().store.reading() as reading:
        rows = reading.execute(
            select(Person.id, Person.xung_ho, Person.name)
            .join(Shift, Shift.person == Person.id)
            .where(Shift.kind == "lanh_dao_truc", Shift.starts_at <= now, Shift.ends_at > now)
            .order_by(Shift.starts_at)
        )
        return [(id, called(xung_ho, name)) for id, xung_ho, name in rows]
