"""The carriers' hooks over HTTP, with the real simulator and the real Twilio client on the other side."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask, Response
from sqlalchemy import func, select
from werkzeug.serving import make_server

from incident.store.sessions import Store
from incident.store.tables import Entry, Inbound, Receipt
from incident.web import health, hooks
from incident.wiring import Wiring
from incident.wiring import now as real_now
from notify.gateway import Gateway, Route
from notify.simulator.server import Simulator, serve
from notify.twilio import TwilioAccount, TwilioSms
from tests.incident.delivery.world import World, settings

SID, TOKEN = "AC" + "1" * 32, "token of the tests"


@dataclass
class Line:
    """Everything between an outbox and a phone."""

    world: World
    wiring: Wiring
    simulator: Simulator
    app: Flask
    down: bool = False


@pytest.fixture
def line(store: Store) -> Iterator[Line]:
    world = World(store)
    world.clock.at = real_now()
    app = Flask(__name__)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    base = f"http://127.0.0.1:{server.port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with serve(sid=SID, token=TOKEN, webhook_base=base, clock=real_now) as simulator:
        made = settings(
            store, public_url=base, twilio_sid=SID, twilio_tokens=(TOKEN,), twilio_from="+84540000000"
        )
        sender = TwilioSms(
            TwilioAccount(SID, TOKEN, "+84540000000", base, simulator.url, timeout_seconds=2.0)
        )
        wiring = Wiring(made, real_now, Gateway([Route("sms", sender)]))
        wiring.store = store
        app.register_blueprint(hooks.blueprint(wiring))
        app.register_blueprint(health.blueprint(wiring))
        yield Line(world, wiring, simulator, app)
        wiring.outbox.close()
        sender.close()
    server.shutdown()
    server.server_close()
    world.outbox.close()


def test_a_message_reaches_a_phone_and_its_receipts_come_back(line: Line) -> None:
    ids = [line.world.message(f"+84540{n:06d}") for n in range(1, 21)]
    assert line.wiring.outbox.drain() == 20
    assert line.simulator.settle()
    line.wiring.outbox.sweep(real_now())
    assert {line.world.status(one) for one in ids} == {"delivered"}
    assert line.simulator.counts()["duplicates"] == 0


def test_the_callback_ends_the_doubt_after_a_reset(line: Line) -> None:
    one = line.world.message()
    line.simulator.fault(phone="+84540000001", reset_after_accept=True)
    line.wiring.outbox.drain()
    assert line.world.status(one) == "unknown"
    assert line.simulator.settle()
    line.wiring.outbox.sweep(real_now())
    assert line.world.status(one) == "delivered"
    assert line.simulator.counts()["received"] == 1


def test_a_reply_is_stored_once_and_signed(line: Line) -> None:
    line.world.message()
    line.wiring.outbox.drain()
    line.simulator.phone("+84540000001").reply("OK 27")
    assert line.simulator.settle()
    with line.world.store.reading() as session:
        (row,) = session.scalars(select(Inbound)).all()
        assert (row.sender, row.body) == ("+84540000001", "OK 27")


def test_a_reply_and_reports_whose_webhooks_failed_are_found_in_the_list(line: Line) -> None:
    """The web answers 500 for a while, and the carrier does not say it twice."""
    line.app.before_request(lambda: Response(status=500) if line.down else None)
    message = line.world.message()
    line.down = True
    assert line.wiring.outbox.drain() == 1
    line.simulator.reply("+84540000001", "OK 27")
    assert line.simulator.settle()
    line.down = False
    assert line.world.status(message) == "accepted"
    later = real_now() + timedelta(seconds=61)
    assert line.wiring.outbox.catch_up(later) == 2
    line.wiring.outbox.sweep(later)
    assert line.world.status(message) == "delivered"
    with line.world.store.reading() as session:
        row = session.scalars(select(Inbound)).one()
    assert (row.sender, row.body, row.state) == ("+84540000001", "OK 27", "new")
    assert line.wiring.outbox.catch_up(later + timedelta(seconds=60)) == 0


@pytest.mark.parametrize("path", ["/hooks/twilio/inbound", "/hooks/twilio/status?ref=x"])
def test_what_is_not_signed_is_refused_and_recorded_once(line: Line, path: str) -> None:
    client = line.app.test_client()
    form = {"MessageSid": "SM1", "From": "+84540000001", "Body": "OK 27", "MessageStatus": "delivered"}
    for headers in ({}, {"X-Twilio-Signature": "AAAA"}):
        assert client.post(path, data=form, headers=headers).status_code == 403
    with line.world.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Inbound)) == 0
        assert session.scalar(select(func.count()).select_from(Receipt)) == 0
        assert list(session.scalars(select(Entry.kind))) == ["webhook_refused"]


def test_health_says_what_is_missing(line: Line) -> None:
    client = line.app.test_client()
    assert client.get("/healthz").status_code == 200
    unready = client.get("/readyz")
    assert unready.status_code == 503
    assert unready.get_json()["reasons"] == ["clock_silent"]
    from incident.delivery import leases

    leases.take(line.world.store, "clock", "me", real_now(), 5)
    assert client.get("/readyz").status_code == 200
    line.world.message()
    text = client.get("/metrics").get_data(as_text=True)
    assert 'incident_messages{channel="sms",status="created"} 1' in text
