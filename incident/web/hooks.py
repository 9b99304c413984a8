"""What carriers tell us: replies and delivery reports. The signature first, then stored, then 200; understood elsewhere.

A wrong or missing signature is 403 and goes on the system's record, at most once a minute. Must never decide what a reply
means: a webhook that is slow, or fails, is sent again by the carrier, and changes nothing the second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from incident.web import voice_hooks
from incident.web.signed import Refused, signed_form
from notify import twilio

if TYPE_CHECKING:
    from incident.wiring import Wiring

EMPTY_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


def blueprint(wiring: Wiring) -> Blueprint:
    hooks = Blueprint("hooks", __name__, url_prefix="/hooks")
    refused = Refused(wiring)

    @hooks.post("/twilio/inbound")
    def inbound() -> Response:
        form = signed_form(wiring)
        if form is None:
            return refused.answer("/hooks/twilio/inbound")
        reply = twilio.parse_inbound(form)
        if reply.carrier_id and wiring.outbox.store_inbound(reply, wiring.now()) is not None:
            wiring.bell.ring("understand")
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

    voice_hooks.add(hooks, wiring, refused)
    return hooks
