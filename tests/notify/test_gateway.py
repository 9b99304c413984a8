"""Who carries a message, and who comes next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from notify.gateway import Gateway, Route
from notify.memory import ONE_WAY, MemorySender, hangs, refuses
from notify.message import ConfigurationFault, Message, PermanentFailure, TemporaryFailure, UnknownOutcome

TEXT = Message("sms", "+84912345678", "Vu viec 27")


@pytest.fixture
def senders(clock: Callable[[], datetime]) -> tuple[MemorySender, MemorySender, MemorySender]:
    return (
        MemorySender(clock, name="viettel", capabilities=ONE_WAY),
        MemorySender(clock, name="twilio"),
        MemorySender(clock, name="smtp", capabilities=ONE_WAY),
    )


@pytest.fixture
def gateway(senders: tuple[MemorySender, MemorySender, MemorySender]) -> Gateway:
    viettel, twilio, smtp = senders
    return Gateway([Route("sms", viettel, ("+8496", "+8497")), Route("sms", twilio), Route("email", smtp)])


def test_a_prefix_goes_by_its_own_carrier_first(gateway: Gateway) -> None:
    assert [s.name for s in gateway.senders("sms", "+84961234567")] == ["viettel", "twilio"]
    assert [s.name for s in gateway.senders("sms", "+84912345678")] == ["twilio"]
    assert [s.name for s in gateway.senders("email", "a@b.example")] == ["smtp"]


def test_a_carrier_that_was_passed_over_is_not_chosen_again(gateway: Gateway) -> None:
    chosen = gateway.choose("sms", "+84961234567", passed_over={"viettel"})
    assert chosen is not None
    assert chosen.name == "twilio"
    assert gateway.choose("sms", "+84961234567", passed_over={"viettel", "twilio"}) is None


def test_an_attempt_finds_its_carrier_by_name(gateway: Gateway) -> None:
    assert gateway.named("smtp") is not None
    assert gateway.named("gone") is None


def test_whether_an_answer_can_come_back_depends_on_the_prefix(gateway: Gateway) -> None:
    assert not gateway.two_way("+84961234567")
    assert gateway.two_way("+84912345678")


def test_a_channel_without_a_carrier_says_so(clock: Callable[[], datetime]) -> None:
    gateway = Gateway([Route("email", MemorySender(clock))])
    assert gateway.has("email")
    assert not gateway.has("sms")
    assert not gateway.two_way("+84912345678")
    with pytest.raises(ConfigurationFault):
        gateway.send(TEXT)


@pytest.mark.parametrize(
    "failure", [TemporaryFailure("429", "slow down"), ConfigurationFault("20003", "who are you")]
)
def test_the_next_carrier_is_tried_after_what_was_not_processed(
    clock: Callable[[], datetime], failure: TemporaryFailure | ConfigurationFault
) -> None:
    first, second = MemorySender(clock, name="first"), MemorySender(clock, name="second")
    first.will(refuses(failure))
    receipt = Gateway([Route("sms", first), Route("sms", second)]).send(TEXT)
    assert receipt.carrier == "second"
    assert second.sent == [TEXT]


def test_an_unknown_outcome_is_never_sent_by_another(clock: Callable[[], datetime]) -> None:
    first, second = MemorySender(clock, name="first"), MemorySender(clock, name="second")
    first.will(hangs())
    with pytest.raises(UnknownOutcome):
        Gateway([Route("sms", first), Route("sms", second)]).send(TEXT)
    assert second.calls == []


def test_a_refused_address_is_not_asked_of_another(clock: Callable[[], datetime]) -> None:
    first, second = MemorySender(clock, name="first"), MemorySender(clock, name="second")
    first.will(refuses(PermanentFailure("21211", "no number", "address")))
    with pytest.raises(PermanentFailure):
        Gateway([Route("sms", first), Route("sms", second)]).send(TEXT)
    assert second.calls == []


def test_the_last_refusal_is_what_one_hears(clock: Callable[[], datetime]) -> None:
    first, second = MemorySender(clock, name="first"), MemorySender(clock, name="second")
    first.will(refuses(TemporaryFailure("429", "slow down")))
    second.will(refuses(TemporaryFailure("CONNECT", "nobody there")))
    with pytest.raises(TemporaryFailure, match="CONNECT"):
        Gateway([Route("sms", first), Route("sms", second)]).send(TEXT)
