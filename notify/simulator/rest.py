"""Twilio's REST for messages and calls: create, fetch, list, with its errors, as twilio-python reads them.

Responsible for the protocol. Sources: Twilio's reference of the Message and the Call resource (fields, paging, filters).
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any, Protocol
from urllib.parse import urlencode

from notify.phone import segments
from notify.simulator.faults import Fault, FaultBook
from notify.simulator.state import TWILIO, Sms, State, new_id
from notify.simulator.wire import Request, Response, as_json

PREFIX = "/2010-04-01/Accounts/"
BODY_LIMIT = 1600
PAGE_LIMIT = 1000
CREDIT, PRICE = 1000.0, 0.05  # of an invented account
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
ERRORS = {
    20003: (401, "Authentication Error - invalid username"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    20503: (503, "Service Unavailable"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url is not a valid URL"),
    21211: (400, "The 'To' number is not a valid phone number."),
    21213: (400, "A 'From' phone number is required."),
    21217: (400, "Phone number does not appear to be valid"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
}
_BY_STATUS = {429: 20429, 500: 20500, 503: 20503}


class Resource(Protocol):
    """One kind of thing under the account: `Messages` or `Calls`."""

    @property
    def channel(self) -> str: ...

    @property
    def rows(self) -> Sequence[Any]: ...

    def refusal(self, form: dict[str, str]) -> int: ...

    def accept(self, form: dict[str, str], fault: Fault) -> Any: ...

    def by_sid(self, sid: str) -> Any: ...

    def fits(self, row: Any, query: dict[str, str]) -> bool: ...

    def shown(self, row: Any, base: str) -> dict[str, Any]: ...


class TwilioRest:
    """Answers what lies under PREFIX."""

    def __init__(
        self, account: tuple[str, str], faults: FaultBook, resources: Mapping[str, Resource]
    ) -> None:
        self._faults = faults
        self._basic = "Basic " + base64.b64encode(":".join(account).encode()).decode()
        self._resources = {f"{PREFIX}{account[0]}/{name}": one for name, one in resources.items()}
        self._balance = f"{PREFIX}{account[0]}/Balance.json"

    def __call__(self, request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), self._basic.encode()):
            return error(20003)
        if request.path == self._balance:
            spent = sum(len(resource.rows) for resource in self._resources.values()) * PRICE
            return as_json({"balance": f"{CREDIT - spent:.2f}", "currency": "USD"})
        for base, resource in self._resources.items():
            if request.path == base + ".json":
                if request.method == "POST":
                    return self._create(base, resource, request.form())
                return _listing(base, resource, request.arguments())
            match = re.fullmatch(re.escape(base) + r"/(\w+)\.json", request.path)
            if match and (row := resource.by_sid(match.group(1))):
                return as_json(resource.shown(row, base))
        return error(20404)

    def _create(self, base: str, resource: Resource, form: dict[str, str]) -> Response:
        code = resource.refusal(form)
        if code:
            return error(code)
        fault = self._faults.befalls(form["To"], resource.channel)
        response = _befallen(base, resource, form, fault)
        response.delay += fault.latency_ms / 1000
        return response


def _befallen(base: str, resource: Resource, form: dict[str, str], fault: Fault) -> Response:
    if fault.status:
        return error(_BY_STATUS.get(fault.status, 20500), fault.status)
    if 0 < fault.code < 30000:
        return error(fault.code)
    row = resource.accept(form, fault)
    if fault.error_after_accept:
        return error(20500)
    if fault.reset_after_accept:
        return Response(reset=True)
    response = as_json(resource.shown(row, base), 201)
    response.delay = fault.hang_seconds
    return response


def _listing(base: str, resource: Resource, query: dict[str, str]) -> Response:
    size = max(1, min(PAGE_LIMIT, _number(query.get("PageSize"), 50)))
    number = _number(query.get("Page"), 0)
    before = _number(query.get("PageToken", "")[2:], len(resource.rows))
    rows, rest = _page(resource, query, before, size)
    kept = {k: v for k, v in query.items() if k not in ("Page", "PageToken")}
    after = kept | {"Page": str(number + 1), "PageToken": f"PA{rows[-1].n}"} if rest else None
    return as_json(
        {
            base.rpartition("/")[2].lower(): [resource.shown(row, base) for row in rows],
            "page": number,
            "page_size": size,
            "start": number * size,
            "end": number * size + max(0, len(rows) - 1),
            "uri": f"{base}.json?{urlencode(query)}" if query else f"{base}.json",
            "first_page_uri": f"{base}.json?{urlencode(kept | {'Page': '0'})}",
            "previous_page_uri": None,
            "next_page_uri": f"{base}.json?{urlencode(after)}" if after else None,
        }
    )


def _page(resource: Resource, query: dict[str, str], before: int, size: int) -> tuple[list[Any], bool]:
    """Newest first, made before the token's; and whether more follow."""
    rows: list[Any] = []
    for place in range(min(before, len(resource.rows)) - 1, -1, -1):
        row = resource.rows[place]
        if not resource.fits(row, query):
            continue
        if len(rows) == size:
            return rows, True
        rows.append(row)
    return rows, False


