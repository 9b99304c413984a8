"""Writes down how calls ended: one batch of results, by the one recorder of a process. Must never call a carrier.

A result carries the token of its claim: a message that was meanwhile claimed by somebody else, or moved by a receipt, is
not touched by it; its attempt row is completed all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, case, func, select
from sqlalchemy.orm import Session

from incident.delivery import health
from incident.delivery.claims import Call
from incident.delivery.failures import tell_run
from incident.delivery.health import Health
from incident.delivery.outcomes import FAILED, NOT_MADE, Verdict, judge, later
from incident.delivery.rows import among, hold_incidents, insert_once, locked, note, write_each
from incident.store.bulk import Given
from incident.store.tables import Attempt, Message, Suppression
from notify.gateway import Gateway
from notify.message import Receipt, SendFailure, TemporaryFailure, UnknownOutcome

COUNTED = {
    TemporaryFailure: "not-sent",
    UnknownOutcome: "unknown",
}  # the outcomes of which so many are allowed


@dataclass(frozen=True, slots=True)
class Result:
    """How one call ended. `seconds`: how long the carrier took."""

    call: Call
    ended: Receipt | SendFailure
    at: datetime
    seconds: float = 0.0

    @property
    def made(self) -> bool:
        """Whether the carrier was asked at all."""
        return not isinstance(self.ended, SendFailure) or self.ended.code not in NOT_MADE


def record(
    session: Session, results: Sequence[Result], gateway: Gateway, states: Mapping[str, Health], now: datetime
) -> None:
    """`states`: how the carriers are, for the choice of who takes what this one did not."""
    if not results:
        return
    tries = _tries(session, [r for r in results if type(r.ended) in COUNTED])
    judged = [(result, _judged(result, tries, gateway, states)) for result in results]
    hold_incidents(
        session,
        [i for r, v in judged if v.status in FAILED and (i := r.call.claimed.incident_id) is not None],
    )
    current = _current(session, results)
    _complete_attempts(session, judged)
    moving = [(r, v) for r, v in judged if _applies(r, current[r.call.claimed.id])]
    _move(session, moving, now)
    note(
        session,
        ((r.call.claimed.id, current[r.call.claimed.id].status, v.status, v.error) for r, v in moving),
        now,
    )
    _suppress(session, moving, now)
    tell_run(session, [r.call.claimed.id for r, v in moving if v.status in FAILED], now)


def _judged(
    result: Result, tries: Mapping[str, int], gateway: Gateway, states: Mapping[str, Health]
) -> Verdict:
    one, sender = result.call.claimed, result.call.sender
    elsewhere = any(
        other.name != sender.name
        and other.name not in one.tried
        and not health.of(states, other.name).avoided
        for other in gateway.senders(one.channel, one.address, one.text)
    )
    repeated = one.tried.only == sender.name
    return judge(result.ended, tries.get(one.id, 1), elsewhere, sender.capabilities.idempotent, repeated)


def _tries(session: Session, results: Sequence[Result]) -> Mapping[str, int]:
    """By message, its calls to this carrier that ended as this one did, with it. Refusals of the account do not count."""
    if not results:
        return {}
    rows = session.execute(
        select(Attempt.message_id, Attempt.carrier, Attempt.outcome, func.count())
        .where(
            among(Attempt.message_id, [r.call.claimed.id for r in results]),
            Attempt.outcome.in_(COUNTED.values()),
            Attempt.code.not_in(NOT_MADE),
        )
        .group_by(Attempt.message_id, Attempt.carrier, Attempt.outcome)
    )
    before = {(message, carrier, outcome): int(count) for message, carrier, outcome, count in rows}
    return {
        one.id: before.get((one.id, r.call.sender.name, COUNTED[type(r.ended)]), 0) + 1
        for r in results
        if (one := r.call.claimed)
    }


def _current(session: Session, results: Sequence[Result]) -> Mapping[str, Any]:
    query = (
        select(Message.id, Message.status, Message.claim_token)
        .where(among(Message.id, [r.call.claimed.id for r in results]))
        .order_by(Message.id)
    )
    return {row.id: row for row in session.execute(locked(session, query))}


def _applies(result: Result, current: Any) -> bool:
    """ "unknown" is what a lease becomes that ran out during this very call: the answer came after all."""
    return current.claim_token == result.call.claimed.token and current.status in ("sending", "unknown")


def _complete_attempts(session: Session, judged: Sequence[tuple[Result, Verdict]]) -> None:
    """A carrier that gives one id twice: the second attempt keeps none."""
    rows = [
        {
            "id": result.call.attempt_id,
            "outcome": verdict.outcome,
            "status": verdict.attempt,
            "code": verdict.code[:20],
            "carrier_id": (result.ended.carrier_id or None) if isinstance(result.ended, Receipt) else None,
            "finished_at": result.at,
        }
        for result, verdict in judged
    ]
    write_each(session, Attempt, rows, _completed, instead={"carrier_id": None})


def _completed(attempts: Table, given: Given) -> dict[str, Any]:
    return {
        "outcome": given("outcome"),
        "code": given("code"),
        "finished_at": given("finished_at"),
        "carrier_id": func.coalesce(attempts.c.carrier_id, given("carrier_id")),
        # A receipt may have been quicker than the answer.
        "status": case(
            (attempts.c.status == "sending", given("status")),
            (attempts.c.status == "unknown", given("status")),
            else_=attempts.c.status,
        ),
    }


def _move(session: Session, moving: Sequence[tuple[Result, Verdict]], now: datetime) -> None:
    rows = [
        {
            "id": result.call.claimed.id,
            "status": verdict.status,
            "error": verdict.error,
            "not_before": later(now, verdict.wait_seconds),
            "look_at": later(now, verdict.look_seconds),
            "finished_at": now if verdict.status in FAILED else None,
            "passed_over": str(result.call.claimed.tried.after(verdict.then, result.call.sender.name)),
            "claim_until": None,
        }
        for result, verdict in moving
    ]
    write_each(session, Message, rows, _moved)


def _moved(messages: Table, given: Given) -> dict[str, Any]:
    written = {
        name: given(name)
        for name in ("status", "error", "look_at", "finished_at", "passed_over", "claim_until")
    }
    return {**written, "not_before": func.coalesce(given("not_before"), messages.c.not_before)}


def _suppress(session: Session, moving: Sequence[tuple[Result, Verdict]], now: datetime) -> None:
    addresses = {r.call.claimed.address for r, v in moving if v.suppress}
    insert_once(
        session, Suppression, [{"address": a, "reason": "optout", "at": now} for a in sorted(addresses)]
    )
