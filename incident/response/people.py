"""Who takes part: somebody called up beside the playbook's roles, a role given to another, a number corrected, the place
of one who answered late. Decisions of those on duty, each on the timeline with who made it.

Must never change post, rota or roles of the directory itself; a corrected number and a new person are written there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from incident.domain.actors import Actor
from incident.domain.address import ADDRESSES, USUAL, called
from incident.domain.errors import Conflict, Invalid, NotFound
from incident.domain.ids import new_id
from incident.domain.names import sort_key
from incident.domain.words import said
from incident.response import casting
from incident.response.advance import enter, held_open, state_of
from incident.response.answer import KEPT, asked, held_everywhere
from incident.response.desk import Desk
from incident.response.enrolment import require_taking_part
from incident.response.library import pinned
from incident.response.permissions import COMMAND, require, require_person
from incident.response.saying import say
from incident.response.task import active_person, with_reason
from incident.response.withdrawing import withdraw
from incident.store.tables import (
    Assignment,
    Incident,
    Mailing,
    Message,
    Person,
    Post,
    Request,
    RoleChoice,
    Suppression,
    Unit,
)
from incident.timeline import ledger
from notify.phone import BadNumber, is_landline, to_e164
from playbooks.language import Playbook, Verb
from playbooks.run import DONE, OPEN, Run
from playbooks.signals import Event, FactChanged, Holders, Invited, Restored

OUTSIDE = "ngoai_danh_ba"
LONGEST_NAME, LONGEST_POST = 120, 160
LANDLINE = said(
    "Số máy bàn gọi được nhưng không nhận được tin nhắn. Ghi số di động, hoặc gọi điện và ghi cuộc gọi."
)


# ------------------------------------------------------------------ calling somebody up


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody the directory does not know: three fields. `unit` is a key of the directory, "" when of none; `xung_ho` one
    of `ADDRESSES`."""

    name: str
    phone: str
    post: str
    unit: str = ""
    xung_ho: str = USUAL


def invite(desk: Desk, incident_id: str, person_id: str, actor: Actor, now: datetime) -> str:
    """Ask somebody of the directory to join. Returns who, as they are addressed. Raises Forbidden, NotFound, Conflict."""
    require(actor, *COMMAND)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        person = active_person(session, person_id)
        _call_up(session, desk, incident, person, actor, now, new=False)
        return called(person.xung_ho, person.name)


def invite_newcomer(desk: Desk, incident_id: str, who: Newcomer, actor: Actor, now: datetime) -> str:
    """Write somebody into the directory and ask them to join. Returns the person's id. Raises Forbidden, Invalid,
    Conflict."""
    require(actor, *COMMAND)
    require_person(actor)
    number = _newcomer_number(who)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        known = session.scalar(select(Person).where(Person.phone == number, Person.active))
        if known is not None:
            fault = said(
                "Số này của %(name)s, đã có trong danh bạ; tìm tên và mời.",
                name=called(known.xung_ho, known.name),
            )
            raise Invalid("known_number", fault, {"phone": [fault]})
        person = _written(session, who, number, now)
        _call_up(session, desk, incident, person, actor, now, new=True)
        return person.id


def _newcomer_number(who: Newcomer) -> str:
    errors: dict[str, list[str]] = {}
    if not who.name.strip() or len(who.name) > LONGEST_NAME:
        errors["name"] = [said("Ghi họ tên, không quá %(n)s ký tự.", n=LONGEST_NAME)]
    if who.xung_ho not in ADDRESSES:
        errors["xung_ho"] = [said("Chọn cách xưng hô trong danh sách.")]
    if not who.post.strip() or len(who.post) > LONGEST_POST:
        errors["post"] = [said("Ghi chức vụ, đơn vị, không quá %(n)s ký tự.", n=LONGEST_POST)]
    number = ""
    try:
        number = mobile(who.phone, "phone")
    except Invalid as invalid:
        errors |= invalid.errors
    if errors:
        raise Invalid("invalid", "Xin xem lại các ô được đánh dấu.", errors)
    return number


def mobile(text: str, field: str) -> str:
    """A number that can be texted, as E.164. Raises Invalid with the field at fault."""
    try:
        number = to_e164(text)
    except BadNumber as bad:
        raise Invalid("bad_number", bad.text, {field: [bad.text]}) from bad
    if is_landline(number):
        raise Invalid("landline", LANDLINE, {field: [LANDLINE]})
    return number


