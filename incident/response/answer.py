"""Answers: by SMS, by link, on the signed-in page, or recorded by the duty officer after a call.

An answer acts on the requests of one person in one incident that were asked before it. Words are understood in
`domain.replies`; here it is decided what they answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from incident import wording
from incident.domain import replies
from incident.domain.actors import SYSTEM, Actor
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.domain.ids import new_id, new_token, token_hash
from incident.response import casting
from incident.response.advance import enter, held
from incident.response.desk import Desk
from incident.response.permissions import COMMAND, require, require_person
from incident.store.sessions import lock
from incident.store.tables import (
    Inbound,
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
AT_ONCE = 200  # replies of one incident understood in one transaction
ANSWERS_IN_A_ROW = 5  # automatic answers to one number until something new is asked
RECENT = timedelta(days=30)  # how long a code, and a closed incident, still means something
LINK_LIVES = timedelta(days=30)  # after the incident is closed
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


def _set(request: Request, state: str, via: str, at: datetime, actor: Actor, reason: str) -> None:
    request.state, request.via, request.answered_at = state, via, at
    request.recorded_by = actor.name if via == "phone" else None
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
    ledger.append_many(session, changes.incident, changes.lines)
    events = changes.all_events()
    if events and changes.incident.status == "open":
        enter(session, desk, changes.incident, events, now)


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
            raise Invalid("no_reason", "Cần ghi lý do.", {"reason": ["Ghi ngắn gọn: ai gọi, nghe thế nào."]})
    elif require_person(actor) != person_id:
        raise Forbidden("not_yours", "Chỉ trả lời được cho chính mình; ghi cuộc gọi do cán bộ trực làm.")
    if meaning not in (ACCEPT, DECLINE, WRONG):
        raise Invalid(
            "bad_answer", "Câu trả lời không hợp lệ.", {"answer": ["Chỉ nhận accept hoặc decline."]}
        )
    at = occurred_at or now
    if at > now:
        raise Invalid("future", "Thời điểm không được ở tương lai.", {"occurred_at": ["Ở tương lai."]})
    with desk.store.writing() as session:
        incident = held(session, incident_id)
        person = session.get(Person, person_id)
        if person is None:
            raise NotFound("no_person", "Không có người này trong danh bạ.")
        requests = _asked(session, incident_id, person_id)
        if not requests:
            raise Conflict("not_asked", "Người này chưa được mời trong vụ việc.")
        changes = Changes(incident)
        if meaning == WRONG:
            _disown(session, desk, person, [changes], now, actor)
            commit_changes(session, desk, changes, now)
            return "wrong_number"
        outcome = answer(session, changes, person, requests, meaning, via, at, now, actor, reason)
        commit_changes(session, desk, changes, now)
        return outcome.kind


def _asked(
    session: Session, incident_id: str, person_id: str, before: datetime | None = None
) -> list[Request]:
    query = select(Request).where(Request.incident_id == incident_id, Request.person_id == person_id)
    if before is not None:
        query = query.where(Request.asked_at <= before)
    return list(session.scalars(query.order_by(Request.asked_at, Request.id)))


@dataclass(frozen=True, slots=True)
class LinkView:
    """What the page of a link may show. `dead` links show nothing else."""

    dead: bool
    purpose: str = ""
    incident_id: str = ""
    person_id: str = ""
    code: str = ""
    mode: str = "live"
    person: str = ""
    post: str = ""
    unit: str = ""
    agency: str = ""
    duty_phone: str = ""
    state: str = ""
    answered_at: datetime | None = None
    title: str = ""
    closed_at: datetime | None = None
    tasks: tuple[str, ...] = ()


def read_link(desk: Desk, token: str, now: datetime) -> LinkView | None:
    """What the link is for; None when there never was one, `dead` when it was revoked or is too old."""
    with desk.store.reading() as session:
        link = session.get(Link, token_hash(token))
        if link is None:
            return None
        incident = session.get_one(Incident, link.incident_id)
        if link.revoked_at or (incident.closed_at and now > incident.closed_at + LINK_LIVES):
            return LinkView(dead=True)
        person = session.get_one(Person, link.person_id)
        seen = incident.names.get(person.id, {})
        requests = _asked(session, incident.id, person.id)
        newest = requests[-1] if requests else None
        house = casting.house(session, desk.settings.public_url)
        return LinkView(
            dead=False,
            purpose=link.purpose,
            incident_id=incident.id,
            person_id=person.id,
            code=wording.Case(incident.code, incident.mode, "").shown,
            mode=incident.mode,
            person=person.name,
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
        incident = held(session, view.incident_id)
        person = session.get_one(Person, view.person_id)
        actor = Actor("link", person.id, person.name, person_id=person.id)
        changes = Changes(incident)
        if meaning == WRONG:
            _disown(session, desk, person, [changes], now, actor)
        else:
            requests = _asked(session, incident.id, person.id)
            if not requests:
                raise Conflict("not_asked", "Vụ việc không chờ trả lời của đồng chí.")
            answer(session, changes, person, requests, meaning, "link", now, now, actor, instead_name)
        commit_changes(session, desk, changes, now)
    return read_link(desk, token, now) or LinkView(dead=True)


# ------------------------------------------------------------------ wrong numbers, opt-outs


def _disown(
    session: Session, desk: Desk, person: Person, all_changes: list[Changes], now: datetime, actor: Actor
) -> None:
    """The number is not this person's: nothing more is sent to it, links end, stand-ins are asked."""
    person.wrong_number_at = now
    _silence(session, person, "wrong_number", now)
    session.execute(
        update(Link).where(Link.person_id == person.id, Link.revoked_at.is_(None)).values(revoked_at=now)
    )
    _unreachable_everywhere(session, person, all_changes, "wrong_number", now, actor)


