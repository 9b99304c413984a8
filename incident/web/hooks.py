"""What carriers tell us: replies and delivery reports. The proof first, then stored, then 200; understood elsewhere.

Twilio's by its signature, a domestic gateway's as its description says. A wrong or missing proof is 403 and goes on the
system's record, at most once a minute. Must never decide what a reply means: a webhook that is slow, or fails, is sent
again by the carrier, and changes nothing the second time.
"""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, request

from incident.web import voice_hooks
from incident.web.signed import Refused, signed_form
from notify import mail_in, twilio
from notify.gateways.callbacks import Callback, Unreadable, proven
from notify.gateways.callbacks import inbound as read_inbound
from notify.gateways.callbacks import status as read_status
from notify.http_gateway import HttpGateway

if TYPE_CHECKING:
    from incident.wiring import Wiring

log = logging.getLogger(__name__)

EMPTY_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
MOST_BYTES = (
    256 * 1024
)  # ten thousand characters, each written as an escape, and room for what stands around them


def blueprint(wiring: Wiring) -> Blueprint:
    hooks = Blueprint("hooks", __name__, url_prefix="/hooks")
    refused = Refused(wiring)

    @hooks.post("/twilio/inbound")
    def inbound() -> Response:
        form = signed_form(wiring)
        if form is None:
            return refused.answer("/hooks/twilio/inbound")
        reply = twilio.parse_inbound(form)
        if reply.carrier_id:
            wiring.outbox.store_inbound(reply, wiring.now())
        return Response(EMPTY_ANSWER, mimetype="text/xml")

    @hooks.post("/twilio/status")
    def status() -> Response:
        form = signed_form(wiring)
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
                wiring.outbox.store_inbound(read_inbound(description, call, wiring.now()), wiring.now())
            else:
                wiring.outbox.store_receipt(read_status(description, call), wiring.now())
        except Unreadable as bad:
            log.warning("a callback of %s could not be read: %s", name, bad)
            return Response(f"{bad}\n", 400, mimetype="text/plain")
        return Response(callbacks.answer, mimetype="text/plain")

    @hooks.post("/email/inbound")
    def mail() -> Response:
        """A raw message, signed by whoever took it from the mail server (decision 0024)."""
        secret = wiring.settings.email_secret
        if not secret:
            abort(404)
        request.max_content_length = mail_in.MOST_BYTES
        raw = request.get_data(cache=False)
        given = request.headers.get("X-Signature", "").strip().lower().removeprefix("sha256=")
        if not raw or not hmac.compare_digest(given.encode(), mail_in.signature(secret, raw).encode()):
            return refused.answer(request.path)
        try:
            found = mail_in.read(raw)
        except mail_in.NoMail as bad:
            log.warning("a mail could not be read: %s", bad)
            return Response(f"{bad}\n", 400, mimetype="text/plain")
        if found is not None:
            wiring.outbox.store_mail(found, wiring.now())
        return Response("OK\n", mimetype="text/plain")

    voice_hooks.add(hooks, wiring, refused)
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