class Messages:
    """`follow` is told every message that was accepted."""

    channel = "sms"

    def __init__(
        self, state: State, sid: str, clock: Callable[[], datetime], follow: Callable[[Sms, Fault], None]
    ) -> None:
        self._state = state
        self._sid = sid
        self._clock = clock
        self._follow = follow
        self.rows = state.order

    def refusal(self, form: dict[str, str]) -> int:
        return _refusal(form) or (21610 if form["To"] in self._state.opted_out else 0)

    def accept(self, form: dict[str, str], fault: Fault) -> Sms:
        sms = Sms(
            sid=new_id("SM"),
            to=form["To"],
            sender=form.get("From") or form["MessagingServiceSid"],
            body=form["Body"],
            created_at=self._clock(),
            parts=segments(form["Body"]).parts,
            at_phone=fault.code == 0,
            callback=form.get("StatusCallback", ""),
            service=form.get("MessagingServiceSid", ""),
        )
        self._state.add(sms)
        self._follow(sms, fault)
        return sms

    def by_sid(self, sid: str) -> Sms | None:
        sms = self._state.by_sid.get(sid)
        return sms if sms is not None and sms.carrier == TWILIO else None

    def fits(self, sms: Sms, query: dict[str, str]) -> bool:
        return sms.carrier == TWILIO and _fits(sms, query)

    def shown(self, sms: Sms, base: str) -> dict[str, Any]:
        return {
            "account_sid": self._sid,
            "api_version": "2010-04-01",
            "body": sms.body,
            "date_created": rfc2822(sms.created_at),
            "date_sent": rfc2822(sms.sent_at) if sms.sent_at else None,
            "date_updated": rfc2822(sms.sent_at or sms.created_at),
            "direction": "inbound" if sms.inbound else "outbound-api",
            "error_code": sms.error_code or None,
            "error_message": None,
            "from": sms.sender,
            "messaging_service_sid": sms.service or None,
            "num_media": "0",
            "num_segments": str(sms.parts),
            "price": None,
            "price_unit": "USD",
            "sid": sms.sid,
            "status": sms.status,
            "subresource_uris": {"media": f"{base}/{sms.sid}/Media.json"},
            "to": sms.to,
            "uri": f"{base}/{sms.sid}.json",
        }


def error(code: int, status: int = 0) -> Response:
    """Twilio's error body."""
    usual, text = ERRORS.get(code, (400, f"Error {code}"))
    return as_json(
        {
            "code": code,
            "message": text,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status or usual,
        },
        status or usual,
    )


def _refusal(form: dict[str, str]) -> int:
    if not form.get("To"):
        return 21604
    if not NUMBER.fullmatch(form["To"]):
        return 21211
    if not form.get("From") and not form.get("MessagingServiceSid"):
        return 21603
    if not form.get("Body"):
        return 21602
    return 21617 if len(form["Body"]) > BODY_LIMIT else 0


def _fits(sms: Sms, query: dict[str, str]) -> bool:
    if query.get("To") and sms.to != query["To"]:
        return False
    if query.get("From") and sms.sender != query["From"]:
        return False
    return on_day(sms.sent_at, "DateSent", query)


def on_day(moment: datetime | None, name: str, query: Mapping[str, str]) -> bool:
    """Whether a moment lies on the days that a filter (`DateSent`, `DateSent>`, `DateSent<`) names."""
    day = moment.astimezone(UTC).date() if moment else None
    return all(
        _day_fits(day, sign, value)
        for sign, value in ((k[len(name) :], v) for k, v in query.items() if k.startswith(name))
    )


def _day_fits(sent: date | None, sign: str, value: str) -> bool:
    """Whole days, as Twilio has it; what was not sent yet matches none."""
    try:
        day = date.fromisoformat(value[:10])
    except ValueError:
        return True
    if sent is None:
        return False
    return sent >= day if sign == ">" else sent <= day if sign == "<" else sent == day


def rfc2822(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC))


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() else default
