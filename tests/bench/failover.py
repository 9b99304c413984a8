"""From a carrier's death, in the middle of a mailing, to the first message that arrives through the next one.

Two simulators speak Twilio's protocol on loopback, each a carrier; the outbox is a worker's, on a database of its own, so
that nothing of the service under measurement sends these. A carrier dies in two ways: nobody listens any more, or it takes
calls and keeps silent.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, func, insert, select

from incident.delivery.outbox import Outbox
from incident.domain.ids import new_id
from incident.settings import Settings
from incident.store.schema import migrate
from incident.store.sessions import Store
from incident.store.tables import CarrierState, Message
from incident.wiring import now
from notify.gateway import Gateway, Route
from notify.simulator.server import Simulator, serve
from notify.twilio import TwilioAccount, TwilioSms
from tests.bench.numbers import Line

SID, TOKEN, OFFICE = "AC" + "2" * 32, "a token of the bench", "+84540999999"
COUNT, ALIVE = 400, 60
MAILING = "failover"
ASKED_SECONDS = {"refuses every connection": 3.0, "takes calls and keeps silent": 60.0}
WAIT_SECONDS = 90.0


class Second(TwilioSms):
    """The same protocol by another name."""

    @property
    def name(self) -> str:
        return "second"


@dataclass
class Pair:
    first: Simulator
    second: Simulator
    outbox: Outbox
    kill: Callable[[], None]


def measure(directory: Path) -> Iterator[Line]:
    database_url = f"sqlite:///{directory / 'failover.db'}"
    for how, most in ASKED_SECONDS.items():
        seconds, dark, twice = death(database_url, directory, how)
        yield Line(
            f"a carrier {how}, in the middle of {COUNT} messages: its death → the first message by the next",
            f"{seconds:.2f} s; {dark} calls in the dark, {twice} sent twice",
            f"≤ {most:.0f} s, none twice",
            seconds <= most and not twice,
        )


def death(database_url: str, directory: Path, how: str) -> tuple[float, int, int]:
    """Seconds until the first message by the next carrier; how many calls ended in the dark; how many people heard twice."""
    migrate(database_url)
    store = Store(database_url)
    with _pair(store, directory, silent="silent" in how) as pair:
        _write(store)
        drain = threading.Thread(target=pair.outbox.drain, args=(WAIT_SECONDS,))
        drain.start()
        _happens(pair.first, ALIVE)
        pair.kill()
        died = time.monotonic()
        _happens(pair.second, 1)
        seconds = time.monotonic() - died
        drain.join()
        heard = Counter(sms.to for one in (pair.first, pair.second) for sms in one.state.order)
    with store.writing() as session:
        dark = select(func.count()).where(Message.mailing_id == MAILING, Message.status == "unknown")
        left = session.scalar(dark) or 0
        session.execute(delete(Message).where(Message.mailing_id == MAILING))
        session.execute(delete(CarrierState))
    store.dispose()
    return seconds, left, sum(count > 1 for count in heard.values())


@contextmanager
def _pair(store: Store, directory: Path, silent: bool) -> Iterator[Pair]:
    with ExitStack() as stack:
        dying = ExitStack()
        stack.callback(dying.close)
        first = dying.enter_context(serve(sid=SID, token=TOKEN, webhook_base="", clock=now))
        second = stack.enter_context(serve(sid=SID, token=TOKEN, webhook_base="", clock=now))
        first.fault(latency_ms=50)
        carriers = [
            kind(TwilioAccount(SID, TOKEN, OFFICE, api_base=where.url))
            for kind, where in ((TwilioSms, first), (Second, second))
        ]
        for carrier in carriers:
            stack.callback(carrier.close)
        settings = Settings(
            directory, str(store.url), None, 0, "http://127.0.0.1", "only for this measurement"
        )
        outbox = Outbox(store, Gateway([Route("sms", carrier) for carrier in carriers]), settings, now)
        stack.callback(outbox.close)
        yield Pair(first, second, outbox, (lambda: _silence(first)) if silent else dying.close)


def _silence(simulator: Simulator) -> None:
    simulator.clear_faults()
    simulator.fault(hang_seconds=60.0)


def _write(store: Store) -> None:
    at: datetime = now()
    rows = [
        {
            "id": new_id(at), "dedupe_key": f"{MAILING}:{at.timestamp()}:{n}", "kind": "notify", "channel": "sms", "mailing_id": MAILING,
            "address": f"+84540{100_000 + n:06d}", "body": f"Vu viec 27, tin {n}", "encoding": "GSM-7", "parts": 1, "created_at": at,
            "not_before": at,
        }
        for n in range(COUNT)
    ]  # fmt: skip
    with store.writing() as session:
        session.execute(insert(Message), rows)


def _happens(simulator: Simulator, messages: int) -> None:
    if not simulator.wait(lambda: len(simulator.state.order) >= messages, WAIT_SECONDS):
        raise RuntimeError("the messages did not arrive in time")
