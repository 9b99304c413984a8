"""SMS by Twilio: sending, the list for reconciliation, callbacks, signatures, and the table of codes.

Responsible for turning everything Twilio can say into our words. It must never know what a message is about. The SDK is
imported at the first call: receiving webhooks does not need it. Sources: Twilio's REST reference for Messages, its
error dictionary, "Validating requests".
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urldefrag

from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.request_validator import RequestValidator

from notify.loopback import is_loopback
from notify.message import (
    Balance,
    Capabilities,
    CodeKind,
    ConfigurationFault,
    DeliveryStatus,
    Listed,
    Message,
    PermanentFailure,
    Receipt,
    ReceiptLevel,
    Reply,
    SendFailure,
    StatusUpdate,
    TemporaryFailure,
    UnknownOutcome,
)
from notify.phone import is_landline, is_sample, segments

if TYPE_CHECKING:
    from notify.twilio_pool import PooledHttp

NAME = "twilio"
Resource = Literal["messages", "calls", "balance"]
VALIDITY_SECONDS = (1, 36_000)
PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code means for us: its class, and how many further attempts it allows when it comes in a receipt."""

    kind: CodeKind
    retries: int = 0


CODES: dict[int, Rule] = {
    # the account, the sender or the address we gave is wrong; nothing goes until somebody mends it
    20003: Rule("configuration"),  # authentication refused
    20005: Rule("configuration"),  # account not active
    20403: Rule("configuration"),  # forbidden
    20404: Rule("configuration"),  # no such account
    21212: Rule("configuration"),  # invalid From
    21219: Rule("configuration"),  # trial account: To not verified
    21408: Rule("configuration"),  # region not enabled
    21603: Rule("configuration"),  # From missing
    21606: Rule("configuration"),  # From is not ours
    21608: Rule("configuration"),  # trial account: To not verified
    21609: Rule("configuration"),  # StatusCallback not an address
    21659: Rule("configuration"),  # From is no Twilio number
    21701: Rule("configuration"),  # no such messaging service
    21703: Rule("configuration"),  # messaging service has no numbers
    21704: Rule("configuration"),  # messaging service has no fitting number
    21705: Rule("configuration"),  # messaging service not valid
    30002: Rule("configuration"),  # account suspended
    30010: Rule("configuration"),  # price above the limit
    30024: Rule("configuration"),  # sender not registered with the carrier
    30034: Rule("configuration"),  # sender not registered
    63038: Rule("configuration"),  # daily limit of the account
    # this number cannot be reached: another channel
    21211: Rule("address"),  # not a number
    21214: Rule("address"),  # cannot be reached
    21604: Rule("address"),  # To missing
    21614: Rule("address"),  # not a mobile
    21635: Rule("address"),  # landline
    30004: Rule("address"),  # blocked by the device or the carrier
    30005: Rule("address"),  # unknown or inactive
    30006: Rule("address"),  # landline or unreachable carrier
    21610: Rule("optout"),  # answered STOP
    # this text must never be repeated
    21602: Rule("content"),  # body missing
    21617: Rule("content"),  # body too long
    21619: Rule("content"),  # nothing to send
    30007: Rule("content"),  # filtered
    30019: Rule("content"),  # too long for the carrier
    # it passes
    20429: Rule("transient", 3),  # too many requests
    21611: Rule("transient", 3),  # queue of the sender full
    30001: Rule("transient", 3),  # queue overflow
    30003: Rule("transient", 2),  # handset off or unreachable
    30008: Rule("transient", 1),  # unknown at the carrier
    30017: Rule("transient", 2),  # carrier congested
    30022: Rule("transient", 2),  # rate of the carrier exceeded
    63018: Rule("transient", 3),  # rate exceeded
    # it says nothing of the person, the text or the account: another carrier may take it
    21612: Rule("other"),  # this From cannot reach this To
    30036: Rule("other"),  # validity period over: the text is stale
}
UNLISTED_IN_RECEIPT = Rule("other", 1)

STATUSES: dict[str, DeliveryStatus] = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "partially_delivered": "sent",
    "canceled": "permanent-failure",
}
"""Twilio's words without an error; "failed" and "undelivered" depend on their code."""


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """`sender` is a number, an alphanumeric name, or a messaging service (MG…). `public_url` is where callbacks come
    in; empty asks for none. `api_base` replaces Twilio's address (the simulator's, a proxy's). `parts_per_second`: the
    rate that was bought for the sender, None for no limit of ours."""

    sid: str
    token: str = field(repr=False)
    sender: str
    public_url: str = ""
    api_base: str = ""
    timeout_seconds: float = 10.0
    two_way: bool = True
    parts_per_second: float | None = None


