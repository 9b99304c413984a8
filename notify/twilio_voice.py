"""Calls by Twilio: dialling, the list for reconciliation, callbacks, and what the called phone is told to do (TwiML).

Responsible for turning everything Twilio can say of a call into our words. It must never know what a call is about. A busy
or silent phone is no unreachable person: it rings once more, and then the next channel has its turn. Sources: Twilio's
REST reference for Calls, its error dictionary, TwiML's <Gather> and <Say>.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from notify import twilio
from notify.message import Capabilities, DeliveryStatus, Listed, Message, Receipt, Reply, StatusUpdate
from notify.twilio import Rule, TwilioAccount, TwilioClient, number

NAME = "twilio-voice"
RING_SECONDS = 30  # shorter than most mailboxes take to answer
LONGEST_CALL_SECONDS = 300
KEY_SECONDS = 6  # from the end of the words to the next reading
READINGS = 3  # the words, and twice again while no key is pressed
LANGUAGE = "vi-VN"
VOICE = "Google.vi-VN-Wavenet-A"  # the voice Twilio takes when none is named speaks no Vietnamese
EVENTS = ("ringing", "answered", "completed")

CODES: dict[int, Rule] = {
    **twilio.CODES,
    # the account, our number or the address we gave is wrong
    13227: Rule("configuration"),  # no permission for that country
    21203: Rule("configuration"),  # international calls not enabled
    21205: Rule("configuration"),  # Url not an address
    21210: Rule("configuration"),  # From not verified
    21213: Rule("configuration"),  # From missing
    21215: Rule("configuration"),  # region not enabled
    32205: Rule("configuration"),  # region not enabled, found while dialling
    # this number cannot be called
    13223: Rule("address"),  # not in the form of a number
    13224: Rule("address"),  # no carrier reaches it
    13225: Rule("address"),  # forbidden number
    13226: Rule("address"),  # no such country
    21201: Rule("address"),  # To missing
    21202: Rule("address"),  # a premium number
    21216: Rule("address"),  # barred number
    21217: Rule("address"),  # does not look like a number
    # it passes
    10004: Rule("transient", 3),  # too many calls at once
}

STATUSES: dict[str, DeliveryStatus] = {
    "queued": "accepted",
    "initiated": "accepted",
    "ringing": "accepted",
    "in-progress": "sent",
    "completed": "delivered",
}
"""Twilio's words of a call that went well. "completed" says that somebody, or something, answered: no more."""

ENDINGS: dict[str, Rule] = {
    "busy": Rule("transient", 1),
    "no-answer": Rule("transient", 1),
    "failed": Rule("transient", 1),
    "canceled": Rule("other"),  # by somebody in our own account
}
"""How a call ends that nobody answered, with the further calls it allows; a listed error code says more."""


class TwilioVoice:
    """Safe to share between threads. `caller` is the number that calls, E.164; landlines are called like any other."""

    def __init__(self, account: TwilioAccount, caller: str) -> None:
        self.account = account
        self.caller = caller
        self.client = TwilioClient(account, CODES)

    @property
    def name(self) -> str:
        return NAME

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(two_way=True, receipts="delivered")

    def send(self, message: Message) -> Receipt:
        refusal = self.client.refusal(message.to)
        if refusal is not None:
            raise refusal
        made = self.client.create("calls", self._fields(message))
        return Receipt(NAME, made.sid, "accepted", 1)

    def _fields(self, message: Message) -> dict[str, object]:
        at = address(self.account.public_url, message.reference)
        return {
            "to": message.to,
            "from_": self.caller,
            "url": at,
            "status_callback": f"{at}/status",
            "status_callback_event": list(EVENTS),
            "timeout": RING_SECONDS,
            "time_limit": LONGEST_CALL_SECONDS,
        }

    def list(self, since: datetime) -> Sequence[Listed] | None:
        return [
            _listed(row)
            for row in self.client.made_since("calls", since)
            if str(row.direction).startswith("outbound")
        ]

    def close(self) -> None:
        self.client.close()


def address(public_url: str, reference: str) -> str:
    """Where Twilio asks what to say in this attempt's call; keys and statuses come in below it."""
    return f"{public_url.rstrip('/')}/hooks/twilio/voice/{quote(reference, safe='-._~')}"


def parse_status(form: Mapping[str, str], reference: str = "") -> StatusUpdate:
    """A status callback, or any other request that tells of a call; `reference` stood in its address."""
    word, error = form.get("CallStatus") or "", form.get("ErrorCode") or ""
    status, rule = judge(word, error)
    return StatusUpdate(
        carrier=NAME,
        carrier_id=form.get("CallSid") or "",
        status=status,
        code=error or (word if word in ENDINGS else ""),
        reference=reference,
        raw=dict(form),
        kind=rule.kind,
        retries=rule.retries,
    )


def judge(word: str, code: str) -> tuple[DeliveryStatus, Rule]:
    """Twilio's status of a call and its error code in our words; an unknown word says no more than that Twilio has it."""
    if word not in ENDINGS:
        return STATUSES.get(word, "accepted"), Rule("")
    rule = CODES.get(number(code) or 0, ENDINGS[word])
    again = rule.retries > 0 or rule.kind == "configuration"
    return ("temporary-failure" if again else "permanent-failure"), rule


def parse_key(form: Mapping[str, str], reference: str) -> Reply:
    """The key pressed in a call, as an answer of the phone that was called. One key of one call is one answer."""
    call, key = form.get("CallSid") or "", (form.get("Digits") or "")[:1]
    return Reply(
        carrier=NAME,
        carrier_id=f"{call}{key}" if call and key else "",
        sender=form.get("To") or "",
        to=form.get("From") or "",
        body=key,
        raw=dict(form),
        reference=reference,
    )


# ------------------------------------------------------------------ what the phone is told to do


def ask(words: str, at: str, farewell: str) -> str:
    """TwiML: read the words and wait for one key, thrice at most; then say farewell and hang up. `at`: this attempt's
    address, to which the key is sent."""
    action = quoteattr(f"{at}/key")
    gather = (
        f'<Gather input="dtmf" numDigits="1" timeout="{KEY_SECONDS}" method="POST" action={action}>'
        f"{_say(words)}</Gather>"
    )
    return _document(gather * READINGS + _say(farewell) + "<Hangup/>")


def end(words: str) -> str:
    """TwiML: say this and hang up."""
    return _document(_say(words) + "<Hangup/>")


def _say(words: str) -> str:
    spoken = "".join(
        letter if letter.isprintable() else " " for letter in words
    )  # XML has no control characters
    return f'<Say language="{LANGUAGE}" voice="{VOICE}">{escape(spoken)}</Say>'


def _document(verbs: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>'


def _listed(row: Any) -> Listed:
    status, _ = judge(str(row.status), "")
    code = str(row.status) if str(row.status) in ENDINGS else ""
    return Listed(row.sid, row.to or "", None, status, code, row.date_created)
