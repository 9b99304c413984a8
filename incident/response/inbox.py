"""Replies by SMS and by mail, and keys pressed in calls: whose they are, which incident they answer, what is said back; and the duty officer's decision on
those that are unclear.

Words are understood in `domain.replies`; what an answer changes is `response.answer`'s rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from incident import wording
from incident.domain import replies
from incident.domain.actors import SYSTEM, Actor
from incident.domain.address import called
from incident.domain.drill import speaks_of_drill
from incident.domain.errors import Conflict, Invalid, NotFound
from incident.domain.words import said
from incident.response import casting, direct, phone_approval, survivor
from incident.response.answer import (
    ACCEPT,
    DECLINE,
    DISPUTE,
    OPTOUT,
    REVIEW,
    WRONG,
    Changes,
    Outcome,
    answer,
    asked,
    commit_changes,
    disown,
    heard_through,
    held_everywhere,
    silence,
    unreachable_everywhere,
)
from incident.response.desk import Desk
from incident.response.permissions import COMMAND, require
from incident.response.saying import case, say
from incident.store.sessions import lock
from incident.store.tables import (
    Inbound,
    Incident,
    Message,
    MessageCause,
    Person,
    PhoneApproval,
    Request,
)
from incident.timeline import ledger

RECENT = timedelta(days=30)  # how long a code, and a closed incident, still means something
ANSWERS_IN_A_ROW = 5  # automatic answers to one number until something new is asked
AT_MOST_A_MINUTE = 20  # replies of one number that are understood
MINUTE = timedelta(minutes=1)
FLOOD = "flood"
MAIL = "smtp"  # the carrier of mail
AT_ONCE = 200  # replies of one incident understood in one transaction


@dataclass(frozen=True, slots=True)
class Called:
    """The call in which a key was pressed, or the mail that is answered."""

    person_id: str
    incident_id: str
    address: str
    kind: str
    step: str


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
    calls: dict[str, Called]  # by message
    by_id: dict[str, Person]
    recorded: set[str]  # people in whose name an approval was recorded
    heard: dict[str, list[datetime]]  # when each number was last understood
    flooding: set[str]  # numbers a person looks at already, because of too many replies
    strangers: list[Inbound] = field(default_factory=list)  # from numbers nobody has

    def lasting(self, incident_id: str) -> str:
        """The incident that this one is part of now; itself when it was never merged."""
        return survivor.lasting(self.incidents, incident_id)

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
        if not rows:
            return 0
        batch = _batch(session, desk, rows, incidents, now)
        for row in rows:
            _one(batch, row)
        for changes in batch.changes.values():
            commit_changes(session, desk, changes, now)
        _note_strangers(session, batch.strangers, now)
        desk.store.after_commit(session, desk.ring)
        return len(rows)


def _note_strangers(session: Session, rows: Iterable[Inbound], now: datetime) -> None:
    """On the system's chain, at the end: it is locked after all messages."""
    for row in rows:
        ledger.append(
            session, ledger.system_head(session), "reply_unknown", occurred_at=row.received_at, recorded_at=now,
            actor=SYSTEM, data={"inbound": row.id, "carrier": row.carrier},
        )  # fmt: skip


def _touched(session: Session, ids: Iterable[str]) -> set[str]:
    """Incidents the senders of these replies were ever asked in, of late, and open ones whose code they name."""
    ids = list(ids)
    rows = session.scalars(
        select(Request.incident_id)
        .distinct()
        .join(Person, Person.id == Request.person_id)
        .join(Inbound, Inbound.sender == Person.phone)
        .where(Inbound.id.in_(ids))
    )
    recorded = session.scalars(
        select(PhoneApproval.incident_id)
        .distinct()
        .join(Person, Person.id == PhoneApproval.person_id)
        .join(Inbound, Inbound.sender == Person.phone)
        .where(Inbound.id.in_(ids))
    )
    called = session.scalars(
        select(Message.incident_id)
        .join(Inbound, Inbound.message_id == Message.id)
        .where(Inbound.id.in_(ids), Message.incident_id.is_not(None))
    )
    bodies = session.scalars(select(Inbound.body).where(Inbound.id.in_(ids), Inbound.message_id.is_(None)))
    codes = {code for body in bodies if (code := replies.understand(body).code)}
    still = or_(Incident.status == "open", Incident.merged_into.is_not(None))
    named = select(Incident.id).where(Incident.code.in_(codes), still)
    touched = {*rows, *recorded, *(str(one) for one in called), *session.scalars(named)}
    return survivor.with_survivors(session, touched)


