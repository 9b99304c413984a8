"""Answers: by SMS, by link, on the signed-in page, or recorded by the duty officer after a call.

An answer acts on the requests of one person in one incident that were asked before it. Words are understood in
`domain.replies`; here it is decided what they answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from incident import wording
from incident.domain.actors import Actor
from incident.domain.address import USUAL, called
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.domain.ids import token_hash
from incident.domain.words import Said, said
from incident.response import casting, survivor
from incident.response.advance import enter
from incident.response.desk import Desk
from incident.response.permissions import COMMAND, require, require_person
from incident.response.saying import heard_from_us, say
from incident.response.withdrawing import withdraw
from incident.store.sessions import lock
from incident.store.tables import (
    Incident,
    Link,
    Message,
    Person,
    Request,
    Suppression,
)
from incident.timeline import ledger
from playbooks.signals import Acknowledged, Declined, Event, Unreachable

ACCEPT, DECLINE, WRONG, DISPUTE, OPTOUT, REVIEW = (
    "accept",
    "decline",
    "wrong_number",
    "dispute",
    "optout",
    "review",
)
LINK_LIVES = timedelta(days=30)  # after the incident is closed
KEPT = "stand_in_kept"  # the reason of a replaced request whose late answer those on duty have seen
HEARD = ("phone", "zalo", "direct")  # told to somebody on duty, who wrote it down
STATES = {ACCEPT: "accepted", DECLINE: "declined"}


@dataclass(slots=True)
class Changes:
    """What answers change in one incident, gathered before the door is entered once."""

    incident: Incident
    events: list[Event] = field(default_factory=list)
    lines: list[ledger.Line] = field(default_factory=list)
    counted: dict[tuple[str, int, str], int] = field(default_factory=dict)

    def count(self, request: Request, answer: str) -> None:
        key = (request.step, request.activation, answer)
        self.counted[key] = self.counted.get(key, 0) + 1

    def all_events(self) -> list[Event]:
        grouped: list[Event] = []
        for (step, activation, answer), count in self.counted.items():
            if answer == ACCEPT:
                grouped.append(Acknowledged(step, activation, None, count))
            else:
                grouped.append(Declined(step, activation, None, count))
        return [*self.events, *grouped]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer came to. kind: accepted | declined | repeated | late_replaced | late_closed | nothing_asked."""

    kind: str
    request: Request | None = None


# ------------------------------------------------------------------ the one rule


def answer(
    session: Session,
    changes: Changes,
    person: Person,
    requests: Iterable[Request],
    meaning: str,
    via: str,
    at: datetime,
    now: datetime,
    actor: Actor,
    reason: str = "",
) -> Outcome:
    """Apply `accept` or `decline` to these requests of one person in one incident."""
    requests = list(requests)
    if not requests:
        return Outcome("nothing_asked")
    target = STATES[meaning]
    live = [r for r in requests if r.state in ("asked", "accepted", "declined") and r.state != target]
    if changes.incident.status != "open":
        _line(changes, person, requests[-1], meaning, via, at, now, actor, reason, late=True)
        return Outcome("late_closed", requests[-1])
    if not live:
        same = [r for r in requests if r.state == target]
        if same:
            return Outcome("repeated", same[-1])
        late = requests[-1]  # replaced or expired
        _line(changes, person, late, meaning, via, at, now, actor, reason, late=True)
        if meaning == ACCEPT:
            changes.events.append(Acknowledged(late.step, late.activation, person.id, at=at))
            if late.state == "expired":
                _set(late, "accepted", via, at, actor, reason)
            elif late.reason != KEPT:  # those on duty decide who stays
                _set(late, "replaced", via, at, actor, reason)
        return Outcome("late_replaced" if late.state == "replaced" else STATES[meaning], late)
    for request in live:
        first = request.state == "asked"
        _set(request, target, via, at, actor, reason)
        if request.grouped:
            if first:
                changes.count(request, meaning)
        elif meaning == ACCEPT:
            changes.events.append(Acknowledged(request.step, request.activation, person.id, at=at))
        else:
            changes.events.append(Declined(request.step, request.activation, person.id, reason=reason))
    _line(changes, person, live[0], meaning, via, at, now, actor, reason, late=False)
    return Outcome(target, live[0])


