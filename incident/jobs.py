"""What a bell makes a worker do. Jobs carry no data, are safe to lose and safe to run twice."""

from __future__ import annotations

from functools import cache

from incident.wiring import Wiring

DRAIN_SECONDS = 20.0


@cache
def wiring() -> Wiring:
    """This process's parts, made once: carriers keep their connections from one job to the next."""
    return Wiring.from_env()


def drain() -> int:
    """Send what is due, for at most 20 seconds; then ring for the rest. A crowd calls a second worker."""
    parts = wiring()
    parts.bell.begun("drain")
    sent = parts.outbox.drain(DRAIN_SECONDS, crowd=parts.bell.ring)
    if sent and parts.outbox.overdue(0):  # what nobody could send now is the clock's to call for again
        parts.bell.ring("drain")
    return sent


def understand() -> int:
    """Read the replies that have come in. Several at a time, in the order in which they came."""
    from incident.response import inbox

    parts = wiring()
    parts.bell.begun("understand")
    read = 0
    while ids := parts.outbox.unread(parts.now()):
        done = inbox.understand(parts.desk, ids, parts.now())
        read += done
        if not done:
            break
    return read
