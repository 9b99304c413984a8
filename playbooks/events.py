"""Events to and from the text they are logged as: `{"event": "acknowledged", ...}`. Knows nothing of what they cause."""

from __future__ import annotations

import json
import re
from typing import Any, cast, get_args

from playbooks.signals import Event
from playbooks.wire import decode, encode


def _slug(kind: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


KINDS: dict[str, type] = {_slug(kind): kind for kind in get_args(Event)}


def event_name(event: Event) -> str:
    """Its snake_case name: `level_changed`."""
    return _slug(type(event))


def event_to_json(event: Event) -> str:
    """Canonical: equal events give equal text."""
    data = {"event": event_name(event)} | encode(event)
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def event_from_json(text: str) -> Event:
    """Raises KeyError for an event this engine does not know."""
    data: dict[str, Any] = json.loads(text)
    return cast(Event, decode(KINDS[data.pop("event")], data))