def _written(session: Session, who: Newcomer, number: str, now: datetime) -> Person:
    unit = _unit(session, who.unit)
    name = " ".join(who.name.split())
    person = Person(
        id=new_id(now), name=name, sort_name=sort_key(name), xung_ho=who.xung_ho, unit=unit.key, phone=number
    )
    post = Post(key=f"moi_them_{person.id}", title=" ".join(who.post.split()), unit=unit.key, rank="ngang")
    session.add_all([person, post])
    session.flush()
    session.add(Assignment(id=new_id(now), person=person.id, post=post.key))
    session.flush()
    return person


def _unit(session: Session, key: str) -> Unit:
    unit = session.get(Unit, key or OUTSIDE)
    if unit is not None:
        return unit
    if key:
        raise Invalid("bad_unit", "Không có đơn vị này.", {"unit": [said("Không có đơn vị này.")]})
    unit = Unit(
        key=OUTSIDE, name="Ngoài danh bạ", short_name="Ngoài danh bạ", kind="don_vi", bloc="ngoai", successors=[]
    )  # fmt: skip
    session.add(unit)
    session.flush()
    return unit


def _call_up(
    session: Session,
    desk: Desk,
    incident: Incident,
    person: Person,
    actor: Actor,
    now: datetime,
    *,
    new: bool,
) -> None:
    waiting = [r for r in asked(session, incident.id, person.id) if r.state in ("asked", "accepted")]
    if any(not r.grouped for r in waiting):
        raise Conflict(
            "already_asked", said("Vụ việc này đã mời %(name)s.", name=called(person.xung_ho, person.name))
        )
    require_taking_part(session, incident, person.id)
    casting.remember(session, incident, {person.id}, now)
    ledger.append(
        session, incident, "person_invited", occurred_at=now, recorded_at=now, actor=actor,
        data={"person": person.id, "new": new},
    )  # fmt: skip
    playbook, run = pinned(session, incident.playbook_version), state_of(session, incident.id)
    enter(session, desk, incident, [Invited(call_up_step(playbook, run), person.id)], now)


def call_up_step(playbook: Playbook, run: Run) -> str:
    """The step that calls the task force up: one that runs, else one that is done, else the first."""
    calls = [step.id for step in playbook.steps if step.verb is Verb.ASSIGN]
    if not calls:
        raise Conflict("no_call_up", "Kịch bản này không có bước mời Tổ công tác; xin gọi điện và ghi lại.")
    return min(calls, key=lambda id: _readiness(run.steps[id].state))


def _readiness(state: str) -> int:
    return 0 if state in OPEN else 1 if state == DONE else 2


# ------------------------------------------------------------------ who holds a role


def change_role(
    desk: Desk, incident_id: str, role: str, person_id: str, reason: str, actor: Actor, now: datetime
) -> str:
    """Give a role of this incident to somebody, whatever rota and directory say from now on. Who has already answered
    keeps the answer. Returns who, as they are addressed. Raises Forbidden, Invalid, NotFound, Conflict."""
    require(actor, *COMMAND)
    require_person(actor)
    reason = with_reason(reason)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        playbook, run = pinned(session, incident.playbook_version), state_of(session, incident_id)
        if role not in playbook.roles or playbook.roles[role].is_group:
            raise Invalid("bad_role", "Không đổi được vai này.", {"role": [said("Chọn vai cần đổi người.")]})
        person = active_person(session, person_id)
        require_taking_part(session, incident, person.id)
        before = run.roles.get(role, Holders())
        if before.people == (person.id,):
            raise Conflict(
                "same_holder", said("Vai này đang do %(name)s giữ.", name=called(person.xung_ho, person.name))
            )
        session.merge(RoleChoice(incident_id=incident.id, role=role, person_id=person.id, chosen_by=actor.name, chosen_at=now))  # fmt: skip
        session.flush()
        casting.remember(session, incident, {person.id, *before.people}, now)
        ledger.append(
            session, incident, "role_changed", occurred_at=now, recorded_at=now, actor=actor,
            data={"role": role, "person": person.id, "before": list(before.people)}, texts={"reason": reason},
        )  # fmt: skip
        holders = casting.cast_again(session, incident, playbook, now)[role]
        enter(session, desk, incident, [FactChanged(roles={role: holders})], now)
        _ask_holder(session, desk, incident, playbook, role, person.id, now)
        return called(person.xung_ho, person.name)


