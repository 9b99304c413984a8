"""The change of the officer on duty: handed over by one, taken over by the other, and both told until then.

The rota's moment makes a hand-over due; only a person accepts it. A hand-over to somebody the rota does not name
changes the rota when it is accepted, never before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.directory import queries, rota
from incident.domain.actors import SYSTEM, Actor, Role
from incident.domain.address import called
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.domain.ids import new_id
from incident.domain.words import Said, said
from incident.report import shift
from incident.response import casting
from incident.response.desk import Desk
from incident.response.permissions import COMMAND, require, require_person
from incident.response.shiftnews import tell_the_change
from incident.store.sessions import lock
from incident.store.tables import Account, Handover, Incident, Person, Shift
from incident.store.types import canonical
from incident.timeline import ledger

PLANNED_WITHIN = timedelta(
    hours=2
)  # nearer than this, handing to the next on the rota means at the rota's time
ACCEPTED_WITHIN = timedelta(minutes=30)
LONGEST_NOTE = 4_000
DIFFERENT = said("Người nhận ca phải là đồng chí khác.")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the change of shift stands. `pending`: what nobody has accepted; `quiet`: the turn has changed with
    nothing open, and one press takes it over; `late` since half an hour."""

    turn: rota.Turn | None
    following: rota.Turn | None
    before: rota.Turn | None
    pending: Handover | None
    accepted: Handover | None
    quiet: bool
    late: bool


def standing(session: Session, now: datetime) -> Standing:
    turn, following = rota.current_turn(session, now), rota.next_turn(session, now)
    if turn is None:
        return Standing(None, following, None, None, None, False, False)
    row = rota.handover_of(session, turn.starts_at)
    before = rota.turn_before(session, turn)
    planned = rota.handover_of(session, following.starts_at) if following else None
    asked = rota.asked_to_take_over(session, turn)
    open_rows = [r for r in (row, asked, planned) if r is not None and r.accepted_at is None]
    pending = open_rows[0] if open_rows else None
    accepted = row if row is not None and row.accepted_at else None
    late = pending is not None and now >= pending.begins_at + ACCEPTED_WITHIN
    return Standing(turn, following, before, pending, accepted, row is None and before is not None, late)


def may_be_chosen(session: Session, now: datetime) -> list[Person]:
    """Who can take a turn: the officers of the rota and the people with a duty officer's account, by given name."""
    near = (now - timedelta(days=7), now + timedelta(days=14))
    ids = {turn.person for turn in rota.turns(session, rota.OFFICER, *near)}
    accounts = session.execute(select(Account.person_id, Account.roles).where(Account.active))
    ids |= {person for person, roles in accounts if person and Role.DUTY_OFFICER.value in roles}
    query = select(Person).where(Person.id.in_(ids), Person.active)
    return list(session.scalars(query.order_by(Person.sort_name, Person.id)))


# ------------------------------------------------------------------ handing over


def hand_over(desk: Desk, to: str, note: str, actor: Actor, now: datetime) -> str:
    """The outgoing officer hands over to `to`, with a note. Again, before it is accepted: the newer words stand.
    Returns the hand-over's id. Raises Forbidden, Invalid."""
    require(actor, Role.DUTY_OFFICER)
    me = require_person(actor)
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise Invalid(
            "too_long", "Lưu ý quá dài.", {"note": [said("Không quá %(n)s ký tự.", n=LONGEST_NOTE)]}
        )
    with desk.store.writing() as session:
        incidents = _held_open(session)
        chain = ledger.system_head(session)  # one change of shift at a time
        _incoming(session, to, me)
        row = _to_hand_over(session, to, me, now)
        if row.accepted_at is not None:
            raise Conflict("accepted", "Ca này đã được nhận bàn giao.")
        row.incoming, row.handed_at, row.handed_by = to, now, actor.name
        row.picture = shift.picture(session, [i.id for i in incidents], now)
        data = {"person": me, "incoming": to, "handover": row.id, "picture": _digest(row.picture)}
        entry = ledger.append(
            session, chain, "shift_handed_over", occurred_at=now, recorded_at=now, actor=actor, data=data,
            texts={"note": note} if note else {},
        )  # fmt: skip
        row.note_seq = entry.seq if note else row.note_seq
        _on_every_timeline(
            session, incidents, "shift_handed_over", actor, now, {"person": me, "incoming": to}
        )
        return row.id


