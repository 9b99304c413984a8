"""What Twilio asks and tells of our calls: what to say, which key was pressed, how it ended.

The signature first, as for every webhook; the address carries our own signed reference of the attempt. A key is stored
before it is thanked for, and understood elsewhere: the same key of the same call changes nothing the second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from incident.response import calling
from incident.web.signed import Refused, signed_form
from notify import twilio_voice

if TYPE_CHECKING:
    from incident.wiring import Wiring


def add(hooks: Blueprint, wiring: Wiring, refused: Refused) -> None:
    """The three addresses below /hooks/twilio/voice."""

    @hooks.post("/twilio/voice/<reference>")
    def voice(reference: str) -> Response:
        form = signed_form(wiring)
        if form is None:
            return refused.answer("/hooks/twilio/voice")
        message = wiring.outbox.message_of(reference)
        if message is not None:
            # That it was picked up may be all we ever hear of a call whose answer was lost.
            wiring.outbox.store_receipt(twilio_voice.parse_status(form, reference), wiring.now())
        return _spoken(wiring, reference, calling.picked_up(wiring.desk, message))

    @hooks.post("/twilio/voice/<reference>/key")
    def key(reference: str) -> Response:
        form = signed_form(wiring)
        if form is None:
            return refused.answer("/hooks/twilio/voice/key")
        message = wiring.outbox.message_of(reference)
        reply = twilio_voice.parse_key(form, reference)
        if (
            message is not None
            and reply.carrier_id
            and reply.body in calling.KEYS
            and wiring.outbox.store_inbound(reply, wiring.now()) is not None
        ):
            wiring.bell.ring("understand")
        return _spoken(wiring, reference, calling.key_pressed(wiring.desk, message, reply.body))

    @hooks.post("/twilio/voice/<reference>/status")
    def voice_status(reference: str) -> Response:
        form = signed_form(wiring)
        if form is None:
            return refused.answer("/hooks/twilio/voice/status")
        update = twilio_voice.parse_status(form, reference)
        if update.carrier_id:
            wiring.outbox.store_receipt(update, wiring.now())
        return Response("", mimetype="text/xml")


def _spoken(wiring: Wiring, reference: str, script: calling.Script) -> Response:
    at = twilio_voice.address(wiring.settings.public_url, reference)
    text = (
        twilio_voice.ask(script.words, at, script.farewell) if script.asks else twilio_voice.end(script.words)
    )
    return Response(text, mimetype="text/xml")