def heard_through(
    changes: Changes, person: Person, meaning: str, via: str, at: datetime, now: datetime, actor: Actor
) -> None:
    """Somebody answers an incident that became part of this one, in which nothing is asked of them: it is written down."""
    kind = "acknowledged" if meaning == ACCEPT else "declined"
    changes.lines.append(
        ledger.Line(kind, min(at, now), now, actor, {"person": person.id, "via": via, "merged": True})
    )


def _set(request: Request, state: str, via: str, at: datetime, actor: Actor, reason: str) -> None:
    request.state, request.via, request.answered_at = state, via, at
    request.recorded_by = actor.name if via in HEARD else None
    request.reason = reason[:300]


def _line(
    changes: Changes,
    person: Person,
    request: Request,
    meaning: str,
    via: str,
    at: datetime,
    now: datetime,
    actor: Actor,
    reason: str,
    *,
    late: bool,
) -> None:
    waited = max(0, int((at - request.asked_at).total_seconds()))
    data = {
        "person": person.id,
        "step": request.step,
        "via": via,
        "after_seconds": waited,
        "role": request.role,
    }
    if late:
        data["late"] = True
    kind = "acknowledged" if meaning == ACCEPT else "declined"
    texts = {"reason": reason} if reason else {}
    changes.lines.append(ledger.Line(kind, min(at, now), now, actor, data, texts))


def commit_changes(session: Session, desk: Desk, changes: Changes, now: datetime) -> None:
    """Write the lines and enter the door once for all answers of one incident."""
    people = {str(line.data["person"]) for line in changes.lines if line.data.get("person")}
    casting.remember(session, changes.incident, people, now)
    _let_phones_rest(session, changes, now)
    ledger.append_many(session, changes.incident, changes.lines)
    events = changes.all_events()
    if events and changes.incident.status == "open":
        enter(session, desk, changes.incident, events, now)


def _let_phones_rest(session: Session, changes: Changes, now: datetime) -> None:
    """Who has answered is not called any more."""
    answered = {
        str(line.data["person"]) for line in changes.lines if line.kind in ("acknowledged", "declined")
    }
    if answered:
        withdraw(
            session, "answered", now,
            Message.incident_id == changes.incident.id, Message.person_id.in_(answered),
            Message.channel == "voice",
        )  # fmt: skip


def _commit_all(session: Session, desk: Desk, everywhere: list[Changes], now: datetime) -> None:
    for changes in everywhere:
        commit_changes(session, desk, changes, now)
    desk.store.after_commit(session, desk.ring)


def held_everywhere(session: Session, incident_id: str, disowned: Iterable[str]) -> list[Incident]:
    """The incident, and every other open one that waits for these people, locked in the order of locks. Raises
    NotFound."""
    elsewhere = (
        select(Request.incident_id)
        .join(Incident, Incident.id == Request.incident_id)
        .where(Request.person_id.in_(list(disowned)), Request.state == "asked", Incident.status == "open")
    )
    wanted = select(Incident).where((Incident.id == incident_id) | Incident.id.in_(elsewhere))
    found: list[Incident] = list(lock(session, wanted.order_by(Incident.id)))
    if not any(incident.id == incident_id for incident in found):
        raise NotFound("no_incident", "Không có vụ việc này.")
    return found


# ------------------------------------------------------------------ by a person of the office, by link