def _held_open(session: Session) -> list[Incident]:
    """Every open incident, locked in the order of all locks."""
    return list(lock(session, select(Incident).where(Incident.status == "open").order_by(Incident.id)))


def _incoming(session: Session, to: str, me: str) -> Person:
    person = session.get(Person, to) if to else None
    if person is None or not person.active:
        raise Invalid("no_person", "Chưa chọn người nhận ca.", {"to": [said("Chọn đồng chí nhận ca.")]})
    if person.id == me:
        raise Invalid("same", DIFFERENT, {"to": [DIFFERENT]})
    return person


def _to_hand_over(session: Session, to: str, me: str, now: datetime) -> Handover:
    """The row this hand-over is written into: the one that is due, the next turn's, or one that begins now."""
    turn = rota.current_turn(session, now)
    row = rota.handover_of(session, turn.starts_at) if turn else None
    if turn is not None and row is not None and row.outgoing == me and row.accepted_at is None:
        return row
    before = rota.turn_before(session, turn) if turn else None
    if turn is not None and row is None and before is not None and before.person == me:
        return _new_row(session, turn.starts_at, me, to, now)
    if turn is None or turn.person != me:
        raise Forbidden("not_on_duty", "Chỉ đồng chí đang trực mới bàn giao được ca này.")
    following = rota.next_turn(session, now)
    near = following is not None and following.starts_at - now <= PLANNED_WITHIN
    if following is not None and near and following.person == to:
        planned = rota.handover_of(session, following.starts_at)
        return planned or _new_row(session, following.starts_at, me, to, now)
    return rota.asked_to_take_over(session, turn) or _new_row(session, now, me, to, now)


def _new_row(session: Session, begins_at: datetime, outgoing: str, incoming: str, now: datetime) -> Handover:
    row = Handover(
        id=new_id(now), begins_at=begins_at, outgoing=outgoing, incoming=incoming, picture={}, created_at=now
    )
    session.add(row)
    session.flush()
    return row


def _digest(picture: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(picture).encode()).hexdigest()


def _on_every_timeline(
    session: Session,
    incidents: Sequence[Incident],
    kind: str,
    actor: Actor,
    now: datetime,
    data: dict[str, Any],
) -> None:
    people = {data[key] for key in ("person", "incoming", "outgoing") if data.get(key)}
    for incident in incidents:
        casting.remember(session, incident, people, now)
        ledger.append(
            session, incident, kind, occurred_at=now, recorded_at=now, actor=actor, data=data
        )  # fmt: skip


# ------------------------------------------------------------------ taking over


def accept(desk: Desk, handover_id: str | None, actor: Actor, now: datetime) -> None:
    """The incoming officer has taken over; or another officer, who is not the outgoing one, records that he said so on
    the phone. None: the running turn, with nothing open. Accepting twice changes nothing. Raises Forbidden, NotFound."""
    require(actor, *COMMAND)
    with desk.store.writing() as session:
        incidents = _held_open(session)
        chain = ledger.system_head(session)
        row = session.get(Handover, handover_id) if handover_id else _quiet_row(session, now)
        if row is None:
            raise NotFound("no_handover", "Không có lần bàn giao này.")
        if row.accepted_at is not None:
            return
        via = _way(row, actor)
        if row.handed_at is None:
            row.picture = shift.picture(session, [i.id for i in incidents], now)
        _amend_rota(session, row, now)
        row.accepted_at, row.accepted_by, row.via = now, actor.name, via
        data = {"person": row.incoming, "outgoing": row.outgoing, "via": via}
        ledger.append(
            session, chain, "shift_accepted", occurred_at=now, recorded_at=now, actor=actor,
            data={**data, "handover": row.id, "picture": _digest(row.picture)},
        )  # fmt: skip
        _on_every_timeline(session, incidents, "shift_accepted", actor, now, data)


def _quiet_row(session: Session, now: datetime) -> Handover | None:
    turn = rota.current_turn(session, now)
    before = rota.turn_before(session, turn) if turn else None
    if turn is None or before is None:
        return None
    known = rota.handover_of(session, turn.starts_at)
    return known or _new_row(session, turn.starts_at, before.person, turn.person, now)


