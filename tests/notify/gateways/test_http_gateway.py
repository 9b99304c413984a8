"""What goes over the wire to a described gateway, and how each way in which a call may end is told."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notify.gateways.description import Auth, Description
from notify.gateways.load import SHIPPED, load, read
from notify.http_gateway import HttpGateway, callback_url
from notify.message import (
    Balance,
    ConfigurationFault,
    Message,
    PermanentFailure,
    Receipt,
    Sender,
    SendFailure,
    TemporaryFailure,
    UnknownOutcome,
)
from tests.notify.broken import answering, free_port, http
from tests.notify.gateways.conftest import FIELDS, HEAD, RESET, Told, described

NOW = datetime(2026, 11, 22, 2, 6, tzinfo=UTC)
PHONE = "+84540000001"
TEXT = Message("sms", PHONE, "Sự cố 27: họp 9 giờ", reference="a1.sig", key="m-1", validity_seconds=900)


def gateway(description: Description, public_url: str = "https://truc.sonlam.example") -> HttpGateway:
    return HttpGateway(description, public_url, lambda: NOW)


def failing(description: Description, message: Message = TEXT) -> SendFailure:
    with pytest.raises(SendFailure) as caught:
        gateway(description).send(message)
    return caught.value


def test_what_is_sent_is_what_the_description_says(told: Told) -> None:
    sender: Sender = gateway(described(told.url))
    assert sender.send(TEXT) == Receipt("noi-dia", "N-1", "accepted", 1)
    assert (sender.name, sender.capabilities.two_way, sender.list(NOW)) == ("noi-dia", True, None)
    ((method, path, headers, body),) = told.asked
    assert (method, path, headers["Content-Type"]) == ("POST", "/gui", "application/json; charset=utf-8")
    assert json.loads(body) == {
        "to": "84540000001",
        "text": TEXT.body,
        "key": "m-1",
        "ref": "a1.sig",
        "callback": "https://truc.sonlam.example/hooks/sms/noi-dia/status?ref=a1.sig",
        "parts": 1,
    }


@pytest.mark.parametrize(("form", "shown"), [("84", "84540000001"), ("0", "0540000001"), ("+84", PHONE)])
def test_the_form_of_numbers(told: Told, form: str, shown: str) -> None:
    gateway(replace(described(told.url), number=form)).send(TEXT)  # type: ignore[arg-type]
    assert told.bodies()[0]["to"] == shown


def test_marks_are_stripped_where_the_gateway_takes_none(told: Told) -> None:
    long = Message("sms", PHONE, "ệ" * 160)
    assert gateway(described(told.url, unicode="no")).send(long).parts == 1
    assert gateway(described(told.url)).send(long).parts == 3
    assert [body["text"] for body in told.bodies()] == ["e" * 160, "ệ" * 160]


@pytest.mark.parametrize("body", ["form", "query"])
def test_a_form_and_a_query(told: Told, body: str) -> None:
    method = "GET" if body == "query" else "POST"
    send = f'      method: {method}\n      body: {body}\n      fields: {{so: "{{to}}", nd: "{{text}}", han: "{{validity}}"}}'
    gateway(described(told.url, send=send)).send(replace(TEXT, validity_seconds=None))
    ((asked, path, _, content),) = told.asked
    form = urlsplit(path).query if body == "query" else content.decode()
    assert (asked, dict(parse_qsl(form))) == (method, {"so": "84540000001", "nd": TEXT.body})


def test_what_fills_an_address_is_quoted(told: Told) -> None:
    description = described(told.url + "/{to}/{text}", send="      fields: {}")
    gateway(description).send(Message("sms", PHONE, "a/b?c=đ&x"))
    assert told.asked[0][1] == "/84540000001/a%2Fb%3Fc%3D%C4%91%26x/gui"


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        (Auth("basic", "sonlam", "mật"), "Authorization", "Basic"),
        (Auth("bearer", "t0ken"), "Authorization", "Bearer t0ken"),
        (Auth("header", "X-Api-Key", "t0ken"), "X-Api-Key", "t0ken"),
        (Auth(), "Authorization", None),
        (Auth("fields"), "Authorization", None),
    ],
)
def test_authentication(told: Told, auth: Auth, header: str, value: str | None) -> None:
    gateway(replace(described(told.url), auth=auth)).send(TEXT)
    found = told.asked[0][2].get(header)
    if value == "Basic":
        assert found is not None
        found, value = b64decode(found.removeprefix("Basic ")).decode(), "sonlam:mật"
    assert found == value


def test_a_secret_that_no_header_can_hold_is_a_fault_of_the_settings(told: Told) -> None:
    assert isinstance(
        failing(replace(described(told.url), auth=Auth("bearer", "a\r\nX: y"))), ConfigurationFault
    )
    assert told.asked == []


@pytest.mark.parametrize("address", ["https://sms.example", "http://10.1.2.3", "http://sms.sonlam.local"])
def test_an_invented_number_never_leaves_the_machine(address: str) -> None:
    failure = failing(described(address))
    assert isinstance(failure, PermanentFailure)
    assert (failure.code, failure.kind) == ("SAMPLE", "address")


def test_a_landline_is_refused_before_any_call(told: Told) -> None:
    failure = failing(described(told.url), replace(TEXT, to="+842438251234"))
    assert (failure.code, told.asked) == ("LANDLINE", [])


# ------------------------------------------------------------------ how a call may end


def test_nobody_listens() -> None:
    assert isinstance(failing(described(f"http://127.0.0.1:{free_port()}")), TemporaryFailure)


def test_no_answer_in_time(told: Told) -> None:
    told.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"]
    with answering(b"") as url:  # reads, and hangs up without a word
        assert isinstance(failing(described(url)), UnknownOutcome)
    assert isinstance(failing(replace(described(told.url), timeout_seconds=0.2)), UnknownOutcome)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (RESET, UnknownOutcome),
        (http(500, ""), UnknownOutcome),
        (http(200, "<html>"), UnknownOutcome),
        (http(429, ""), TemporaryFailure),
        (http(302, ""), ConfigurationFault),
        (http(401, ""), ConfigurationFault),
        (http(200, '{"code": 6}'), PermanentFailure),
        (b"HTTP/1.1 999 \xff\r\n\r\n", UnknownOutcome),
        (b"\x00\x01", UnknownOutcome),
    ],
)
def test_a_call_is_made_once_however_it_ends(told: Told, answer: bytes, kind: type) -> None:
    told.answers = [answer]
    assert type(failing(described(told.url))) is kind
    assert len(told.asked) == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    answer=st.binary(max_size=200) | st.binary(max_size=60).map(lambda rest: b"HTTP/1.1 200 OK\r\n" + rest)
)
def test_no_bytes_raise_anything_but_the_four_failures(answer: bytes) -> None:
    with answering(answer) as url:
        try:
            gateway(described(url)).send(TEXT)
        except (TemporaryFailure, PermanentFailure, ConfigurationFault, UnknownOutcome):
            pass


# ------------------------------------------------------------------ a gateway that sends once for one key


def test_one_send_is_one_call_also_to_a_gateway_that_knows_a_repetition(told: Told) -> None:
    told.answers = [RESET]
    assert isinstance(failing(described(told.url, idempotent="yes")), UnknownOutcome)
    assert len(told.asked) == 1


def test_a_repetition_that_it_recognises_was_accepted(told: Told) -> None:
    told.answers = [RESET, http(200, '{"code": "11"}')]
    sender = gateway(described(told.url, idempotent="yes"))
    with pytest.raises(UnknownOutcome):
        sender.send(TEXT)
    assert sender.send(replace(TEXT, reference="a2.sig")) == Receipt("noi-dia", "", "accepted", 1)
    assert [(body["key"], body["ref"]) for body in told.bodies()] == [("m-1", "a1.sig"), ("m-1", "a2.sig")]


# ------------------------------------------------------------------ eSMS, by its public examples


ESMS_ENV = {
    "ESMS_API_KEY": "key", "ESMS_SECRET_KEY": "secret", "ESMS_BRANDNAME": "UBNDSONLAM", "ESMS_CALLBACK_SECRET": "khoa",
}  # fmt: skip


def esms(told: Told) -> HttpGateway:
    (entry,) = load(SHIPPED / "esms.yaml", ESMS_ENV)
    made = entry.description
    assert made is not None
    assert made.listing is not None
    here = replace(made.send, address=described(told.url).send.address)
    listing = replace(made.listing, request=replace(made.listing.request, address=here.address))
    return gateway(replace(made, send=here, listing=listing))


def test_esms_is_asked_as_its_reference_says(told: Told) -> None:
    told.answers = [http(200, '{"CodeResult": "100", "CountRegenerate": 0, "SMSID": "d533459ee42b"}')]
    assert esms(told).send(TEXT) == Receipt("esms", "d533459ee42b", "accepted", 1)
    assert told.bodies() == [
        {
            "ApiKey": "key", "SecretKey": "secret", "Phone": "0540000001", "Content": "Su co 27: hop 9 gio",
            "Brandname": "UBNDSONLAM", "SmsType": "2", "IsUnicode": "0", "RequestId": "m-1",
            "CallbackUrl": "https://truc.sonlam.example/hooks/sms/esms/status?ref=a1.sig&khoa=khoa",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("99", PermanentFailure), ("101", ConfigurationFault), ("102", ConfigurationFault), ("103", ConfigurationFault),
        ("104", ConfigurationFault), ("108", PermanentFailure), ("140", ConfigurationFault), ("146", PermanentFailure),
        ("177", PermanentFailure),
    ],
)  # fmt: skip
def test_esms_refuses(told: Told, code: str, kind: type) -> None:
    told.answers = [http(200, json.dumps({"CodeResult": code, "ErrorMessage": "Authorize Failed"}))]
    with pytest.raises(kind) as caught:
        esms(told).send(TEXT)
    assert caught.value.code == code


def test_esms_knows_a_request_again(told: Told) -> None:
    told.answers = [http(200, '{"CodeResult": "124", "ErrorMessage": "Request exist 1", "SendStatus": "5"}')]
    assert esms(told).send(TEXT) == Receipt("esms", "", "accepted", 1)


def test_the_list_of_esms_is_read_page_by_page(told: Told) -> None:
    row = {
        "Content": "Su co 27: hop 9 gio", "Phone": "0540000001", "ReferenceId": "35781d6c", "SendResult": 1,
        "SendStatus": 5, "SentTime": "/Date(1795312800000+0700)/", "SmsId": 29028845, "SmsType": 2,
    }  # fmt: skip
    page = json.dumps({"CodeResult": "100", "CountTotal": 501, "SentData": [row] * 500})
    rest = json.dumps({"CodeResult": "100", "CountTotal": 501, "SentData": [{**row, "SendResult": 2}]})
    told.answers = [http(200, page), http(200, rest)]
    since = datetime.fromtimestamp(1795312800, UTC)
    found = esms(told).list(since)
    assert found is not None
    assert len(found) == 501
    first, last = found[0], found[-1]
    assert (first.carrier_id, first.to, first.body) == ("35781d6c", PHONE, "Su co 27: hop 9 gio")
    assert (first.status, last.status, first.created_at) == ("delivered", "sent", since)
    assert [body["Page"] for body in told.bodies()] == [1, 2]
    assert told.bodies()[0]["From"] == (since + timedelta(hours=7)).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize("answer", [RESET, http(500, ""), http(200, "x"), http(200, '{"CodeResult": "101"}')])
def test_a_list_that_cannot_be_read_says_so(told: Told, answer: bytes) -> None:
    told.answers = [answer]
    with pytest.raises(TemporaryFailure):
        esms(told).list(NOW)


def test_a_list_without_an_end_is_not_read_for_ever(told: Told) -> None:
    page = json.dumps({"CodeResult": "100", "SentData": [{}] * 500})
    told.answers = [http(200, page)] * 101
    with pytest.raises(TemporaryFailure, match="no end"):
        esms(told).list(NOW)


def test_the_address_of_a_callback() -> None:
    assert (
        callback_url("https://a.example", "esms", "a/1")
        == "https://a.example/hooks/sms/esms/status?ref=a%2F1"
    )
    assert callback_url("https://a.example", "esms", "") == "https://a.example/hooks/sms/esms/status"
    assert callback_url("", "esms", "a") == ""


# ------------------------------------------------------------------ the account, and what came in

MORE = """\
    balance:
      address: "{url}/so-du"
      method: GET
      body: query
      fields: {{khoa: "{{env:SECRET}}"}}
      ok: "{{code}}"
      good: ["0"]
      amount: "{{data.left}}"
      currency: VND
      low: 50000
    replies:
      address: "{url}/den"
      method: GET
      body: query
      fields: {{since: "{{since}}", page: "{{page}}"}}
      pages: {{first: 1, size: 2}}
      items: rows
      id: "{{id}}"
      from: "{{from}}"
      to: "{{to}}"
      text: "{{text}}"
      at: "{{at}}"
    callbacks:
