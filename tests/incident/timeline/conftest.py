"""An incident with an empty chain, in its own database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from incident.domain.actors import SYSTEM, Actor
from incident.store.sessions import Store, lock
from incident.store.tables import Incident, PlaybookVersion
from incident.timeline.ledger import append

NOW = datetime(2026, 11, 21, 19, 6, 7, 123456, tzinfo=UTC)
OFFICER = Actor("user", "1", "Trần Thị Thử 02", person_id="p2")
CHIEF = Actor("user", "2", "Nguyễn Văn Mẫu 01", person_id="p1")


class Room:
    """Writes entries of one incident, one minute after another."""

    def __init__(self, store: Store, id: str = "i1") -> None:
        self.store, self.id, self.now = store, id, NOW

    def write(
        self, kind: str = "note", actor: Actor = SYSTEM, texts: dict[str, str] | None = None, **data: Any
    ) -> int:
        self.now += timedelta(minutes=1)
        with self.store.writing() as session:
            head = lock(session, select(Incident).where(Incident.id == self.id)).one()
            return append(
                session,
                head,
                kind,
                occurred_at=self.now - timedelta(seconds=30),
                recorded_at=self.now,
                actor=actor,
                data=data,
                texts=texts,
            ).seq


def opened(store: Store, id: str, code: str) -> Room:
    with store.writing() as session:
        version = f"v{code}"
        session.add(
            PlaybookVersion(
                id=version, slug="p", version=1, title="P", sha256=version, compiled="{}", created_at=NOW
            )
        )
        session.flush()
        session.add(
            Incident(
                id=id,
                code=code,
                number=f"VV-{code}/2026",
                mode="live",
                title="Tin về hồ Suối Lạc",
                short_name="tin về hồ",
                playbook="p",
                playbook_version=version,
                level=3,
                area=["toan_tinh"],
                opened_at=NOW,
                opened_by="x",
            )
        )
    return Room(store, id)


@pytest.fixture
def room(store: Store) -> Room:
    return opened(store, "i1", "27")
