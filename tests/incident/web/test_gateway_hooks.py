"""The doors of domestic gateways: proof first, then stored once, whatever is sent, and however often."""

from __future__ import annotations

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from incident.store.sessions import Store
from incident.store.tables import Entry, Inbound, Receipt
from incident.web import hooks
from incident.wiring import Wiring
from notify.gateway import Gateway, Route
from notify.http_gateway import HttpGateway
from notify.memory import MemorySender
from tests.incident.delivery.world import SECRET as SIGNING
from tests.incident.delivery.world import World, settings
from tests.notify.gateways.conftest import described

SECRET = "bí mật"
SIGNED = '{kind: signature, header: X-Signature, secret: "{env:SECRET}"}'
FIELD = '{kind: secret, field: khoa, secret: "{env:SECRET}"}'
NEAR = "{kind: addresses, allowed: [127.0.0.1]}"


@dataclass
class Door:
    world: World
    app: Flask

    def post(self, path: str, said: Any, *, secret: str = SECRET, **more: Any) -> TestResponse:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        headers = {"X-Signature": hmac.digest(secret.encode(), body, "sha256").hex()}
        kind = more.pop("content_type", "application/json")
        return self.app.test_client().post(
            f"/hooks/sms/{path}", data=body, headers=headers, content_type=kind, **more
        )

    def rows(self, table: Any) -> list[Any]:
        with self.world.store.reading() as session:
            return list(session.scalars(select(table).order_by(table.id)))


@pytest.fixture
def door(store: Store) -> Iterator[Door]:
    world = World(store)
    clock = world.clock
    signed = HttpGateway(described(proof=SIGNED), "http://localhost:8000", clock)
    by_get = HttpGateway(replace(described(proof=FIELD, method="GET"), name="goi-ve"), "", clock)
    near = HttpGateway(replace(described(proof=NEAR), name="gan"), "", clock)
    gateway = Gateway(
        [*(Route("sms", one) for one in (signed, by_get, near)), Route("sms", MemorySender(clock))]
    )
    wiring = Wiring(settings(store), clock, gateway)
    wiring.store = store
    app = Flask(__name__)
    app.register_blueprint(hooks.blueprint(wiring))
    yield Door(world, app)
    wiring.outbox.close()
    world.outbox.close()


ANSWER = {"id": "I-1", "from": "84540000001", "to": "8041", "text": "OK 27"}
REPORT = {"id": "N-1", "status": "ok"}


def test_a_reply_is_stored_once_however_often_it_comes(door: Door) -> None:
    for _ in range(3):
        answer = door.post("noi-dia/inbound", ANSWER)
        assert (answer.status_code, answer.text) == (200, "OK")
    (row,) = door.rows(Inbound)
    assert (row.carrier, row.carrier_id, row.sender, row.recipient, row.body, row.state) == (
        "noi-dia", "I-1", "+84540000001", "8041", "OK 27", "new",
    )  # fmt: skip


def test_a_report_is_stored_once_with_what_it_says(door: Door) -> None:
    from incident.delivery import references

    ref = references.signed("0" * 32, SIGNING)
    for _ in range(2):
        assert door.post(f"noi-dia/status?ref={ref}", REPORT).status_code == 200
    (row,) = door.rows(Receipt)
    assert (row.carrier, row.carrier_id, row.status, row.reference) == (
        "noi-dia",
        "N-1",
        "delivered",
        "0" * 32,
    )
    door.post("noi-dia/status?ref=somebody.else", {"id": "N-2", "status": "failed", "code": "5"})
    forged = next(row for row in door.rows(Receipt) if row.carrier_id == "N-2")
    assert (forged.status, forged.code, forged.reference) == ("permanent-failure", "5", "")


@pytest.mark.parametrize(("path", "said"), [("noi-dia/inbound", ANSWER), ("noi-dia/status", REPORT)])
def test_what_is_not_proven_is_refused_and_recorded_once(door: Door, path: str, said: dict[str, str]) -> None:
    assert door.post(path, said, secret="đoán").status_code == 403
    assert door.app.test_client().post(f"/hooks/sms/{path}", json=said).status_code == 403
    assert door.post(path, b"\xff", secret="đoán").status_code == 403
    assert door.rows(Inbound) == door.rows(Receipt) == []
    with door.world.store.reading() as session:
        (entry,) = session.scalars(select(Entry))
        assert (entry.kind, entry.data["path"]) == ("webhook_refused", f"/hooks/sms/{path}")


def test_a_signature_made_for_one_body_does_not_prove_another(door: Door) -> None:
    mark = hmac.new(SECRET.encode(), json.dumps(ANSWER).encode(), hashlib.sha256).hexdigest()
    other = json.dumps({**ANSWER, "text": "BAN 27"})
    made = door.app.test_client().post(
        "/hooks/sms/noi-dia/inbound", data=other, headers={"X-Signature": mark}
    )
    assert made.status_code == 403


