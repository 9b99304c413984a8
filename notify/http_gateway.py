"""SMS by any domestic gateway that is described in a file: what goes over the wire, and the list for reconciliation.

Responsible for carrying out a description: one call for one `send`, whatever comes of it. It must never know one gateway
from another, nor what a message is about.
"""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from notify.gateways.answers import as_json, judge, judge_word
from notify.gateways.description import Auth, Description, Listing, Paged, Replies, Request, Value
from notify.gateways.templates import Template, at, found
from notify.loopback import is_loopback
from notify.message import (
    Balance,
    Capabilities,
    ConfigurationFault,
    Listed,
    Message,
    PermanentFailure,
    Receipt,
    Reply,
    SendFailure,
    TemporaryFailure,
    UnknownOutcome,
)
from notify.phone import BadNumber, is_landline, is_sample, segments, strip_marks, to_e164

if TYPE_CHECKING:
    from notify.http_pool import HttpPool

MOST_PAGES = 100
VIETNAM = timezone(timedelta(hours=7))
_DOTNET = re.compile(r"/Date\((\d{1,16})")
_PRINTABLE = re.compile(r"[ -~]*")
_TYPES = {"json": "application/json; charset=utf-8", "form": "application/x-www-form-urlencoded"}
Slots = Mapping[str, str]


class HttpGateway:
    """Safe to share between threads. `public_url` is where callbacks come in; `clock` bounds the list in time."""

    def __init__(self, description: Description, public_url: str, clock: Callable[[], datetime]) -> None:
        self.description = description
        self._public_url = public_url.rstrip("/")
        self._clock = clock
        self._made = threading.Lock()
        self._http: HttpPool | None = None

    @property
    def name(self) -> str:
        return self.description.name

    @property
    def capabilities(self) -> Capabilities:
        return self.description.capabilities

    def send(self, message: Message) -> Receipt:
        refusal = self._refusal(message.to)
        if refusal is not None:
            raise refusal
        text = message.body if self.capabilities.unicode else strip_marks(message.body)
        counted = segments(text)
        slots = {
            "to": self._number(message.to),
            "text": text,
            "sender": self.description.sender,
            "reference": message.reference,
            "key": message.key or message.reference,
            "callback": callback_url(self._public_url, self.name, message.reference),
            "parts": str(counted.parts),
            "validity": str(message.validity_seconds or ""),
            "unicode": "0" if counted.encoding == "GSM-7" else "1",
        }
        status, body = self._call(self.description.send, slots)
        return judge(self.description, status, body, counted.parts)

    def _refusal(self, to: str) -> PermanentFailure | None:
        if is_sample(to) and not is_loopback(self.description.send.address.fill(lambda slot: "")):
            return PermanentFailure("SAMPLE", "an invented number never leaves the machine", "address")
        if is_landline(to):
            return PermanentFailure("LANDLINE", "a landline takes no SMS", "address")
        return None

    def _number(self, e164: str) -> str:
        form = self.description.number
        if form == "+84":
            return e164
        if form == "0" and e164.startswith("+84"):
            return "0" + e164[3:]
        return e164.removeprefix("+")

    # --- the wire

    @property
    def _pool(self) -> HttpPool:
        """Made at the first call: a process that never sends need not carry the HTTP client."""
        with self._made:
            if self._http is None:
                from notify.http_pool import HttpPool

                self._http = HttpPool(self.description.timeout_seconds)
            return self._http

    def _call(self, request: Request, slots: Slots) -> tuple[int, bytes]:
        fields = {name: _filled(value, slots) for name, value in request.fields.items()}
        headers = {name: value.fill(slots.__getitem__) for name, value in request.headers.items()}
        headers = {"User-Agent": "incident-room", **headers, **_authorization(self.description.auth)}
        if not all(_PRINTABLE.fullmatch(name + value) for name, value in headers.items()):
            raise ConfigurationFault(
                "HEADER", "a header cannot be written: check the variables it is made of"
            )
        address = request.address.fill(slots.__getitem__, lambda value: quote(value, safe=""))
        body: bytes | None = None
        if request.body == "query":
            if fields:
                address += ("&" if "?" in address else "?") + urlencode(_present(fields))
        else:
            headers["Content-Type"] = _TYPES[request.body]
            body = (_json(fields) if request.body == "json" else urlencode(_present(fields))).encode()
        try:
            answer = self._pool.call(request.method, address, body, headers)
        except ValueError as fault:  # an answer so broken that the HTTP library itself stumbles
            raise UnknownOutcome(type(fault).__name__) from fault
        return answer.status, answer.body

    def close(self) -> None:
        if self._http is not None:
            self._http.close()

    # --- the list

    def list(self, since: datetime) -> Sequence[Listed] | None:
        """What the gateway took since then; None where it offers no list. Raises TemporaryFailure."""
        listing = self.description.listing
        if listing is None:
            return None
        items = [item for page in self._pages(listing, since) for item in page]
        rows = [self._listed(listing, item, since) for item in items]
        return [row for row in rows if row.carrier_id and row.created_at >= since.replace(microsecond=0)]

    def replies(self, since: datetime) -> Sequence[Reply]:
        """What came in since then; nothing where the gateway offers no list of it. Raises TemporaryFailure."""
        block = self.description.replies
        if block is None:
            return ()
        items = [item for page in self._pages(block, since) for item in page]
        found = [(self._reply(block, item), _moment(block, block.at, item)) for item in items]
        return [
            reply for reply, at in found if reply.carrier_id and reply.sender and (at is None or at >= since)
        ]

    def _reply(self, block: Replies, item: Any) -> Reply:
        def said(template: Template) -> str:
            return template.fill(lambda path: found(item, path))

        return Reply(
            carrier=self.name,
            carrier_id=said(block.id).strip()[:80],
            sender=said(block.sender).strip(),
            to=said(block.to).strip(),
            body=said(block.text),
        )

    def balance(self) -> Balance | None:
        """What is left on the account; None where the gateway is not asked. Raises one of the four failures."""
        account = self.description.account
        if account is None:
            return None
        status, body = self._call(account.request, {})
        data = as_json(body)
        good = not account.good or account.ok.fill(lambda path: found(data, path)) in account.good
        amount = account.amount.fill(lambda path: found(data, path)).strip()
        try:
            left = float(amount)
        except ValueError:
            left = float("nan")
        if not 200 <= status < 300 or not good or not math.isfinite(left):
            raise TemporaryFailure("BALANCE", f"the balance could not be read: HTTP {status}")
        return Balance(left, account.currency, account.low)

    def _pages(self, listing: Paged, since: datetime) -> Iterator[Sequence[Any]]:
        slots = {
            "since": _written(since, listing.time_format),
            "until": _written(self._clock() + timedelta(minutes=1), listing.time_format),
            "day": since.astimezone(VIETNAM).date().isoformat(),
            "size": str(listing.size),
        }
        for page in range(listing.first, listing.first + MOST_PAGES):
            items = self._page(listing, {**slots, "page": str(page)})
            yield items
            if not listing.size or len(items) < listing.size:
                return
        raise TemporaryFailure("LIST", "the list has no end")

    def _page(self, listing: Paged, slots: Slots) -> Sequence[Any]:
        try:
            status, body = self._call(listing.request, slots)
        except SendFailure as fault:
            raise TemporaryFailure("LIST", f"the list could not be read: {fault}") from fault
        data = as_json(body)
        items = at(data, listing.items)
        good = not listing.good or listing.ok.fill(lambda path: found(data, path)) in listing.good
        if not 200 <= status < 300 or not good or not isinstance(items, list):
            raise TemporaryFailure("LIST", f"the list could not be read: HTTP {status}")
        return items

    def _listed(self, listing: Listing, item: Any, since: datetime) -> Listed:
        def said(template: Template) -> str:
            return template.fill(lambda path: found(item, path))

        code = said(listing.code)
        status, _ = judge_word(self.description, listing.statuses, said(listing.status), code)
        return Listed(
            said(listing.id)[:80],
            _e164(said(listing.to)),
            said(listing.text),
            status,
            code[:20],
            _moment(listing, listing.at, item) or since,
        )


