"""What a description of a domestic SMS gateway says, as frozen values with the secrets filled in.

Responsible for the vocabulary only: it is read by `load`, and used by whoever sends or takes callbacks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from notify.gateways.templates import Template
from notify.message import Capabilities, CodeKind, DeliveryStatus

ErrorKind = Literal[
    "configuration", "address", "content", "optout", "transient", "other", "unknown", "duplicate"
]
Value = Template | str | int | float | bool | None | Mapping[str, "Value"] | tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code means, and how many further attempts it allows when it comes in a receipt. "duplicate": the gateway
    has this key already, the message was accepted before. "unknown": the gateway itself cannot say."""

    kind: ErrorKind
    retries: int = 0

    @property
    def said(self) -> CodeKind:
        """In the words of a receipt, which knows no outcome of a call."""
        return "other" if self.kind == "unknown" or self.kind == "duplicate" else self.kind


@dataclass(frozen=True, slots=True)
class Auth:
    """`first` and `second`: user and password, a token, or a header's name and its value."""

    kind: Literal["none", "basic", "bearer", "header", "fields"] = "none"
    first: str = field(default="", repr=False)
    second: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One kind of call to the gateway."""

    address: Template
    method: Literal["POST", "GET", "PUT"]
    body: Literal["json", "form", "query"]
    fields: Mapping[str, Value]
    headers: Mapping[str, Template] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """How an answer is read. `pattern` gives the fields of one that is not JSON. No `good`: the HTTP status decides."""

    accepted: frozenset[int]
    code: Template
    good: frozenset[str]
    id: Template
    text: Template
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged:
    """A list that is asked page by page until one is not full (`size` 0: all in one). `ok` must be one of `good`, where
    there are any. `time_format` is that of what we ask by, `at_format` that of what is answered."""

    request: Request
    items: str
    at_format: str = "iso"
    time_format: str = "iso"
    first: int = 1
    size: int = 0
    ok: Template = field(default_factory=Template)
    good: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Paged):
    """The gateway's list of what was sent."""

    id: Template
    to: Template
    text: Template
    status: Template
    code: Template
    at: Template
    statuses: Mapping[str, DeliveryStatus | Literal["failed"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies(Paged):
    """The gateway's list of what came in; `id` the same as in its callback, so that nothing is kept twice."""

    id: Template
    sender: Template
    to: Template
    text: Template
    at: Template


@dataclass(frozen=True, slots=True)
class Account:
    """What is left on the account: where it is asked, and where the amount stands in the answer. Below `low` those on
    duty are told."""

    request: Request
    amount: Template
    currency: str
    low: float
    ok: Template = field(default_factory=Template)
    good: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Proof:
    """How a callback shows that it comes from the gateway. `place`: header or field, `name` its name. `over`: the fields
    that are signed, in this order, with `separator` between them; empty is the body as it came."""

    kind: Literal["signature", "secret", "addresses"]
    place: Literal["header", "field"] = "header"
    name: str = ""
    secret: str = field(default="", repr=False)
    algorithm: Literal["hmac-sha256", "hmac-sha1", "md5"] = "hmac-sha256"
    encoding: Literal["hex", "base64"] = "hex"
    over: tuple[str, ...] = ()
    separator: str = ""
    allowed: tuple[IPv4Network | IPv6Network, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusCallback:
    method: Literal["POST", "GET"]
    id: Template
    status: Template
    code: Template
    reference: Template
    statuses: Mapping[str, DeliveryStatus | Literal["failed"]]


@dataclass(frozen=True, slots=True)
class InboundCallback:
    method: Literal["POST", "GET"]
    id: Template
    sender: Template
    to: Template
    text: Template
    at: Template


@dataclass(frozen=True, slots=True)
class Callbacks:
    """All of `proofs` must hold. `answer` is what the gateway expects to hear."""

    proofs: tuple[Proof, ...]
    answer: str = ""
    status: StatusCallback | None = None
    inbound: InboundCallback | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """One gateway. `number` is the form in which it wants telephone numbers. `variables`: the environment variables the
    file names; `missing`: those that are not set, without which the gateway cannot be used."""

    name: str
    capabilities: Capabilities
    number: Literal["84", "0", "+84"]
    sender: str
    auth: Auth
    send: Request
    answer: Answer
    errors: Mapping[str, Rule]
    listing: Listing | None = None
    replies: Replies | None = None
    account: Account | None = None
    callbacks: Callbacks | None = None
    timeout_seconds: float = 10.0
    variables: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in the order of preference: a gateway, or Twilio where `description` is None."""

    description: Description | None
    prefixes: tuple[str, ...] = ()
