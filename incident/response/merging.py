"""Two incidents that are one matter become one: whoever answered is not asked again, whoever was told is told once.

`plan` says what moves; `merge` moves just that, under the locks of both, oldest id first. The incident that goes in is
closed for good: its timeline stays whole, each timeline names the other, and the survivor's holds the last hash of the
other's. Drafts move as drafts: an approval is of one text in one incident and never goes along. Must never send: delivery
does; must never decide that two incidents are one: a person does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from incident import wording
from incident.domain.actors import SYSTEM, Actor
from incident.domain.address import called
from incident.domain.codes import shown_code
from incident.domain.errors import Conflict, Invalid, NotFound
from incident.domain.ids import new_id
from incident.domain.titles import step_title
from incident.domain.words import Said, said
from incident.response import casting, direct, enrolment, likeness, notices
from incident.response.advance import enter, state_of
from incident.response.answer import ACCEPT, DECLINE, Changes, answer, asked, commit_changes
from incident.response.course import ANCHORS, OUTCOMES, asked_people, put_facts, stop_sending
from incident.response.desk import Desk
from incident.response.library import pinned
from incident.response.open import WHOLE_PROVINCE, KeyUsed
from incident.response.people import call_up_step
from incident.response.permissions import COMMAND, require
from incident.response.task import with_reason
from incident.store.sessions import lock
from incident.store.tables import (
    IdempotencyKey,
    Inbound,
    Incident,
    Person,
    PressRequest,
    Request,
    Revision,
    Statement,
)
from incident.store.types import canonical
from incident.timeline import ledger
from playbooks.asking import EXTRA
from playbooks.language import Verb
from playbooks.run import DONE, OPEN, Run
from playbooks.signals import Cancelled, Joined

IN_WORK = ("drafting", "submitted", "returned", "approved")
MEANS = {"accepted": ACCEPT, "declined": DECLINE}


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes from one incident into the other. `carried`: the request whose answer counts there too; `joining`: the
    request of somebody who takes part there from now on; `asked`: people who still owe an answer, `told`: the other ones
    who hear of it; `drafts`: statements in work; `press`: open questions; `area`: communes that are added; `facts`: as
    `course.put_facts` takes them, so that no clock of the law is lost; `clocks`: titles of running ones the other playbook
    does not have, which end."""

    carried: tuple[Request, ...] = ()
    joining: tuple[Request, ...] = ()
    asked: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    drafts: tuple[Statement, ...] = ()
    press: tuple[PressRequest, ...] = ()
    area: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    left_open: tuple[str, ...] = ()  # ids of steps that end and are not taken over
    clocks: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        names = ("carried", "joining", "asked", "told", "drafts", "press")
        return {name: len(getattr(self, name)) for name in names}


@dataclass(frozen=True, slots=True)
class Merged:
    """`done` False: it had been merged there before; nothing was done a second time."""

    incident_id: str
    into: str
    done: bool


# ------------------------------------------------------------------ what would move


def plan(session: Session, old: Incident, new: Incident) -> Plan:
    """What `merge` would move now."""
    there = _by_person(session, new.id)
    carried: list[Request] = []
    joining: list[Request] = []
    owing: list[str] = []
    for person, mine in _by_person(session, old.id).items():
        known = there.get(person, [])
        waits = any(r.state == "asked" for r in known)
        answered = sorted((r for r in mine if r.state in MEANS), key=lambda r: r.state != "accepted")
        called = [r for r in mine if not r.grouped and r.purpose == "summon"]
        live = [r for r in called if r.state in ("accepted", "asked")]
        if waits and answered:
            carried.append(answered[0])
        elif waits:
            owing.append(person)
        elif live and all(r.grouped for r in known):
            one = min(live, key=lambda r: r.state != "accepted")
            joining.append(one)
            if one.state == "asked":
                owing.append(person)
    told = [person for person in asked_people(session, old) if person not in owing]
    run = state_of(session, old.id)
    return Plan(
        carried=tuple(carried),
        joining=tuple(joining),
        asked=tuple(owing),
        told=tuple(told),
        drafts=_in_work(session, old),
        press=_open_questions(session, old),
        area=_more_area(old, new),
        facts=_facts(old, new),
        left_open=tuple(step for step, state in run.steps.items() if state.state in OPEN),
        clocks=_ending_clocks(session, old, new, run),
    )


