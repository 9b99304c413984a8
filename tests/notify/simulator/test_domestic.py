"""The domestic gateway of the simulator, spoken to through the real client, by the descriptions that are shipped."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import urllib3

from notify.gateways.callbacks import Callback, inbound, proven, status
from notify.gateways.description import Description
from notify.gateways.load import SHIPPED, load
from notify.http_gateway import HttpGateway
from notify.message import (
    ConfigurationFault,
    Message,
    PermanentFailure,
    SendFailure,
    TemporaryFailure,
    UnknownOutcome,
)
from notify.simulator import server as simulator
from notify.simulator.domestic import Account
from notify.simulator.faults import Fault, FaultBook
from notify.simulator.server import Simulator, serve
from notify.twilio import TwilioAccount, TwilioSms
from tests.notify.conftest import NOW, OFFICE, SID, TOKEN, Hooks

PHONE, OTHER = "+84540000001", "+84540000002"
SECRET = "bi mat"
TEXT = Message("sms", PHONE, "Vụ việc 27. Trả lời OK 27", reference="a1.sig", key="m-1")
SIMULATED = Path(simulator.__file__).with_name("gateways.yaml")


@dataclass
class Both:
    """Two gateways and Twilio on the same phones."""

    sim: Simulator
    signed: HttpGateway
    modem: HttpGateway
    twilio: TwilioSms


def described(path: Path, name: str, url: str) -> Description:
    env = {
        "SIMULATOR_URL": url, "SIMULATOR_GATEWAY_SECRET": SECRET, "MODEM_URL": f"{url}/gateways/gsm-modem",
        "MODEM_SECRET": "modem",
    }  # fmt: skip
    entries = {entry.description.name: entry.description for entry in load(path, env) if entry.description}
    return entries[name]


@pytest.fixture
def both(hooks: Hooks, clock: Callable[[], datetime]) -> Iterator[Both]:
    accounts = (Account("noi-dia", "bi mat", signed=True), Account("gsm-modem", "modem", "+84540999997"))
    with serve(sid=SID, token=TOKEN, webhook_base=hooks.url, clock=clock, gateways=accounts) as sim:
        signed = HttpGateway(described(SIMULATED, "noi-dia", sim.url), hooks.url, clock)
        modem = HttpGateway(described(SHIPPED / "gsm-modem.yaml", "gsm-modem", sim.url), hooks.url, clock)
        twilio = TwilioSms(TwilioAccount(SID, TOKEN, OFFICE, hooks.url, sim.url, timeout_seconds=2.0))
        yield Both(sim, signed, modem, twilio)
        for one in (signed, modem, twilio):
            one.close()


def failing(gateway: HttpGateway, message: Message = TEXT) -> SendFailure:
    with pytest.raises(SendFailure) as caught:
        gateway.send(message)
    return caught.value


def test_a_phone_shows_which_carrier_brought_a_text(both: Both) -> None:
    both.signed.send(TEXT)
    both.modem.send(TEXT)
    both.twilio.send(TEXT)
    assert [sms.carrier for sms in both.sim.phone(PHONE).messages] == ["noi-dia", "gsm-modem", "twilio"]
    assert both.sim.counts()["carriers"] == {"noi-dia": 1, "gsm-modem": 1, "twilio": 1}
    with urllib3.PoolManager() as pool:
        said = pool.request("GET", f"{both.sim.url}/phones/{PHONE}.json").json()
        assert [one["carrier"] for one in said["messages"]] == ["noi-dia", "gsm-modem", "twilio"]
        page = pool.request("GET", f"{both.sim.url}/phones/{PHONE}").data.decode()
        assert "qua noi-dia" in page


def test_each_carrier_lists_only_its_own(both: Both) -> None:
    receipt = both.signed.send(TEXT)
    both.twilio.send(TEXT)
    found = both.signed.list(NOW - timedelta(minutes=1))
    assert found is not None
    assert [(one.carrier_id, one.to, one.body) for one in found] == [(receipt.carrier_id, PHONE, TEXT.body)]
    theirs = both.twilio.list(NOW - timedelta(minutes=1))
    assert theirs is not None
    assert len(theirs) == 1
    assert both.modem.list(NOW) == []
    assert both.signed.list(NOW + timedelta(seconds=1)) == []


@pytest.mark.parametrize("name", ["signed", "modem"])
def test_reports_are_proven_and_said_in_order(both: Both, hooks: Hooks, name: str) -> None:
    gateway: HttpGateway = getattr(both, name)
    receipt = gateway.send(TEXT)
    assert both.sim.settle()
    assert len(hooks.raw) == 3
    updates = []
    for path, headers, body in hooks.raw:
        call = Callback(
            {"ref": path.partition("?ref=")[2]}, headers, body, headers["content-type"], "127.0.0.1"
        )
        assert path.startswith(f"/hooks/sms/{gateway.name}/status")
        assert proven(gateway.description, call)
        assert not proven(gateway.description, Callback(call.query, {}, body, call.content_type, "127.0.0.1"))
        updates.append(status(gateway.description, call))
    assert [one.status for one in updates] == ["accepted", "sent", "delivered"]
    assert {(one.carrier_id, one.reference) for one in updates} == {(receipt.carrier_id, "a1.sig")}


def test_a_reply_goes_to_the_carrier_that_brought_the_text(both: Both, hooks: Hooks) -> None:
    both.twilio.send(TEXT)
    both.signed.send(Message("sms", PHONE, "khác"))
    assert both.sim.settle()
    hooks.raw.clear()
    both.sim.phone(PHONE).reply("OK 27 ạ")
    both.sim.phone(PHONE).reply("OK 27", to=OFFICE)
    assert both.sim.settle()
    by_path = {path: (headers, body) for path, headers, body in hooks.raw}
    assert by_path.keys() == {"/hooks/sms/noi-dia/inbound", "/hooks/twilio/inbound"}
    headers, body = by_path["/hooks/sms/noi-dia/inbound"]
    call = Callback({}, headers, body, "application/json", "127.0.0.1")
    assert proven(both.signed.description, call)
    reply = inbound(both.signed.description, call, NOW)
    assert (reply.sender, reply.to, reply.body) == (PHONE, "+84540999998", "OK 27 ạ")
    assert headers["x-signature"] == hmac.new(b"bi mat", body, "sha256").hexdigest()


@pytest.mark.parametrize(
    ("code", "kind", "word"),
    [
        (20429, TemporaryFailure, "busy"),
        (20003, ConfigurationFault, "no-sim"),
        (21211, PermanentFailure, "bad-number"),
        (21610, PermanentFailure, "opted-out"),
        (21617, PermanentFailure, "too-long"),
        (12345, PermanentFailure, "12345"),
    ],
)
def test_a_refusal_by_order(both: Both, code: int, kind: type, word: str) -> None:
    both.sim.fault(code=code, carrier="noi-dia")
    failure = failing(both.signed)
    assert (type(failure), failure.code) == (kind, word)
    both.twilio.send(TEXT)


@pytest.mark.parametrize(
    ("order", "kind"),
    [
        ({"status": 429}, TemporaryFailure),
        ({"status": 500}, UnknownOutcome),
        ({"status": 401}, ConfigurationFault),
    ],
)
def test_an_http_status_by_order(both: Both, order: dict[str, int], kind: type) -> None:
    both.sim.fault(carrier="noi-dia", **order)
    assert type(failing(both.signed)) is kind
    assert both.sim.counts()["received"] == 0


@pytest.mark.parametrize("order", [{"error_after_accept": True}, {"reset_after_accept": True}])
def test_an_answer_lost_after_accepting_is_found_by_asking_again(both: Both, order: dict[str, bool]) -> None:
    both.sim.fault(carrier="noi-dia", times=2, **order)
    assert type(failing(both.signed)) is type(failing(both.signed)) is UnknownOutcome
    assert both.signed.send(TEXT).carrier_id == ""
    assert both.signed.send(Message("sms", PHONE, TEXT.body, key="m-2")).carrier_id != ""
    counts = both.sim.counts()
    assert (counts["received"], counts["duplicates"]) == (2, 1)


def test_a_hang_is_unknown(both: Both) -> None:
    both.sim.fault(carrier="noi-dia", hang_seconds=5)
    slow = HttpGateway(replace(both.signed.description, timeout_seconds=0.2), "", lambda: NOW)
    assert type(failing(slow)) is UnknownOutcome
    assert both.sim.counts()["received"] == 1
    slow.close()


@pytest.mark.parametrize(
    ("code", "word", "expected"),
    [(30005, "bad-number", "permanent-failure"), (30003, "not-reachable", "temporary-failure")],
)
def test_a_failure_found_later_is_reported(
    both: Both, hooks: Hooks, code: int, word: str, expected: str
) -> None:
    both.sim.fault(code=code, carrier="gsm-modem")
    both.modem.send(TEXT)
    assert both.sim.settle()
    assert both.sim.phone(PHONE).messages == []
    last = json.loads(hooks.raw[-1][2])
    assert (last["status"], last["code"]) == ("failed", word)
    call = Callback({}, hooks.raw[-1][1], hooks.raw[-1][2], "application/json", "127.0.0.1")
    assert status(both.modem.description, call).status == expected


def test_callbacks_lost_doubled_and_reversed(both: Both, hooks: Hooks) -> None:
    both.sim.fault(lost_callbacks=True, phone=PHONE)
    both.signed.send(TEXT)
    both.sim.fault(duplicate_callbacks=True, reordered_callbacks=True, phone=OTHER)
    both.signed.send(Message("sms", OTHER, "x", key="m-2"))
    assert both.sim.settle()
    said = [json.loads(body)["status"] for _, _, body in hooks.raw]
    assert said == ["delivered", "delivered", "sent", "sent", "queued", "queued"]


def test_a_wrong_secret_opens_nothing(both: Both) -> None:
    with urllib3.PoolManager() as pool:
        address = f"{both.sim.url}/gateways/noi-dia/messages"
        for headers in ({}, {"X-Secret": "modem"}):
            assert (
                pool.request("POST", address, json={"to": PHONE, "text": "x"}, headers=headers).status == 401
            )
        assert pool.request("POST", address, body=b"{", headers={"X-Secret": "bi mat"}).status == 400
        assert pool.request("GET", address + "?since=x", headers={"X-Secret": "bi mat"}).status == 400
        assert pool.request("GET", address[:-1], headers={"X-Secret": "bi mat"}).status == 404
    assert both.sim.counts()["received"] == 0


def test_a_restart_forgets_neither_the_carrier_nor_the_key(
    tmp_path: Path, clock: Callable[[], datetime]
) -> None:
    accounts = (Account("noi-dia", "bi mat"),)
    for expected in ("GW", ""):
        with serve(clock=clock, data_dir=tmp_path, gateways=accounts) as sim:
            gateway = HttpGateway(described(SIMULATED, "noi-dia", sim.url), "", clock)
            assert gateway.send(TEXT).carrier_id[:2] == expected
            gateway.close()
            assert [sms.carrier for sms in sim.phone(PHONE).messages] == ["noi-dia"]


def test_a_one_way_gateway_takes_no_replies(clock: Callable[[], datetime]) -> None:
    with serve(clock=clock, gateways=(Account("noi-dia", "bi mat", two_way=False),)) as sim:
        gateway = HttpGateway(described(SIMULATED, "noi-dia", sim.url), "", clock)
        gateway.send(TEXT)
        sim.phone(PHONE).reply("OK 27")
        assert sim.settle()
        assert [sms.status for sms in sim.state.replies(PHONE)] == ["failed"]
        gateway.close()


def test_a_fault_of_one_carrier_leaves_the_other_alone_and_is_the_same_each_run() -> None:
    def hits(seed: int) -> list[bool]:
        book = FaultBook(seed)
        book.add(Fault(carrier="noi-dia", rate=0.5, status=500))
        assert book.befalls(PHONE, "sms", "twilio").status == 0
        return [book.befalls(PHONE, "sms", "noi-dia").status == 500 for _ in range(200)]

    assert hits(3) == hits(3) != hits(4)
