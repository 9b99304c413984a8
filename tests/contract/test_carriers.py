"""What carriers and phones see: Twilio's REST and pages of the simulator, and our hooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import uuid
from collections import Counter
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.contract.conftest import Open
from tests.contract.service import Answer, Api, Service, fetch, until

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def account(service: Service) -> tuple[str, str]:
    """The simulator's, which `incident up` keeps beside the database."""
    kept = json.loads((service.data_dir / "simulator.json").read_text())
    return kept["sid"], kept["token"]


def hook(service: Service, path: str, form: dict[str, str], token: str | None = None) -> Answer:
    """As Twilio calls it: signed over the public address and the sorted form."""
    url = f"{service.url}{path}"
    text = url + "".join(name + form[name] for name in sorted(form))
    key = account(service)[1] if token is None else token
    signature = base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()).decode()
    return fetch("POST", url, urlencode(form).encode(), FORM | {"X-Twilio-Signature": signature})


def inbound(phone: str, text: str, sid: str = "") -> dict[str, str]:
    return {
        "MessageSid": sid or f"SM{uuid.uuid4().hex}",
        "From": phone,
        "To": "+84540000000",
        "Body": text,
        "NumMedia": "0",
    }


def asked(officer: Api, id: str) -> dict[str, Any]:
    """Somebody whose phone has been asked."""

    def found() -> Any:
        members = officer.get(f"/incidents/{id}")["task_force"]
        return [one for one in members if one["state"] == "asked" and one["phone"]]

    one: dict[str, Any] = until(found)[0]
    return one


def kinds(officer: Api, id: str) -> Counter[str]:
    return Counter(entry["kind"] for entry in officer.get(f"/incidents/{id}/timeline?limit=1000"))


# ------------------------------------------------------------------ the simulator


def test_it_speaks_twilio(service: Service) -> None:
    sid, token = account(service)
    auth = {"Authorization": "Basic " + base64.b64encode(f"{sid}:{token}".encode()).decode()}
    at = f"{service.phones}/2010-04-01/Accounts/{sid}/Messages"
    body = {"To": "+84540999777", "From": "+84540000000", "Body": "thử một tin"}
    made = fetch("POST", f"{at}.json", urlencode(body).encode(), auth | FORM)
    assert made.status == 201
    shown = fetch("GET", f"{at}/{made.json['sid']}.json", headers=auth).json
    assert shown["body"] == "thử một tin"
    listed = fetch("GET", f"{at}.json?To=%2B84540999777", headers=auth).json
    assert [one["sid"] for one in listed["messages"]] == [made.json["sid"]]
    assert fetch("GET", f"{at}.json").status == 401
    wrong = fetch("POST", f"{at}.json", urlencode(body | {"To": "12"}).encode(), auth | FORM)
    assert (wrong.status, wrong.json["code"]) == (400, 21211)
    (message,) = until(lambda: service.received("+84540999777"))
    assert set(message) >= {"sid", "body", "received_at", "status"}
    assert service.fault(khong_co=1).status == 400
    assert service.fault(phone="+84540999778", code=30005).status in (200, 201, 204)
    assert service.fault(clear=True).status in (200, 201, 204)
    assert service.received("+84540999779") == []


def test_it_calls(service: Service) -> None:
    """A phone rings, is answered, and is read what our hook says: here, that the call is about nothing we know of."""
    sid, token = account(service)
    auth = {"Authorization": "Basic " + base64.b64encode(f"{sid}:{token}".encode()).decode()}
    at = f"{service.phones}/2010-04-01/Accounts/{sid}/Calls"
    phone = "+84540999779"
    call = {"To": phone, "From": "+84540000000", "Url": f"{service.url}/hooks/twilio/voice/x.y"}
    made = fetch("POST", f"{at}.json", urlencode(call).encode(), auth | FORM)
    assert (made.status, made.json["status"]) == (201, "queued")

    def calls() -> Any:
        return fetch("GET", f"{service.phones}/phones/{phone}.json").json["calls"]

    until(lambda: calls()[0]["status"] == "ringing")
    key = json.dumps({"key": "1"}).encode()
    json_type = {"Content-Type": "application/json"}
    assert fetch("POST", f"{service.phones}/phones/{phone}/answer", key, json_type).status == 202
    until(lambda: calls()[0]["status"] == "completed")
    assert calls()[0]["said"] == ["Cuộc gọi này không còn hiệu lực. Xin cảm ơn."]
    assert fetch("GET", f"{at}/{made.json['sid']}.json", headers=auth).json["status"] == "completed"
    listed = fetch("GET", f"{at}.json?To=%2B84540999779", headers=auth).json["calls"]
    assert [one["sid"] for one in listed] == [made.json["sid"]]
    wrong = fetch("POST", f"{at}.json", urlencode(call | {"Url": "x"}).encode(), auth | FORM)
    assert (wrong.status, wrong.json["code"]) == (400, 21205)