def _ask_holder(
    session: Session,
    desk: Desk,
    incident: Incident,
    playbook: Playbook,
    role: str,
    person: str,
    now: datetime,
) -> None:
    """The call-up may be over, or answered by the one before: the new holder is asked all the same."""
    run = state_of(session, incident.id)
    for step in playbook.steps:
        if step.verb is Verb.ASSIGN and role in step.target:
            state = run.steps[step.id]
            seated = any(a.person == person and a.state != "replaced" for a in state.actors)
            if state.state in (*OPEN, DONE) and not seated:
                enter(session, desk, incident, [Invited(step.id, person, role)], now)


# ------------------------------------------------------------------ a number corrected


@dataclass(frozen=True, slots=True)
class Corrected:
    """What came of it: who, as they are addressed; `asked_again` in this incident, or somebody else has the place."""

    called: str
    asked_again: bool


def correct_number(
    desk: Desk,
    incident_id: str,
    person_id: str,
    number: str,
    actor: Actor,
    now: datetime,
    shared: bool = False,
) -> Corrected:
    """Write the right number into the directory and ask the person again, once, in every open incident that had given
    them up; the old number never gets anything again. `shared`: two people do use this number. Raises Forbidden,
    Invalid, NotFound, Conflict."""
    require(actor, *COMMAND)
    require_person(actor)
    number = mobile(number, "number")
    with desk.store.writing() as session:
        incidents = held_everywhere(session, incident_id, [person_id])
        here = next(incident for incident in incidents if incident.id == incident_id)
        if here.status != "open":
            raise Conflict("closed", "Vụ việc đã kết thúc; xin sửa số trong danh bạ.")
        person = active_person(session, person_id)
        if not asked(session, incident_id, person_id):
            raise Conflict("not_asked", "Người này chưa được mời trong vụ việc.")
        _usable(session, person, number, shared)
        _nothing_more_to(session, person, now)
        person.phone, person.wrong_number_at = number, None
        session.flush()
        again = False
        for incident in incidents:
            told = _asked_anew(session, desk, incident, person, actor, now, always=incident.id == incident_id)
            again = again or (told and incident.id == incident_id)
        desk.store.after_commit(session, desk.ring)
        return Corrected(called(person.xung_ho, person.name), again)


def _nothing_more_to(session: Session, person: Person, now: datetime) -> None:
    """What has not left for the old number does not leave; the one apology does."""
    withdraw(
        session, "number_corrected", now,
        Message.person_id == person.id, Message.address == person.phone, Message.kind != "reply",
    )  # fmt: skip


def _usable(session: Session, person: Person, number: str, shared: bool) -> None:
    fault = ""
    barred = session.get(Suppression, number)
    other = session.scalar(
        select(Person).where(Person.phone == number, Person.id != person.id, Person.active)
    )
    if number == person.phone and person.wrong_number_at is None:
        fault = said("Đây chính là số đang có trong danh bạ.")
    elif number == person.phone or (barred is not None and barred.reason == "wrong_number"):
        fault = said("Số này đã được báo là nhầm số; hệ thống không nhắn tới số này nữa.")
    elif barred is not None:
        fault = said("Người dùng số này đã từ chối nhận tin; xin gọi điện.")
    elif other is not None and not shared:
        its = called(other.xung_ho, other.name)
        raise Invalid(
            "number_of_another",
            said("Số này đang ghi cho %(name)s. Nếu hai đồng chí dùng chung máy, đánh dấu ô dưới rồi gửi lại.", name=its),
            {"number": [said("Số này đang ghi cho %(name)s.", name=its)], "shared": [said("Đánh dấu nếu hai đồng chí dùng chung máy.")]},
        )  # fmt: skip
    if fault:
        raise Invalid("bad_number", fault, {"number": [fault]})


