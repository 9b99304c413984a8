"""How a callback is proven, and what it says: a row for each proof, right and wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.gateways.callbacks import Callback, Unreadable, inbound, proven, status
from notify.gateways.load import SHIPPED, load
from tests.notify.gateways.conftest import described

NOW = datetime(2026, 11, 22, 2, 6, 30, tzinfo=UTC)
SECRET = "bí mật"
BODY = json.dumps({"id": "N-1", "status": "ok", "code": "", "from": "84540000001", "text": "OK 27"}).encode()


def call(body: bytes = BODY, query: dict[str, str] | None = None, **changes: Any) -> Callback:
    values: dict[str, Any] = {"headers": {}, "content_type": "application/json", "address": "10.1.2.3"}
    return Callback(query=query or {}, body=body, **{**values, **changes})


def mac(text: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.digest(SECRET.encode(), text, algorithm)


def proof(text: str) -> Any:
    return described(proof=text)


SIGNED = '{kind: signature, header: X-Signature, secret: "{env:SECRET}"}'
BASE64 = (
    '{kind: signature, header: X-Signature, secret: "{env:SECRET}", encoding: base64, algorithm: hmac-sha1}'
)
OVER = '{kind: signature, field: sign, over: [id, text], separator: "|", secret: "{env:SECRET}"}'
MD5 = '{kind: signature, field: sign, over: [id], algorithm: md5, encoding: base64, secret: "{env:SECRET}"}'
HEADER = '{kind: secret, header: X-Secret, secret: "{env:SECRET}"}'
FIELD = '{kind: secret, field: khoa, secret: "{env:SECRET}"}'
ALLOWED = '{kind: addresses, allowed: [10.1.2.0/24, "2001:db8::/32"]}'
BOTH = f"[{HEADER}, {ALLOWED}]"
WITH_WORD = f"[{SIGNED}, {FIELD}]"
_OVER = {"id": "N-1", "text": "ạ", "sign": mac("N-1|ạ".encode()).hex()}
_MD5 = base64.b64encode(hashlib.md5(b"N-1" + SECRET.encode()).digest()).decode()
PROOFS = [
    (SIGNED, call(headers={"x-signature": mac(BODY).hex()}), True),
    (SIGNED, call(headers={"x-signature": "sha256=" + mac(BODY).hex().upper()}), True),
    (SIGNED, call(BODY + b" ", headers={"x-signature": mac(BODY).hex()}), False),
    (SIGNED, call(headers={"x-signature": hmac.digest(b"x", BODY, "sha256").hex()}), False),
    (SIGNED, call(headers={"x-signature": ""}), False),
    (SIGNED, call(headers={"x-signature": "ạ"}), False),
    (SIGNED, call(), False),
    (
        SIGNED,
        call(b"", query={"id": "N-1"}, headers={"x-signature": mac(b"").hex()}),
        False,
    ),  # of nothing: for ever
    (SIGNED, call(query={"ref": "a1.sig"}, headers={"x-signature": mac(BODY).hex()}), True),
    (
        SIGNED,
        call(query={"to": "84540"}, headers={"x-signature": mac(BODY).hex()}),
        False,
    ),  # nobody signed it
    (SIGNED, call(query={"ref": "a1.sig", "status": "ok"}, headers={"x-signature": mac(BODY).hex()}), False),
    (WITH_WORD, call(query={"khoa": SECRET}, headers={"x-signature": mac(BODY).hex()}), True),
    (BASE64, call(headers={"x-signature": base64.b64encode(mac(BODY, "sha1")).decode()}), True),
    (BASE64, call(headers={"x-signature": mac(BODY, "sha1").hex()}), False),
    (OVER, call(json.dumps(_OVER).encode()), True),
    (OVER, call(json.dumps({**_OVER, "text": "a"}).encode()), False),
    (OVER, call(urlencode(_OVER).encode(), content_type="application/x-www-form-urlencoded"), True),
    (OVER, call(b"", query=_OVER), True),
    (OVER, call(b"\xff{"), False),
    (OVER, call(b"", query={"id": "N", "text": "1|x", "sign": mac(b"N|1|x").hex()}), True),
    (OVER, call(b"", query={"id": "N|1", "text": "x", "sign": mac(b"N|1|x").hex()}), False),  # cut elsewhere
    (MD5, call(b"", query={"id": "N-1", "sign": _MD5}), True),
    (MD5, call(b"", query={"id": "N-2", "sign": _MD5}), False),
    (HEADER, call(headers={"x-secret": SECRET}), True),
    (HEADER, call(headers={"x-secret": SECRET[:-1]}), False),
    (HEADER, call(headers={"x-secret": "\ud800"}), False),
    (HEADER, call(), False),
    (FIELD, call(b"", query={"khoa": SECRET}), True),
    (FIELD, call(json.dumps({"khoa": SECRET}).encode()), True),
    (FIELD, call(b"", query={"khoa": ""}), False),
    (FIELD, call(b"[1]", query={"khoa": SECRET}), False),
    (ALLOWED, call(address="10.1.2.255"), True),
    (ALLOWED, call(address="::ffff:10.1.2.3"), True),
    (ALLOWED, call(address="2001:db8::1"), True),
    (ALLOWED, call(address="10.1.3.1"), False),
    (ALLOWED, call(address=""), False),
    (BOTH, call(headers={"x-secret": SECRET}), True),
    (BOTH, call(headers={"x-secret": SECRET}, address="10.9.9.9"), False),
    (BOTH, call(), False),
]


@pytest.mark.parametrize(("text", "made", "holds"), PROOFS)
def test_a_proof(text: str, made: Callback, holds: bool) -> None:
    assert proven(proof(text), made) is holds


def test_a_secret_that_is_not_set_opens_nothing() -> None:
    (entry,) = load(SHIPPED / "gsm-modem.yaml", {})
    assert entry.description is not None
    assert not proven(entry.description, call())
    assert not proven(entry.description, call(headers={"x-secret": ""}))


def test_a_report_is_read() -> None:
    made = status(described(), call(query={"ref": "a1.sig"}))
    assert (made.carrier, made.carrier_id, made.status, made.reference) == (
        "noi-dia",
        "N-1",
        "delivered",
        "a1.sig",
    )
    failed = status(described(), call(json.dumps({"id": 7, "status": "failed", "code": 6}).encode()))
    assert (failed.carrier_id, failed.status, failed.code, failed.kind) == (
        "7",
        "permanent-failure",
        "6",
        "address",
    )


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"x"', b"{}", b'{"id": null}', b'{"id": {"a": 1}}', b"\xff=\xff", b'{"id": "\\u0000"}'],
)
def test_a_report_that_names_no_message_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        status(described(), call(body))


def test_esms_reports_by_a_get() -> None:
    (entry,) = load(SHIPPED / "esms.yaml", {"ESMS_CALLBACK_SECRET": "khoa"})
    assert entry.description is not None
    said = {
        "SMSID": "dc712784", "SendFailed": "0", "SendStatus": "5", "SendSuccess": "1", "TypeId": "2", "RequestId": "",
        "phonenumber": "0901888484", "ref": "a1.sig", "khoa": "khoa",
    }  # fmt: skip
    made = call(b"", query=said, content_type="")
    assert proven(entry.description, made)
    update = status(entry.description, made)
    assert (update.carrier_id, update.status, update.reference) == ("dc712784", "delivered", "a1.sig")
    assert "khoa" not in update.raw
    gone = status(
        entry.description, call(b"", query={**said, "SendFailed": "2", "SendSuccess": "0"}, content_type="")
    )
    assert gone.status == "temporary-failure"
    assert gone.retries == 1


TEXTS = [
    "OK 27",
    "Đã nhận",
    unicodedata.normalize("NFD", "Đã nhận ạ"),
    "👍🏽" * 30,
    "ộ" * 10_000,
    " OK\n27 ",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("form", [False, True])
def test_a_text_comes_in_as_it_was_written(text: str, form: bool) -> None:
    said = {"id": "I-1", "from": "84540000001", "to": "8041", "text": text}
    body = urlencode(said) if form else json.dumps(said)
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    reply = inbound(described(), call(body.encode(), content_type=kind), NOW)
    assert (reply.carrier_id, reply.sender, reply.to, reply.body) == ("I-1", "84540000001", "8041", text)


def _id(now: datetime = NOW, **said: str) -> str:
    return inbound(
        described(), call(json.dumps({"from": "0540000001", "text": "OK", **said}).encode()), now
    ).carrier_id


def test_a_text_without_an_id_has_the_same_one_whenever_it_is_repeated() -> None:
    assert _id(at="09:00") == _id(NOW + timedelta(hours=3), at="09:00")
    assert _id() == _id(NOW + timedelta(seconds=29))
    others = {
        _id(at="09:00"),
        _id(at="09:01"),
        _id(),
        _id(NOW + timedelta(minutes=1)),
        _id(text="BAN"),
        _id(**{"from": "1"}),
    }
    assert len(others) == 6
    assert all(len(one) < 80 for one in others)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"text": "OK"}', b'{"from": "", "text": "OK"}', b"\xff"])
def test_a_text_from_nobody_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        inbound(described(), call(body), NOW)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda deeper: st.lists(deeper) | st.dictionaries(st.text(), deeper),
)
fields = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("id", "status", "code", "from", "to", "text", "at"), values)
)
DESCRIPTION = described()


@given(
    st.binary() | fields.map(lambda said: json.dumps(said).encode()), st.dictionaries(st.text(), st.text())
)
def test_nothing_that_comes_in_is_worse_than_unreadable(body: bytes, query: dict[str, str]) -> None:
    made = call(body, query=query)
    assert not proven(DESCRIPTION, made)
    with suppress(Unreadable):
        update = status(DESCRIPTION, made)
        assert 0 < len(update.carrier_id) <= 80
        json.dumps(dict(update.raw), ensure_ascii=False).encode()
    with suppress(Unreadable):
        reply = inbound(DESCRIPTION, made, NOW)
        assert reply.sender
        (reply.body + reply.carrier_id).encode()
