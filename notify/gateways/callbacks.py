"""What a gateway tells us by itself: whether it is really that gateway, a delivery report, a text that came in.

Pure: what came over the wire goes in, our values come out. Proof comes before meaning, and secrets are compared in
constant time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl

from notify.gateways.answers import as_json, judge_word
from notify.gateways.description import Description, Proof
from notify.gateways.templates import Template, found, storable
from notify.message import Reply, StatusUpdate

ID_LENGTH = 80


class Unreadable(ValueError):
    """A proven callback that does not hold what the description says; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Callback:
    """One call as it came. `headers` with names in lower case; `address` the caller's."""

    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    content_type: str
    address: str
    _fields: list[Any] = field(default_factory=list, repr=False)

    def fields(self) -> Mapping[str, Any] | None:
        """What the body and the query say, the body first; None where the body cannot be read."""
        if not self._fields:
            self._fields.append(self._read())
        return self._fields[0]  # type: ignore[no-any-return]

    def _read(self) -> Mapping[str, Any] | None:
        if not self.body.strip():
            return dict(self.query)
        if "json" in self.content_type or self.body.lstrip()[:1] == b"{":
            data = as_json(self.body)
            return {**self.query, **data} if isinstance(data, dict) else None
        try:
            pairs = parse_qsl(self.body.decode(), keep_blank_values=True, max_num_fields=200)
        except ValueError:
            return None
        return {**self.query, **dict(pairs)}


def proven(description: Description, call: Callback) -> bool:
    """Whether every proof that the description asks for is there."""
    callbacks = description.callbacks
    if callbacks is None or not callbacks.proofs or _smuggled(callbacks.proofs, call):
        return False
    return all(_holds(proof, call) for proof in callbacks.proofs)


def _smuggled(proofs: Sequence[Proof], call: Callback) -> bool:
    """A signature of the body says nothing of the query, which is read as well: there may stand what proves itself (our own
    reference, another proof), and nothing else."""
    if not any(proof.kind == "signature" and not proof.over for proof in proofs):
        return False
    return not call.query.keys() <= {"ref", *(proof.name for proof in proofs if proof.place == "field")}


def _holds(proof: Proof, call: Callback) -> bool:
    if proof.kind == "addresses":
        return _allowed(proof, call.address)
    if not proof.secret:  # a variable that is not set must not open the door to an empty one
        return False
    if proof.kind == "signature" and not proof.over and not call.body:
        return False  # a signature of nothing is the same for every call
    if any(proof.separator in _said(call, name) for name in proof.over[:-1]):
        return False  # two ways to read one signed text: a piece of one field may have become one of the next
    given = call.headers.get(proof.name.lower(), "") if proof.place == "header" else _said(call, proof.name)
    expected = proof.secret if proof.kind == "secret" else _signature(proof, call)
    return hmac.compare_digest(_bare(proof, given).encode("utf-8", "replace"), expected.encode())


def _allowed(proof: Proof, text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in proof.allowed)


def _bare(proof: Proof, given: str) -> str:
    """Signatures are written as "sha256=…" too, and in hexadecimal of either case."""
    if proof.kind != "signature":
        return given
    bare = given.strip().removeprefix("sha256=").removeprefix("sha1=")
    return bare.lower() if proof.encoding == "hex" else bare


def _signature(proof: Proof, call: Callback) -> str:
    fields = [_said(call, name) for name in proof.over]
    signed = proof.separator.join(fields).encode() if fields else call.body
    secret = proof.secret.encode()
    if (
        proof.algorithm == "md5"
    ):  # of the fields and the secret in one: weak, and all that some gateways offer
        digest = hashlib.md5(signed + secret, usedforsecurity=False).digest()
    else:
        digest = hmac.digest(secret, signed, proof.algorithm.removeprefix("hmac-"))
    return digest.hex() if proof.encoding == "hex" else base64.b64encode(digest).decode()


def _said(call: Callback, path: str) -> str:
    return found(call.fields() or {}, path)


def status(description: Description, call: Callback) -> StatusUpdate:
    """A delivery report; raises Unreadable."""
    block = description.callbacks.status if description.callbacks else None
    fields = call.fields()
    if block is None or fields is None:
        raise Unreadable("body")
    carrier_id = _filled(block.id, fields)[:ID_LENGTH]
    if not carrier_id:
        raise Unreadable("id")
    code = _filled(block.code, fields)[:20]
    status, rule = judge_word(description, block.statuses, _filled(block.status, fields), code)
    return StatusUpdate(
        carrier=description.name,
        carrier_id=carrier_id,
        status=status,
        code=code if status.endswith("-failure") else "",
        reference=_filled(block.reference, fields),
        raw=_raw(fields, description),
        kind=rule.said if status.endswith("-failure") else "",
        retries=rule.retries,
    )


def inbound(description: Description, call: Callback, now: datetime) -> Reply:
    """A text that came in; raises Unreadable. `now` is only used for the id of a text that has neither id nor time."""
    block = description.callbacks.inbound if description.callbacks else None
    fields = call.fields()
    if block is None or fields is None:
        raise Unreadable("body")
    sender, text = _filled(block.sender, fields), block.text.fill(lambda path: found(fields, path))
    if not sender:
        raise Unreadable("from")
    to, at = _filled(block.to, fields), _filled(block.at, fields)
    return Reply(
        carrier=description.name,
        carrier_id=_filled(block.id, fields)[:ID_LENGTH] or _derived_id(sender, text, at, now),
        sender=sender,
        to=to,
        body=text,
        raw=_raw(fields, description),
    )


def _derived_id(sender: str, text: str, at: str, now: datetime) -> str:
    """The same text from the same number at the same time is the same message: by the gateway's time where it tells
    one, else by the minute in which it came. So a repetition within the minute changes nothing, and two equal answers
    within a minute count as one."""
    when = at or now.strftime("%Y-%m-%dT%H:%M")
    digest = hashlib.sha256("\x00".join((sender, text, when)).encode("utf-8", "replace"))
    return f"h-{digest.hexdigest()[:40]}"


def _filled(template: Template, fields: Mapping[str, Any]) -> str:
    return template.fill(lambda path: found(fields, path)).strip()


def _raw(fields: Mapping[str, Any], description: Description) -> dict[str, str]:
    """As it came, without the secret that proved it."""
    proofs = description.callbacks.proofs if description.callbacks else ()
    secret = {proof.name.split(".")[0] for proof in proofs if proof.place == "field"}
    return {
        storable(name)[:100]: found(fields, str(name))[:2000] or _nested(value)
        for name, value in list(fields.items())[:50]
        if name not in secret
    }


def _nested(value: Any) -> str:
    return "" if value in (None, "") else storable(repr(value))[:2000]
