"""Whether a webhook comes from who it says: Twilio's signature over the public address and all fields.

What is not signed is 403 and goes on the system's record, at most once a minute. Must never know what a webhook is about.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING

from flask import Response, request

from incident.domain.actors import SYSTEM
from incident.timeline import ledger
from notify import twilio

if TYPE_CHECKING:
    from incident.wiring import Wiring

log = logging.getLogger(__name__)

RECORDED_EVERY_SECONDS = 60.0


def signed_form(wiring: Wiring) -> Mapping[str, str] | None:
    """The form, if one of our tokens signed it for the public address exactly as it was called."""
    query = request.query_string.decode("latin-1")
    url = f"{wiring.settings.public_url}{request.path}{'?' + query if query else ''}"
    form = request.form.to_dict()
    header = request.headers.get("X-Twilio-Signature")
    return form if twilio.valid_signature(wiring.settings.twilio_tokens, url, form, header) else None


class Refused:
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