def _ending_clocks(session: Session, old: Incident, new: Incident, run: Run) -> tuple[str, ...]:
    theirs = pinned(session, new.playbook_version).deadlines
    known = {deadline.law or deadline.id for deadline in theirs}
    found = []
    for deadline in pinned(session, old.playbook_version).deadlines:
        state = run.deadlines[deadline.id]
        ended = state.met_at or state.missed_at or state.handed_at
        if state.applies and not ended and (deadline.law or deadline.id) not in known:
            found.append(deadline.title)
    return tuple(found)


def _by_person(session: Session, incident_id: str) -> dict[str, list[Request]]:
    found: dict[str, list[Request]] = {}
    query = select(Request).where(Request.incident_id == incident_id).order_by(Request.asked_at, Request.id)
    for request in session.scalars(query):
        found.setdefault(request.person_id, []).append(request)
    return found


def _in_work(session: Session, old: Incident) -> tuple[Statement, ...]:
    """Texts somebody has worked on and that stand nowhere outside."""
    rows = session.scalars(
        select(Statement)
        .where(Statement.incident_id == old.id, Statement.state.in_(IN_WORK))
        .order_by(Statement.created_at, Statement.id)
    )
    return tuple(row for row in rows if row.editors or row.version > 1)


def _open_questions(session: Session, old: Incident) -> tuple[PressRequest, ...]:
    query = select(PressRequest).where(
        PressRequest.incident_id == old.id, PressRequest.state.in_(("new", "answering"))
    )
    return tuple(session.scalars(query.order_by(PressRequest.n)))


def _more_area(old: Incident, new: Incident) -> tuple[str, ...]:
    if WHOLE_PROVINCE in new.area:
        return ()
    return tuple(area for area in old.area if area not in new.area)


def _facts(old: Incident, new: Incident) -> dict[str, Any]:
    """No clock of the law is lost with the incident it stood in: its kinds are added, and of two moments the earlier counts."""
    kinds = sorted({*new.kinds, *(kind for kind in old.kinds if kind in new.basis.get("kinds", {}))})
    found: dict[str, Any] = {} if kinds == sorted(new.kinds) else {"kinds": kinds}
    for name in ANCHORS:
        here, there = getattr(new, name), getattr(old, name)
        if there is not None and (here is None or there < here):
            found[name] = there
    return found


def why_not(session: Session, old: Incident, new: Incident) -> Conflict | None:
    """Why `old` cannot go into `new` as they stand; None when it can."""
    if old.id == new.id:
        return Conflict("same", "Không gộp một vụ việc vào chính nó.")
    if old.mode != new.mode:
        return Conflict("other_mode", "Không gộp diễn tập với vụ việc thật.")
    for one in (old, new):
        if one.status != "open":
            text = said("Vụ việc %(code)s đã kết thúc; chỉ gộp hai vụ việc đang mở.", code=_shown(one))
            return Conflict("closed", text)
    if new.stopped_at is not None:
        text = said("Vụ việc %(code)s đang dừng gửi: tiếp tục gửi trước rồi mới gộp.", code=_shown(new))
        return Conflict("stopped", text)
    if (old.handed_at is None) is not (new.handed_at is None):  # in both, nobody here is asked anything
        handed = old if old.handed_at is not None else new
        text = said(
            "Vụ việc %(code)s do %(body)s chủ trì: nhận lại trước rồi mới gộp, để thời hạn theo luật không chuyển đi theo.",
            code=_shown(handed),
            body=handed.handed_to,
        )
        return Conflict("handed_over", text)
    if new.level < old.level:
        text = said(
            "Vụ việc %(code)s ở cấp thấp hơn: gộp theo chiều ngược lại, hoặc nâng cấp vụ việc đó trước.",
            code=_shown(new),
        )
        return Conflict("lower_level", text)
    if new.held_at is not None and old.held_at is None:
        text = said(
            "Vụ việc %(code)s mới báo lãnh đạo trực: báo Tổ công tác trước, hoặc gộp theo chiều ngược lại.",
            code=_shown(new),
        )
        return Conflict("held", text)
    if any(r for r in plan(session, old, new).joining) and not _can_join(session, new):
        text = said("Vụ việc %(code)s chưa mời Tổ công tác; gộp theo chiều ngược lại.", code=_shown(new))
        return Conflict("not_called_out", text)
    return None