def _inbound(session: Session, ids: Iterable[str]) -> list[Inbound]:
    query = select(Inbound).where(Inbound.id.in_(list(ids))).order_by(Inbound.received_at, Inbound.id)
    return list(lock(session, query))


def _batch(
    session: Session, desk: Desk, rows: list[Inbound], incidents: dict[str, Incident], now: datetime
) -> Batch:
    calls = _calls(session, [row.message_id for row in rows if row.message_id])
    numbers = {row.sender for row in rows}
    called = {call.person_id for call in calls.values()}
    people: dict[str, list[Person]] = {}
    by_id: dict[str, Person] = {}
    wanted = or_(Person.phone.in_(numbers) & Person.active, Person.id.in_(called))
    for person in session.scalars(select(Person).where(wanted)):
        by_id[person.id] = person
        if person.active and person.phone in numbers:
            people.setdefault(str(person.phone), []).append(person)
    ids = list(by_id)
    requests: dict[str, list[Request]] = {}
    query = select(Request).where(Request.person_id.in_(ids), Request.incident_id.in_(incidents))
    for request in session.scalars(query.order_by(Request.asked_at, Request.id)):
        requests.setdefault(request.person_id, []).append(request)
    return Batch(
        session,
        desk,
        now,
        casting.house(session, desk.settings.public_url, desk.two_way),
        people,
        requests,
        incidents,
        {},
        _answered_in_a_row(session, numbers),
        calls,
        by_id,
        phone_approval.recorded_for(session, ids, incidents),
        *_of_late(session, rows),
    )


def _calls(session: Session, messages: list[str]) -> dict[str, Called]:
    """By message: who was called, about what. The step is that of the first thing the call was about."""
    if not messages:
        return {}
    rows = session.execute(
        select(
            Message.id, Message.person_id, Message.incident_id, Message.address, Message.kind,
            func.min(MessageCause.effect_key),
        )
        .join(MessageCause, MessageCause.message_id == Message.id)
        .where(Message.id.in_(messages), Message.incident_id.is_not(None))
        .group_by(Message.id, Message.person_id, Message.incident_id, Message.address, Message.kind)
    )  # fmt: skip
    return {
        id: Called(str(person), str(incident), address, kind, key.split(":")[1])
        for id, person, incident, address, kind, key in rows
    }


def _of_late(session: Session, rows: list[Inbound]) -> tuple[dict[str, list[datetime]], set[str]]:
    """Of the numbers of these replies: when they were understood in the minute before, and whose flood is in review."""
    numbers = {row.sender for row in rows}
    heard: dict[str, list[datetime]] = {}
    query = select(Inbound.sender, Inbound.received_at).where(
        Inbound.sender.in_(numbers),
        Inbound.received_at > min(row.received_at for row in rows) - MINUTE,
        Inbound.state != "new",
        Inbound.means != FLOOD,
    )
    for sender, at in session.execute(query):
        heard.setdefault(sender, []).append(at)
    flooding = select(Inbound.sender).where(
        Inbound.sender.in_(numbers), Inbound.means == FLOOD, Inbound.state == "review"
    )
    return heard, set(session.scalars(flooding))


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
    by_mail = row.carrier == MAIL
    if row.message_id is not None and not by_mail:
        _pressed(batch, row)
        return
    if _too_many(batch, row):
        return
    if by_mail:
        _written(batch, row)
        return
    meaning = replies.understand(row.body)
    row.means, row.code = meaning.means, meaning.code
    people = batch.people.get(row.sender, [])
    if not people:
        row.state = "ignored"
        _from_a_stranger(batch, row, meaning.code)
        batch.strangers.append(row)
        return
    if len(people) > 1 or people[0].shared_phone:
        _to_review(batch, row, None if len(people) > 1 else people[0])
        return
    _from(batch, row, people[0], meaning.means, meaning.code)


