"""What carriers tell us: replies and delivery reports. The proof first, then stored, then 200; understood elsewhere.

Twilio's by its signature, a domestic gateway's as its description says. A wrong or missing proof is 403 and goes on the
system's record, at most once a minute. Must never decide what a reply means: a webhook that is slow, or fails, is sent
again by the carrier, and changes nothing the second time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, request

from incident.domain.actors import SYSTEM
from incident.timeline import ledger
from notify import twilio
from notify.gateways.callbacks import Callback, Unreadable, proven
from notify.gateways.callbacks import inbound as read_inbound
from notify.gateways.callbacks import status as read_status
from notify.http_gateway import HttpGateway

if TYPE_CHECKING:
    from incident.wiring import Wiring
    from notify.message import Reply

log = logging.getLogger(__name__)

EMPTY_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
MOST_BYTES = (
    256 * 1024
)  # ten thousand characters, each written as an escape, and room for what stands around them
RECORDED_EVERY_SECONDS = 60.0


def blueprint(wiring: Wiring) -> Blueprint:
    hooks = Blueprint("hooks", __name__, url_prefix="/hooks")
    refused = _Refused(wiring)

    def keep(reply: Reply) -> None:
        if wiring.outbox.store_inbound(reply, wiring.now()) is not None:
            wiring.bell.ring("understand")

    @hooks.post("/twilio/inbound")
    def inbound() -> Response:
        form = _signed(wiring)
        if form is None:
            return refused.answer("/hooks/twilio/inbound")
        reply = twilio.parse_inbound(form)
        if reply.carrier_id:
            keep(reply)
        return Response(EMPTY_ANSWER, mimetype="text/xml")

    @hooks.post("/twilio/status")
    def status() -> Response:
        form = _signed(wiring)
        if form is None:
            return refused.answer("/hooks/twilio/status")
        update = twilio.parse_status(form, request.args.get("ref", ""))
        if update.carrier_id:
            wiring.outbox.store_receipt(update, wiring.now())
        return Response(EMPTY_ANSWER, mimetype="text/xml")

    @hooks.route("/sms/<name>/<kind>", methods=("GET", "POST"))
    def domestic(name: str, kind: str) -> Response:
        gateway = wiring.gateway.named(name)
        description = gateway.description if isinstance(gateway, HttpGateway) else None
        callbacks = description.callbacks if description is not None else None
        block = {"inbound": callbacks.inbound, "status": callbacks.status}.get(kind) if callbacks else None
        if description is None or callbacks is None or block is None:
            abort(404)
        if request.method != block.method:
            abort(405, valid_methods=[block.method])
        call = _as_it_came()
        if not proven(description, call):
            return refused.answer(request.path)
        try:
            if kind == "inbound":
                keep(read_inbound(description, call, wiring.now()))
            else:
                wiring.outbox.store_receipt(read_status(description, call), wiring.now())
        except Unreadable as bad:
            log.warning("a callback of %s could not be read: %s", name, bad)
            return Response(f"{bad}\n", 400, mimetype="text/plain")
        return Response(callbacks.answer, mimetype="text/plain")

    return hooks


def _as_it_came() -> Callback:
    request.max_content_length = MOST_BYTES
    return Callback(
        query=request.args.to_dict(),
        headers={key.lower(): value for key, value in request.headers.items()},
        body=request.get_data(cache=False),
        content_type=request.content_type or "",
        address=request.remote_addr or "",
    )


def _signed(wiring: Wiring) -> Mapping[str, str] | None:
    """The form, if one of our tokens signed it for the public address exactly as it was called."""
    query = request.query_string.decode("latin-1")
    url = f"{wiring.settings.public_url}{request.path}{'?' + query if query else ''}"
    form = request.form.to_dict()
    header = request.headers.get("X-Twilio-Signature")
    return form if twilio.valid_signature(wiring.settings.twilio_tokens, url, form, header) else None


class _Refused:
    """Answers what is not signed, and keeps a flood of it from filling the record."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.last = float("-inf")
        self.unsaid = 0
        self.lock = Lock()

    def answer(self, path: str) -> Response:
        log.warning("a webhook without a valid proof was refused: %s", path)
        with self.lock:
            self.unsaid += 1
            if time.monotonic() - self.last >= RECORDED_EVERY_SECONDS:
                self._record(path)
        return Response("", status=403)

    def _record(self, path: str) -> None:
        now = self.wiring.now()
        data = {"path": path, "reason": "signature", "count": self.unsaid}
        with self.wiring.store.writing() as session:
            head = ledger.system_head(session)
            ledger.append(
                session, head, "webhook_refused", occurred_at=now, recorded_at=now, actor=SYSTEM, data=data
            )
        self.last, self.unsaid = time.monotonic(), 0
