"""The carrier of the tests keeps the promises of a real one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from notify.memory import MemorySender, hangs, refuses, unknown_but_sent
from notify.message import Message, Sender, TemporaryFailure, UnknownOutcome

TEXT = Message("sms", "+84540000001", "ộ" * 71)


def test_it_is_a_sender(clock: Callable[[], datetime]) -> None:
    sender: Sender = MemorySender(clock)
    receipt = sender.send(TEXT)
    assert (receipt.carrier, receipt.status, receipt.parts) == ("memory", "accepted", 2)


def test_what_was_sent_stands_in_its_list(clock: Callable[[], datetime]) -> None:
    sender = MemorySender(clock)
    receipt = sender.send(TEXT)
    listed = sender.list(clock())
    assert listed is not None
    assert [(row.carrier_id, row.to, row.body) for row in listed] == [
        (receipt.carrier_id, TEXT.to, TEXT.body)
    ]
    assert sender.list(clock() + timedelta(seconds=1)) == []


def test_a_carrier_without_a_list_has_none(clock: Callable[[], datetime]) -> None:
    assert MemorySender(clock, listing=False).list(clock()) is None


def test_an_answer_may_be_lost_though_the_message_went(clock: Callable[[], datetime]) -> None:
    sender = MemorySender(clock)
    sender.will(unknown_but_sent(), hangs(), refuses(TemporaryFailure("429", "slow down")))
    with pytest.raises(UnknownOutcome):
        sender.send(TEXT)
    assert sender.to(TEXT.to) == [TEXT]
    with pytest.raises(UnknownOutcome):
        sender.send(TEXT)
    with pytest.raises(TemporaryFailure):
        sender.send(TEXT)
    assert len(sender.sent) == 1
    assert len(sender.calls) == 3
    sender.send(TEXT)
    assert len(sender.sent) == 2