def _moment(listing: Paged, at: Template, item: Any) -> datetime | None:
    return _read_time(at.fill(lambda path: found(item, path)), listing.at_format)


def callback_url(public_url: str, name: str, reference: str) -> str:
    """Where receipts of this attempt come in; empty where the service has no public address."""
    if not public_url:
        return ""
    address = f"{public_url}/hooks/sms/{name}/status"
    return f"{address}?ref={quote(reference, safe='-._~')}" if reference else address


def _filled(value: Value, slots: Slots) -> Any:
    if isinstance(value, Template):
        text = value.fill(slots.__getitem__)
        return int(text) if value.only() in ("parts", "validity", "page", "size") and text else text
    if isinstance(value, Mapping):
        return {name: _filled(one, slots) for name, one in value.items()}
    if isinstance(value, tuple):
        return [_filled(one, slots) for one in value]
    return value


def _present(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "")}


def _json(fields: Mapping[str, Any]) -> str:
    return json.dumps(_present(fields), ensure_ascii=False)


def _authorization(auth: Auth) -> dict[str, str]:
    if auth.kind == "basic":
        from base64 import b64encode

        return {"Authorization": "Basic " + b64encode(f"{auth.first}:{auth.second}".encode()).decode()}
    if auth.kind == "bearer":
        return {"Authorization": f"Bearer {auth.first}"}
    return {auth.first: auth.second} if auth.kind == "header" else {}


def _e164(number: str) -> str:
    try:
        return to_e164(number)
    except BadNumber:
        return number


def _written(moment: datetime, form: str) -> str:
    """ISO in UTC, seconds, or any strftime pattern in Vietnamese time."""
    if form == "iso":
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    if form == "unix":
        return str(int(moment.timestamp()))
    return moment.astimezone(VIETNAM).strftime(form)


def _read_time(text: str, form: str) -> datetime | None:
    """None where there is none, or none of this form; a time without a zone is Vietnamese."""
    try:
        if form in ("unix", "unix_ms"):
            return datetime.fromtimestamp(float(text) / (1000 if form == "unix_ms" else 1), UTC)
        if form == "dotnet":
            match = _DOTNET.match(text)
            return datetime.fromtimestamp(int(match[1]) / 1000, UTC) if match else None
        moment = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)
