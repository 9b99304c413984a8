"""What waits for the one who reads: the next thing, with its button, and whom the others wait for.

Pure: a record, a reader, the time. Must never act, and decides nothing: the door does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import url_for

from incident.domain.actors import Actor
from incident.report.record import DeadlineView, IncidentView, MemberView, StepView
from incident.web.language import _, moment_of, spoken
from incident.web.pages.access import Can

SOON = timedelta(minutes=30)
ANSWERED = ("assign", "notify")  # steps that wait for answers, not for work
WRITING = ("draft", "approve", "publish")  # the steps that bring a text out


@dataclass(frozen=True, slots=True)
class Next:
    """The one thing on the big card. `step`: its own buttons are shown; else `button` leads to `address`."""

    kind: str  # approve | step | answer | stuck | unclear | call | kinds | deadline
    title: str
    lead: str = ""
    button: str = ""
    address: str = ""
    phone: str = ""
    due: datetime | None = None
    step: StepView | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who is waited for, and what for."""

    who: str
    what: str


def next_thing(
    view: IncidentView,
    steps: tuple[StepView, ...],
    calls: tuple[MemberView, ...],
    kinds_before: datetime | None,
    reader: Actor,
    can: Can,
    now: datetime,
) -> Next | None:
    """The first that holds: own approval, own task, own answer; for the duty officer then what holds others up."""
    if view.status != "open":
        return None
    own = _own(view, steps, reader.person_id)
    if own or not can.command:
        return own
    return _for_the_officer(view, steps, calls, kinds_before, can, now)


def _own(view: IncidentView, steps: tuple[StepView, ...], me: str | None) -> Next | None:
    if me is None:
        return None
    mine = [step for step in steps if me in step.person_ids]
    for step in sorted(mine, key=lambda s: s.verb != "approve"):
        if step.verb in ANSWERED:
            continue
        return Next("approve" if step.verb == "approve" else "step", step.title, due=step.due, step=step)
    asked = next((m for m in view.task_force if m.person_id == me and m.state == "asked"), None)
    if asked is None:
        return None
    return Next("answer", _("Đồng chí có tham gia Tổ công tác không?"), lead=asked.role_title)


def _for_the_officer(
    view: IncidentView,
    steps: tuple[StepView, ...],
    calls: tuple[MemberView, ...],
    kinds_before: datetime | None,
    can: Can,
    now: datetime,
) -> Next | None:
    # Where only an answer is missing, the way on is the telephone.
    stuck = next((step for step in steps if step.state == "stuck" and step.verb not in ANSWERED), None)
    if stuck:
        return Next("stuck", stuck.title, _("Quá hạn, chưa có người xử lý"), due=stuck.due, step=stuck)
    if view.review:
        title = _("%(n)s trả lời chưa rõ, cần đồng chí xem", n=len(view.review))
        return Next("unclear", title, _quoted(view), _("Xem trả lời"), "#unclear")
    if calls:
        return _call(view, calls, can)
    if kinds_before:
        lead = _("Cần xác định trước %(at)s.", at=moment_of(kinds_before, now))
        address = url_for("actions.facts", incident_id=view.id)
        return Next(
            "kinds", _("Xác định vụ việc có thuộc trường hợp của luật không"), lead, _("Xác định"), address
        )
    return _unattended(view, steps, now)


def _quoted(view: IncidentView) -> str:
    first = view.review[0]
    text = first.body if len(first.body) <= 80 else first.body[:79] + "…"
    return f"{first.person or _('Số lạ')}: “{text}”"


def _call(view: IncidentView, calls: tuple[MemberView, ...], can: Can) -> Next:
    person = calls[0]
    more = _("và %(n)s người nữa chưa trả lời", n=len(calls) - 1) if len(calls) > 1 else ""
    number = (person.phone if person.state != "wrong_number" else None) or person.landline or ""
    return Next(
        "call",
        _("Gọi %(name)s", name=person.called),
        " · ".join(part for part in (person.role_title, more) if part),
        _("Ghi cuộc gọi"),
        url_for("calls.record", incident_id=view.id, person=person.person_id),
        phone=number if can.phones else "",
    )


def _unattended(view: IncidentView, steps: tuple[StepView, ...], now: datetime) -> Next | None:
    """A deadline that ends soon while nobody writes, approves or publishes."""
    if any(step.verb in WRITING and step.person_ids for step in steps):
        return None
    soon = [d for d in view.deadlines if _ends_soon(d, now)]
    if not soon:
        return None
    nearest = min(soon, key=lambda d: d.due or now)
    title = _("Sắp hết hạn, chưa có người làm: %(title)s", title=nearest.title)
    return Next("deadline", title, button=_("Xem thời hạn"), address="#deadlines", due=nearest.due)


def _ends_soon(deadline: DeadlineView, now: datetime) -> bool:
    running = deadline.state in ("running", "warned") and deadline.due is not None
    return running and deadline.due is not None and deadline.due - now <= SOON


def waited_for(view: IncidentView, steps: tuple[StepView, ...], me: str | None) -> tuple[Waiting, ...]:
    """Who else holds something in hand, in the order of the steps; then those who have not answered."""
    found = [
        Waiting(spoken(view.called(person, name)), step.title)
        for step in steps
        if step.verb not in ANSWERED
        for name, person in zip(step.people, step.person_ids, strict=True)
        if person != me
    ]
    silent = [
        Waiting(spoken(m.called), _("trả lời"))
        for m in view.task_force
        if m.state == "asked" and m.person_id != me
    ]
    return tuple(found + silent)
