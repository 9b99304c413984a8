"""The steps of a turn one by one, for tests that stop between them: claim, begin, record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from incident.delivery import claims, lanes, records
from incident.store.sessions import Store
from notify.gateway import Gateway
from notify.message import Receipt, SendFailure


def claimed(
    store: Store, gateway: Gateway, now: datetime, token: str = "t", limit: int = 100
) -> list[claims.Claimed]:
    with store.writing() as session:
        return claims.claim(session, lanes.view(lanes.of(gateway), {}, now), limit, token, now)


def begun(
    store: Store, gateway: Gateway, held: Sequence[claims.Claimed], now: datetime, secret: str = "secret"
) -> list[claims.Call]:
    """By the preferred carrier of each."""
    with store.writing() as session:
        calls = [
            claims.call(one, gateway.senders(one.channel, one.address)[0], ended, False, secret, now)
            for one, ended in claims.ours(session, held, now, [])
        ]
        claims.begin(session, calls, now)
        return calls


def record(
    store: Store, gateway: Gateway, call: claims.Call, ended: Receipt | SendFailure, now: datetime
) -> None:
    with store.writing() as session:
        records.record(session, [records.Result(call, ended, now)], gateway, {}, now)
