"""One holder at a time of a named duty, by a row: SQLite has no row locks that outlive a transaction.

`fence` grows with every change of holder, so that whoever lost the duty can be told from whoever has it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import case, or_, update

from incident.delivery.rows import insert_once
from incident.store.sessions import Store
from incident.store.tables import Lease


def take(store: Store, name: str, holder: str, now: datetime, seconds: float) -> int | None:
    """Take or renew the duty until `now` + `seconds`. The fencing number, or None while somebody else holds it."""
    until = now + timedelta(seconds=seconds)
    with store.writing() as session:
        fence = session.scalar(
            update(Lease)
            .where(Lease.name == name, or_(Lease.holder == holder, Lease.until < now))
            .values(
                holder=holder,
                until=until,
                beat_at=now,
                fence=Lease.fence + case((Lease.holder == holder, 0), else_=1),
            )
            .returning(Lease.fence)
            .execution_options(synchronize_session=False)
        )
        if fence is not None:
            return int(fence)
        row = {"name": name, "holder": holder, "until": until, "fence": 1, "beat_at": now}
        return 1 if insert_once(session, Lease, [row]) else None


def leave(store: Store, name: str, holder: str, now: datetime) -> None:
    """Give the duty up, so that the next one need not wait."""
    with store.writing() as session:
        session.execute(
            update(Lease)
            .where(Lease.name == name, Lease.holder == holder)
            .values(until=now - timedelta(seconds=1))
        )


def beat(store: Store, name: str) -> datetime | None:
    """When the holder was last heard of."""
    with store.reading() as session:
        lease = session.get(Lease, name)
        return None if lease is None else lease.beat_at