def _way(row: Handover, actor: Actor) -> str:
    if actor.person_id == row.incoming:
        return "web"
    if actor.person_id == row.outgoing or actor.kind != "user":
        raise Forbidden(
            "not_incoming",
            "Người giao ca không tự bấm nhận thay; đồng chí nhận ca bấm, hoặc một đồng chí khác ghi.",
        )
    return "phone"


def _amend_rota(session: Session, row: Handover, now: datetime) -> None:
    """The rota says from now on who took over."""
    planned = session.scalar(
        select(Shift)
        .where(Shift.kind == rota.OFFICER, Shift.starts_at == row.begins_at)
        .order_by(Shift.id)
        .limit(1)
    )
    if planned is not None:
        planned.person = row.incoming
        return
    turn = rota.current_turn(session, now)
    if turn is None or turn.starts_at >= row.begins_at:
        raise Conflict("turn_over", "Ca trực này đã qua; xin bàn giao lại.")
    running = session.get_one(Shift, turn.id)
    running.ends_at = row.begins_at = now
    session.flush()
    session.add(
        Shift(id=new_id(now), kind=rota.OFFICER, person=row.incoming, starts_at=now, ends_at=turn.ends_at)
    )


# ------------------------------------------------------------------ the sweep's part


def sweep(desk: Desk, now: datetime) -> int:
    """When the rota has changed with incidents open: the hand-over is due, those concerned are told once, and after half
    an hour without a press each timeline says so. Returns how many rows changed."""
    with desk.store.reading() as session:
        turn = rota.current_turn(session, now)
        if turn is None or not _something_due(session, turn, now):
            return 0
    with desk.store.writing() as session:
        incidents = [i for i in _held_open(session) if i.opened_at < turn.starts_at]
        ledger.system_head(session)
        row = rota.handover_of(session, turn.starts_at)
        before = rota.turn_before(session, turn)
        if row is None and before is not None and incidents:
            row = _new_row(session, turn.starts_at, before.person, turn.person, now)
        if row is None:
            return 0
        if row.told_at is None:
            row.told_at = now
            tell_the_change(session, desk, row, turn, incidents, now)
        if row.accepted_at is None and row.warned_at is None and now >= row.begins_at + ACCEPTED_WITHIN:
            row.warned_at = now
            data = {"person": row.incoming, "outgoing": row.outgoing}
            _on_every_timeline(session, incidents, "shift_not_accepted", SYSTEM, now, data)
        return 1


def _something_due(session: Session, turn: rota.Turn, now: datetime) -> bool:
    row = rota.handover_of(session, turn.starts_at)
    if row is None:
        return bool(shift.open_ids(session, turn.starts_at)) and rota.turn_before(session, turn) is not None
    if row.told_at is None:
        return True
    return row.accepted_at is None and row.warned_at is None and now >= row.begins_at + ACCEPTED_WITHIN


# ------------------------------------------------------------------ what pages show


@dataclass(frozen=True, slots=True)
class Notice:
    """A change of shift that nobody has accepted, for the board; all as they are addressed. `leader`: the one on duty."""

    begins_at: datetime
    outgoing: str
    incoming: str
    late: bool
    leader: str


def addressed(session: Session, people: set[str], now: datetime) -> dict[str, Said]:
    """These people by id, as they are addressed."""
    known = queries.snapshot(session, people, now)
    return {id: called(one["xung_ho"], one["name"]) for id, one in known.items()}


def notice(session: Session, now: datetime) -> Notice | None:
    """None unless the turn has changed with incidents open and is not taken over."""
    turn = rota.current_turn(session, now)
    if turn is None or not shift.open_ids(session, turn.starts_at):
        return None
    row, before = rota.handover_of(session, turn.starts_at), rota.turn_before(session, turn)
    if (row is None and before is None) or (row is not None and row.accepted_at is not None):
        return None
    outgoing = row.outgoing if row else before.person if before else ""
    incoming = row.incoming if row else turn.person
    named = addressed(session, {outgoing, incoming}, now)
    leader = rota.current_turn(session, now, rota.LEADER)
    return Notice(
        turn.starts_at,
        named[outgoing],
        named[incoming],
        now >= turn.starts_at + ACCEPTED_WITHIN,
        leader.called if leader else "",
    )


def recent(session: Session, limit: int = 12) -> list[Handover]:
    query = select(Handover).where(Handover.handed_at.is_not(None) | Handover.accepted_at.is_not(None))
    return list(session.scalars(query.order_by(Handover.begins_at.desc()).limit(limit)))
