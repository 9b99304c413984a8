"""Running a drill: its injects on its own clock, by the sweep or by hand, and what its controllers and evaluators do.

The run of the incident keeps the real time (decision 0022); only injects and what they wait for follow the drill's clock.
Must never know what a page shows.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from incident import wording
from incident.directory import queries
from incident.domain.actors import SYSTEM, Actor, Role
from incident.domain.drill import DrillClock
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.domain.ids import new_id
from incident.domain.words import said
from incident.report.evidence import first_shown
from incident.report.exercise import RATINGS
from incident.response import casting, direct, enrolment
from incident.response.advance import enter, held, state_of
from incident.response.desk import Desk
from incident.response.library import pinned
from incident.response.task import with_reason
from incident.store.sessions import lock
from incident.store.tables import Account, Drill, DrillRemark, Entry, Incident, Participant, Person
from incident.timeline import ledger
from playbooks.injects import Inject, Script, from_json
from playbooks.signals import Paused, Resumed

log = logging.getLogger(__name__)

RATES = (1, 2, 4, 10)
LONGEST_REMARK = 5_000
PAUSED_FOR = timedelta(hours=24)  # the longest pause of a run

_RUNNING = and_(Drill.frozen_at.is_(None), Incident.status == "open", Incident.stopped_at.is_(None))
# When the first of them has something to give.
NEXT = select(func.min(Drill.next_at)).join(Incident).where(_RUNNING)


@dataclass(slots=True)
class Running:
    """A drill held by its incident's lock."""

    session: Session
    desk: Desk
    incident: Incident
    drill: Drill
    script: Script
    now: datetime

    @property
    def clock(self) -> DrillClock:
        return clock_of(self.drill)

    def state(self, inject: Inject) -> dict[str, Any]:
        kept: dict[str, Any] = self.drill.state.get(inject.id, {})
        return kept

    def keep(self, inject: Inject, **changes: Any) -> None:
        self.drill.state = {**self.drill.state, inject.id: {**self.state(inject), **changes}}

    def record(
        self, kind: str, actor: Actor, data: dict[str, Any], texts: dict[str, str] | None = None
    ) -> Entry:
        return ledger.append(
            self.session, self.incident, kind, occurred_at=self.now, recorded_at=self.now, actor=actor, data=data,
            texts=texts or {},
        )  # fmt: skip

    def look_ahead(self) -> None:
        """Note when the sweep must look again: at the next inject, or at the next contingency."""
        due = [seconds for inject in self.script.injects if (seconds := self._next_of(inject)) is not None]
        self.drill.next_at = self.clock.moment(min(due)) if due else None

    def _next_of(self, inject: Inject) -> int | None:
        state = self.state(inject)
        if not state:
            return inject.at
        return None if state.get("done") else int(state["clock"]) + inject.contingency_after


def clock_of(drill: Drill) -> DrillClock:
    return DrillClock(drill.clock_at, drill.clock_seconds, drill.rate, drill.paused_at is not None)


def controls(drill: Drill, actor: Actor) -> bool:
    """Whether this is one of the controllers: who opened it, whom they named, an administrator."""
    return actor.may(Role.ADMIN) or actor.id in drill.controllers


def find(session: Session, incident_id: str, actor: Actor) -> Drill:
    """The drill, for one who controls it. Raises NotFound where there is none, Forbidden for everybody else."""
    drill = session.get(Drill, incident_id)
    if drill is None:
        raise NotFound("no_drill", "Vụ việc này không phải diễn tập.")
    if not controls(drill, actor):
        raise Forbidden(
            "not_controller",
            "Trang này của Ban đạo diễn diễn tập; người tham gia không xem trước tình huống.",
        )
    return drill


def _running(session: Session, desk: Desk, incident_id: str, actor: Actor, now: datetime) -> Running:
    """The drill, held; open and not stopped for good. Raises NotFound, Forbidden, Conflict."""
    incident = held(session, incident_id)
    drill = find(session, incident_id, actor)
    if incident.status != "open":
        raise Conflict("closed", "Cuộc diễn tập đã kết thúc.")
    if drill.frozen_at is not None:
        raise Conflict("frozen", "Cuộc diễn tập đã dừng vì có sự cố thật.")
    return Running(session, desk, incident, drill, from_json(drill.script), now)


