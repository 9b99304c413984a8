"""Faults on demand do what they say, to whom they are meant for, as often as they were ordered."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
import urllib3

from notify.message import Message, SendFailure, TemporaryFailure
from notify.simulator.faults import BadFault, Fault, FaultBook, parse
from notify.simulator.server import Simulator, serve
from notify.twilio import TwilioAccount, TwilioSms, parse_status, valid_signature
from tests.notify.broken import free_port
from tests.notify.conftest import OFFICE, SID, TOKEN, Hooks

PHONE, OTHER = "+84540000001", "+84540000002"


def test_a_fault_hits_only_the_phone_it_is_meant_for(twilio: TwilioSms, sim: Simulator) -> None:
    sim.fault(phone="0540 000 001", status=429)
    with pytest.raises(TemporaryFailure):
        twilio.send(Message("sms", PHONE, "x"))
    twilio.send(Message("sms", OTHER, "x"))
    sim.clear_faults()
    twilio.send(Message("sms", PHONE, "x"))


def test_a_fault_ordered_twice_comes_twice(twilio: TwilioSms, sim: Simulator) -> None:
    sim.fault(status=429, times=2)
    failed = 0
    for _ in range(4):
        try:
            twilio.send(Message("sms", PHONE, "x"))
        except TemporaryFailure:
            failed += 1
    assert failed == 2


def test_a_rate_hits_its_share_and_the_same_one_each_run() -> None:
    def hits(book: FaultBook) -> list[bool]:
        book.add(Fault(rate=0.3, status=500))
        return [book.befalls(PHONE).status == 500 for _ in range(1000)]

    first = hits(FaultBook(seed=1))
    assert 250 < sum(first) < 350
    assert hits(FaultBook(seed=1)) == first


def test_faults_add_up_and_the_later_order_counts() -> None:
    book = FaultBook()
    book.add(Fault(latency_ms=100))
    book.add(Fault(phone=PHONE, code=21211))
    book.add(Fault(latency_ms=200))
    assert book.befalls(PHONE) == Fault(latency_ms=200, code=21211)
    assert book.befalls(OTHER) == Fault(latency_ms=200)


@pytest.mark.parametrize(
    "order", [{}, {"phone": PHONE}, {"nonsense": 1}, {"status": "many"}, {"rate": 0.5}, {"latency_ms": [1]}]
)
def test_an_order_that_says_nothing_is_refused(order: dict[str, object]) -> None:
    with pytest.raises(BadFault):
        parse(order)


def test_orders_come_over_http_as_json_or_as_a_form(sim: Simulator) -> None:
    with urllib3.PoolManager() as pool:
        made = pool.request("POST", f"{sim.url}/faults", json={"500_after_accept": True, "phone": PHONE})
        assert made.json() == {"faults": [{"error_after_accept": True, "phone": PHONE}]}
        made = pool.request(
            "POST",
            f"{sim.url}/faults",
            fields={"latency_ms": "5", "lost_callbacks": "true"},
            encode_multipart=False,
        )
        assert made.json()["faults"][1] == {"latency_ms": 5, "lost_callbacks": True}
        assert pool.request("GET", f"{sim.url}/faults").json() == made.json()
        assert pool.request("POST", f"{sim.url}/faults", json={"wrong": 1}).status == 400
        assert pool.request("POST", f"{sim.url}/faults", json={"clear": True}).json() == {"faults": []}
        swapped = pool.request("POST", f"{sim.url}/faults", json={"clear": True, "status": 503})
        assert swapped.json() == {"faults": [{"status": 503}]}


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ({"lost_callbacks": True}, []),
        ({"duplicate_callbacks": True}, ["queued", "queued", "sent", "sent", "delivered", "delivered"]),
        ({"reordered_callbacks": True}, ["delivered", "sent", "queued"]),
        ({"late_callbacks_ms": 30}, ["queued", "sent", "delivered"]),
    ],
)
def test_callbacks_may_be_lost_doubled_reversed_and_late(
    twilio: TwilioSms, sim: Simulator, hooks: Hooks, order: dict[str, object], expected: list[str]
) -> None:
    sim.fault(**order)
    twilio.send(Message("sms", PHONE, "x", reference="r"))
    assert sim.settle()
    assert hooks.order() == expected
    assert sim.phone(PHONE).messages[0].status == "delivered"


def test_a_number_that_is_switched_off_is_reported_later(
    twilio: TwilioSms, sim: Simulator, hooks: Hooks, clock: Callable[[], datetime]
) -> None:
    sim.fault(phone=PHONE, code=30005)
    twilio.send(Message("sms", PHONE, "x", reference="r"))
    assert sim.settle()
    last = parse_status(hooks.calls[-1][1])
    assert (last.status, last.code, last.kind) == ("permanent-failure", "30005", "address")
    assert list(sim.phone(PHONE).messages) == []
    assert sim.counts()["received"] == 0
    listed = twilio.list(clock() - timedelta(hours=1))
    assert listed is not None
    assert [(row.status, row.code) for row in listed] == [("permanent-failure", "30005")]


def test_a_slow_carrier_keeps_others_waiting_for_nothing(twilio: TwilioSms, sim: Simulator) -> None:
    sim.fault(phone=PHONE, hang_seconds=5)
    impatient = TwilioSms(TwilioAccount(SID, TOKEN, OFFICE, api_base=sim.url, timeout_seconds=0.2))
    with suppress(SendFailure):
        impatient.send(Message("sms", PHONE, "x"))
    twilio.send(Message("sms", OTHER, "x"))
    assert sim.counts()["received"] == 2


def test_the_public_address_is_signed_and_the_near_one_is_called(
    hooks: Hooks, clock: Callable[[], datetime]
) -> None:
    public = "https://tct.sonlam.gov.vn"
    with serve(sid=SID, token=TOKEN, webhook_base=hooks.url, public_url=public, clock=clock) as sim:
        sender = TwilioSms(TwilioAccount(SID, TOKEN, OFFICE, public_url=public, api_base=sim.url))
        sender.send(Message("sms", PHONE, "x", reference="r"))
        sim.phone(PHONE).reply("OK 27")
        assert sim.settle()
        sender.close()
    assert len(hooks.calls) == 4
    for path, form, signature in hooks.calls:
        assert valid_signature([TOKEN], public + path, form, signature)
        assert not valid_signature([TOKEN], hooks.url + path, form, signature)


def test_a_service_that_is_still_starting_gets_its_callbacks_all_the_same(
    clock: Callable[[], datetime],
) -> None:
    port = free_port()
    with serve(sid=SID, token=TOKEN, webhook_base=f"http://localhost:{port}", clock=clock) as sim:
        sim.phone(PHONE).reply("OK 27")
        assert not sim.settle(0.1)
        with serve(
            port, sid=SID, token=TOKEN, clock=clock
        ) as late:  # answers 404: it is there, that is enough
            assert sim.settle(3)
            assert late.url.endswith(str(port))
        assert sim.failed_callbacks == 1


def test_phones_that_stand_alone_can_still_be_typed_on(clock: Callable[[], datetime]) -> None:
    with serve(clock=clock) as sim:
        sim.phone("0540 000 001").reply("OK 27")
        assert sim.settle()
        assert [sms.status for sms in sim.state.replies(PHONE)] == ["failed"]


def test_what_is_not_http_is_refused_and_the_phones_live_on(sim: Simulator) -> None:
    port = int(sim.url.rsplit(":", 1)[1])
    for request, answer in (
        (b"nonsense\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
        (b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000, b"431"),
    ):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(request)
            assert connection.recv(100).split(b" ")[1] == answer
    with urllib3.PoolManager() as pool:
        assert pool.request("GET", f"{sim.url}/healthz").status == 200


def test_several_requests_in_one_breath_are_answered_in_order(sim: Simulator) -> None:
    port = int(sim.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(
            b"GET /healthz HTTP/1.1\r\n\r\nHEAD /healthz HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\nConnection: close\r\n\r\n"
        )
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    assert [int(piece[1:4]) for piece in answer.split(b"HTTP/1.1")[1:]] == [200, 200, 404]
