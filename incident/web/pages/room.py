"""The room of one incident: what is due, what to do, who has answered, what was said, what happened.

The live part is one fragment with a tag; nobody types inside it. Must never change anything: `actions` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, Response, make_response, render_template, request, url_for

from incident.domain.ids import new_id
from incident.report.outgoing import Progress, progress
from incident.report.record import CallView, EntryView, IncidentView, MemberView, StepView
from incident.report.units import UnitAnswer, units_answered
from incident.web import drafts
from incident.web.language import chosen
from incident.web.pages.access import actor, can, must_see, read, signed_in, wiring
from incident.web.pages.opening import carried_note
from incident.web.pages.todo import Next, Waiting, next_thing, waited_for
from incident.web.watching import mark, state

pages = Blueprint("room", __name__)

ENTRIES = 30
NO_SUCH_ENTRY = 2**31 - 1  # a larger number than any of an entry, that every database still takes
SILENT_FOR = timedelta(minutes=3)  # the time a message takes; after it a call is worth more than waiting
JUST_RECORDED = timedelta(minutes=10)  # how long a mistaken press is offered to be taken back
KINDS_ASKED_WITHIN = timedelta(hours=2)  # an internal target: the clocks of the law need the answer
OPEN_STEPS = ("stuck", "active")


@dataclass(frozen=True, slots=True)
class Room:
    """The record, sorted for the eyes of the one who reads it."""

    view: IncidentView
    to_do: tuple[StepView, ...]
    later: tuple[StepView, ...]
    finished: tuple[StepView, ...]
    calls: tuple[MemberView, ...]
    mine: frozenset[str]  # steps that wait for the reader
    ask_kinds_before: datetime | None
    entries: tuple[EntryView, ...]  # newest first
    next: Next | None  # the one thing for the reader
    waiting: tuple[Waiting, ...]
    recorded: tuple[CallView, ...] = ()  # calls of the last minutes, newest first
    units: tuple[UnitAnswer, ...] = ()


def sorted_room(
    view: IncidentView, person_id: str | None, now: datetime, units: tuple[UnitAnswer, ...] = ()
) -> Room:
    to_do = sorted((s for s in view.steps if s.state in OPEN_STEPS), key=lambda s: urgency(s, person_id))
    calls = in_order_of_calling(view, (m for m in view.task_force if needs_a_call(m, now)))
    kinds_before = _kinds_before(view)
    return Room(
        view=view,
        to_do=tuple(to_do),
        later=tuple(s for s in view.steps if s.state == "waiting"),
        finished=tuple(s for s in view.steps if s.state not in (*OPEN_STEPS, "waiting")),
        calls=calls,
        mine=frozenset(s.id for s in to_do if person_id in s.person_ids),
        ask_kinds_before=kinds_before,
        entries=tuple(reversed(view.timeline)),
        next=next_thing(view, tuple(to_do), calls, kinds_before, actor(), can(), now),
        waiting=waited_for(view, tuple(to_do), person_id),
        recorded=just_recorded(view, now),
        units=units,
    )


def in_order_of_calling(view: IncidentView, members: Iterable[MemberView]) -> tuple[MemberView, ...]:
    """Leaders first, then as the playbook names its roles; nobody is called for a closed incident, and nobody twice."""
    if view.status != "open":
        return ()
    once = {m.person_id: m for m in reversed(tuple(members))}.values()
    ordered = sorted(once, key=lambda m: view.task_force.index(m))
    return tuple(sorted(ordered, key=lambda m: view.names.get(m.person_id, {}).get("rank") != "len"))


def just_recorded(view: IncidentView, now: datetime) -> tuple[CallView, ...]:
    """What a mistaken press could have recorded, newest first."""
    if view.status != "open":
        return ()
    fresh = [call for call in view.calls if now - call.recorded_at <= JUST_RECORDED]
    return tuple(sorted(fresh, key=lambda call: call.recorded_at, reverse=True))[:5]


def urgency(step: StepView, person_id: str | None) -> tuple[bool, bool, bool, datetime | None]:
    """The reader's own first, then what is stuck, then the nearest limit."""
    return (person_id not in step.person_ids, step.state != "stuck", step.due is None, step.due)


def needs_a_call(member: MemberView, now: datetime) -> bool:
    if member.stand_in_accepted:
        return False
    if member.state in ("not_told", "unreachable", "wrong_number"):
        return True
    return member.state == "asked" and member.asked_at is not None and now - member.asked_at >= SILENT_FOR


def _kinds_before(view: IncidentView) -> datetime | None:
    if view.kinds or view.status != "open" or view.handed or not view.basis.get("kinds"):
        return None
    return view.opened_at + KINDS_ASKED_WITHIN


@pages.get("/incidents/<incident_id>")
@signed_in
def show(incident_id: str) -> str:
    view = read(incident_id, limit=ENTRIES, language=chosen())
    written = drafts.kept(url_for("actions.note", incident_id=incident_id), actor().id)
    return page(view, written | carried_note(incident_id), {})


def page(view: IncidentView, typed: dict[str, str], errors: dict[str, list[str]]) -> str:
    """The whole room. A note's form has a key of its own, so that pressing it again writes nothing twice."""
    typed = {"key": new_id(wiring().now())} | typed
    return render_template(
        "room/room.html", room=_room(view), view=view, typed=typed, errors=errors, sending=_sending(view)
    )


@pages.get("/incidents/<incident_id>/live")
@signed_in
def live(incident_id: str) -> Response:
    now = wiring().now()
    with wiring().store.reading() as session:
        must_see(session, incident_id)
        tag = mark(state(session, incident_id, wiring()), now, actor().id, chosen())
    if request.if_none_match.contains_weak(tag) or request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        view = read(incident_id, limit=ENTRIES, language=chosen())
        response = make_response(
            render_template("room/live.html", room=_room(view), view=view, sending=_sending(view))
        )
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@pages.get("/incidents/<incident_id>/timeline")
@signed_in
def timeline(incident_id: str) -> str:
    """Older entries, a page at a time, newest first."""
    before = min(max(0, request.args.get("before", 0, int)), NO_SUCH_ENTRY)
    view = read(
        incident_id,
        after=max(0, before - ENTRIES - 1) if before else 0,
        limit=None if before else ENTRIES,
        language=chosen(),
    )
    entries = [entry for entry in reversed(view.timeline) if not before or entry.seq < before][:ENTRIES]
    return render_template("room/timeline.html", view=view, entries=entries)


def address(incident_id: str) -> str:
    return url_for("room.show", incident_id=incident_id)


def _room(view: IncidentView) -> Room:
    units: tuple[UnitAnswer, ...] = ()
    if view.groups:
        with wiring().store.reading() as session:
            units = units_answered(session, view.id)
    return sorted_room(view, actor().person_id, wiring().now(), units)


def _sending(view: IncidentView) -> Progress | None:
    with wiring().store.reading() as session:
        return progress(session, view.id, view.messages)


def may_do(step: StepView) -> bool:
    """Whether the reader is offered the step's buttons; the door asks again."""
    return can().command or (actor().person_id is not None and actor().person_id in step.person_ids)


@pages.app_context_processor
def _offered() -> dict[str, object]:
    return {"may_do": may_do}