def _silence(session: Session, person: Person, reason: str, now: datetime) -> None:
    if person.phone and session.get(Suppression, person.phone) is None:
        session.add(Suppression(address=person.phone, reason=reason, at=now))
    session.execute(
        update(Message)
        .where(Message.person_id == person.id, Message.channel == "sms", Message.status == "created")
        .values(status="cancelled", finished_at=now, error=reason)
    )


def _unreachable_everywhere(
    session: Session, person: Person, all_changes: list[Changes], kind: str, now: datetime, actor: Actor
) -> None:
    for changes in all_changes:
        changes.lines.append(ledger.Line(kind, now, now, actor, {"person": person.id}))
        for request in _asked(session, changes.incident.id, person.id):
            if request.state != "asked":
                continue
            request.reason = kind
            if request.grouped:
                changes.events.append(Unreachable(request.step, request.activation, None, 1, kind))
            else:
                changes.events.append(Unreachable(request.step, request.activation, person.id, reason=kind))


# ------------------------------------------------------------------ by SMS


@dataclass(slots=True)
class Batch:
    """Replies understood together, with everything they need read in a few queries."""

    session: Session
    desk: Desk
    now: datetime
    house: wording.House
    people: dict[str, list[Person]]
    requests: dict[str, list[Request]]
    incidents: dict[str, Incident]
    changes: dict[str, Changes]
    answered: dict[str, int]

    def of(self, incident_id: str) -> Changes:
        return self.changes.setdefault(incident_id, Changes(self.incidents[incident_id]))


def understand(desk: Desk, inbound_ids: list[str] | None, now: datetime, limit: int = AT_ONCE) -> int:
    """Understand stored replies (these, or the oldest new ones) in one transaction. Returns how many."""
    with desk.store.reading() as session:
        query = select(Inbound.id).where(Inbound.state == "new").order_by(Inbound.received_at, Inbound.id)
        if inbound_ids is not None:
            query = query.where(Inbound.id.in_(inbound_ids[:limit]))
        ids = session.scalars(query.limit(limit)).all()
        touched = _touched(session, ids)
    if not ids:
        return 0
    with desk.store.writing() as session:
        # Order of locks: incidents first (by id), then the rest.
        locked = lock(session, select(Incident).where(Incident.id.in_(touched)).order_by(Incident.id))
        incidents = {i.id: i for i in locked}
        rows = [i for i in _inbound(session, ids) if i.state == "new"]
        batch = _batch(session, desk, rows, incidents, now)
        for row in rows:
            _one(batch, row)
        for changes in batch.changes.values():
            commit_changes(session, desk, changes, now)
        desk.store.after_commit(session, desk.ring)
        return len(rows)