def _too_many(batch: Batch, row: Inbound) -> bool:
    """More from one number than a person writes: kept and not understood. Once, a person is asked to look."""
    heard = batch.heard.setdefault(row.sender, [])
    lately = sum(1 for at in heard if row.received_at - MINUTE < at <= row.received_at)
    if lately < AT_MOST_A_MINUTE:
        heard.append(row.received_at)
        return False
    row.state, row.means = "ignored", FLOOD
    people = batch.people.get(row.sender, [])
    asked_in = [r.incident_id for p in people for r in batch.requests.get(p.id, []) if _open(batch, r)]
    if asked_in and row.sender not in batch.flooding:
        batch.flooding.add(row.sender)
        row.state, row.incident_id = "review", asked_in[-1]
        row.person_id = people[0].id if len(people) == 1 else None
        actor = Actor("phone", row.person_id or "", people[0].name if row.person_id else "số dùng chung")
        data = {"inbound": row.id} | ({"person": row.person_id} if row.person_id else {})
        batch.of(asked_in[-1]).lines.append(
            ledger.Line("reply_flood", row.received_at, batch.now, actor, data, {"reply": row.body[:1000]})
        )
    return True


def _from_a_stranger(batch: Batch, row: Inbound, code: str | None) -> None:
    """The right code of an open incident from a number nobody has: a person says whose answer it is. One at a time from
    one number, and nothing is said back."""
    named = (batch.incidents[batch.lasting(i.id)] for i in batch.incidents.values() if i.code == code)
    incident = next((i for i in named if i.status == "open"), None)
    if code is None or incident is None or _stranger_waits(batch.session, row, incident):
        return
    row.state, row.incident_id = "review", incident.id
    unknown = Actor("phone", "", "số lạ")
    data = {"inbound": row.id}
    batch.of(incident.id).lines.append(
        ledger.Line("reply_unclear", row.received_at, batch.now, unknown, data, {"reply": row.body[:1000]})
    )


def _stranger_waits(session: Session, row: Inbound, incident: Incident) -> bool:
    waiting = select(Inbound.id).where(
        Inbound.sender == row.sender, Inbound.incident_id == incident.id, Inbound.state == "review"
    )
    return session.scalar(waiting.limit(1)) is not None


def _from(batch: Batch, row: Inbound, person: Person, means: str, code: str | None) -> None:
    row.person_id = person.id
    actor = Actor("phone", person.id, person.name, person_id=person.id)
    asked = [r for r in batch.requests.get(person.id, []) if r.asked_at <= row.received_at]
    open_in = list(dict.fromkeys(r.incident_id for r in asked if r.state == "asked" and _open(batch, r)))
    if means in (OPTOUT, WRONG):
        everywhere = [batch.of(i) for i in open_in]
        row.state = "understood"
        if means == WRONG:
            disown(batch.session, batch.desk, person, everywhere, batch.now, actor)
        else:
            silence(batch.session, person, "optout", batch.now)
            unreachable_everywhere(batch.session, person, everywhere, "opted_out", batch.now, actor)
        return
    if means in (ACCEPT, DISPUTE) and _of_a_recorded_approval(batch, row, person, means, code, actor):
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
    if not mine and means == DECLINE:
        _to_review(batch, row, person)
        return
    row.state = "understood"
    if not mine:
        heard_through(changes, person, means, "sms", row.received_at, batch.now, actor)
        _say(batch, person, "reply.noted", changes.incident, at=wording.clock(row.received_at))
        return
    outcome = answer(
        batch.session, changes, person, mine, means, "sms", row.received_at, batch.now, actor
    )  # fmt: skip
    _confirm(batch, person, changes.incident, outcome, row.received_at)


