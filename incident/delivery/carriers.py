"""What all processes know of the carriers: paused, down, on their way back, how fast. Kept in `carrier_state`.

Read without a lock at each turn; written under the rows' locks, once a second or when something went wrong. These rows
come after messages and before the system's chain in the order of locks. Must never know what was being sent.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from incident.delivery import health
from incident.delivery.health import Health, Tally
from incident.delivery.lanes import Lane
from incident.delivery.rows import insert_once, locked, table
from incident.domain.actors import SYSTEM, Actor
from incident.store.tables import CarrierState
from incident.timeline import ledger

log = logging.getLogger(__name__)

FIELDS = tuple(Health.__dataclass_fields__)
_STATES = table(CarrierState)
_READ = select(*(_STATES.c[name] for name in FIELDS)).order_by(_STATES.c.name)
_WRITE = (
    update(_STATES)
    .where(_STATES.c.name == bindparam("b_name"))
    .values({name: bindparam(f"b_{name}") for name in FIELDS if name not in ("name", "free_at")})
)
_PROBE = (
    update(_STATES)
    .where(
        _STATES.c.name == bindparam("b_name"),
        or_(_STATES.c.probed_at.is_(None), _STATES.c.probed_at <= bindparam("b_before")),
    )
    .values(probed_at=bindparam("b_now"))
)
_ADVANCE = (
    update(_STATES)
    .where(
        _STATES.c.name == bindparam("b_name"),
        _STATES.c.free_at.is_not_distinct_from(bindparam("b_before", type_=_STATES.c.free_at.type)),
    )
    .values(free_at=bindparam("b_free_at"))
)


def read(session: Session) -> dict[str, Health]:
    """Every carrier that has a row, by name."""
    return {row.name: Health(*row) for row in session.connection().execute(_READ)}


def settle(
    session: Session,
    lanes: Collection[Lane],
    tallies: Mapping[str, Tally],
    states: Mapping[str, Health],
    now: datetime,
) -> Mapping[str, Health]:
    """Count these calls and decide what follows; the states as they are then. The caller holds no row of a carrier."""
    if not tallies and not any(health.may_climb(one, now) for one in states.values()):
        return states
    held = _hold(session, tallies)
    after = dict(held)
    for name, tally in sorted(tallies.items()):
        after[name] = health.counted(held[name], tally, now)
        _account(session, after, name, tally, lanes, now)
    for name in sorted(after):
        _shift(session, after, name, tallies.get(name, Tally()), lanes, now)
    _write(session, [one for name, one in after.items() if one != held[name]])
    return after


def _hold(session: Session, names: Collection[str]) -> dict[str, Health]:
    """All rows, locked in one order; those of these carriers are made when there are none."""
    rows = session.connection().execute(locked(session, _READ))
    found = {row.name: Health(*row) for row in rows}
    missing = sorted(set(names) - found.keys())
    if not missing:
        return found
    for name in missing:
        insert_once(session, CarrierState, [{"name": name, "reason": ""}])
    return _hold(session, ())


def _write(session: Session, changed: Collection[Health]) -> None:
    if changed:
        rows = [{f"b_{name}": value for name, value in asdict(one).items()} for one in changed]
        session.connection().execute(_WRITE, rows)


# ------------------------------------------------------------------ a refused account


def _account(
    session: Session,
    states: dict[str, Health],
    name: str,
    tally: Tally,
    lanes: Collection[Lane],
    now: datetime,
) -> None:
    """A refused account pauses its carrier; any other answer from a paused one shows that it was mended."""
    one = states[name]
    if tally.refused:
        if one.paused_at is None:
            to = _next(states, name, lanes)
            _record(
                session,
                "carrier_paused",
                {"carrier": name, "reason": tally.refused, **({"next": to} if to else {})},
                now,
            )
        states[name] = replace(one, paused_at=now, probed_at=now)
        _reason(session, name, tally.refused)
    elif one.paused_at is not None and not one.held_by and tally.good:
        _record(session, "carrier_resumed", {"carrier": name}, now)
        states[name] = replace(one, paused_at=None)
        _reason(session, name, "")


def _reason(session: Session, name: str, reason: str) -> None:
    hidden = ledger.PHONE.sub(ledger.HIDDEN_NUMBER, reason)  # everybody sees the banner that says it
    session.connection().execute(update(_STATES).where(_STATES.c.name == name).values(reason=hidden[:200]))


def pause(session: Session, name: str, reason: str, now: datetime) -> None:
    """Nothing goes by this carrier but probes. The first refusal is put on the record, later ones only move the next probe."""
    states = _hold(session, [name])
    _account(session, states, name, Tally(refused=reason), (), now)
    _write(session, [states[name]])


def resume(session: Session, name: str, now: datetime) -> None:
    states = _hold(session, [name])
    _account(session, states, name, Tally(good=1), (), now)
    _write(session, [states[name]])


# ------------------------------------------------------------------ an operator's hand


def hold(session: Session, name: str, reason: str, actor: Actor, now: datetime) -> bool:
    """Nothing goes by this carrier, probes neither, until somebody lets it go again. False when it was held already."""
    states = _hold(session, [name])
    if states[name].held_by:
        return False
    one = replace(states[name], paused_at=now, held_by=actor.name[:120] or "?")
    _reason(session, name, reason)
    _write(session, [one])
    _record(session, "carrier_held", {"carrier": name}, now, actor, reason)
    return True


def let_go(session: Session, name: str, actor: Actor, now: datetime) -> bool:
    """The carrier is used again, whatever paused it. False when nothing did."""
    states = _hold(session, [name])
    one = states[name]
    if one.paused_at is None and one.share == health.WELL:
        return False
    well = replace(one, paused_at=None, held_by="", share=health.WELL, share_at=now, since="", in_a_row=0)
    _reason(session, name, "")
    _write(session, [well])
    _record(session, "carrier_let_go", {"carrier": name}, now, actor)
    return True


# ------------------------------------------------------------------ leaving a carrier, and coming back


def _shift(
    session: Session,
    states: dict[str, Health],
    name: str,
    tally: Tally,
    lanes: Collection[Lane],
    now: datetime,
) -> None:
    one = states[name]
    why = health.ill(one, tally)
    if why and one.share > 0:
        others = [health.of(states, other) for other in _beside(name, lanes)]
        to = _next(states, name, lanes)
        if to and health.may_fall(one, others, now):
            states[name] = health.fallen(one, why, now)
            if one.share == health.WELL:
                _switched(session, name, to, why, now)
            log.warning("carrier %s is avoided (%s); %s takes over", name, why, to)
    elif not tally.bad and health.may_climb(one, now):
        states[name] = up = health.climbed(one, now)
        log.info("carrier %s keeps %d %% of its traffic again", name, up.share)
        if up.share == health.WELL:
            _switched(session, _next(states, name, lanes) or name, name, "well_again", now)


def _beside(name: str, lanes: Collection[Lane]) -> list[str]:
    """The carriers that share a lane with this one, in order of preference."""
    found = [s.name for lane in lanes if any(s.name == name for s in lane.senders) for s in lane.senders]
    return [one for one in dict.fromkeys(found) if one != name]


def _next(states: Mapping[str, Health], name: str, lanes: Collection[Lane]) -> str:
    """Who takes over; "" when nobody can."""
    return next((one for one in _beside(name, lanes) if not health.of(states, one).avoided), "")


def _switched(session: Session, carrier: str, to: str, cause: str, now: datetime) -> None:
    _record(session, "carrier_switched", {"carrier": carrier, "next": to, "cause": cause}, now)


# ------------------------------------------------------------------ probes and pace


def probe(session: Session, name: str, now: datetime) -> bool:
    """Whether one message may go now to a carrier that is avoided. Of all processes one may."""
    row = {"b_name": name, "b_before": now - health.PROBE, "b_now": now}
    return bool(session.connection().execute(_PROBE, row).rowcount)


def advance(session: Session, name: str, before: datetime | None, to: datetime) -> bool:
    """Move the time stamp of a pace; False when another process has moved it since it was read."""
    row = {"b_name": name, "b_before": before, "b_free_at": to}
    if session.connection().execute(_ADVANCE, row).rowcount:
        return True
    return before is None and bool(
        insert_once(session, CarrierState, [{"name": name, "reason": "", "free_at": to}])
    )


def heard(session: Session, name: str, now: datetime) -> None:
    """A receipt came in: the callbacks are alive."""
    insert_once(session, CarrierState, [{"name": name, "reason": ""}])
    session.execute(update(CarrierState).where(CarrierState.name == name).values(last_callback_at=now))


def _record(
    session: Session, kind: str, data: dict[str, str], now: datetime, actor: Actor = SYSTEM, reason: str = ""
) -> None:
    head = ledger.system_head(session)
    texts = {"reason": reason} if reason else {}
    ledger.append(session, head, kind, occurred_at=now, recorded_at=now, actor=actor, data=data, texts=texts)
