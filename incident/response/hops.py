"""The ladder of channels for one person: SMS, then a call, then email, then those on duty who phone by hand.

Pure: from what is asked, what was tried and what there is, the next channel. How urgent each thing is stands in a table.
Night hours do not count: what climbs this ladder is a crisis. Must never know a text, a table or a carrier.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from notify.message import Channel
from playbooks.language import Step, Verb

LADDERS: Mapping[str, tuple[Channel, ...]] = {
    "call_up": ("sms", "voice", "email"),
    "approval": ("sms", "voice", "email"),
    "critical_notice": ("sms", "voice", "email"),
    "work": ("sms",),
}
"""The channels of what a person is asked, in the order in which they are tried. A call rings twice at most."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a person can be reached through channels that are configured: a number, or None. `mobile` takes SMS."""

    mobile: str | None = None
    phone: str | None = None
    email: str | None = None

    def on(self, channel: Channel) -> str | None:
        return {"sms": self.mobile, "voice": self.phone, "email": self.email}[channel]


def ladder_of(step: Step | None) -> tuple[Channel, ...]:
    """The ladder of what a step of the playbook asks of its people."""
    if step is None:
        return LADDERS["work"]
    if step.verb is Verb.ASSIGN:
        return LADDERS["call_up"]
    if step.verb is Verb.APPROVE:
        return LADDERS["approval"]
    if step.verb is Verb.NOTIFY and step.critical and step.ack != "none":
        return LADDERS["critical_notice"]
    return LADDERS["work"]


def next_hop(ladder: tuple[Channel, ...], tried: Collection[str], reach: Reach) -> Channel | None:
    """The next channel on which the person can be reached and has not been tried; None when nothing is left. What is not
    configured, or has no number, is passed over silently."""
    return next((c for c in ladder if c not in tried and reach.on(c)), None)