def _can_join(session: Session, new: Incident) -> bool:
    run = state_of(session, new.id)
    calls = [s.id for s in pinned(session, new.playbook_version).steps if s.verb is Verb.ASSIGN]
    return any(run.steps[step].state in (*OPEN, DONE) for step in calls)


def candidates(session: Session, old: Incident, now: datetime) -> tuple[Incident, ...]:
    """The other open incidents of its mode, the likest first."""
    wanted = likeness.Sought(old.title, old.playbook, old.topic, tuple(old.area), old.mode)
    like = [one.id for one in likeness.like(session, wanted, now, Incident.status == "open")]
    rows = session.scalars(
        select(Incident)
        .where(Incident.status == "open", Incident.mode == old.mode, Incident.id != old.id)
        .order_by(Incident.opened_at.desc())
        .limit(50)
    ).all()
    return tuple(sorted(rows, key=lambda one: like.index(one.id) if one.id in like else len(like)))


@dataclass(frozen=True, slots=True)
class Looked:
    """What merging would come to, for a page. `why_not`: why it cannot be done, else empty; `sms`: how many leave."""

    code: str
    number: str
    title: str
    why_not: str = ""
    carried: tuple[Said, ...] = ()
    joining: tuple[Said, ...] = ()
    asked: tuple[Said, ...] = ()
    told: int = 0
    sms: int = 0
    drafts: tuple[str, ...] = ()
    press: tuple[str, ...] = ()
    area: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()  # names of facts that change, as `story` words them
    left_open: tuple[str, ...] = ()
    clocks: tuple[str, ...] = ()


def look(desk: Desk, incident_id: str, into: str) -> Looked:
    """What would move. Raises NotFound."""
    with desk.store.reading() as session:
        old, new = session.get(Incident, incident_id), session.get(Incident, ledger.clean(into))
        if old is None or new is None:
            raise NotFound("no_incident", "Không có vụ việc này.")
        head = (_shown(new), new.number, new.title)
        if (refusal := why_not(session, old, new)) is not None:
            return Looked(*head, why_not=refusal.text)
        moves = plan(session, old, new)
        ids = {*moves.asked, *moves.told, *(r.person_id for r in (*moves.carried, *moves.joining))}
        people = {p.id: p for p in session.scalars(select(Person).where(Person.id.in_(ids)))}
        named = {id: called(p.xung_ho, p.name) for id, p in people.items()}
        playbook = pinned(session, old.playbook_version)
        titles = {step.id: step_title(playbook, step) for step in playbook.steps}
        titles |= {task.id: task.text for task in state_of(session, old.id).added}
        hearing = [p for p in (*moves.asked, *moves.told) if casting.reachable(people[p], desk.sms)]
        return Looked(
            *head,
            carried=tuple(named[r.person_id] for r in moves.carried),
            joining=tuple(named[r.person_id] for r in moves.joining),
            asked=tuple(named[p] for p in moves.asked),
            told=len(moves.told),
            sms=len(hearing),
            drafts=tuple(text.title for text in moves.drafts),
            press=tuple(question.outlet for question in moves.press),
            area=tuple(casting.area_names(session, list(moves.area))) if moves.area else (),
            facts=tuple(moves.facts),
            left_open=tuple(titles.get(step, step) for step in moves.left_open),
            clocks=moves.clocks,
        )


# ------------------------------------------------------------------ merging


def merge(
    desk: Desk,
    incident_id: str,
    into: str,
    reason: str,
    actor: Actor,
    now: datetime,
    *,
    scope: str = "",
    key: str = "",
) -> Merged:
    """Make `incident_id` part of `into`. Pressed twice it is done once. Raises Forbidden, Invalid, NotFound, Conflict."""
    require(actor, *COMMAND)
    reason = with_reason(reason)
    digest = hashlib.sha256(
        canonical({"merge": incident_id, "into": into, "reason": reason}).encode()
    ).hexdigest()
    with desk.store.writing() as session:
        old, new = _both(session, incident_id, into)
        used = session.get(IdempotencyKey, (scope, key)) if key else None
        if used is not None and used.body_sha256 != digest:
            raise KeyUsed(used.incident_id)
        if old.merged_into == new.id:
            return Merged(old.id, new.id, done=False)
        if (refusal := why_not(session, old, new)) is not None:
            raise refusal
        if key:
            session.add(IdempotencyKey(scope=scope, key=key, body_sha256=digest, incident_id=old.id, created_at=now))  # fmt: skip
        _merge(session, desk, old, new, reason, actor, now)
        desk.store.after_commit(session, desk.ring)
        return Merged(old.id, new.id, done=True)


