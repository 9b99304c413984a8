"""Which ways of approving an incident's level allows: switches of the province, with what holds until it decides.

Why these defaults: docs/decisions. Knows no database; a value is kept as the levels, "1,2,3", or "" for none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

LEVELS = (1, 2, 3)
LINK, PHONE, UNCONFIRMED = "approval.link", "approval.phone", "approval.release_unconfirmed"
DEFAULTS: dict[str, frozenset[int]] = {
    LINK: frozenset(LEVELS),
    PHONE: frozenset(LEVELS),
    UNCONFIRMED: frozenset(
        {3}
    ),  # the first hour of the worst level cannot wait for a leader to answer an SMS
}


@dataclass(frozen=True, slots=True)
class Policy:
    """The levels at which each way is allowed, by switch."""

    levels: Mapping[str, frozenset[int]]

    def link_at(self, level: int) -> bool:
        return level in self.levels[LINK]

    def phone_at(self, level: int) -> bool:
        return level in self.levels[PHONE]

    def unconfirmed_at(self, level: int) -> bool:
        """Whether a text may go out while an approval by telephone is not yet confirmed."""
        return level in self.levels[UNCONFIRMED]


def policy_of(kept: Mapping[str, str]) -> Policy:
    """From the settings' rows; a switch nobody has touched has its default."""
    return Policy(
        {key: levels_of(kept[key]) if key in kept else default for key, default in DEFAULTS.items()}
    )


def levels_of(text: str) -> frozenset[int]:
    return frozenset(int(found) for found in re.findall(r"[0-9]+", text)) & frozenset(LEVELS)


def kept_as(levels: frozenset[int]) -> str:
    return ",".join(str(level) for level in sorted(levels))
