"""What carriers tell us: replies and delivery reports. The signature first, then stored, then 200; understood elsewhere.

A wrong or missing signature is 403 and goes on the system's record, at most once a minute. Must never decide what a reply
means: a webhook that is slow, or fails, is sent again by the carrier, and changes nothing the second time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from incident.domain.actors import SYSTEM
from incident.timeline import ledger
from notify import twilio

if TYPE_CHECKING:
    from incident.wiring import Wiring

log = logging.getLogger(__name__)

EMPTY_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
RECORDED_EVERY_SECONDS = 60.0


def blueprint(wiring: Wiring) -> Blueprint:
    hooks = Blueprint("hooks", __name__, url_prefix="/hooks")
    refused = _Refused(wiring)

    @hooks.post("/twilio/inbound")
    def inbound() -> Response:
        form = _signed(wiring)
        if form is None:
            return refused.answer("/hooks/twilio/inbound")
        reply = twilio.parse_inbound(form)
        if reply.carrier_id:
            wiring.outbox.store_inbound(reply, wiring.now())
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

    return hooks


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
        log.warning("a webhook without a valid signature was refused: %s", path)
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