PRESSED = {"1": ACCEPT, "2": DECLINE}


def _pressed(batch: Batch, row: Inbound) -> None:
    """A key in a call. Whom we called, and about what, is known; that they pressed it themselves is not: the record says so.
    A key never approves, and never confirms what was recorded of an approval."""
    call = batch.calls.get(str(row.message_id))
    means = PRESSED.get(row.body)
    if call is None or means is None or call.incident_id not in batch.incidents:
        row.state = "ignored"
        return
    person = batch.by_id[call.person_id]
    incident_id = batch.lasting(call.incident_id)
    row.means, row.person_id, row.incident_id, row.state = means, person.id, incident_id, "understood"
    changes = batch.of(incident_id)
    actor = Actor("phone", person.id, person.name, person_id=person.id)
    if call.kind == "approve":
        data = {"person": person.id, "step": call.step, "key": row.body}
        changes.lines.append(ledger.Line("call_heard", row.received_at, batch.now, actor, data))
        return
    if person.shared_phone and call.address == person.phone:
        _to_review(batch, row, person)
        return
    mine = _asked_in(batch, row, person)
    outcome = answer(
        batch.session, changes, person, mine, means, "voice", row.received_at, batch.now, actor
    )  # fmt: skip
    if person.wrong_number_at is None:
        _confirm(batch, person, changes.incident, outcome, row.received_at)


def _written(batch: Batch, row: Inbound) -> None:
    """A mail. Who writes is what the mail says, so it counts only as the answer to a mail of ours, from the address to which
    that was sent: nobody else has seen its Message-ID. Whatever is not plain goes to a person; a mail never approves."""
    meaning = replies.understand(row.body)
    row.means, row.code = meaning.means, meaning.code
    told = batch.calls.get(str(row.message_id))
    if told is None or told.incident_id not in batch.incidents:
        row.state = "ignored"
        _from_a_stranger(batch, row, meaning.code)
        batch.strangers.append(row)
        return
    person, asked_in = batch.by_id[told.person_id], batch.incidents[told.incident_id]
    incident = batch.incidents[batch.lasting(asked_in.id)]
    row.person_id, row.incident_id = person.id, incident.id
    plain = meaning.means in (ACCEPT, DECLINE) and meaning.code in (None, asked_in.code, incident.code)
    if not plain or told.kind == "approve" or row.sender != told.address.lower():
        _to_review(batch, row, person)
        return
    row.state = "understood"
    mine = _asked_in(batch, row, person)
    actor = Actor("mail", person.id, person.name, person_id=person.id)
    outcome = answer(
        batch.session, batch.of(incident.id), person, mine, meaning.means, "email", row.received_at, batch.now, actor
    )  # fmt: skip
    _confirm(batch, person, incident, outcome, row.received_at)


def _of_a_recorded_approval(
    batch: Batch, row: Inbound, person: Person, means: str, code: str | None, actor: Actor
) -> bool:
    """OK or SAI to "we have written down that you approved by telephone". An OK also answers what else was asked of the
    person in that incident: they cannot tell the two apart."""
    if person.id not in batch.recorded:
        return False
    note = phone_approval.answered(
        batch.session, person.id, batch.incidents, code, row.received_at, waiting=means == ACCEPT
    )
    if note is None:
        return False
    incident = batch.incidents[note.incident_id]
    case = phone_approval.case_for(batch.session, batch.desk, note, incident, batch.now)
    row.state, row.incident_id = "understood", incident.id
    if means == ACCEPT:
        revision = phone_approval.take_confirmation(case, note, actor, "sms", row.received_at)
        said, outside = "reply.confirmed", False
        open_here = [r for r in _asked_in(batch, row, person) if r.state == "asked"]
        answer(
            batch.session, batch.of(incident.id), person, open_here, means, "sms", row.received_at, batch.now, actor
        )  # fmt: skip
    else:
        said = "reply.approval_disputed"
        revision, outside = phone_approval.take_back(
            case, note, actor, "sms", row.received_at, row.body[:1000]
        )
    at = wording.clock(row.received_at)
    _say(
        batch,
        person,
        "reply.disputed" if outside else said,
        incident,
        n=revision.n,
        mark=revision.code,
        at=at,
    )
    return True