# ------------------------------------------------------------------ injects


def sweep(desk: Desk, now: datetime, limit: int = 20) -> int:
    """Give what the clocks of open drills say is due. Returns how many drills were looked at."""
    with desk.store.reading() as session:
        query = select(Drill.incident_id).join(Incident).where(_RUNNING, Drill.next_at <= now)
        due = session.scalars(query.order_by(Drill.next_at).limit(limit)).all()
    for incident_id in due:
        try:
            _give_due(desk, incident_id, now)
        except Exception:  # one drill that fails must not keep the others, nor the real things, waiting
            log.exception("what is due in the drill %s could not be given", incident_id)
    return len(due)


def _give_due(desk: Desk, incident_id: str, now: datetime) -> None:
    with desk.store.writing() as session:
        incident = held(session, incident_id)
        drill = session.get_one(Drill, incident_id)
        if incident.status != "open" or drill.frozen_at or drill.paused_at or incident.stopped_at:
            return
        running = Running(session, desk, incident, drill, from_json(drill.script), now)
        shows = running.clock.shows(now)
        for inject in running.script.injects:
            state = running.state(inject)
            if not state and inject.at <= shows:
                _give(running, inject, SYSTEM, "clock")
            elif state and not state.get("done") and state["clock"] + inject.contingency_after <= shows:
                _follow_up(running, inject)
        running.look_ahead()


def give(desk: Desk, incident_id: str, inject_id: str, actor: Actor, now: datetime) -> None:
    """Give one now, whatever its time. A second press gives nothing more. Raises NotFound, Forbidden, Conflict."""
    with desk.store.writing() as session:
        running = _running(session, desk, incident_id, actor, now)
        if running.incident.stopped_at is not None:
            raise Conflict(
                "stopped", "Cuộc diễn tập đang dừng gửi: bấm “Tiếp tục gửi” trong phòng xử lý trước."
            )
        inject = _inject(running, inject_id)
        state = running.state(inject)
        if state.get("state") == "given":
            return
        _give(running, inject, actor, "hand")
        running.look_ahead()


def skip(desk: Desk, incident_id: str, inject_id: str, reason: str, actor: Actor, now: datetime) -> None:
    """Leave one out. Raises NotFound, Forbidden, Conflict, Invalid."""
    reason = with_reason(reason)
    with desk.store.writing() as session:
        running = _running(session, desk, incident_id, actor, now)
        inject = _inject(running, inject_id)
        if running.state(inject).get("state") == "given":
            raise Conflict("given", "Tình huống này đã đưa ra.")
        if running.state(inject):
            return
        running.record("inject_skipped", actor, {"inject": inject.id}, {"reason": reason})
        running.keep(inject, state="skipped", done=True)
        running.look_ahead()


def _inject(running: Running, inject_id: str) -> Inject:
    found = next((inject for inject in running.script.injects if inject.id == inject_id), None)
    if found is None:
        raise NotFound("no_inject", "Cuộc diễn tập không có tình huống này.")
    return found


def _give(running: Running, inject: Inject, actor: Actor, how: str) -> None:
    people = _people(running, inject.to)
    data = {
        "inject": inject.id, "inject_kind": inject.kind, "role": inject.to, "people": [p.id for p in people], "how": how,
    }  # fmt: skip
    entry = running.record("inject_given", actor, data, {"text": inject.text})
    running.keep(
        inject, state="given", clock=running.clock.shows(running.now), seq=entry.seq,
        done=not inject.contingency_after,
    )  # fmt: skip
    _tell(running, people, inject.id, inject.text)


def _follow_up(running: Running, inject: Inject) -> None:
    """What is said when the expected has not followed in time; nothing where it has."""
    running.session.flush()
    lines = running.session.scalars(
        select(Entry).where(Entry.chain == running.incident.id).order_by(Entry.seq)
    ).all()
    since = int(running.state(inject)["seq"])
    running.keep(inject, done=True)
    if all(first_shown(expected.word, lines, since) for expected in inject.expect):
        return
    people = _people(running, inject.to)
    data = {"inject": inject.id, "role": inject.to, "people": [p.id for p in people]}
    running.record("inject_followed_up", SYSTEM, data, {"text": inject.contingency_text})
    _tell(running, people, inject.id, inject.contingency_text)


