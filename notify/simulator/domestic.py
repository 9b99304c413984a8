"""A domestic SMS gateway: JSON over HTTP by the contract of notify/gateways/gsm-modem.yaml, on the same phones as Twilio.

Responsible for the protocol and for sending once for one key. Its callbacks carry the shared secret, or are signed with
it: both are what real gateways do.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from notify.phone import segments
from notify.simulator.faults import Fault, FaultBook
from notify.simulator.rest import NUMBER
from notify.simulator.state import Sms, State, new_id
from notify.simulator.webhooks import Post, Target
from notify.simulator.wire import Request, Response, as_json

PREFIX = "/gateways/"
PAGE_LIMIT = 1000
TEXT_LIMIT = 1600
WORDS = {
    20003: "no-sim", 20429: "busy", 21211: "bad-number", 21610: "opted-out", 21614: "bad-number", 21617: "too-long",
    30001: "busy", 30002: "no-credit", 30003: "not-reachable", 30005: "bad-number", 30008: "not-reachable",
}  # fmt: skip
"""A fault is ordered by one number for all carriers; this gateway has its own words for it. Others are said as they are."""
STATUSES = {"undelivered": "failed"}


@dataclass(frozen=True, slots=True)
class Account:
    """`number`: what people see as the sender, and answer to. `signed`: callbacks carry an HMAC-SHA256 of their body,
    else the secret itself."""

    name: str
    secret: str = field(repr=False)
    number: str = "+84540999998"
    two_way: bool = True
    signed: bool = False


class Domestic:
    """Answers what lies under PREFIX and its name. `follow` is told every message that was accepted."""

    def __init__(
        self,
        state: State,
        faults: FaultBook,
        account: Account,
        target: Target,
        clock: Callable[[], datetime],
        follow: Callable[[Sms, Fault], None],
    ) -> None:
        self._state = state
        self._faults = faults
        self._account = account
        self._target = target
        self._clock = clock
        self._follow = follow
        self._keys = {sms.key: sms for sms in state.order if sms.carrier == account.name and sms.key}

    def __call__(self, request: Request) -> Response:
        secret = request.headers.get("x-secret", "")
        if not hmac.compare_digest(secret.encode(), self._account.secret.encode()):
            return as_json({"code": "unauthorized", "message": "wrong secret"}, 401)
        if request.path != f"{PREFIX}{self._account.name}/messages":
            return as_json({"code": "not-found"}, 404)
        if request.method != "POST":
            return self._list(request.arguments())
        try:
            order = json.loads(request.body)
        except ValueError:
            order = None
        if not isinstance(order, dict):
            return as_json({"code": "bad-request", "message": "not JSON"}, 400)
        return self._take({name: str(value) for name, value in order.items()})

    def _take(self, order: dict[str, str]) -> Response:
        if refusal := _refusal(order):
            return _refused(refusal)
        fault = self._faults.befalls(order["to"], "sms", self._account.name)
        response = self._befallen(order, fault)
        response.delay += fault.latency_ms / 1000
        return response

    def _befallen(self, order: dict[str, str], fault: Fault) -> Response:
        if fault.status:
            return as_json({"code": "error"}, fault.status)
        if 0 < fault.code < 30000:
            return _refused(_word(fault.code))
        sms = self._keys.get(order.get("key", ""))
        known = sms is not None
        sms = sms or self._accept(order, fault)
        if fault.error_after_accept:
            return as_json({"code": "error"}, 500)
        if fault.reset_after_accept:
            return Response(reset=True)
        response = (
            _refused("duplicate") if known else as_json({"code": "0", "id": sms.sid, "parts": sms.parts})
        )
        response.delay = fault.hang_seconds
        return response

    def _accept(self, order: dict[str, str], fault: Fault) -> Sms:
        sms = Sms(
            sid=new_id("GW"),
            to=order["to"],
            sender=self._account.number,
            body=order["text"],
            created_at=self._clock(),
            parts=segments(order["text"]).parts,
            at_phone=fault.code == 0,
            callback=order.get("callback", ""),
            carrier=self._account.name,
            key=order.get("key", ""),
        )
        self._state.add(sms)
        if sms.key:
            self._keys[sms.key] = sms
        self._follow(sms, fault)
        return sms

    def _list(self, query: dict[str, str]) -> Response:
        try:
            since = datetime.fromisoformat(query["since"])
            page, size = int(query.get("page", "1")), min(int(query.get("size", "100")), PAGE_LIMIT)
        except (KeyError, ValueError):
            return as_json({"code": "bad-request"}, 400)
        ours = [s for s in self._state.order if s.carrier == self._account.name and not s.inbound]
        found = [sms for sms in ours if sms.created_at >= since]
        return as_json({"messages": [_shown(sms) for sms in found[(page - 1) * size : page * size]]})

    # --- what it tells by itself

    def status(self, sms: Sms, status: str, code: int) -> Post | None:
        if not sms.callback:
            return None
        said = {"id": sms.sid, "status": STATUSES.get(status, status), "code": _word(code)}
        return self._proven(sms.callback, said)

    def inbound(self, sms: Sms, opt: str) -> Post | None:
        if not self._account.two_way:
            return None
        address = f"{self._target.public_url}/hooks/sms/{self._account.name}/inbound"
        said = {
            "id": sms.sid,
            "from": sms.sender,
            "to": sms.to,
            "text": sms.body,
            "at": sms.created_at.isoformat(),
        }
        return self._proven(address, said)

    def _proven(self, url: str, said: dict[str, str]) -> Post:
        body = json.dumps(said, ensure_ascii=False).encode()
        secret = self._account.secret
        proof = {"X-Secret": secret}
        if self._account.signed:
            proof = {"X-Signature": hmac.new(secret.encode(), body, "sha256").hexdigest()}
        return Post(url, body, {"Content-Type": "application/json", **proof})


def _refusal(order: dict[str, str]) -> str:
    if not NUMBER.fullmatch(order.get("to", "")):
        return "bad-number"
    text = order.get("text", "")
    return "too-long" if not text or len(text) > TEXT_LIMIT else ""


def _refused(word: str) -> Response:
    return as_json({"code": word, "message": "by order or by rule"})


def _word(code: int) -> str:
    return WORDS.get(code, str(code)) if code else ""


def _shown(sms: Sms) -> dict[str, Any]:
    return {
        "id": sms.sid,
        "to": sms.to,
        "text": sms.body,
        "status": STATUSES.get(sms.status, sms.status),
        "code": _word(sms.error_code),
        "at": sms.created_at.isoformat(),
    }