# ------------------------------------------------------------------ hooks


@pytest.mark.parametrize("path", ["/hooks/twilio/inbound", "/hooks/twilio/status"])
def test_what_is_not_signed_is_refused_and_recorded(service: Service, path: str) -> None:
    form = inbound("+84540000001", "OK 27")
    assert fetch("POST", service.url + path, urlencode(form).encode(), FORM).status == 403
    assert hook(service, path, form, token="khác").status == 403
    odd = FORM | {"X-Twilio-Signature": "Đ".encode().decode("latin-1")}
    assert fetch("POST", service.url + path, urlencode(form).encode(), odd).status == 403
    assert fetch("POST", service.url + path, b"\xff" * 1000, FORM).status == 403
    assert fetch("GET", service.url + path).status == 405
    told = service.run("verify", "system")
    assert told.returncode == 0
    assert "0 mục" not in told.stdout.decode()


def test_a_reply_that_comes_again_changes_nothing(service: Service, officer: Api, opened: Open) -> None:
    made = opened()
    one = asked(officer, made["id"])
    form = inbound(one["phone"], f"OK {made['code']}")
    for _ in range(3):
        assert hook(service, "/hooks/twilio/inbound", form).status == 200
    threads = [threading.Thread(target=hook, args=(service, "/hooks/twilio/inbound", form)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: kinds(officer, made["id"])["acknowledged"])
    assert kinds(officer, made["id"])["acknowledged"] == 1
    again = inbound(one["phone"], f"{made['code']} da nhan")
    assert hook(service, "/hooks/twilio/inbound", again).status == 200
    until(lambda: _waiting(service) == 0)
    assert kinds(officer, made["id"])["acknowledged"] == 1


def _waiting(service: Service) -> float:
    lines = fetch("GET", f"{service.url}/metrics").text.splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("incident_replies_unread"))


NASTY = [
    "",
    " ",
    "x" * 10_000,
    "😀",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "a\u0000b\u0007",
    "OK 27 " * 300,
]


def test_any_text_may_come_in(service: Service, officer: Api, opened: Open) -> None:
    made = opened()
    one = asked(officer, made["id"])
    for text in NASTY:
        assert hook(service, "/hooks/twilio/inbound", inbound(one["phone"], text)).status == 200
    for phone in ("+84999999999", "anonymous", "", "VIETTEL", "+1" + "2" * 40):
        assert hook(service, "/hooks/twilio/inbound", inbound(phone, f"OK {made['code']}")).status == 200
    hook(service, "/hooks/twilio/inbound", inbound(one["phone"], f"OK {made['code']}"))
    until(lambda: kinds(officer, made["id"])["acknowledged"] == 1)
    assert _waiting(service) == 0


def test_receipts_may_come_in_any_order(service: Service, officer: Api, opened: Open) -> None:
    made = opened()
    one = asked(officer, made["id"])
    (sms,) = until(lambda: [m for m in service.received(one["phone"]) if f"OK {made['code']}" in m["body"]])
    until(lambda: officer.get(f"/incidents/{made['id']}")["messages"].get("delivered"))
    before = officer.get(f"/incidents/{made['id']}")["messages"]
    for status in ("queued", "sent", "sending", "failed", "khong-biet", "delivered"):
        form = {"MessageSid": sms["sid"], "MessageStatus": status, "To": one["phone"], "AccountSid": "AC1"}
        assert hook(service, "/hooks/twilio/status?ref=gi%C3%A3", form).status in (200, 403)
        assert hook(service, "/hooks/twilio/status", form).status == 200
    until(lambda: "incident_receipts_waiting 0" in fetch("GET", f"{service.url}/metrics").text)
    unknown = {"MessageSid": f"SM{uuid.uuid4().hex}", "MessageStatus": "delivered"}
    assert (
        hook(service, "/hooks/twilio/status", unknown).status == 200
    )  # it may be quicker than our own record
    after = officer.get(f"/incidents/{made['id']}")["messages"]
    assert after["delivered"] >= before["delivered"]
    assert not after.get("failed")