def _touched(session: Session, ids: Iterable[str]) -> set[str]:
    """Incidents the senders of these replies were ever asked in, of late."""
    rows = session.scalars(
        select(Request.incident_id)
        .distinct()
        .join(Person, Person.id == Request.person_id)
        .join(Inbound, Inbound.sender == Person.phone)
        .where(Inbound.id.in_(list(ids)))
    )
    return set(rows)


def _inbound(session: Session, ids: Iterable[str]) -> list[Inbound]:
    query = select(Inbound).where(Inbound.id.in_(list(ids))).order_by(Inbound.received_at, Inbound.id)
    return list(lock(session, query))


def _batch(
    session: Session, desk: Desk, rows: list[Inbound], incidents: dict[str, Incident], now: datetime
) -> Batch:
    numbers = {row.sender for row in rows}
    people: dict[str, list[Person]] = {}
    for person in session.scalars(select(Person).where(Person.phone.in_(numbers), Person.active)):
        people.setdefault(str(person.phone), []).append(person)
    ids = [p.id for group in people.values() for p in group]
    requests: dict[str, list[Request]] = {}
    query = select(Request).where(Request.person_id.in_(ids), Request.incident_id.in_(incidents))
    for request in session.scalars(query.order_by(Request.asked_at, Request.id)):
        requests.setdefault(request.person_id, []).append(request)
    return Batch(
        session,
        desk,
        now,
        casting.house(session, desk.settings.public_url),
        people,
        requests,
        incidents,
        {},
        _answered_in_a_row(session, numbers),
    )


def _answered_in_a_row(session: Session, numbers: set[str]) -> dict[str, int]:
    """Automatic answers to each number since the last thing it was asked."""
    asked = (
        select(Message.address, func.max(Message.created_at).label("at"))
        .where(Message.address.in_(numbers), Message.kind != "reply")
        .group_by(Message.address)
        .subquery()
    )
    rows = session.execute(
        select(Message.address, func.count())
        .join(asked, asked.c.address == Message.address, isouter=True)
        .where(
            Message.address.in_(numbers),
            Message.kind == "reply",
            (asked.c.at.is_(None)) | (Message.created_at > asked.c.at),
        )
        .group_by(Message.address)
    )
    return {address: count for address, count in rows}  # noqa: C416 - rows are not pairs to mypy


def _one(batch: Batch, row: Inbound) -> None:
    """Understand one reply."""
    meaning = replies.understand(row.body)
    row.means, row.code = meaning.means, meaning.code
    people = batch.people.get(row.sender, [])
    if not people:
        row.state = "ignored"
        head = ledger.system_head(batch.session)
        ledger.append(
            batch.session, head, "reply_unknown", occurred_at=row.received_at, recorded_at=batch.now,
            actor=SYSTEM, data={"inbound": row.id, "carrier": row.carrier},
        )  # fmt: skip
        return
    if len(people) > 1 or people[0].shared_phone:
        _to_review(batch, row, None if len(people) > 1 else people[0])
        return
    _from(batch, row, people[0], meaning.means, meaning.code)


def _from(batch: Batch, row: Inbound, person: Person, means: str, code: str | None) -> None:
    row.person_id = person.id
    actor = Actor("phone", person.id, person.name, person_id=person.id)
    asked = [r for r in batch.requests.get(person.id, []) if r.asked_at <= row.received_at]
    open_in = list(dict.fromkeys(r.incident_id for r in asked if r.state == "asked" and _open(batch, r)))
    if means in (OPTOUT, WRONG):
        everywhere = [batch.of(i) for i in open_in]
        row.state = "understood"
        if means == WRONG:
            _disown(batch.session, batch.desk, person, everywhere, batch.now, actor)
            _say(batch, person, "reply.wrong_number", None)
        else:
            _silence(batch.session, person, "optout", batch.now)
            _unreachable_everywhere(batch.session, person, everywhere, "opted_out", batch.now, actor)
        return
    incident_id = _which(batch, asked, open_in, code)
    if code is not None and incident_id is None:
        row.state = "understood"
        _no_such(batch, person, code, open_in)
        return
    if means == REVIEW:
        row.incident_id = incident_id or (open_in[0] if len(open_in) == 1 else None)
        _to_review(batch, row, person)
        return
    if incident_id is None:
        if len(open_in) > 1:
            row.state = "understood"
            _ask_which(batch, person, open_in)
        else:
            _to_review(batch, row, person)
        return
    row.incident_id = incident_id
    if means == DISPUTE:
        _dispute(batch, row, person, actor)
        return
    changes = batch.of(incident_id)
    mine = [r for r in asked if r.incident_id == incident_id]
    outcome = answer(
        batch.session, changes, person, mine, means, "sms", row.received_at, batch.now, actor
    )  # fmt: skip
    row.state = "understood"
    _confirm(batch, person, changes.incident, outcome, row.received_at)