def _both(session: Session, incident_id: str, into: str) -> tuple[Incident, Incident]:
    """Both, locked in the order of their ids."""
    into = ledger.clean(into)
    query = select(Incident).where(Incident.id.in_((incident_id, into))).order_by(Incident.id)
    found = {incident.id: incident for incident in lock(session, query)}
    if incident_id not in found:
        raise NotFound("no_incident", "Không có vụ việc này.")
    if into not in found:
        fault = said("Không có vụ việc này.")
        raise Invalid("no_such_incident", fault, {"into": [fault]})
    return found[incident_id], found[into]


def _merge(
    session: Session, desk: Desk, old: Incident, new: Incident, reason: str, actor: Actor, now: datetime
) -> None:
    moves = plan(session, old, new)
    people = {*moves.asked, *moves.told, *old.names}
    casting.remember(session, new, people, now)
    if new.mode == "drill":  # whoever took part in the one takes part in the other, or nobody could tell them
        enrolled = [person.id for person in enrolment.taking_part(session, old.id)]
        enrolment.enrol(session, new, enrolled, actor, now)
    _close(session, desk, old, new, moves, reason, actor, now)
    ledger.append(
        session, new, "merged_in", occurred_at=now, recorded_at=now, actor=actor,
        data={
            "from": old.id, "number": old.number, "code": _shown(old), "entries": old.chain_seq,
            "head": old.chain_hash, **moves.counts, "area": list(moves.area), "clocks": list(moves.clocks),
        },
        texts={"reason": reason},
    )  # fmt: skip
    if moves.area:
        new.area = [WHOLE_PROVINCE] if WHOLE_PROVINCE in moves.area else [*new.area, *moves.area]
    put_facts(session, desk, new, moves.facts, reason, actor, now)
    _carry_answers(session, desk, moves, old, new, actor, now)
    _let_join(session, desk, moves, old, new, now)
    for text in moves.drafts:
        _carry_draft(session, text, old, new, now)
    _carry_questions(session, moves, old, new)
    session.execute(
        update(Inbound)
        .where(Inbound.incident_id == old.id, Inbound.state == "review")
        .values(incident_id=new.id)
    )
    _tell(session, desk, moves, old, new, now)