def _asked_in(batch: Batch, row: Inbound, person: Person) -> list[Request]:
    """What the person had been asked in the incident of the reply when it came."""
    return [
        r
        for r in batch.requests.get(person.id, [])
        if r.incident_id == row.incident_id and r.asked_at <= row.received_at
    ]


def _open(batch: Batch, request: Request) -> bool:
    incident = batch.incidents.get(batch.lasting(request.incident_id))
    return incident is not None and incident.status == "open"


def _which(batch: Batch, asked: list[Request], open_in: list[str], code: str | None) -> str | None:
    """The incident a reply is about: by its code among those the person was asked in, else the only one open,
    else (a late or repeated word) the only one of the last 30 days. An incident that became part of another stands for
    that one, also by its old code."""
    met = dict.fromkeys(r.incident_id for r in asked if r.incident_id in batch.incidents)
    recent = {i: last for i in met if _is_recent(batch, last := batch.lasting(i))}
    if code is not None:
        named = [
            last
            for i, last in recent.items()
            if code in (batch.incidents[i].code, batch.incidents[last].code)
        ]
        return named[-1] if named else None
    if open_in:
        return open_in[0] if len(open_in) == 1 else None
    now = list(dict.fromkeys(recent.values()))
    return now[0] if len(now) == 1 else None


def _is_recent(batch: Batch, incident_id: str) -> bool:
    closed_at = batch.incidents[incident_id].closed_at
    return closed_at is None or batch.now - closed_at < RECENT


def _to_review(batch: Batch, row: Inbound, person: Person | None) -> None:
    """A person will decide. The sender is told that it is the system that could not read."""
    row.state = "review"
    row.person_id = person.id if person else None
    if person is None:
        _several_answer(batch, row)
        return
    if row.incident_id is None:
        asked = [r for r in batch.requests.get(person.id, []) if _open(batch, r)]
        row.incident_id = batch.lasting(asked[-1].incident_id) if asked else None
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


def _several_answer(batch: Batch, row: Inbound) -> None:
    """The number is that of several people: the reply stands in the room that asked one of them, nameless."""
    requests = [r for p in batch.people.get(row.sender, []) for r in batch.requests.get(p.id, [])]
    open_in = list(dict.fromkeys(r.incident_id for r in requests if r.state == "asked" and _open(batch, r)))
    row.incident_id = _which(batch, requests, open_in, row.code) or next(iter(open_in), None)
    if row.incident_id is not None:
        nameless = Actor("phone", "", "số dùng chung")
        data = {"inbound": row.id}
        batch.of(row.incident_id).lines.append(
            ledger.Line(
                "reply_unclear", row.received_at, batch.now, nameless, data, {"reply": row.body[:1000]}
            )
        )


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
    named = called(other.xung_ho, other.name) if other else "Người khác"
    return named[:1].upper() + named[1:]


def _room_link(batch: Batch, person: Person, incident: Incident) -> str:
    return direct.personal_address(batch.session, batch.desk, incident, person.id, "room", batch.now)


def _no_such(batch: Batch, person: Person, wrong: str, open_in: list[str]) -> None:
    if len(open_in) == 1:
        _say(batch, person, "reply.no_such.but", batch.incidents[open_in[0]], wrong=wrong)
    else:
        _say(batch, person, "reply.no_such", None, wrong=wrong)


