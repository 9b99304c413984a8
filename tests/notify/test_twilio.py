"""What Twilio says, in our words: the table of codes, receipts, signatures, and what goes over the wire."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from twilio.request_validator import RequestValidator

from notify.email import parse_url
from notify.loopback import is_loopback
from notify.message import (
    Capabilities,
    ConfigurationFault,
    Message,
    PermanentFailure,
    SendFailure,
    TemporaryFailure,
    UnknownOutcome,
)
from notify.simulator.server import Simulator
from notify.twilio import (
    CODES,
    TwilioAccount,
    TwilioSms,
    callback_url,
    failure,
    judge,
    parse_inbound,
    parse_status,
    valid_signature,
)
from tests.notify.broken import answering, free_port, http, recording
from tests.notify.conftest import OFFICE, SID, TOKEN, Hooks

PHONE = "+84540000001"
TEXT = Message("sms", PHONE, "Vu viec 27. Tra loi OK 27", reference="a1.sig")

CONFIGURATION = [
    20003, 20005, 20403, 20404, 21212, 21219, 21408, 21603, 21606, 21608, 21609, 21659, 21701, 21703, 21704,
    21705, 30002, 30010, 30024, 30034, 63038,
]  # fmt: skip
ADDRESS = [21211, 21214, 21604, 21614, 21635, 30004, 30005, 30006]
CONTENT = [21602, 21617, 21619, 30007, 30019]
OTHER = [21612, 30036]
TRANSIENT = {20429: 3, 21611: 3, 30001: 3, 30003: 2, 30008: 1, 30017: 2, 30022: 2, 63018: 3}


def test_every_code_of_the_table_is_tested() -> None:
    assert set(CODES) == {*CONFIGURATION, *ADDRESS, *CONTENT, *TRANSIENT, *OTHER, 21610}


@pytest.mark.parametrize("code", CONFIGURATION)
def test_a_fault_of_ours_pauses_the_channel(code: int) -> None:
    assert isinstance(failure(400, code, ""), ConfigurationFault)
    status, rule = judge("failed", str(code))
    assert (status, rule.kind) == ("temporary-failure", "configuration")


@pytest.mark.parametrize("code", ADDRESS)
def test_an_unreachable_number_wants_another_channel(code: int) -> None:
    _permanent(code, "address")


@pytest.mark.parametrize("code", CONTENT)
def test_a_refused_text_is_never_repeated(code: int) -> None:
    _permanent(code, "content")


def test_who_answered_stop_is_suppressed() -> None:
    _permanent(21610, "optout")


@pytest.mark.parametrize("code", OTHER)
def test_what_says_nothing_of_the_person_may_go_by_another_carrier(code: int) -> None:
    _permanent(code, "other")


def _permanent(code: int, kind: str) -> None:
    refused = failure(400, code, "why")
    assert isinstance(refused, PermanentFailure)
    assert (refused.kind, refused.code, refused.text) == (kind, str(code), "why")
    status, rule = judge("undelivered", str(code))
    assert (status, rule.kind, rule.retries) == ("permanent-failure", kind, 0)


@pytest.mark.parametrize(("code", "retries"), TRANSIENT.items())
def test_what_passes_is_tried_again_a_few_times(code: int, retries: int) -> None:
    assert isinstance(failure(400, code, ""), TemporaryFailure)
    status, rule = judge("undelivered", str(code))
    assert (status, rule.kind, rule.retries) == ("temporary-failure", "transient", retries)


@pytest.mark.parametrize(
    ("status", "code", "meant"),
    [
        (400, None, PermanentFailure),
        (400, 29999, PermanentFailure),
        (401, None, ConfigurationFault),
        (403, None, ConfigurationFault),
        (404, None, ConfigurationFault),
        (302, None, ConfigurationFault),
        (408, None, UnknownOutcome),
        (429, None, TemporaryFailure),
        (500, None, UnknownOutcome),
        (500, 20500, UnknownOutcome),
        (503, 20503, UnknownOutcome),
        (504, 30001, UnknownOutcome),
    ],
)
def test_an_answer_without_a_known_code_is_judged_by_its_status(
    status: int, code: int | None, meant: type[SendFailure]
) -> None:
    assert type(failure(status, code, "")) is meant


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("accepted", "accepted"),
        ("scheduled", "accepted"),
        ("queued", "accepted"),
        ("sending", "accepted"),
        ("sent", "sent"),
        ("partially_delivered", "sent"),
        ("delivered", "delivered"),
        ("read", "delivered"),
        ("canceled", "permanent-failure"),
        ("a word of next year", "accepted"),
    ],
)
def test_twilios_words_have_ours(word: str, ours: str) -> None:
    assert judge(word, "")[0] == ours


@pytest.mark.parametrize("code", ["", "39999"])
def test_an_unlisted_failure_in_a_receipt_is_tried_once_more(code: str) -> None:
    status, rule = judge("undelivered", code)
    assert (status, rule.kind, rule.retries) == ("temporary-failure", "other", 1)


def test_a_receipt_is_read_with_its_reference_and_kept_whole() -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005", "To": PHONE}
    update = parse_status(form, "a1.sig")
    assert (update.carrier, update.carrier_id, update.reference) == ("twilio", "SM1", "a1.sig")
    assert (update.status, update.code, update.kind) == ("permanent-failure", "30005", "address")
    assert update.raw == form


def test_a_reply_is_read_as_it_came() -> None:
    form = {"MessageSid": "SM2", "From": PHONE, "To": OFFICE, "Body": " Đã nhận 27\n", "OptOutType": "STOP"}
    reply = parse_inbound(form)
    assert (reply.sender, reply.to, reply.body) == (PHONE, OFFICE, " Đã nhận 27\n")
    assert reply.raw["OptOutType"] == "STOP"
    assert parse_inbound({}).carrier_id == ""


# --- signatures

URL = "https://tct.sonlam.gov.vn/hooks/twilio/status?ref=a1.sig"
FORM = {"MessageSid": "SM1", "Body": "Đã nhận"}
SIGNATURE = RequestValidator(TOKEN).compute_signature(URL, FORM)


@pytest.mark.parametrize(
    ("tokens", "url", "form", "header", "good"),
    [
        ([TOKEN], URL, FORM, SIGNATURE, True),
        (["the next one", TOKEN], URL, FORM, SIGNATURE, True),
        ([TOKEN], URL + "#top", FORM, SIGNATURE, True),
        (["another"], URL, FORM, SIGNATURE, False),
        ([""], URL, FORM, RequestValidator("").compute_signature(URL, FORM), False),
        ([], URL, FORM, SIGNATURE, False),
        ([TOKEN], URL, FORM, None, False),
        ([TOKEN], URL, FORM, "", False),
        ([TOKEN], URL, FORM, "đ" * 28, False),
        ([TOKEN], URL, {**FORM, "Body": "Không"}, SIGNATURE, False),
        ([TOKEN], URL + "x", FORM, SIGNATURE, False),
    ],
)
def test_only_what_twilio_signed_for_this_address_is_believed(
    tokens: list[str], url: str, form: dict[str, str], header: str | None, good: bool
) -> None:
    assert valid_signature(tokens, url, form, header) is good


# --- addresses


@pytest.mark.parametrize(
    ("base", "local"),
    [
        ("http://127.0.0.1:4010", True),
        ("http://127.8.9.1", True),
        ("http://[::1]:4010", True),
        ("http://localhost:4010", True),
        ("", False),
        ("https://api.twilio.com", False),
        ("http://localhost.example.com", False),
        ("http://10.0.0.1", False),
        ("http://0.0.0.0", False),
    ],
)
def test_only_loopback_is_this_machine(base: str, local: bool) -> None:
    assert is_loopback(base) is local


@pytest.mark.parametrize("base", ["", "http://10.255.255.1:9"])
def test_an_invented_number_never_leaves_the_machine(base: str) -> None:
    sender = TwilioSms(TwilioAccount(SID, TOKEN, OFFICE, api_base=base, timeout_seconds=0.2))
    with pytest.raises(PermanentFailure) as refused:
        sender.send(TEXT)
    assert (refused.value.code, refused.value.kind) == ("SAMPLE", "address")


def test_a_landline_is_not_texted(twilio: TwilioSms, sim: Simulator) -> None:
    with pytest.raises(PermanentFailure) as refused:
        twilio.send(Message("sms", "+842143840000", "x"))
    assert (refused.value.code, refused.value.kind) == ("LANDLINE", "address")
    assert sim.counts()["received"] == 0


def test_the_reference_stands_in_the_callback_address() -> None:
    assert callback_url("https://a.example/", "x.y-z") == "https://a.example/hooks/twilio/status?ref=x.y-z"
    assert callback_url("https://a.example", "a/b&c") == "https://a.example/hooks/twilio/status?ref=a%2Fb%26c"
    assert callback_url("https://a.example", "") == "https://a.example/hooks/twilio/status"


# --- over the wire, against the simulator


def test_a_message_arrives_and_its_receipts_come_back_signed(
    twilio: TwilioSms, sim: Simulator, hooks: Hooks
) -> None:
    receipt = twilio.send(TEXT)
    assert (receipt.carrier, receipt.status, receipt.parts) == ("twilio", "accepted", 1)
    assert sim.phone(PHONE).bodies == [TEXT.body]
    assert sim.settle()
    assert hooks.order() == ["queued", "sent", "delivered"]
    for path, form, signature in hooks.calls:
        assert urlsplit(path).query == "ref=a1.sig"
        assert valid_signature([TOKEN], hooks.url + path, form, signature)
        assert parse_status(form).carrier_id == receipt.carrier_id


def test_parts_are_counted_for_text_with_marks(twilio: TwilioSms) -> None:
    assert twilio.send(Message("sms", PHONE, "ộ" * 71)).parts == 2


@pytest.mark.parametrize(("asked", "sent"), [(None, None), (900, "900"), (0, "1"), (99_999, "36000")])
def test_validity_is_kept_within_what_twilio_takes(asked: int | None, sent: str | None) -> None:
    with recording() as (url, bodies):
        sender = TwilioSms(TwilioAccount(SID, TOKEN, OFFICE, api_base=url))
        sender.send(Message("sms", PHONE, "x", validity_seconds=asked))
    assert bodies[0].get("ValidityPeriod") == sent
    assert bodies[0]["From"] == OFFICE
    assert "StatusCallback" not in bodies[0]


def test_a_messaging_service_takes_the_place_of_a_number() -> None:
    service = "MG" + "2" * 32
    with recording() as (url, bodies):
        assert TwilioSms(TwilioAccount(SID, TOKEN, service, api_base=url)).send(TEXT).parts == 1
    assert bodies[0]["MessagingServiceSid"] == service
    assert "From" not in bodies[0]


# --- what goes wrong


@pytest.mark.parametrize(
    ("order", "meant", "arrived"),
    [
        ({"status": 429}, TemporaryFailure, 0),
        ({"status": 500}, UnknownOutcome, 0),
        ({"status": 503}, UnknownOutcome, 0),
        ({"code": 20003}, ConfigurationFault, 0),
        ({"code": 21211}, PermanentFailure, 0),
        ({"500_after_accept": True}, UnknownOutcome, 1),
        ({"reset_after_accept": True}, UnknownOutcome, 1),
        ({"hang_seconds": 3}, UnknownOutcome, 1),
    ],
)
def test_what_goes_wrong_on_the_way_has_its_name(
    sim: Simulator, order: dict[str, object], meant: type[SendFailure], arrived: int
) -> None:
    sender = TwilioSms(TwilioAccount(SID, TOKEN, OFFICE, api_base=sim.url, timeout_seconds=0.3))
    sim.fault(phone=PHONE, **order)
    with pytest.raises(meant):
        sender.send(TEXT)
    sender.close()
    assert len(sim.phone(PHONE).messages) == arrived


def test_a_message_whose_answer_was_lost_is_found_in_the_list(
    twilio: TwilioSms, sim: Simulator, hooks: Hooks, clock: Callable[[], datetime]
) -> None:
    sim.fault(phone=PHONE, reset_after_accept=True, times=1)
    with pytest.raises(UnknownOutcome):
        twilio.send(TEXT)
    listed = twilio.list(clock() - timedelta(minutes=1))
    assert listed is not None
    assert [(row.to, row.body, row.created_at) for row in listed] == [(PHONE, TEXT.body, clock())]
    assert sim.settle()
    assert {parse_status(form).carrier_id for _, form, _ in hooks.calls} == {listed[0].carrier_id}


def test_the_list_is_paged_and_holds_only_what_we_sent(
    twilio: TwilioSms, sim: Simulator, clock: Callable[[], datetime]
) -> None:
    for n in range(1005):
        twilio.send(Message("sms", "+84540000002", f"tin {n}"))
    sim.phone("+84540000002").reply("OK 27")
    assert sim.settle(20)
    listed = twilio.list(clock())
    assert listed is not None
    assert len({row.carrier_id for row in listed}) == 1005
    assert twilio.list(clock() + timedelta(seconds=1)) == []


def test_nobody_listening_is_surely_not_sent() -> None:
    sender = TwilioSms(TwilioAccount(SID, TOKEN, OFFICE, api_base=f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(TemporaryFailure) as failed:
        sender.send(TEXT)
    assert failed.value.code == "CONNECT"
    with pytest.raises(TemporaryFailure):
        sender.list(datetime.fromisoformat("2026-11-22T00:00:00+00:00"))


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        (http(201, "<html>"), UnknownOutcome),
        (http(201, "[]"), UnknownOutcome),
        (http(201, "{}"), UnknownOutcome),
        (http(502, "<html>"), UnknownOutcome),
        (http(302, ""), ConfigurationFault),
        (http(404, "not here"), ConfigurationFault),
        (b"", UnknownOutcome),
        (b"HTTP/1.1 201 x\r\nContent-Length: 99\r\n\r\n{", UnknownOutcome),
        (b"nonsense\r\n\r\n", UnknownOutcome),
    ],
)
def test_an_answer_that_is_not_twilios_is_not_believed(answer: bytes, meant: type[SendFailure]) -> None:
    with answering(answer) as url, pytest.raises(meant):
        TwilioSms(TwilioAccount(SID, TOKEN, OFFICE, api_base=url)).send(TEXT)


def test_a_wrong_password_is_a_fault_of_ours(sim: Simulator) -> None:
    sender = TwilioSms(TwilioAccount(SID, "not the token", OFFICE, api_base=sim.url))
    with pytest.raises(ConfigurationFault) as failed:
        sender.send(TEXT)
    assert failed.value.code == "20003"
    with pytest.raises(TemporaryFailure):
        sender.list(datetime.fromisoformat("2026-11-22T00:00:00+00:00"))


def test_who_answered_stop_is_refused_by_the_carrier(twilio: TwilioSms, sim: Simulator, hooks: Hooks) -> None:
    twilio.send(TEXT)
    sim.phone(PHONE).reply("stop")
    assert sim.settle()
    with pytest.raises(PermanentFailure) as refused:
        twilio.send(TEXT)
    assert refused.value.kind == "optout"
    inbound = [form for path, form, _ in hooks.calls if path == "/hooks/twilio/inbound"]
    assert inbound[0]["OptOutType"] == "STOP"


def test_no_secret_is_printed() -> None:
    assert TOKEN not in repr(TwilioAccount(SID, TOKEN, OFFICE))
    assert "hidden" not in repr(parse_url("smtp://me:hidden@mail.example"))


def test_no_number_is_printed(twilio: TwilioSms, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    twilio.send(TEXT)
    twilio.list(datetime.fromisoformat("2026-11-22T00:00:00+00:00"))
    assert PHONE not in caplog.text


def test_it_says_what_it_can_do() -> None:
    deaf = TwilioSms(TwilioAccount(SID, TOKEN, "UBNDSONLAM", two_way=False))
    assert deaf.capabilities == Capabilities(two_way=False, receipts="none")
    hears = TwilioSms(TwilioAccount(SID, TOKEN, OFFICE, public_url="https://truc.sonlam.example"))
    assert hears.capabilities == Capabilities(two_way=True, receipts="delivered")
