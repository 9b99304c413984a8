"""The carriers' entrance stands in front of the pages: same address, none of their work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from incident.store.sessions import Store
from incident.store.tables import Inbound, Receipt
from incident.web.app import LIMIT_OF_A_REQUEST, create_app
from incident.wiring import Wiring
from notify.simulator.webhooks import signature
from tests.incident.delivery.world import Clock, settings

TOKEN = "token of the tests"
INBOUND, STATUS = "/hooks/twilio/inbound", "/hooks/twilio/status"
REPLY = {"MessageSid": "SM1", "From": "+84540000001", "To": "+84540000000", "Body": "OK 27"}
REPORT = {"MessageSid": "SM2", "MessageStatus": "delivered", "To": "+84540000001"}


@pytest.fixture(params=[0, 1], ids=["direct", "behind a proxy"])
def client(sqlite_store: Store, request: pytest.FixtureRequest) -> Iterator[FlaskClient]:
    made = settings(sqlite_store, twilio_sid="AC1", twilio_tokens=(TOKEN,), twilio_from="+84540000000", proxies=request.param)  # fmt: skip
    wiring = Wiring(made, Clock())
    wiring.store = sqlite_store
    yield create_app(wiring).test_client()
    wiring.outbox.close()


def post(client: FlaskClient, path: str, form: dict[str, str]) -> int:
    mark = signature(TOKEN, f"http://localhost:8000{path}", form)
    return client.post(path, data=form, headers={"X-Twilio-Signature": mark}).status_code


def test_a_signed_webhook_is_kept_and_answered_alike_when_it_comes_again(
    client: FlaskClient, sqlite_store: Store
) -> None:
    for _ in range(2):
        assert post(client, INBOUND, REPLY) == 200
        assert post(client, STATUS, REPORT) == 200
    with sqlite_store.reading() as session:
        assert session.scalars(select(Inbound.carrier_id)).all() == ["SM1"]
        assert session.scalars(select(Receipt.carrier_id)).all() == ["SM2"]


def test_it_asks_the_database_for_nothing_but_to_keep_the_row(
    client: FlaskClient, sqlite_store: Store
) -> None:
    assert post(client, INBOUND, REPLY) == 200
    asked: list[str] = []
    for engine in (sqlite_store.engine, sqlite_store.autocommit):
        event.listen(engine, "before_cursor_execute", lambda c, cur, words, *rest: asked.append(words))
    assert post(client, INBOUND, REPLY | {"MessageSid": "SM3"}) == 200
    assert [words.split()[0] for words in asked if not words.startswith("BEGIN")] == ["INSERT"]


def test_it_sets_no_cookie_and_says_what_it_is(client: FlaskClient) -> None:
    answer = client.post(INBOUND, data=REPLY)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_is_no_hook_is_told_so_in_a_machines_words(client: FlaskClient) -> None:
    for path, method, status in (("/hooks/nobody", "post", 404), (INBOUND, "get", 405)):
        answer = getattr(client, method)(path)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_what_is_too_large_is_refused_before_it_is_read(client: FlaskClient) -> None:
    assert client.post(INBOUND, data=REPLY | {"Body": "x" * LIMIT_OF_A_REQUEST}).status_code == 413


def test_everything_else_goes_to_the_pages(client: FlaskClient) -> None:
    assert client.get("/sign-in").status_code == 200
    assert client.get("/hooksters").status_code == 404