def _asked_anew(
    session: Session,
    desk: Desk,
    incident: Incident,
    person: Person,
    actor: Actor,
    now: datetime,
    *,
    always: bool,
) -> bool:
    """In one incident: the line, and the asking of who was given up there. True when they are asked."""
    given_up = [
        r for r in asked(session, incident.id, person.id)
        if r.state == "asked" and (always or r.reason in ("wrong_number", "no_number"))
    ]  # fmt: skip
    if not given_up and not always:
        return False
    casting.remember(session, incident, {person.id}, now)
    ledger.append(
        session, incident, "contact_corrected", occurred_at=now, recorded_at=now, actor=actor,
        data={"person": person.id, "again": bool(given_up)},
    )  # fmt: skip
    events: list[Event] = []
    for request in given_up:
        request.reason = request.reason or "corrected"  # its message went to the old number
        if request.grouped:
            _mail_again(session, incident, request, now)
        else:
            events.append(Invited(request.step, person.id))
    if events:
        enter(session, desk, incident, events, now)
    return any(request.reason == "" for request in given_up)


def _mail_again(session: Session, incident: Incident, request: Request, now: datetime) -> None:
    """The mailing of the request's group once more, to this one recipient."""
    sent = session.scalar(
        select(Mailing)
        .where(
            Mailing.incident_id == incident.id,
            Mailing.step == request.step,
            Mailing.activation == request.activation,
            Mailing.role == request.role,
            Mailing.purpose != "remind",
        )
        .order_by(Mailing.created_at)
    )
    if sent is None:
        return
    request.reason, request.asked_at = "", now
    copied = (
        "incident_id", "step", "activation", "role", "purpose", "rung", "ack", "via", "body", "subject",
        "email_body", "voice_body", "priority", "critical", "due", "valid_until",
    )  # fmt: skip
    session.add(
        Mailing(
            id=new_id(now),
            effect_key=f"{sent.effect_key}:again:{incident.chain_seq}",
            audience=[[request.person_id, request.party]],
            total=1,
            created_at=now,
            **{name: getattr(sent, name) for name in copied},
        )
    )
    session.flush()


# ------------------------------------------------------------------ a late answer of one who was replaced


def settle_late(
    desk: Desk, incident_id: str, request_id: str, keep: bool, actor: Actor, now: datetime
) -> str:
    """Keep the stand-in, or give the place back to the one who answered late; the stand-in is then told. Returns who
    has the place, as they are addressed. Raises Forbidden, NotFound, Conflict."""
    require(actor, *COMMAND)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        request = session.get(Request, request_id)
        if request is None or request.incident_id != incident_id:
            raise NotFound("no_request", "Không có lời mời này.")
        if request.state != "replaced" or request.answered_at is None or request.reason == KEPT:
            raise Conflict("settled", "Việc này đã được quyết định.")
        person = session.get_one(Person, request.person_id)
        others = _standing_in(session, request)
        data = {"person": person.id, "keep": keep, "instead": others[0].person_id if others else None}
        ledger.append(
            session, incident, "late_answer_settled", occurred_at=now, recorded_at=now, actor=actor, data=data
        )
        if keep:
            request.reason = KEPT
            stays = session.get_one(Person, others[0].person_id) if others else person
            return called(stays.xung_ho, stays.name)
        request.state = "accepted"
        _let_go(session, desk, incident, others, person, now)
        enter(session, desk, incident, [Restored(request.step, request.activation, person.id)], now)
        desk.store.after_commit(session, desk.ring)
        return called(person.xung_ho, person.name)


def _standing_in(session: Session, request: Request) -> list[Request]:
    """Who acts in the place of this one: those asked for them, the accepted first."""
    found = session.scalars(
        select(Request).where(
            Request.incident_id == request.incident_id,
            Request.step == request.step,
            Request.activation == request.activation,
            Request.instead_of == request.person_id,
            or_(Request.state == "accepted", Request.state == "asked"),
        )
    )
    return sorted(found, key=lambda r: (r.state != "accepted", r.asked_at))


def _let_go(
    session: Session, desk: Desk, incident: Incident, others: list[Request], back: Person, now: datetime
) -> None:
    house = casting.house(session, desk.settings.public_url, desk.two_way)
    for other in others:
        other.state = "replaced"
        person = session.get_one(Person, other.person_id)
        if casting.reachable(person, desk.sms):
            say(session, house, person, "handed_back", incident, now, who=called(back.xung_ho, back.name))