def _people(running: Running, role: str) -> list[Person]:
    """Who holds the role now; the stand-ins where nobody does; of a group everybody who takes part."""
    holders = state_of(running.session, running.incident.id).roles.get(role)
    if holders is None:
        return []
    ids: Iterable[str] = holders.people or holders.standins[:1]
    if holders.group:
        pick = pinned(running.session, running.incident.playbook_version).roles[role].pick
        ids = (p for p, _ in queries.audience(running.session, pick, running.incident.area, running.now))
    taking_part = select(Participant.person_id).where(Participant.incident_id == running.incident.id)
    return list(
        running.session.scalars(
            select(Person)
            .where(Person.id.in_(list(ids)), Person.id.in_(taking_part))
            .order_by(Person.sort_name)
        )
    )


def _tell(running: Running, people: list[Person], id: str, text: str) -> None:
    """By SMS; by letter who has no mobile. It stands in the room for everybody."""
    incident, session, desk = running.incident, running.session, running.desk
    house = casting.house(session, desk.settings.public_url, desk.two_way)
    case = wording.Case(incident.code, incident.mode, incident.short_name, incident.title)
    casting.remember(session, incident, {person.id for person in people}, running.now)
    for person in people:
        if not direct.send(
            session, desk, incident, person, "inject", wording.inject_sms(id, text, house, case), running.now
        ):
            direct.write(
                session,
                desk,
                incident,
                person,
                "inject",
                wording.inject_email(id, text, house, case),
                running.now,
            )


# ------------------------------------------------------------------ the drill's clock


def pause(desk: Desk, incident_id: str, actor: Actor, now: datetime) -> None:
    """Stop the drill's clock, its reminders and its escalation. Raises NotFound, Forbidden, Conflict."""
    with desk.store.writing() as session:
        running = _running(session, desk, incident_id, actor, now)
        if running.drill.paused_at is not None:
            return
        _set_clock(running, actor, running.drill.rate, paused=True)
        if running.incident.stopped_at is None:
            running.incident.paused_until = now + PAUSED_FOR
            enter(session, desk, running.incident, [Paused(now + PAUSED_FOR)], now)


def resume(desk: Desk, incident_id: str, actor: Actor, now: datetime) -> None:
    """Let clock, reminders and escalation go on. Raises NotFound, Forbidden, Conflict."""
    with desk.store.writing() as session:
        running = _running(session, desk, incident_id, actor, now)
        if running.drill.paused_at is None:
            return
        _set_clock(running, actor, running.drill.rate, paused=False)
        until = running.incident.paused_until
        if running.incident.stopped_at is None and until is not None:
            running.incident.paused_until = None
            if until > now:
                enter(session, desk, running.incident, [Resumed()], now)


def set_rate(desk: Desk, incident_id: str, rate: int, actor: Actor, now: datetime) -> None:
    """Let the drill's clock go 1, 2, 4 or 10 times as fast. Raises NotFound, Forbidden, Conflict, Invalid."""
    if rate not in RATES:
        fault = said("Chọn một trong các tốc độ: %(rates)s.", rates=", ".join(f"×{r}" for r in RATES))
        raise Invalid("bad_rate", fault, {"rate": [fault]})
    with desk.store.writing() as session:
        running = _running(session, desk, incident_id, actor, now)
        if running.drill.rate != rate:
            _set_clock(running, actor, rate, paused=running.drill.paused_at is not None)


def _set_clock(running: Running, actor: Actor, rate: int, paused: bool) -> None:
    drill, seconds = running.drill, running.clock.shows(running.now)
    drill.clock_at, drill.clock_seconds, drill.rate = running.now, seconds, rate
    drill.paused_at = running.now if paused else None
    running.record("drill_clock", actor, {"seconds": seconds, "rate": rate, "paused": paused})
    running.look_ahead()


