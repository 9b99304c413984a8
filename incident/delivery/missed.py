"""What a carrier's webhooks should have told us and did not: replies and last reports, read from the carrier's own list.

Not every carrier repeats a webhook that was lost or refused. So while an incident is open, what came in is listed once a
minute; and messages that their carrier took and then never spoke of again are looked up. What is found is kept by the
same door as a webhook: what was known already changes nothing. Must never decide what a reply or a report means.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from incident.delivery.outcomes import risen
from incident.domain.ids import first_id
from incident.store.sessions import Store
from incident.store.tables import Attempt, Incident
from notify.gateway import Gateway
from notify.message import ListsReplies, Reply, Sender, StatusUpdate

log = logging.getLogger(__name__)

SILENT_AFTER = timedelta(seconds=60)  # a carrier reports within seconds
ASKED_FOR = timedelta(minutes=20)  # after so long it is left as it stands
OVERLAP = timedelta(minutes=3)  # of one look with the one before: clocks differ, and lists lag
FAR_BACK = timedelta(hours=6)  # the first look after a start; what came in while nothing ran
WAITING = ("accepted", "sent")


@dataclass(frozen=True, slots=True)
class Missed:
    """What the lists hold, some of it known; `answered`: the carriers that could be asked."""

    replies: Sequence[Reply]
    updates: Sequence[StatusUpdate]
    answered: frozenset[str]


def look(store: Store, gateway: Gateway, last: Mapping[str, datetime], now: datetime) -> Missed:
    """Ask the carriers, if there is anything to ask. `last`: when each answered before, if it did."""
    with store.reading() as session:
        silent = _silent(session, now)
        opened = bool(session.scalar(select(exists().where(Incident.status == "open"))))
    replies: list[Reply] = []
    updates: list[StatusUpdate] = []
    answered: set[str] = set()
    for sender in {route.sender.name: route.sender for route in gateway.routes}.values():
        since = last[sender.name] - OVERLAP if sender.name in last else now - FAR_BACK
        try:
            if opened and isinstance(sender, ListsReplies):
                replies += sender.replies(since)
            updates += _updates(sender, [one for one in silent if one.carrier == sender.name])
        except Exception:
            log.warning("the list of %s could not be read", sender.name, exc_info=True)
            continue
        answered.add(sender.name)
    return Missed(replies, updates, frozenset(answered))


def _silent(session: Session, now: datetime) -> Sequence[Attempt]:
    """Attempts that were taken a while ago and never came to an end."""
    query = select(Attempt).where(
        Attempt.id >= first_id(now - ASKED_FOR),
        Attempt.started_at <= now - SILENT_AFTER,
        Attempt.outcome != "calling",
        Attempt.status.in_(WAITING),
        Attempt.carrier_id.is_not(None),
    )
    return session.scalars(query).all()


def _updates(sender: Sender, silent: Sequence[Attempt]) -> Iterable[StatusUpdate]:
    if not silent:
        return ()
    known = {attempt.carrier_id: attempt for attempt in silent}
    listing = sender.list(min(attempt.started_at for attempt in silent) - OVERLAP) or ()
    return [
        StatusUpdate(sender.name, listed.carrier_id, listed.status, listed.code, raw={"listed": "1"})
        for listed in listing
        if listed.carrier_id in known and risen(known[listed.carrier_id].status, listed.status)
    ]
