"""What goes to a carrier and what comes back, in our words.

Responsible for the values and the four ways a send can fail. It must never know a database, a queue, an incident or
any one carrier's protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

Channel = Literal["sms", "voice", "email"]
FailureKind = Literal["address", "content", "optout", "other"]
CodeKind = Literal["", "configuration", "address", "content", "optout", "transient", "other"]
DeliveryStatus = Literal["accepted", "sent", "delivered", "temporary-failure", "permanent-failure"]
ReceiptLevel = Literal["none", "sent", "delivered"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a carrier can do, as it was configured; everything that depends on it asks here and nowhere else.

    `two_way`: what it carries can be answered. `receipts`: the most that its reports ever say. `parts_per_second`: its
    rate in SMS parts, None where none was named. `needs_registered_template`: it takes only texts registered with it;
    `strict`: so it is not even asked to take another. `idempotent`: asked twice with the same `Message.key` it sends once. `unicode`: it carries diacritics.
    """

    two_way: bool = False
    receipts: ReceiptLevel = "none"
    parts_per_second: float | None = None
    needs_registered_template: bool = False
    strict: bool = False
    idempotent: bool = False
    unicode: bool = True


@dataclass(frozen=True, slots=True)
class Message:
    """One finished text to one address.

    `to` is E.164 for SMS and voice and a mail address for email; `body` of a call is what is read aloud. `reference` is
    our signed attempt reference (SMS, voice: it comes back in the callback's URL; email: the seed of the Message-ID).
    `in_reply_to` is the reference of the thread's first mail. `key` stays the same as long as nobody knows how the
    attempts before ended: by it a carrier that is asked twice knows that it was.
    """

    channel: Channel
    to: str
    body: str
    subject: str = ""
    reference: str = ""
    validity_seconds: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    in_reply_to: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The carrier took it and gave it an id. "sent" only where the carrier's answer is itself the hand-over (SMTP)."""

    carrier: str
    carrier_id: str
    status: Literal["accepted", "sent"]
    parts: int


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """A delivery report. `kind` is the class of `code`; `retries` how many further attempts that class allows."""

    carrier: str
    carrier_id: str
    status: DeliveryStatus
    code: str = ""
    reference: str = ""
    raw: Mapping[str, str] = field(default_factory=dict)
    kind: CodeKind = ""
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """A text that a person sent to us, or a key pressed in a call, as it came. `sender` is E.164 where the carrier gave a
    number; `reference` is our signed attempt reference where the answer came in by an address that carries it."""

    carrier: str
    carrier_id: str
    sender: str
    to: str
    body: str
    raw: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A message as the carrier's own list shows it; for finding out what became of an unknown one. `body` is None where
    the list shows none (calls): number and time must do."""

    carrier_id: str
    to: str
    body: str | None
    status: DeliveryStatus
    code: str
    created_at: datetime


class SendFailure(Exception):
    """A message was not accepted, or nobody knows whether it was."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}" if code else text)
        self.code = code
        self.text = text


class TemporaryFailure(SendFailure):
    """Provably not processed (connection refused, 429, SMTP 4xx): it may be sent again, here or elsewhere."""


class PermanentFailure(SendFailure):
    """Refused for good: this body to this address will never go through this carrier."""

    def __init__(self, code: str, text: str, kind: FailureKind = "other") -> None:
        super().__init__(code, text)
        self.kind: FailureKind = kind


class ConfigurationFault(SendFailure):
    """Our account, sender or address of the carrier is wrong: nothing will go until somebody mends it."""


class UnknownOutcome(SendFailure):
    """The call may have reached the carrier (time-out, reset, 5xx): find out before anything is sent again."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(code, text)


class Sender(Protocol):
    """A carrier. `send` raises one of the four failures; `list` answers None where the carrier has no list."""

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    def send(self, message: Message) -> Receipt: ...

    def list(self, since: datetime) -> Sequence[Listed] | None: ...


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left on an account, in its own currency. Below `low` it is little; None: what is usual decides."""

    amount: float
    currency: str
    low: float | None = None


@runtime_checkable
class HasBalance(Protocol):
    """A carrier that says what is left on our account; None where it was not told how to ask. Raises one of the four
    failures."""

    def balance(self) -> Balance | None: ...


@runtime_checkable
class ListsReplies(Protocol):
    """A carrier that can be asked for what came in, when its webhook may have been missed; nothing where it is one-way."""

    def replies(self, since: datetime) -> Sequence[Reply]: ...