"""


def asking(told: Told) -> HttpGateway:
    text = HEAD.format(
        url=told.url, two_way="yes", receipts="delivered", unicode="yes", idempotent="no", send=FIELDS, method="POST",
        proof='{kind: secret, header: X-Secret, secret: "{env:SECRET}"}',
    )  # fmt: skip
    (entry,) = read(text.replace("    callbacks:\n", MORE.format(url=told.url)), "g.yaml", {"SECRET": "k"})
    assert entry.description is not None
    return gateway(entry.description)


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ('{"code": 0, "data": {"left": 120000}}', 120000.0),
        ('{"code": 0, "data": {"left": "1.5"}}', 1.5),
        ('{"code": 1, "data": {"left": 5}}', None),
        ('{"code": 0, "data": {"left": "NaN"}}', None),
        ('{"code": 0}', None),
        ("<html>", None),
    ],
)
def test_the_balance_is_read_or_the_gateway_did_not_say(told: Told, answer: str, left: float | None) -> None:
    told.answers = [http(200, answer)]
    if left is None:
        with pytest.raises(TemporaryFailure):
            asking(told).balance()
    else:
        assert asking(told).balance() == Balance(left, "VND", 50000)
    assert told.asked[0][1] == "/so-du?khoa=k"


def test_what_came_in_is_listed_page_by_page(told: Told) -> None:
    row = {"id": "R-1", "from": "84540000001", "to": "8099", "text": "OK 27", "at": NOW.isoformat()}
    old = {**row, "id": "R-0", "at": (NOW - timedelta(hours=1)).isoformat()}
    told.answers = [
        http(200, json.dumps({"rows": [row, old]})),
        http(200, json.dumps({"rows": [{**row, "id": "R-2", "at": ""}]})),
    ]
    found = asking(told).replies(NOW)
    assert [(r.carrier, r.carrier_id, r.sender, r.body) for r in found] == [
        ("noi-dia", "R-1", "84540000001", "OK 27"), ("noi-dia", "R-2", "84540000001", "OK 27"),
    ]  # fmt: skip


def test_a_gateway_without_those_lists_is_not_asked(told: Told) -> None:
    plain = gateway(described(told.url))
    assert (plain.balance(), list(plain.replies(NOW)), told.asked) == (None, [], [])