class TwilioClient:
    """The SDK's client of one account: calls that end in our words, and lists. Safe to share between threads and channels.

    Made at the first call: a process that never sends need not carry the SDK.
    """

    def __init__(self, account: TwilioAccount, codes: Mapping[int, Rule] | None = None) -> None:
        logging.getLogger("twilio").setLevel(logging.WARNING)  # INFO prints numbers
        self.account = account
        self._codes = CODES if codes is None else codes
        self._made = threading.Lock()
        self._http: PooledHttp | None = None
        self._client: Any = None

    def create(self, resource: Resource, fields: Mapping[str, object]) -> Any:
        """What Twilio made of it, with its id. Raises one of the four failures."""
        try:
            made = self._resource(resource).create(**fields)
        except TwilioRestException as fault:
            raise failure(int(fault.status), number(fault.code), str(fault.msg), self._codes) from fault
        except (ValueError, TypeError, KeyError, AttributeError) as fault:  # 2xx, and not Twilio's JSON
            raise UnknownOutcome("the answer could not be read") from fault
        if not made.sid:
            raise UnknownOutcome("the answer names no message")
        return made

    def made_since(self, resource: Resource, since: datetime, **filters: str) -> Iterator[Any]:
        """What went either way, made at `since` or later, newest first. Raises TemporaryFailure.

        Not filtered by the day of sending: that knows whole days only, and what is queued has none.
        """
        earliest = since.astimezone(UTC).replace(microsecond=0)
        for page in self._pages(resource, **filters):
            rows = [row for row in page if row.date_created is not None]
            young = [row for row in rows if row.date_created >= earliest]
            yield from young
            if rows and not young:
                break

    def balance(self) -> Balance:
        """What is left on the account. Raises one of the four failures."""
        try:
            found = self._resource("balance").fetch()
            return Balance(float(found.balance), str(found.currency))
        except TwilioRestException as fault:
            raise failure(int(fault.status), number(fault.code), str(fault.msg), self._codes) from fault
        except (ValueError, TypeError, KeyError, AttributeError) as fault:
            raise UnknownOutcome("the balance could not be read") from fault

    def refusal(self, to: str) -> PermanentFailure | None:
        """Invented numbers reach the simulator and nothing else."""
        if is_sample(to) and not is_loopback(self.account.api_base):
            return PermanentFailure("SAMPLE", "an invented number never leaves the machine", "address")
        return None

    def close(self) -> None:
        if self._http is not None:
            self._http.close()

    def _resource(self, resource: Resource) -> Any:
        with self._made:
            if self._client is None:
                from twilio.rest import Client

                from notify.twilio_pool import PooledHttp

                account = self.account
                self._http = PooledHttp(account.timeout_seconds, account.api_base)
                # Region and edge come from nowhere but our settings: an empty environment would be read as "the process's".
                self._client = Client(
                    account.sid, account.token, http_client=self._http, environment={"TWILIO_REGION": ""}
                )
            return getattr(self._client, resource)

    def _pages(self, resource: Resource, **filters: str) -> Iterator[Sequence[Any]]:
        try:
            page = self._resource(resource).page(page_size=PAGE_SIZE, **filters)
            while page is not None:
                yield tuple(page)
                page = page.next_page()
        except (TwilioException, ValueError, KeyError) as fault:  # the SDK's own class has no code here
            raise TemporaryFailure("LIST", f"the list could not be read: {type(fault).__name__}") from fault


class TwilioSms:
    """Safe to share between threads."""

    def __init__(self, account: TwilioAccount) -> None:
        self.account = account
        self.client = TwilioClient(account)

    @property
    def name(self) -> str:
        return NAME

    @property
    def capabilities(self) -> Capabilities:
        receipts: ReceiptLevel = "delivered" if self.account.public_url else "none"
        return Capabilities(
            two_way=self.account.two_way, receipts=receipts, parts_per_second=self.account.parts_per_second
        )

    def send(self, message: Message) -> Receipt:
        refusal = self._refusal(message.to)
        if refusal is not None:
            raise refusal
        made = self.client.create("messages", self._fields(message))
        parts = (
            int(made.num_segments or 0) or segments(message.body).parts
        )  # a messaging service says "0" at first
        return Receipt(NAME, made.sid, "accepted", parts)

    def _refusal(self, to: str) -> PermanentFailure | None:
        if is_landline(to):
            return PermanentFailure("LANDLINE", "a landline takes no SMS", "address")
        return self.client.refusal(to)

    def _fields(self, message: Message) -> dict[str, object]:
        service = self.account.sender.startswith("MG") and len(self.account.sender) == 34
        fields: dict[str, object] = {
            "to": message.to,
            "body": message.body,
            "messaging_service_sid" if service else "from_": self.account.sender,
        }
        if self.account.public_url:
            fields["status_callback"] = callback_url(self.account.public_url, message.reference)
        if message.validity_seconds is not None:
            least, most = VALIDITY_SECONDS
            fields["validity_period"] = max(least, min(most, message.validity_seconds))
        return fields

    def balance(self) -> Balance:
        return self.client.balance()

    def list(self, since: datetime) -> Sequence[Listed] | None:
        return [
            _listed(row)
            for row in self.client.made_since("messages", since)
            if str(row.direction).startswith("outbound")
        ]

    def replies(self, since: datetime) -> Sequence[Reply]:
        """Everything that came in for us at `since` or later, newest first: what its webhook may have failed to tell."""
        if not self.account.two_way:
            return ()
        ours = {"to": self.account.sender} if self.account.sender.startswith("+") else {}
        made = self.client.made_since("messages", since, **ours)
        return [_reply(row) for row in made if row.direction == "inbound"]

    def close(self) -> None:
        self.client.close()


