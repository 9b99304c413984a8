"""The tables: what follows from each way a call can end, and from the attempts a message has had."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident.delivery import references
from incident.delivery.outcomes import RANK, judge, message_status, risen
from notify.message import (
    ConfigurationFault,
    PermanentFailure,
    Receipt,
    SendFailure,
    TemporaryFailure,
    UnknownOutcome,
)


@pytest.mark.parametrize(
    ("ended", "tries", "status", "outcome", "wait"),
    [
        (Receipt("c", "1", "accepted", 1), 1, "accepted", "accepted", None),
        (Receipt("c", "1", "sent", 1), 1, "sent", "accepted", None),
        (TemporaryFailure("429", "x"), 1, "created", "not-sent", 2),
        (TemporaryFailure("429", "x"), 2, "created", "not-sent", 5),
        (TemporaryFailure("429", "x"), 4, "created", "not-sent", 60),
        (TemporaryFailure("429", "x"), 7, "created", "not-sent", 300),
        (TemporaryFailure("429", "x"), 8, "technical-failure", "not-sent", None),
        (ConfigurationFault("20003", "x"), 1, "created", "refused", 30),
        (ConfigurationFault("20003", "x"), 99, "created", "refused", 30),
        (PermanentFailure("21211", "x", "address"), 1, "permanent-failure", "refused", None),
        (PermanentFailure("21610", "x", "optout"), 1, "permanent-failure", "refused", None),
        (UnknownOutcome("reset"), 1, "unknown", "unknown", None),
        (SendFailure("", "something new"), 1, "unknown", "unknown", None),
    ],
)
def test_how_a_call_ended(
    ended: Receipt | SendFailure, tries: int, status: str, outcome: str, wait: int | None
) -> None:
    verdict = judge(ended, tries)
    assert (verdict.status, verdict.outcome, verdict.wait_seconds) == (status, outcome, wait)
    assert verdict.suppress == (verdict.code == "21610")


DARK = UnknownOutcome("reset")
BUSY = TemporaryFailure("429", "x")
ACCOUNT = ConfigurationFault("20003", "x")
FILTERED = PermanentFailure("30007", "x", "content")


@pytest.mark.parametrize(
    ("ended", "status", "then"),
    [
        (BUSY, "created", "next"),
        (TemporaryFailure("AVOIDED", "x"), "created", "next"),
        (TemporaryFailure("LATE", "x"), "created", "anew"),  # our fault, not the carrier's
        (ACCOUNT, "created", "next"),
        (FILTERED, "created", "never"),
        (PermanentFailure("21612", "x"), "created", "never"),
        (PermanentFailure("21211", "x", "address"), "permanent-failure", "anew"),
        (PermanentFailure("21610", "x", "optout"), "permanent-failure", "anew"),
        (DARK, "unknown", "anew"),
    ],
)
def test_what_another_carrier_may_take(ended: SendFailure, status: str, then: str) -> None:
    verdict = judge(ended, 1, elsewhere=True)
    assert (verdict.status, verdict.then) == (status, then)
    assert verdict.wait_seconds == (0 if then in ("next", "never") else 2 if status == "created" else None)


@pytest.mark.parametrize(
    ("ended", "tries", "repeated", "status", "then"),
    [
        (DARK, 1, False, "created", "only"),
        (DARK, 3, True, "created", "only"),
        (DARK, 4, True, "unknown", "anew"),
        (Receipt("c", "1", "accepted", 1), 1, True, "accepted", "anew"),
        # what was in the dark before stays there, whatever the repetition meets
        (BUSY, 1, True, "unknown", "anew"),
        (ACCOUNT, 1, True, "unknown", "anew"),
        (FILTERED, 1, True, "unknown", "anew"),
        (PermanentFailure("21211", "x", "address"), 1, True, "unknown", "anew"),
    ],
)
def test_asking_again_by_the_same_key(
    ended: Receipt | SendFailure, tries: int, repeated: bool, status: str, then: str
) -> None:
    verdict = judge(ended, tries, elsewhere=True, idempotent=True, repeated=repeated)
    assert (verdict.status, verdict.then) == (status, then)
    assert (verdict.look_seconds is not None) == (status == "unknown")


@pytest.mark.parametrize(
    ("attempts", "current", "status"),
    [
        ([], "created", "created"),
        ([(1, "sending")], "sending", "sending"),
        ([(1, "accepted")], "sending", "accepted"),
        ([(1, "sent")], "accepted", "sent"),
        ([(1, "delivered")], "sent", "delivered"),
        ([(1, "delivered"), (2, "sending")], "created", "delivered"),
        ([(1, "delivered"), (2, "permanent-failure")], "permanent-failure", "delivered"),
        ([(1, "temporary-failure")], "created", "created"),
        ([(1, "temporary-failure"), (2, "sending")], "sending", "sending"),
        ([(1, "temporary-failure")], "sent", "temporary-failure"),
        ([(1, "unknown")], "unknown", "unknown"),
        ([(1, "unknown"), (2, "permanent-failure")], "permanent-failure", "permanent-failure"),
        ([(1, "sent"), (2, "permanent-failure")], "sending", "sent"),
    ],
)
def test_a_message_is_what_its_attempts_make_it(
    attempts: list[tuple[int, str]], current: str, status: str
) -> None:
    assert message_status(attempts, current) == status


@given(st.lists(st.sampled_from(sorted(RANK)), min_size=1, max_size=4, unique_by=lambda s: RANK[s]))
def test_the_order_of_receipts_does_not_matter(receipts: list[str]) -> None:
    ends = set()
    for order in permutations(receipts):
        status = "sending"
        for receipt in order:
            status = receipt if risen(status, receipt) else status
        ends.add(status)
    assert len(ends) == 1


def test_a_reference_is_signed() -> None:
    reference = references.signed("0190-abc", "secret")
    assert references.attempt_of(reference, "secret") == "0190-abc"
    assert references.attempt_of(reference, "another") is None
    assert references.attempt_of("0190-abd." + reference.partition(".")[2], "secret") is None
    assert references.attempt_of("", "secret") is None
    assert references.attempt_of("x.ữ", "secret") is None
