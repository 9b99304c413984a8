"""What an answer means: a row for each class of the error table and for each HTTP status that decides by itself."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.gateways.answers import judge, judge_word
from notify.gateways.description import Description, Rule
from notify.message import (
    ConfigurationFault,
    PermanentFailure,
    Receipt,
    SendFailure,
    TemporaryFailure,
    UnknownOutcome,
)
from tests.notify.gateways.conftest import described

GOOD = {"code": "0", "data": {"id": "N-1"}}
BY_CODE = [
    ("5", PermanentFailure, "content"),
    ("6", PermanentFailure, "address"),
    ("7", PermanentFailure, "optout"),
    ("8", ConfigurationFault, None),
    ("9", TemporaryFailure, None),
    ("10", UnknownOutcome, None),
    ("12", PermanentFailure, "other"),
    ("99", PermanentFailure, "other"),  # not in the table
]
BY_STATUS = [
    (429, TemporaryFailure),
    (408, UnknownOutcome),
    (500, UnknownOutcome),
    (502, UnknownOutcome),
    (504, UnknownOutcome),
    (503, TemporaryFailure),  # named in the table
    (301, ConfigurationFault),
    (401, ConfigurationFault),
    (403, ConfigurationFault),
    (404, ConfigurationFault),
    (400, PermanentFailure),
    (422, PermanentFailure),
    (204, UnknownOutcome),  # success, and none that was described
]


def outcome(description: Description, status: int, body: object) -> Receipt | SendFailure:
    try:
        return judge(description, status, body if isinstance(body, bytes) else json.dumps(body).encode(), 2)
    except SendFailure as failure:
        return failure


def test_an_accepted_message(description: Description) -> None:
    for code in ("0", 0):
        assert outcome(description, 200, {**GOOD, "code": code}) == Receipt("noi-dia", "N-1", "accepted", 2)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(("code", "kind", "why"), BY_CODE)
def test_by_the_table(description: Description, status: int, code: str, kind: type, why: str | None) -> None:
    found = outcome(description, status, {"code": code, "message": "vì sao"})
    assert type(found) is kind
    assert isinstance(found, SendFailure)
    assert (found.code, found.text) == (code, "vì sao")
    assert getattr(found, "kind", None) == why


def test_every_class_of_the_table_has_its_row(description: Description) -> None:
    assert set(description.errors) == {code for code, _, _ in BY_CODE if code != "99"} | {"11", "http-503"}


@pytest.mark.parametrize(("status", "kind"), BY_STATUS)
@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[]"])
def test_by_the_status(description: Description, status: int, kind: type, body: bytes) -> None:
    assert type(outcome(description, status, body)) is kind


def test_a_5xx_says_nothing_whatever_stands_in_it(description: Description) -> None:
    assert type(outcome(description, 500, GOOD)) is UnknownOutcome
    assert type(outcome(description, 500, {"code": "5"})) is UnknownOutcome


def test_a_key_it_has_already_was_accepted_before(description: Description) -> None:
    assert outcome(description, 200, {"code": "11"}) == Receipt("noi-dia", "", "accepted", 2)
    assert outcome(description, 409, {"code": "11"}) == Receipt("noi-dia", "", "accepted", 2)


@pytest.mark.parametrize(
    "body", [b"", b"OK", b"null", b"{", b"\xff", b'{"code": "0"}', b'{"data": {"id": "N"}}', b"[" * 100_000]
)
def test_a_success_that_cannot_be_read_is_unknown(description: Description, body: bytes) -> None:
    assert type(outcome(description, 200, body)) is UnknownOutcome


def test_an_id_is_no_longer_than_what_is_kept(description: Description) -> None:
    found = outcome(description, 200, {"code": "0", "data": {"id": "N" * 300}})
    assert isinstance(found, Receipt)
    assert found.carrier_id == "N" * 80


def test_an_answer_in_plain_text_is_read_by_its_pattern() -> None:
    plain = described()
    from dataclasses import replace
    from re import compile

    plain = replace(
        plain, answer=replace(plain.answer, pattern=compile(r"^(?P<code>\d+)(?::(?P<data>\S+))?"))
    )
    assert type(outcome(plain, 200, b"5")) is PermanentFailure
    assert type(outcome(plain, 200, b"so sorry")) is UnknownOutcome


@pytest.mark.parametrize(
    ("word", "code", "expected", "rule"),
    [
        ("ok", "", "delivered", "other"),
        ("sent", "5", "sent", "other"),
        ("who knows", "", "accepted", "other"),
        ("failed", "6", "permanent-failure", "address"),
        ("failed", "9", "temporary-failure", "transient"),
        ("failed", "8", "temporary-failure", "configuration"),
        ("failed", "", "temporary-failure", "other"),
        ("failed", "5", "permanent-failure", "content"),
    ],
)
def test_a_report(description: Description, word: str, code: str, expected: str, rule: str) -> None:
    assert description.callbacks is not None
    assert description.callbacks.status is not None
    status, found = judge_word(description, description.callbacks.status.statuses, word, code)
    assert (status, found.said) == (expected, rule)


def test_what_is_not_listed_may_be_tried_once_more(description: Description) -> None:
    assert judge_word(description, {"x": "failed"}, "x", "999")[1] == Rule("other", 1)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["0", "5", "11", "N"]),
    lambda deeper: (
        st.lists(deeper) | st.dictionaries(st.sampled_from(["code", "data", "id", "message", "x"]), deeper)
    ),
    max_leaves=12,
)
DESCRIPTION = described()


@given(st.integers(100, 999), st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_answer_is_anything_but_a_receipt_or_one_of_the_four_failures(status: int, body: bytes) -> None:
    with suppress(TemporaryFailure, PermanentFailure, ConfigurationFault, UnknownOutcome):
        receipt = judge(DESCRIPTION, status, body, 1)
        assert receipt.status == "accepted"
        receipt.carrier_id.encode()
        assert "\x00" not in receipt.carrier_id