def callback_url(public_url: str, reference: str) -> str:
    """Where receipts of this attempt come in; Twilio signs exactly this address."""
    address = f"{public_url.rstrip('/')}/hooks/twilio/status"
    return f"{address}?ref={quote(reference, safe='-._~')}" if reference else address


def failure(status: int, code: int | None, text: str, codes: Mapping[int, Rule] = CODES) -> SendFailure:
    """What a refused POST means: by code where the table has it, else by HTTP status."""
    named = str(code or status)
    if status >= 500 or status == 408:
        return UnknownOutcome(f"{status}: {text}", named)
    rule = codes.get(code or 0)
    if rule is None:
        return _by_status(status, named, text)
    if rule.kind == "configuration":
        return ConfigurationFault(named, text)
    if rule.kind == "transient":
        return TemporaryFailure(named, text)
    if rule.kind in ("address", "content", "optout"):
        return PermanentFailure(named, text, rule.kind)
    return PermanentFailure(named, text)


def _by_status(status: int, code: str, text: str) -> SendFailure:
    if status == 429:
        return TemporaryFailure(code, text)
    if (
        status in (401, 403, 404) or status < 400
    ):  # a redirect: something else than Twilio stands at that address
        return ConfigurationFault(code, text)
    return PermanentFailure(code, text)


def number(value: object) -> int | None:
    """Twilio's code as a number, however it came."""
    try:
        return int(str(value))
    except ValueError:
        return None


def parse_status(form: Mapping[str, str], reference: str = "") -> StatusUpdate:
    """A status callback; `reference` is what stood in its address as `ref`."""
    code = form.get("ErrorCode") or ""
    status, rule = judge(form.get("MessageStatus") or form.get("SmsStatus") or "", code)
    return StatusUpdate(
        carrier=NAME,
        carrier_id=form.get("MessageSid") or form.get("SmsSid") or "",
        status=status,
        code=code,
        reference=reference,
        raw=dict(form),
        kind=rule.kind,
        retries=rule.retries,
    )


def judge(word: str, code: str) -> tuple[DeliveryStatus, Rule]:
    """Twilio's status and error code in our words; an unknown word says no more than that Twilio has it."""
    if word not in ("failed", "undelivered"):
        return STATUSES.get(word, "accepted"), Rule("")
    rule = CODES.get(number(code) or 0, UNLISTED_IN_RECEIPT)
    again = rule.retries > 0 or rule.kind == "configuration"
    return ("temporary-failure" if again else "permanent-failure"), rule


def parse_inbound(form: Mapping[str, str]) -> Reply:
    """A text that came in. The form is kept whole: OptOutType and the like are in it."""
    return Reply(
        carrier=NAME,
        carrier_id=form.get("MessageSid") or form.get("SmsSid") or "",
        sender=form.get("From") or "",
        to=form.get("To") or "",
        body=form.get("Body") or "",
        raw=dict(form),
    )


def valid_signature(tokens: Iterable[str], url: str, params: Mapping[str, str], header: str | None) -> bool:
    """Whether one of our tokens signed this; `url` is the public one, with its query exactly as we gave it."""
    if not header:
        return False
    address = urldefrag(url).url
    return any(RequestValidator(token).validate(address, params, header) for token in tokens if token)


def _reply(row: Any) -> Reply:
    raw = {"MessageSid": str(row.sid), "listed": "1"}
    return Reply(NAME, str(row.sid), row.from_ or "", row.to or "", row.body or "", raw)


def _listed(row: Any) -> Listed:
    code = str(row.error_code or "")
    status, _ = judge(str(row.status), code)
    return Listed(row.sid, row.to or "", row.body or "", status, code, row.date_created)