def _ask_which(batch: Batch, person: Person, open_in: list[str]) -> None:
    """The real ones first: a text that names one of them is no drill's, and must not speak of one. "DT11" says it."""
    named = sorted((batch.incidents[i] for i in open_in), key=lambda one: one.mode == "drill")
    first = named[0]
    listed = "; ".join(
        one.shown
        if first.mode == "live" and speaks_of_drill(one.short_name)
        else f"{one.shown}, {one.short_name}"
        for one in map(case, named[:3])
    )
    _say(batch, person, "reply.which", first, count=len(open_in), list=listed)


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
    if say(batch.session, batch.house, person, kind, incident, batch.now, **slots):
        batch.answered[address] = count + 1


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
    """The duty officer says what a reply meant: accept, decline, wrong_number or ignore; `person_id` when the number is
    nobody's or several people's. Raises NotFound, Conflict, Invalid, Forbidden."""
    require(actor, *COMMAND)
    with desk.store.reading() as session:
        found = session.get(Inbound, inbound_id)
        if found is None:
            raise NotFound("no_reply", "Không có tin trả lời này.")
        incident_id = found.incident_id or _open_for(session, code)
        person_id = found.person_id or person_id
    if means != "ignore" and means not in (ACCEPT, DECLINE, WRONG):
        raise Invalid("bad_answer", "Cần chọn: đã nhận, báo bận, nhầm số hoặc bỏ qua.")
    with desk.store.writing() as session:
        disowned = [person_id] if means == WRONG and person_id else []
        held = held_everywhere(session, incident_id, disowned) if incident_id else []
        row = session.get_one(Inbound, inbound_id, populate_existing=True)
        if row.state != "review":
            raise Conflict("decided", "Tin này đã được xử lý.")
        row.state, row.decided_by, row.incident_id = "decided", actor.name, incident_id
        everywhere = [Changes(incident) for incident in held]
        here = next((changes for changes in everywhere if changes.incident.id == incident_id), None)
        if here is not None:
            _decided(session, desk, row, person_id, means, here, everywhere, actor, now)
        for changes in everywhere:
            commit_changes(session, desk, changes, now)
        desk.store.after_commit(session, desk.ring)


def _open_for(session: Session, code: str | None) -> str | None:
    """The open incident of a code, or the one it became part of, for a reply that named none."""
    found = session.scalars(
        select(Incident)
        .where(Incident.code == code, or_(Incident.status == "open", Incident.merged_into.is_not(None)))
        .order_by(Incident.opened_at.desc())
    )
    return next((last.id for one in found if (last := survivor.of(session, one)).status == "open"), None)


def _decided(
    session: Session,
    desk: Desk,
    row: Inbound,
    person_id: str | None,
    means: str,
    here: Changes,
    everywhere: list[Changes],
    actor: Actor,
    now: datetime,
) -> None:
    if means == "ignore":
        data = {"inbound": row.id, "means": means} | ({"person": person_id} if person_id else {})
        here.lines.append(ledger.Line("reply_decided", now, now, actor, data))
        return
    if person_id is None:
        fault = said("Chọn người đã trả lời bằng số này.")
        raise Invalid("which_person", fault, {"person": [fault]})
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound("no_person", "Không có người này trong danh bạ.")
    if means == WRONG:
        disown(session, desk, person, everywhere, now, actor)
        return
    requests = asked(session, here.incident.id, person.id, row.received_at)
    if not requests and survivor.was_asked_before(session, here.incident, person.id):
        requests = asked(session, here.incident.id, person.id)
    if not requests:
        raise Conflict("not_asked", "Người này chưa được mời trong vụ việc khi tin đến.")
    assigned = row.person_id is None
    reason = f"số lạ, gán bởi {actor.name}" if assigned else "cán bộ trực đọc tin trả lời"
    row.person_id = person.id
    via = "email" if row.carrier == MAIL else "voice" if row.message_id else "sms"
    answer(
        session, here, person, requests, means, via, row.received_at, now, actor, reason
    )  # fmt: skip