def acknowledge(
    desk: Desk,
    incident_id: str,
    person_id: str,
    meaning: str,
    via: str,
    actor: Actor,
    now: datetime,
    reason: str = "",
    occurred_at: datetime | None = None,
) -> str:
    """Record an answer: `via` phone (the duty officer records it, with a reason) or web (the person, signed in).
    Returns the outcome's kind. Raises Forbidden, Invalid, NotFound, Conflict."""
    if via == "phone":
        require(actor, *COMMAND)
        require_person(actor)
        if not reason.strip():
            raise Invalid(
                "no_reason", "Cần ghi lý do.", {"reason": [said("Ghi ngắn gọn: ai gọi, nghe thế nào.")]}
            )
    elif require_person(actor) != person_id:
        raise Forbidden("not_yours", "Chỉ trả lời được cho chính mình; ghi cuộc gọi do cán bộ trực làm.")
    if meaning not in (ACCEPT, DECLINE, WRONG):
        raise Invalid(
            "bad_answer", "Câu trả lời không hợp lệ.", {"answer": [said("Chỉ nhận accept hoặc decline.")]}
        )
    at = occurred_at or now
    if at > now:
        raise Invalid("future", "Thời điểm không được ở tương lai.", {"occurred_at": [said("Ở tương lai.")]})
    with desk.store.writing() as session:
        disowned = [person_id] if meaning == WRONG else []
        everywhere = [Changes(one) for one in held_everywhere(session, incident_id, disowned)]
        person = session.get(Person, person_id)
        if person is None:
            raise NotFound("no_person", "Không có người này trong danh bạ.")
        requests = asked(session, incident_id, person_id)
        if not requests:
            raise Conflict("not_asked", "Người này chưa được mời trong vụ việc.")
        if meaning == WRONG:
            disown(session, desk, person, everywhere, now, actor)
            _commit_all(session, desk, everywhere, now)
            return "wrong_number"
        changes = next(one for one in everywhere if one.incident.id == incident_id)
        outcome = answer(session, changes, person, requests, meaning, via, at, now, actor, reason)
        commit_changes(session, desk, changes, now)
        return outcome.kind


def asked(
    session: Session, incident_id: str, person_id: str, before: datetime | None = None
) -> list[Request]:
    query = select(Request).where(Request.incident_id == incident_id, Request.person_id == person_id)
    if before is not None:
        query = query.where(Request.asked_at <= before)
    return list(session.scalars(query.order_by(Request.asked_at, Request.id)))


@dataclass(frozen=True, slots=True)
class LinkView:
    """What the page of a link may show. `dead` links show nothing else, but that its number is left alone: `disowned`."""

    dead: bool
    disowned: bool = False
    purpose: str = ""
    incident_id: str = ""
    person_id: str = ""
    code: str = ""
    mode: str = "live"
    person: str = ""
    xung_ho: str = USUAL
    post: str = ""
    unit: str = ""
    agency: str = ""
    duty_phone: str = ""
    state: str = ""
    answered_at: datetime | None = None
    title: str = ""
    closed_at: datetime | None = None
    tasks: tuple[str, ...] = ()

    @property
    def called(self) -> Said:
        return called(self.xung_ho, self.person)


def read_link(desk: Desk, token: str, now: datetime) -> LinkView | None:
    """What the link is for; None when there never was one, `dead` when it was revoked or is too old."""
    with desk.store.reading() as session:
        link = session.get(Link, token_hash(token))
        if link is None:
            return None
        incident = survivor.of(session, session.get_one(Incident, link.incident_id))
        person = session.get_one(Person, link.person_id)
        if link.revoked_at or (incident.closed_at and now > incident.closed_at + LINK_LIVES):
            return LinkView(dead=True, disowned=person.wrong_number_at is not None)
        seen = incident.names.get(person.id, {})
        requests = asked(session, incident.id, person.id)
        newest = requests[-1] if requests else None
        house = casting.house(session, desk.settings.public_url, desk.two_way)
        return LinkView(
            dead=False,
            purpose=link.purpose,
            incident_id=incident.id,
            person_id=person.id,
            code=wording.Case(incident.code, incident.mode, "").shown,
            mode=incident.mode,
            person=person.name,
            xung_ho=person.xung_ho,
            post=seen.get("post", ""),
            unit=seen.get("unit", ""),
            agency=house.agency,
            duty_phone=house.duty_phone,
            state=newest.state if newest else "",
            answered_at=newest.answered_at if newest else None,
            title=incident.title,
            closed_at=incident.closed_at,
        )