def _open(batch: Batch, request: Request) -> bool:
    incident = batch.incidents.get(request.incident_id)
    return incident is not None and incident.status == "open"


def _which(batch: Batch, asked: list[Request], open_in: list[str], code: str | None) -> str | None:
    """The incident a reply is about: by its code among those the person was asked in, else the only one open,
    else (a late or repeated word) the only one of the last 30 days."""
    recent = [
        i
        for i in dict.fromkeys(r.incident_id for r in asked)
        if (incident := batch.incidents.get(i)) is not None
        and (incident.closed_at is None or batch.now - incident.closed_at < RECENT)
    ]
    if code is not None:
        named = [i for i in recent if batch.incidents[i].code == code]
        return named[-1] if named else None
    if open_in:
        return open_in[0] if len(open_in) == 1 else None
    return recent[0] if len(recent) == 1 else None


def _to_review(batch: Batch, row: Inbound, person: Person | None) -> None:
    """A person will decide. The sender is told that it is the system that could not read."""
    row.state = "review"
    row.person_id = person.id if person else None
    if person is None:
        return
    if row.incident_id is None:
        asked = [r for r in batch.requests.get(person.id, []) if _open(batch, r)]
        row.incident_id = asked[-1].incident_id if asked else None
    if row.incident_id is None:
        return
    changes = batch.of(row.incident_id)
    actor = Actor("phone", person.id, person.name, person_id=person.id)
    changes.lines.append(
        ledger.Line(
            "reply_unclear",
            row.received_at,
            batch.now,
            actor,
            {"person": person.id, "inbound": row.id},
            {"reply": row.body[:1000]},
        )
    )
    if not person.shared_phone:
        _say(batch, person, "reply.unclear", changes.incident, at=wording.clock(row.received_at))


def _dispute(batch: Batch, row: Inbound, person: Person, actor: Actor) -> None:
    """ "SAI 27": what was recorded in the person's name is contradicted. A person looks at it; nothing is undone
    by itself."""
    row.state = "review"
    changes = batch.of(str(row.incident_id))
    changes.lines.append(
        ledger.Line(
            "disputed", row.received_at, batch.now, actor, {"person": person.id}, {"reply": row.body[:1000]}
        )
    )
    _say(batch, person, "reply.disputed", changes.incident)


def _confirm(batch: Batch, person: Person, incident: Incident, outcome: Outcome, at: datetime) -> None:
    shown_at = wording.clock(at)
    match outcome.kind:
        case "accepted" if outcome.request is not None and outcome.request.grouped:
            _say(batch, person, "reply.noted", incident, at=shown_at)
        case "accepted":
            _say(
                batch,
                person,
                "reply.accepted",
                incident,
                at=shown_at,
                link=_room_link(batch, person, incident),
            )
        case "declined":
            _say(batch, person, "reply.declined", incident, at=shown_at)
        case "late_replaced":
            _say(batch, person, "reply.replaced", incident, at=shown_at, Instead=_standing_in(batch, outcome))
        case "late_closed":
            _say(batch, person, "reply.closed", incident, at=wording.clock(incident.closed_at))


def _standing_in(batch: Batch, outcome: Outcome) -> str:
    request = outcome.request
    assert request is not None
    other = batch.session.scalar(
        select(Person)
        .join(Request, Request.person_id == Person.id)
        .where(
            Request.incident_id == request.incident_id,
            Request.step == request.step,
            Request.instead_of == request.person_id,
            Request.state == "accepted",
        )
    )
    named = f"{other.xung_ho} {other.name}" if other else "Người khác"
    return named[:1].upper() + named[1:]