def _close(
    session: Session,
    desk: Desk,
    old: Incident,
    new: Incident,
    moves: Plan,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    old.status, old.outcome, old.closed_at = "closed", "duplicate", now
    old.paused_until = old.stopped_at = None
    old.merged_into = new.id
    ledger.append(
        session, old, "merged_into", occurred_at=now, recorded_at=now, actor=actor,
        data={"into": new.id, "number": new.number, "code": _shown(new), "clocks": list(moves.clocks)},
        texts={"reason": reason},
    )  # fmt: skip
    ledger.append(
        session, old, "closed", occurred_at=now, recorded_at=now, actor=actor,
        data={
            "outcome": "duplicate", "outcome_title": OUTCOMES["duplicate"], "still_open": list(moves.left_open),
        },
    )  # fmt: skip
    enter(session, desk, old, [Cancelled()], now)
    stop_sending(session, old, now)


def _carry_answers(
    session: Session, desk: Desk, moves: Plan, old: Incident, new: Incident, actor: Actor, now: datetime
) -> None:
    changes = Changes(new)
    for source in moves.carried:
        waiting = [r for r in asked(session, new.id, source.person_id) if r.state == "asked"]
        person = session.get_one(Person, source.person_id)
        at = source.answered_at or now
        answer(
            session, changes, person, waiting, MEANS[source.state], source.via or "web", at, now, actor, _from(old)
        )  # fmt: skip
    commit_changes(session, desk, changes, now)


def _from(old: Incident) -> str:
    return f"chuyển từ vụ việc {_shown(old)}"


def _let_join(session: Session, desk: Desk, moves: Plan, old: Incident, new: Incident, now: datetime) -> None:
    """Their requests go on in the survivor, as old as they are."""
    if not moves.joining:
        return
    step = call_up_step(pinned(session, new.playbook_version), state_of(session, new.id))
    events = [Joined(step, r.person_id, r.state == "accepted") for r in moves.joining]
    activation = state_of(session, new.id).steps[step].activation
    # A closed incident's request was let go a moment ago: what it was stands in the plan.
    for source, event in zip(moves.joining, events, strict=True):
        session.add(
            Request(
                id=new_id(now), incident_id=new.id, step=step, activation=activation, person_id=source.person_id,
                role=EXTRA, purpose="summon", party=source.person_id,
                state="accepted" if event.accepted else "asked", asked_at=source.asked_at,
                answered_at=source.answered_at, via=source.via, recorded_by=source.recorded_by,
                reason=_from(old) if event.accepted else "",
            )
        )  # fmt: skip
    session.flush()
    enter(session, desk, new, events, now)


def _carry_draft(session: Session, text: Statement, old: Incident, new: Incident, now: datetime) -> None:
    """As a draft at the same step, or the first one of the other playbook. A text nobody has touched there makes room for
    it; beside one that is being worked on it stands as a second, older one. Who wrote it may not approve it there either."""
    drafts = [s.id for s in pinned(session, new.playbook_version).steps if s.verb is Verb.DRAFT]
    if not drafts:
        return
    step = text.step if text.step in drafts else drafts[0]
    current = session.scalar(
        select(Statement)
        .where(Statement.incident_id == new.id, Statement.step == step)
        .order_by(Statement.created_at.desc())
        .limit(1)
    )
    if current is not None and current.state == "drafting" and current.version == 1 and not current.editors:
        current.text, current.version = text.text, 2
        current.editors, current.updated_at = _writers(session, text), now
        return
    session.add(
        Statement(
            id=new_id(now), incident_id=new.id, step=step, title=f"{text.title} (từ vụ việc {_shown(old)})"[:200],
            text=text.text, editors=_writers(session, text),
            created_at=current.created_at - timedelta(microseconds=1) if current else now, updated_at=now,
        )
    )  # fmt: skip
    session.flush()


def _writers(session: Session, text: Statement) -> list[str]:
    """Everybody who had a hand in it, in whatever revision."""
    submitted = session.scalars(select(Revision.editors).where(Revision.statement_id == text.id))
    return sorted({*text.editors, *(person for editors in submitted for person in editors)})


def _carry_questions(session: Session, moves: Plan, old: Incident, new: Incident) -> None:
    """The rows move; their words stay beside the timeline on which they were asked."""
    last = session.scalar(select(func.max(PressRequest.n)).where(PressRequest.incident_id == new.id)) or 0
    for n, question in enumerate(moves.press, last + 1):
        question.asked_in = question.asked_in or old.id
        question.incident_id, question.n = new.id, n
        session.flush()


# ------------------------------------------------------------------ telling


def _tell(session: Session, desk: Desk, moves: Plan, old: Incident, new: Incident, now: datetime) -> None:
    session.flush()
    for person_id in moves.asked:
        _ask(session, desk, person_id, old, new, now)
    facts = wording.Facts(unknown="", asks=("không phải trả lời lại",), extra={"old": _shown(old)})
    notices.announce(
        session, desk, new, moves.told, now, step="merged", purpose="merged",
        sms=("merged", {"old": _shown(old)}), mail=("merged", facts),
    )  # fmt: skip
    if not moves.told and not moves.asked:
        return
    ledger.append(
        session, new, "merge_told", occurred_at=now, recorded_at=now, actor=SYSTEM,
        data={"count": len(moves.told) + len(moves.asked), "code": _shown(old)},
    )  # fmt: skip


def _ask(session: Session, desk: Desk, person_id: str, old: Incident, new: Incident, now: datetime) -> None:
    """Who has answered in neither: one message, that asks with the code that counts from now on."""
    person = session.get_one(Person, person_id)
    two_way = desk.two_way_with(person)
    seen = new.names.get(person_id, {})
    reader = wording.Reader(name=person.name, xung_ho=person.xung_ho, rank=seen.get("rank", "ngang"))
    link = "" if two_way else direct.personal_address(session, desk, new, person_id, "ack", now)
    kind = wording.joined_kind(reader, two_way)
    text = direct.text_to(session, desk, new, person, kind, old=_shown(old), link=link)
    request = session.scalar(
        select(Request.id)
        .where(Request.incident_id == new.id, Request.person_id == person_id, Request.state == "asked")
        .order_by(Request.asked_at)
        .limit(1)
    )
    direct.send(session, desk, new, person, "merged", text, now, request)


def _shown(incident: Incident) -> str:
    return shown_code(incident.code, incident.mode)
