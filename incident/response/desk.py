"""What every use case is handed: the store, the settings, the playbooks, and a bell. Composed in `wiring`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from incident.settings import Settings
from incident.store.sessions import Store


def silent() -> None:
    """A bell that nobody hears: the sweep finds what is due."""


@dataclass(frozen=True, slots=True)
class Desk:
    """`ring` tells the workers that something is due; it is called after the commit and may be lost.
    `two_way`: the SMS carrier takes replies. `sms`, `email`, `voice`: whether the channel is configured."""

    store: Store
    settings: Settings
    ring: Callable[[], None] = silent
    two_way: bool = True
    sms: bool = True
    email: bool = True
    voice: bool = False
