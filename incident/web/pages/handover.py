"""Bàn giao ca: what is open, who is still silent, what falls due; one press hands over, one press takes over.

Knows no rule: `response.handover` does. Numbers are added for those who may see them and are never kept in a picture.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.domain.errors import Forbidden, Refusal
from incident.report import shift
from incident.response import handover
from incident.store.tables import FreeText, Handover, Person
from incident.timeline import masking
from incident.timeline.ledger import SYSTEM_CHAIN
from incident.web.language import _, spoken
from incident.web.pages.access import actor, can, command_only, signed_in, wiring
from incident.web.pages.forms import Answer, faults

pages = Blueprint("handover", __name__)


@pages.get("/handover")
@signed_in
def show() -> str:
    return _page({}, {})


def _page(typed: dict[str, str], errors: dict[str, list[str]]) -> str:
    if not can().read_all:
        raise Forbidden("not_allowed", _("Trang bàn giao ca dành cho cán bộ trực và lãnh đạo."))
    now = wiring().now()
    with wiring().store.reading() as session:
        stand = handover.standing(session, now)
        picture = shift.picture(session, shift.open_ids(session), now)
        rows = handover.recent(session)
        pending = stand.pending
        people = {r.outgoing for r in rows} | {r.incoming for r in rows}
        people |= {pending.outgoing, pending.incoming} if pending else set()
        return render_template(
            "handover/handover.html",
            stand=stand,
            picture=picture,
            numbers=_numbers(session, picture),
            choices=_choices(session, stand, now),
            note=_note(session, pending) if pending else "",
            rows=rows,
            names=handover.addressed(session, people, now),
            may_hand=_may_hand(stand),
            typed=typed,
            errors=errors,
        )


def _may_hand(stand: handover.Standing) -> bool:
    """Whoever is on duty and has taken over, or was on duty and is not relieved yet."""
    me = actor().person_id
    if me is None or not can().command:
        return False
    pending, turn = stand.pending, stand.turn
    if pending is not None and pending.outgoing == me and pending.accepted_at is None:
        return True
    if stand.quiet and stand.before is not None and stand.before.person == me:
        return True
    return turn is not None and turn.person == me and (pending is None or pending.incoming != me)


def _choices(session: Session, stand: handover.Standing, now: datetime) -> list[dict[str, str]]:
    """Who can be handed to, the next on the rota first."""
    me = actor().person_id
    first = stand.pending.incoming if stand.pending else stand.following.person if stand.following else ""
    if stand.quiet and stand.turn is not None and stand.turn.person != me:
        first = stand.turn.person
    people = sorted(handover.may_be_chosen(session, now), key=lambda p: p.id != first)
    return [
        {"value": p.id, "text": p.name + (_(" – theo lịch trực") if p.id == first else "")}
        for p in people
        if p.id != me
    ]


def _numbers(session: Session, picture: dict[str, Any]) -> dict[str, list[str]]:
    if not can().phones:
        return {}
    ids = {person["person"] for incident in picture["incidents"] for person in incident["unanswered"]}
    rows = session.scalars(select(Person).where(Person.id.in_(ids)))
    return {p.id: [n for n in (p.phone, p.landline) if n and not p.wrong_number_at] for p in rows}


def _note(session: Session, row: Handover) -> str:
    text = session.get(FreeText, (SYSTEM_CHAIN, row.note_seq, "note")) if row.note_seq else None
    return masking.shown(text) if text is not None else ""


@pages.post("/handover")
@signed_in
def hand_over() -> Answer:
    command_only()
    typed = {"to": request.form.get("to", ""), "note": request.form.get("note", "").strip()}
    try:
        handover.hand_over(wiring().desk, typed["to"], typed["note"], actor(), wiring().now())
    except Refusal as refusal:
        return _page(typed, faults(refusal)), refusal.status
    flash(
        _("Đã bàn giao. Đến khi đồng chí nhận ca bấm “Đã nhận bàn giao”, cả hai đồng chí cùng được báo."),
        "taken",
    )
    return redirect(url_for("handover.show"), 303)


@pages.post("/handover/accept")
@signed_in
def accept() -> Answer:
    command_only()
    try:
        handover.accept(wiring().desk, request.form.get("handover") or None, actor(), wiring().now())
    except Refusal as refusal:
        return _page({}, {"": [spoken(refusal.text)]}), refusal.status
    flash(_("Đã nhận bàn giao ca. Từ bây giờ chỉ đồng chí nhận ca được báo."), "taken")
    return redirect(url_for("handover.show"), 303)


@pages.get("/handover/<handover_id>")
@signed_in
def kept(handover_id: str) -> str:
    """A hand-over as it was: who, when, and what the picture was at that moment."""
    if not can().read_all:
        raise Forbidden("not_allowed", _("Trang bàn giao ca dành cho cán bộ trực và lãnh đạo."))
    with wiring().store.reading() as session:
        row = session.get(Handover, handover_id)
        if row is None:
            abort(404)
        names = handover.addressed(session, {row.outgoing, row.incoming}, wiring().now())
        return render_template(
            "handover/kept.html",
            row=row,
            names=names,
            note=_note(session, row),
            picture=row.picture,
            numbers={},
        )


# ------------------------------------------------------------------ what templates ask for


def notice() -> handover.Notice | None:
    """For the board of those who read everything; a member is not concerned."""
    if not can().read_all:
        return None
    with wiring().store.reading() as session:
        return handover.notice(session, wiring().now())


@pages.app_context_processor
def _offered() -> dict[str, object]:
    return {"shift_notice": notice, "moment": datetime.fromisoformat}