def answer_link(desk: Desk, token: str, meaning: str, now: datetime, instead_name: str = "") -> LinkView:
    """Answer through a link: accept, decline or wrong_number; `instead_name`: somebody answers for the person.
    Returns what the page shows afterwards. Raises NotFound (no such link, or dead), Invalid, Conflict."""
    view = read_link(desk, token, now)
    if view is None or view.dead:
        raise NotFound("dead_link", "Liên kết này không còn dùng được. Xin gọi số trực.")
    if meaning not in (ACCEPT, DECLINE, WRONG):
        raise Invalid("bad_answer", "Câu trả lời không hợp lệ.")
    with desk.store.writing() as session:
        disowned = [view.person_id] if meaning == WRONG else []
        everywhere = [Changes(one) for one in held_everywhere(session, view.incident_id, disowned)]
        person = session.get_one(Person, view.person_id)
        actor = Actor("link", person.id, person.name, person_id=person.id)
        if meaning == WRONG:
            disown(session, desk, person, everywhere, now, actor)
        else:
            requests = asked(session, view.incident_id, person.id)
            reason = f"{instead_name} trả lời thay" if instead_name else ""
            changes = next(one for one in everywhere if one.incident.id == view.incident_id)
            if requests:
                answer(session, changes, person, requests, meaning, "link", now, now, actor, reason)
            elif survivor.was_asked_before(session, changes.incident, person.id):
                heard_through(changes, person, meaning, "link", now, now, actor)
            else:
                raise Conflict("not_asked", "Vụ việc không chờ trả lời của đồng chí.")
        _commit_all(session, desk, everywhere, now)
    return read_link(desk, token, now) or LinkView(dead=True)


# ------------------------------------------------------------------ wrong numbers, opt-outs


def disown(
    session: Session, desk: Desk, person: Person, all_changes: list[Changes], now: datetime, actor: Actor
) -> None:
    """The number is not this person's: one apology, nothing more is sent to it, links end, stand-ins are asked."""
    if person.phone and person.wrong_number_at is None and desk.sms and heard_from_us(session, person.phone):
        house = casting.house(session, desk.settings.public_url, desk.two_way)
        say(session, house, person, "reply.wrong_number", None, now)
    person.wrong_number_at = now
    silence(session, person, "wrong_number", now)
    session.execute(
        update(Link).where(Link.person_id == person.id, Link.revoked_at.is_(None)).values(revoked_at=now)
    )
    unreachable_everywhere(session, person, all_changes, "wrong_number", now, actor)


def silence(session: Session, person: Person, reason: str, now: datetime) -> None:
    if person.phone and session.get(Suppression, person.phone) is None:
        session.add(Suppression(address=person.phone, reason=reason, at=now))
    withdraw(
        session, reason, now,
        Message.person_id == person.id, Message.channel == "sms", Message.kind != "reply",
    )  # fmt: skip


def unreachable_everywhere(
    session: Session, person: Person, all_changes: list[Changes], kind: str, now: datetime, actor: Actor
) -> None:
    for changes in all_changes:
        changes.lines.append(ledger.Line(kind, now, now, actor, {"person": person.id}))
        for request in asked(session, changes.incident.id, person.id):
            if request.state != "asked":
                continue
            request.reason = kind
            if request.grouped:
                changes.events.append(Unreachable(request.step, request.activation, None, 1, kind))
            else:
                changes.events.append(Unreachable(request.step, request.activation, person.id, reason=kind))