@pytest.mark.parametrize(
    "path", ["memory/inbound", "nobody/inbound", "noi-dia/other", "NOI-DIA/inbound", "twilio/status"]
)
def test_an_unknown_gateway_has_no_door(door: Door, path: str) -> None:
    assert door.post(path, ANSWER).status_code == 404


def test_another_gateways_proof_opens_nothing(door: Door) -> None:
    assert door.post("goi-ve/inbound", ANSWER).status_code == 405
    said = urlencode({**ANSWER, "khoa": "x"})
    assert door.app.test_client().get(f"/hooks/sms/goi-ve/inbound?{said}").status_code == 403


def test_a_gateway_may_call_by_get(door: Door) -> None:
    client = door.app.test_client()
    said = urlencode({**ANSWER, "khoa": SECRET})
    assert client.get(f"/hooks/sms/goi-ve/inbound?{said}").status_code == 200
    assert client.get(f"/hooks/sms/goi-ve/status?{urlencode({**REPORT, 'khoa': SECRET})}").status_code == 200
    assert [row.carrier for row in door.rows(Inbound)] == ["goi-ve"]
    (receipt,) = door.rows(Receipt)
    assert "khoa" not in receipt.raw["form"]
    assert client.get("/hooks/sms/noi-dia/inbound").status_code == 405


def test_a_gateway_may_be_known_by_its_address(door: Door) -> None:
    client = door.app.test_client()
    far = {"REMOTE_ADDR": "10.0.0.1"}
    assert client.post("/hooks/sms/gan/inbound", json=ANSWER).status_code == 200
    assert (
        client.post("/hooks/sms/gan/inbound", json={**ANSWER, "id": "I-2"}, environ_base=far).status_code
        == 403
    )
    assert len(door.rows(Inbound)) == 1


BROKEN = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'{"id": ""}',
    b'{"text": "OK", "status": "ok"}',
    b"[" * 50_000,
]


def test_what_cannot_be_read_is_said_so(door: Door) -> None:
    for body in BROKEN:
        for kind in ("inbound", "status"):
            # A signature of an empty body is the same for every call, and proves nothing.
            assert door.post(f"noi-dia/{kind}", body).status_code == (400 if body else 403)
    assert door.rows(Inbound) == door.rows(Receipt) == []


TEXTS = [
    unicodedata.normalize("NFD", "Đã nhận, nhất trí ạ"), "👍🏽" * 300, "ộ" * 10_000, "OK\x0027", "",
    "\u202eOK", "<script>", "'; DROP TABLE inbound; --",
]  # fmt: skip


def test_any_text_is_kept(door: Door) -> None:
    for n, text in enumerate(TEXTS):
        said = {**ANSWER, "text": text}
        form = urlencode({**said, "id": f"F-{n}"}).encode()
        kind = "application/x-www-form-urlencoded"
        assert door.post("noi-dia/inbound", form, content_type=kind).status_code == 200
        assert door.post("noi-dia/inbound", {**said, "id": f"J-{n}"}).status_code == 200
    kept = {row.carrier_id: row.body for row in door.rows(Inbound)}
    assert kept == {f"{form}-{n}": text.replace("\x00", "") for n, text in enumerate(TEXTS) for form in "FJ"}


def test_what_is_far_too_long_is_turned_away(door: Door) -> None:
    assert door.post("noi-dia/inbound", {**ANSWER, "text": "x" * 300_000}).status_code == 413
    assert door.rows(Inbound) == []


def test_reports_in_any_order_end_where_the_last_would(door: Door) -> None:
    message = door.world.message()
    outbox = door.world.another_process()
    outbox.drain()
    from incident.delivery import references

    (attempt,) = door.world.attempts(message)
    ref = references.signed(attempt.id, SIGNING)
    said = [{"id": attempt.carrier_id, "status": word} for word in ("ok", "sent", "queued", "ok", "nonsense")]
    for report in said:
        assert door.post(f"noi-dia/status?ref={ref}", report).status_code == 200
    outbox.sweep(door.world.clock())
    outbox.close()
    assert door.world.status(message) == "delivered"


def test_a_text_without_an_id_is_stored_once_a_minute(door: Door) -> None:
    said = {key: value for key, value in ANSWER.items() if key != "id"}
    for _ in range(2):
        assert door.post("noi-dia/inbound", said).status_code == 200
    assert len(door.rows(Inbound)) == 1
    door.world.clock.forward(60)
    assert door.post("noi-dia/inbound", said).status_code == 200
    assert len(door.rows(Inbound)) == 2
