"""What every use case is handed: the store, the settings, the playbooks, and a bell. Composed in `wiring`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from incident.settings import Settings
from incident.store.sessions import Store
from incident.store.tables import Person


def silent() -> None:
    """A bell that nobody hears: the sweep finds what is due."""


@dataclass(frozen=True, slots=True)
class Desk:
    """`ring` tells the workers that something is due; it is called after the commit and may be lost.
    `two_way`: every reader's SMS carrier takes replies; `answers`: whether this number's does, where they differ.
    `sms`, `email`, `voice`: whether the channel is configured."""

    store: Store
    settings: Settings
    ring: Callable[[], None] = silent
    two_way: bool = True
    sms: bool = True
    email: bool = True
    voice: bool = False
    answers: Callable[[str], bool] | None = None

    def two_way_with(self, person: Person) -> bool:
        """Whether this person can answer by SMS; without a number of his own the question is everybody's."""
        if self.answers is None or person.phone is None:
            return self.two_way
        return self.answers(person.phone)
