"""What Twilio says of a call, in our words: the tables, receipts, keys, and what goes over the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from xml.etree import ElementTree

import pytest

from notify import twilio_voice
from notify.message import ConfigurationFault, Message, PermanentFailure, TemporaryFailure, UnknownOutcome
from notify.simulator.server import Simulator
from notify.twilio import CODES as SMS_CODES
from notify.twilio import TwilioAccount, failure
from notify.twilio_voice import CODES, ENDINGS, TwilioVoice, judge, parse_key, parse_status
from tests.notify.broken import recording
from tests.notify.conftest import OFFICE, SID, TOKEN, Hooks

PHONE = "+84540000001"
LANDLINE = "+842143840000"
WORDS = "Ủy ban nhân dân tỉnh Sơn Lâm xin gọi đồng chí. Vụ việc hai bảy."
CALL = Message("voice", PHONE, WORDS, reference="a1.sig")

CONFIGURATION = [13227, 21203, 21205, 21210, 21213, 21215, 32205]
ADDRESS = [13223, 13224, 13225, 13226, 21201, 21202, 21216, 21217]
TRANSIENT = {10004: 3}


@pytest.fixture
def voice(sim: Simulator, hooks: Hooks) -> Iterator[TwilioVoice]:
    account = TwilioAccount(SID, TOKEN, OFFICE, public_url=hooks.url, api_base=sim.url, timeout_seconds=2.0)
    sender = TwilioVoice(account, OFFICE)
    yield sender
    sender.close()


def test_every_row_of_the_table_is_tested() -> None:
    assert set(CODES) - set(SMS_CODES) == {*CONFIGURATION, *ADDRESS, *TRANSIENT}


@pytest.mark.parametrize("code", [*CONFIGURATION, 20003, 21212, 21219])
def test_a_fault_of_ours_pauses_the_channel(code: int) -> None:
    assert isinstance(failure(400, code, "", CODES), ConfigurationFault)
    status, rule = judge("failed", str(code))
    assert (status, rule.kind) == ("temporary-failure", "configuration")


@pytest.mark.parametrize("code", [*ADDRESS, 21211, 21214])
def test_a_number_that_cannot_be_called_wants_another_channel(code: int) -> None:
    refused = failure(400, code, "why", CODES)
    assert isinstance(refused, PermanentFailure)
    assert refused.kind == "address"
    assert judge("failed", str(code))[0] == "permanent-failure"


@pytest.mark.parametrize(("code", "retries"), TRANSIENT.items())
def test_what_passes_is_tried_again(code: int, retries: int) -> None:
    assert isinstance(failure(400, code, "", CODES), TemporaryFailure)
    assert judge("failed", str(code))[1].retries == retries


@pytest.mark.parametrize(
    ("word", "status", "retries"),
    [
        ("queued", "accepted", 0),
        ("initiated", "accepted", 0),
        ("ringing", "accepted", 0),
        ("in-progress", "sent", 0),
        ("completed", "delivered", 0),
        ("busy", "temporary-failure", 1),
        ("no-answer", "temporary-failure", 1),
        ("failed", "temporary-failure", 1),
        ("canceled", "permanent-failure", 0),
        ("something new", "accepted", 0),
    ],
)
def test_the_statuses_of_a_call(word: str, status: str, retries: int) -> None:
    update = parse_status({"CallSid": "CA1", "CallStatus": word}, "a1.sig")
    assert (update.status, update.retries, update.reference) == (status, retries, "a1.sig")
    assert update.code == (word if word in ENDINGS else "")


def test_an_error_code_says_more_than_the_status() -> None:
    update = parse_status({"CallSid": "CA1", "CallStatus": "failed", "ErrorCode": "13224"})
    assert (update.status, update.code, update.kind) == ("permanent-failure", "13224", "address")


def test_one_key_of_one_call_is_one_answer() -> None:
    form = {"CallSid": "CA1", "Digits": "1", "To": PHONE, "From": OFFICE}
    reply = parse_key(form, "a1.sig")
    assert (reply.carrier_id, reply.sender, reply.body, reply.reference) == ("CA11", PHONE, "1", "a1.sig")
    assert parse_key({**form, "Digits": "2"}, "a1.sig").carrier_id != reply.carrier_id
    assert parse_key({**form, "Digits": ""}, "a1.sig").carrier_id == ""


def test_what_goes_over_the_wire() -> None:
    with recording() as (url, forms):
        account = TwilioAccount(SID, TOKEN, OFFICE, public_url="https://tct.example/", api_base=url)
        sender = TwilioVoice(account, OFFICE)
        receipt = sender.send(Message("voice", LANDLINE, WORDS, reference="a1.sig"))
        sender.close()
    assert (receipt.carrier, receipt.carrier_id, receipt.status) == ("twilio-voice", "SM1", "accepted")
    form = forms[0]
    assert form["To"] == LANDLINE, "a landline is called"
    assert form["From"] == OFFICE
    assert form["Url"] == "https://tct.example/hooks/twilio/voice/a1.sig"
    assert form["StatusCallback"] == "https://tct.example/hooks/twilio/voice/a1.sig/status"
    assert form["Timeout"] == "30"
    assert "MachineDetection" not in form
    assert WORDS not in form.values(), "the words are asked for, not sent along"


def test_an_invented_number_never_leaves_the_machine() -> None:
    sender = TwilioVoice(TwilioAccount(SID, TOKEN, OFFICE, public_url="https://tct.example"), OFFICE)
    with pytest.raises(PermanentFailure, match="SAMPLE"):
        sender.send(CALL)


def test_the_call_is_listed_by_number_and_time_without_words(
    voice: TwilioVoice, clock: Callable[[], datetime]
) -> None:
    receipt = voice.send(CALL)
    listed = voice.list(clock() - timedelta(minutes=1))
    assert listed is not None
    assert [(one.carrier_id, one.to, one.body) for one in listed] == [(receipt.carrier_id, PHONE, None)]
    assert voice.list(clock() + timedelta(minutes=1)) == []


def test_a_500_after_accepting_is_unknown_and_found_in_the_list(
    voice: TwilioVoice, sim: Simulator, clock: Callable[[], datetime]
) -> None:
    sim.fault(channel="voice", error_after_accept=True)
    with pytest.raises(UnknownOutcome):
        voice.send(CALL)
    listed = voice.list(clock() - timedelta(minutes=1))
    assert listed is not None
    assert [one.to for one in listed] == [PHONE]


def test_the_phone_is_told_to_read_thrice_and_to_wait_for_one_key() -> None:
    document = ElementTree.fromstring(
        twilio_voice.ask('Tin "A" & B', "https://x.example/v/a1.sig", "Xin cảm ơn.")
    )
    verbs = list(document)
    assert [verb.tag for verb in verbs] == ["Gather", "Gather", "Gather", "Say", "Hangup"]
    gather = verbs[0]
    assert (gather.get("numDigits"), gather.get("method")) == ("1", "POST")
    assert gather.get("action") == "https://x.example/v/a1.sig/key"
    assert [(say.get("language"), say.text) for say in gather] == [("vi-VN", 'Tin "A" & B')]
    assert all("vi-VN" in str(say.get("voice")) for say in document.iter("Say"))
    assert [verb.tag for verb in ElementTree.fromstring(twilio_voice.end("Hết."))] == ["Say", "Hangup"]
