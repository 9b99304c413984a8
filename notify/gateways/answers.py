"""What a gateway's answer means, by its description: accepted, or one of the four failures. Pure.

The HTTP status first, since nothing else is sure to be theirs; a 5xx says nothing, whatever stands in it, unless the
description names that very status. Must never know who asks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from notify.gateways.description import Answer, Description, Rule
from notify.gateways.templates import found
from notify.message import (
    ConfigurationFault,
    DeliveryStatus,
    PermanentFailure,
    Receipt,
    TemporaryFailure,
    UnknownOutcome,
)

UNLISTED_IN_RECEIPT = Rule("other", 1)
ID_LENGTH = 80


def judge(description: Description, status: int, body: bytes, parts: int) -> Receipt:
    """The receipt of an accepted message; raises one of the four failures."""
    named = description.errors.get(f"http-{status}")
    if named is not None:
        return _by_rule(description, named, f"http-{status}", "", parts)
    if status >= 500 or status == 408:
        raise UnknownOutcome(f"HTTP {status}", str(status))
    answer = description.answer
    data = read(answer, body)
    code = "" if data is None else answer.code.fill(lambda path: found(data, path))
    text = "" if data is None else answer.text.fill(lambda path: found(data, path))[:200]
    if status in answer.accepted:
        return _accepted(description, data, code, text, parts)
    rule = description.errors.get(code)
    if rule is not None:
        return _by_rule(description, rule, code, text, parts)
    _by_status(status, code or str(status), text)


def _accepted(description: Description, data: Any, code: str, text: str, parts: int) -> Receipt:
    answer = description.answer
    if data is None and (answer.good or answer.id):
        raise UnknownOutcome("the answer could not be read")
    if not answer.good or code in answer.good:
        carrier_id = answer.id.fill(lambda path: found(data, path)).strip()[:ID_LENGTH]
        if answer.id and not carrier_id:
            raise UnknownOutcome("the answer names no message")
        return Receipt(description.name, carrier_id, "accepted", parts)
    if not code:
        raise UnknownOutcome("the answer names no result")
    return _by_rule(description, description.errors.get(code, Rule("other")), code, text, parts)


def _by_rule(description: Description, rule: Rule, code: str, text: str, parts: int) -> Receipt:
    if rule.kind == "duplicate":  # without an id: the first callback, or the list, will bring it
        return Receipt(description.name, "", "accepted", parts)
    if rule.kind == "unknown":
        raise UnknownOutcome(text or "the gateway cannot say", code)
    if rule.kind == "configuration":
        raise ConfigurationFault(code, text)
    if rule.kind == "transient":
        raise TemporaryFailure(code, text)
    raise PermanentFailure(code, text, rule.kind)


def _by_status(status: int, code: str, text: str) -> NoReturn:
    if status == 429:
        raise TemporaryFailure(code, text)
    if 200 <= status < 300:
        raise UnknownOutcome(f"HTTP {status} is no answer to this", code)
    if status < 400 or status in (401, 403, 404, 405):  # a redirect: something else stands at that address
        raise ConfigurationFault(code, text)
    raise PermanentFailure(code, text)


def read(answer: Answer, body: bytes) -> Any:
    """The answer's fields; None where it is not what was described."""
    if answer.pattern is None:
        return as_json(body)
    match = answer.pattern.search(body.decode("utf-8", "replace"))
    return None if match is None else {name: value or "" for name, value in match.groupdict().items()}


def as_json(body: bytes) -> Any:
    """None where it is no JSON, or a bare null, which says no more."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def judge_word(
    description: Description, statuses: Mapping[str, DeliveryStatus | Any], word: str, code: str
) -> tuple[DeliveryStatus, Rule]:
    """The gateway's word for a status in ours; a word that is not described says no more than that it has the message."""
    status = statuses.get(word, "accepted")
    if status != "failed":
        return status, Rule("other")
    rule = description.errors.get(code, UNLISTED_IN_RECEIPT)
    again = rule.retries > 0 or rule.kind == "configuration"
    return ("temporary-failure" if again else "permanent-failure"), rule