def _room_link(batch: Batch, person: Person, incident: Incident) -> str:
    token = new_token()
    batch.session.add(
        Link(
            token_hash=token_hash(token),
            incident_id=incident.id,
            person_id=person.id,
            purpose="room",
            created_at=batch.now,
        )
    )
    return f"{batch.desk.settings.public_url}/a/{token}"


def _no_such(batch: Batch, person: Person, wrong: str, open_in: list[str]) -> None:
    if len(open_in) == 1:
        _say(batch, person, "reply.no_such.but", batch.incidents[open_in[0]], wrong=wrong)
    else:
        _say(batch, person, "reply.no_such", None, wrong=wrong)


def _ask_which(batch: Batch, person: Person, open_in: list[str]) -> None:
    cases = [_case(batch.incidents[i]) for i in open_in]
    listed = "; ".join(f"{case.shown}, {case.short_name}" for case in cases[:3])
    first = batch.incidents[open_in[0]]
    _say(batch, person, "reply.which", first, count=len(open_in), list=listed)


def _case(incident: Incident | None) -> wording.Case:
    if incident is None:
        return wording.Case("", "live", "")
    return wording.Case(incident.code, incident.mode, incident.short_name, incident.title)


def _say(
    batch: Batch,
    person: Person,
    kind: str,
    incident: Incident | None,
    **slots: object,
) -> None:
    """An automatic answer by SMS: at most five to a number until something new is asked of it."""
    address = person.phone
    if not address or not batch.desk.sms:
        return
    count = batch.answered.get(address, 0)
    if count >= ANSWERS_IN_A_ROW:
        return
    reader = wording.Reader(name=person.name, xung_ho=person.xung_ho)
    text = wording.sms(kind, batch.house, _case(incident), reader, **slots)
    if batch.session.scalar(select(Message.id).where(Message.address == address, Message.body == text.body)):
        return  # the same words twice tell nothing new, and could not be told apart at the carrier
    batch.answered[address] = count + 1
    id = new_id(batch.now)
    batch.session.add(
        Message(
            id=id,
            dedupe_key=f"reply:{id}",
            incident_id=incident.id if incident else None,
            person_id=person.id,
            kind="reply",
            channel="sms",
            address=address,
            body=text.body,
            encoding=text.encoding,
            parts=text.parts,
            priority=5 if incident is None or incident.mode == "live" else 55,
            drill=bool(incident and incident.mode == "drill"),
            created_at=batch.now,
            not_before=batch.now,
            valid_until=batch.now + timedelta(hours=2),
        )
    )


# ------------------------------------------------------------------ a person decides an unclear reply


def decide_reply(
    desk: Desk,
    inbound_id: str,
    means: str,
    code: str | None,
    actor: Actor,
    now: datetime,
    person_id: str | None = None,
) -> None:
    """The duty officer says what a reply meant: accept, decline, wrong_number or ignore; `person_id` when the
    number belongs to several. Raises NotFound, Conflict, Invalid, Forbidden."""
    require(actor, *COMMAND)
    with desk.store.reading() as session:
        found = session.get(Inbound, inbound_id)
        if found is None:
            raise NotFound("no_reply", "Không có tin trả lời này.")
        incident_id = found.incident_id
    with desk.store.writing() as session:
        incident = held(session, incident_id) if incident_id else None
        row = session.get_one(Inbound, inbound_id)
        if row.state != "review":
            raise Conflict("decided", "Tin này đã được xử lý.")
        row.state, row.decided_by = "decided", actor.name
        person_id = person_id or row.person_id
        if means == "ignore" or incident is None:
            return
        if means not in (ACCEPT, DECLINE, WRONG):
            raise Invalid("bad_answer", "Cần chọn: đã nhận, báo bận, nhầm số hoặc bỏ qua.")
        if person_id is None:
            raise Invalid("which_person", "Số này của nhiều người; cần chọn người đã trả lời.")
        person = session.get_one(Person, person_id)
        changes = Changes(incident)
        if means == WRONG:
            _disown(session, desk, person, [changes], now, actor)
        else:
            answer(
                session, changes, person, _asked(session, incident.id, person.id, row.received_at),
                means, "sms", row.received_at, now, actor, "cán bộ trực đọc tin trả lời",
            )  # fmt: skip
        commit_changes(session, desk, changes, now)
