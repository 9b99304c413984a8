"""DỪNG DIỄN TẬP – CÓ SỰ CỐ THẬT: every open drill stands still for good, and everybody who takes part in one is told.

One press, one transaction. Must never touch a real incident.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident import wording
from incident.domain.actors import Actor
from incident.domain.drill import FROZEN, STOP
from incident.domain.errors import Forbidden
from incident.domain.ids import new_id
from incident.response import casting, drills, stopping
from incident.response.advance import enter
from incident.response.desk import Desk
from incident.response.permissions import COMMAND
from incident.store.tables import Drill, Incident, Mailing, Message, Participant, Person, Run
from incident.timeline import ledger
from playbooks.signals import Paused

PRIORITY = 5  # before anything of a real incident: who still answers a drill does not answer that
LIVES = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Stop:
    """What stopping comes to: which drills, how many people by SMS and by letter, how many waiting messages end."""

    numbers: tuple[str, ...]
    people: int
    sms: int
    emails: int
    waiting: int


def what_it_would_do(session: Session, desk: Desk) -> Stop:
    """Counted as it is now; nothing is written."""
    query = (
        select(Incident.id, Incident.number)
        .join(Drill, Drill.incident_id == Incident.id)
        .where(Incident.status == "open", Drill.frozen_at.is_(None))
        .order_by(Incident.number)
    )
    rows = session.execute(query).all()
    ids = [row.id for row in rows]
    people = session.scalars(
        select(Person)
        .where(Person.id.in_(select(Participant.person_id).where(Participant.incident_id.in_(ids))))
    ).all()  # fmt: skip
    waiting = session.scalar(
        select(func.count())
        .select_from(Message)
        .where(Message.incident_id.in_(ids), Message.status == "created")
    )
    return Stop(
        tuple(row.number for row in rows),
        len(people),
        sum(casting.reachable(person, desk.sms) for person in people),
        sum(bool(casting.reach(person, desk).email) for person in people),
        int(waiting or 0),
    )


def text_of(session: Session, desk: Desk, now: datetime) -> str:
    """The SMS as it would go now."""
    return wording.drill_stopped(casting.house(session, desk.settings.public_url, desk.two_way), now)[0].body


def may_stop(session: Session, actor: Actor) -> bool:
    """The officer on duty, an administrator, and who controls an open drill."""
    if actor.may(*COMMAND):
        return True
    running = select(Drill).join(Incident, Incident.id == Drill.incident_id).where(Incident.status == "open")
    return any(drills.controls(drill, actor) for drill in session.scalars(running))


def stop_all(desk: Desk, actor: Actor, now: datetime) -> Stop:
    """Stop them; a second press finds none and does nothing. Raises Forbidden."""
    with desk.store.writing() as session:
        if not may_stop(session, actor):
            raise Forbidden("not_allowed", "Tài khoản của đồng chí không có quyền dừng diễn tập.")
        told: set[str] = set()
        numbers, stopped = [], 0
        for incident in drills.open_drills(session):
            stopped += _stop(session, desk, incident, told, actor, now)
            numbers.append(incident.number)
        if numbers:
            desk.store.after_commit(session, desk.ring)
        return Stop(tuple(sorted(numbers)), len(told), 0, 0, stopped)


def _stop(
    session: Session, desk: Desk, incident: Incident, told: set[str], actor: Actor, now: datetime
) -> int:
    """Freeze one and tell those of it who have not been told. Returns how many messages were stopped."""
    drill = session.get_one(Drill, incident.id)
    drill.frozen_at, drill.next_at = now, None
    incident.stopped_at = incident.stopped_at or now
    incident.paused_until = now + stopping.PAUSED_FOR
    stopped = stopping.halt(session, incident, now, FROZEN)
    enrolled = session.scalars(
        select(Participant.person_id)
        .where(Participant.incident_id == incident.id)
        .order_by(Participant.person_id)
    ).all()
    people = [person for person in enrolled if person not in told]
    told.update(people)
    ledger.append(
        session, incident, "drill_stopped", occurred_at=now, recorded_at=now, actor=actor,
        data={"count": len(people), "stopped": stopped.waiting},
    )  # fmt: skip
    enter(session, desk, incident, [Paused(incident.paused_until)], now)
    session.get_one(Run, incident.id).wake_at = None  # time says nothing to it any more
    if people:
        _tell(session, desk, incident, people, now)
    return stopped.waiting


def _tell(session: Session, desk: Desk, incident: Incident, people: Sequence[str], now: datetime) -> None:
    house = casting.house(session, desk.settings.public_url, desk.two_way)
    text, mail = wording.drill_stopped(house, now)
    session.add(
        Mailing(
            id=new_id(now),
            effect_key=f"{incident.id}:{STOP}",
            incident_id=incident.id,
            step=STOP,
            activation=0,
            role="",
            purpose=STOP,
            ack=False,
            via=["sms", "email"],
            body=text.body,
            subject=mail.subject,
            email_body=mail.body,
            audience=[[person, person] for person in people],
            total=len(people),
            priority=PRIORITY,
            critical=True,
            valid_until=now + LIVES,
            created_at=now,
        )
    )