# ------------------------------------------------------------------ controllers, participants, evaluators


def add_participant(desk: Desk, incident_id: str, person_id: str, actor: Actor, now: datetime) -> None:
    """Let somebody of the directory take part from now on. Raises NotFound, Forbidden, Conflict."""
    with desk.store.writing() as session:
        running = _running(session, desk, incident_id, actor, now)
        person = session.get(Person, person_id)
        if person is None or not person.active:
            raise NotFound("no_person", "Không có người này trong danh bạ.")
        if enrolment.enrol(session, running.incident, [person.id], actor, now):
            casting.remember(session, running.incident, {person.id}, now)
            running.record("participant_added", actor, {"person": person.id})


def add_controller(desk: Desk, incident_id: str, account_id: str, actor: Actor, now: datetime) -> None:
    """Let another account see and steer the drill. Raises NotFound, Forbidden, Conflict."""
    with desk.store.writing() as session:
        running = _running(session, desk, incident_id, actor, now)
        account = next((a for a in accounts(session) if str(a.id) == account_id), None)
        if account is None:
            raise NotFound("no_account", "Không có tài khoản này.")
        known = actor_id(account)
        if known not in running.drill.controllers:
            running.drill.controllers = [*running.drill.controllers, known]
            running.record("controller_added", actor, {"name": account.name})


def accounts(session: Session) -> list[Account]:
    """Who can be made a controller, by name."""
    return list(session.scalars(select(Account).where(Account.active).order_by(Account.name, Account.id)))


def actor_id(account: Account) -> str:
    """The id of the actor a signed-in account is."""
    return str(account.id)


def remark(
    desk: Desk,
    incident_id: str,
    objective: str,
    rating: str,
    text: str,
    key: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Write what an evaluator saw, and rate an objective with P, S, M or U; also when the drill is over. The same form
    twice writes once. Raises NotFound, Forbidden, Invalid."""
    text = text.strip()
    with desk.store.writing() as session:
        incident = held(session, incident_id)
        drill = find(session, incident_id, actor)
        _check_remark(from_json(drill.script), objective, rating, text, key)
        digest = hashlib.sha256("\x1f".join((incident_id, key, objective, rating, text)).encode()).hexdigest()
        if session.scalar(select(DrillRemark.id).where(DrillRemark.key == digest)):
            return
        session.add(
            DrillRemark(
                id=new_id(now),
                incident_id=incident_id,
                key=digest,
                objective=objective,
                rating=rating,
                text=text,
                by=actor.name,
                at=now,
            )
        )
        written = hashlib.sha256(f"{objective}\x1f{rating}\x1f{text}".encode()).hexdigest()
        ledger.append(
            session, incident, "drill_remark", occurred_at=now, recorded_at=now, actor=actor, data={"sha256": written},
        )  # fmt: skip


def _check_remark(script: Script, objective: str, rating: str, text: str, key: str) -> None:
    errors: dict[str, list[str]] = {}
    if not key:
        errors["text"] = [said("Trang đã cũ; xin tải lại.")]
    if len(text) > LONGEST_REMARK:
        errors["text"] = [said("Không quá %(n)s ký tự.", n=LONGEST_REMARK)]
    if not text and not rating:
        errors["text"] = [said("Ghi nhận xét, hoặc chọn mức đánh giá.")]
    if objective and objective not in script.objectives:
        errors["objective"] = [said("Chọn một mục tiêu trong danh sách.")]
    if rating and (rating not in RATINGS or not objective):
        errors["rating"] = [said("Chọn mục tiêu và một trong bốn mức đánh giá.")]
    if errors:
        raise Invalid("invalid", "Xin xem lại các ô được đánh dấu.", errors)


def open_drills(session: Session) -> list[Incident]:
    """Open drills that were not stopped for good, locked in the order of their ids."""
    query = (
        select(Incident)
        .join(Drill, Drill.incident_id == Incident.id)
        .where(Incident.status == "open", Drill.frozen_at.is_(None))
        .order_by(Incident.id)
    )
    return list(lock(session, query).all())
