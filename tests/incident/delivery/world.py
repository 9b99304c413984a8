"""A small world for delivery's tests: one unit, some people, one incident, and carriers in memory on a clock one can move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from incident.delivery.outbox import Outbox
from incident.domain.ids import new_id
from incident.settings import Settings
from incident.store.sessions import Store
from incident.store.tables import (
    Attempt,
    Entry,
    Incident,
    Mailing,
    Message,
    MessageCause,
    Person,
    PlaybookVersion,
    Request,
    RunEvent,
    Transition,
    Unit,
)
from notify.gateway import Gateway, Route
from notify.memory import ONE_WAY, MemorySender

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
SECRET = "a secret of the tests"


@dataclass
class Clock:
    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> datetime:
        self.at += timedelta(seconds=seconds)
        return self.at


def settings(store: Store, **changes: Any) -> Settings:
    made = Settings(
        data_dir=Path("."),
        database_url=store.url.render_as_string(hide_password=False),
        redis_url=None,
        port=8000,
        public_url="http://localhost:8000",
        secret_key=SECRET,
    )
    return replace(made, **changes)


@dataclass
class World:
    store: Store
    clock: Clock = field(default_factory=Clock)
    sms: MemorySender = field(init=False)
    mail: MemorySender = field(init=False)
    outbox: Outbox = field(init=False)
    incident_id: str = ""

    def __post_init__(self) -> None:
        self.sms = MemorySender(self.clock, name="memory")
        self.mail = MemorySender(self.clock, name="mail", capabilities=ONE_WAY, listing=False, status="sent")
        self.outbox = self.another_process()
        with self.store.writing() as session:
            session.add(
                Unit(
                    key="xa-1",
                    name="UBND xã Mường Lò",
                    short_name="UBND xã Mường Lò",
                    kind="xa",
                    bloc="nha_nuoc",
                )
            )
            version = PlaybookVersion(
                id="v1",
                slug="p",
                version=1,
                title="P",
                sha256="0" * 64,
                compiled="{}",
                created_at=self.clock(),
            )
            session.add(version)
            session.flush()
            self.incident_id = self._incident(session, "27")

    def another_incident(self, code: str) -> str:
        with self.store.writing() as session:
            return self._incident(session, code)

    def _incident(self, session: Any, code: str) -> str:
        incident = Incident(
            id=new_id(self.clock()), code=code, number=f"VV-{code}/2026", mode="live", title="Tin về hồ Suối Lạc",
            short_name="tin ve ho Suoi Lac", playbook="p", playbook_version="v1", level=2, area=["toan_tinh"],
            opened_at=self.clock(), opened_by="Nguyễn Văn Mẫu 01",
        )  # fmt: skip
        session.add(incident)
        session.flush()
        return incident.id

    def another_process(self, threads: int = 4, *routes: Route) -> Outbox:
        """Carriers as given, or one for SMS and one for mail. Where a pace makes it wait, the clock is moved."""
        gateway = Gateway(routes or [Route("sms", self.sms), Route("email", self.mail)])
        return Outbox(
            self.store, gateway, settings(self.store), self.clock, threads=threads, wait=self.clock.forward
        )

    def people(self, count: int, *, email: bool = False, first: int = 1) -> list[str]:
        ids = []
        with self.store.writing() as session:
            for n in range(first, first + count):
                person = Person(
                    id=f"person-{n:05d}", name=f"Nguyễn Văn Mẫu {n:02d}", sort_name=f"{n:05d}", unit="xa-1",
                    phone=f"+84540{n:06d}", email=f"mau{n}@sonlam.example" if email else None,
                )  # fmt: skip
                session.add(person)
                ids.append(person.id)
        return ids

    def mailing(self, people: Sequence[str], **changes: Any) -> str:
        values: dict[str, Any] = {
            "id": new_id(self.clock()), "effect_key": f"{self.incident_id}:notify:1:0", "incident_id": self.incident_id,
            "step": "bao-xa", "activation": 1, "role": "xa", "purpose": "notify", "ack": True, "via": ["sms"],
            "body": "UBND tinh de nghi {donvi} theo doi vu viec 27. Tra loi OK 27",
            "audience": [[person, person] for person in people], "total": len(people), "critical": True,
            "created_at": self.clock(), "email_body": "",
        }  # fmt: skip
        with self.store.writing() as session:
            session.add(Mailing(**values | changes))
        return str((values | changes)["id"])

    def message(self, address: str = "+84540000001", **changes: Any) -> str:
        """A message for a person who is asked, written as the door writes it."""
        now = self.clock()
        message_id = new_id(now)
        values: dict[str, Any] = {
            "id": message_id, "dedupe_key": f"k:{message_id}", "incident_id": self.incident_id, "kind": "summon",
            "channel": "sms", "address": address, "body": f"Vu viec 27 {message_id[-4:]}", "encoding": "GSM-7", "parts": 1,
            "created_at": now, "not_before": now, "status": "created",
        }  # fmt: skip
        with self.store.writing() as session:
            session.add(Message(**values | changes))
        return message_id

    def asked(self, person: str, *message_ids: str, grouped: bool = False) -> str:
        request_id = new_id(self.clock())
        with self.store.writing() as session:
            session.add(
                Request(
                    id=request_id, incident_id=self.incident_id, step="goi", activation=1, person_id=person, role="to",
                    purpose="summon", party=person, asked_at=self.clock(), grouped=grouped,
                )
            )  # fmt: skip
            for message_id in message_ids:
                session.add(
                    MessageCause(effect_key=f"e:{message_id}", message_id=message_id, request_id=request_id)
                )
        return request_id

    def system(self, *kinds: str) -> list[dict[str, Any]]:
        """What the system's own chain says of these kinds."""
        with self.store.reading() as session:
            rows = session.scalars(select(Entry).where(Entry.kind.in_(kinds)).order_by(Entry.seq))
            return [row.data for row in rows]

    def status(self, message_id: str) -> str:
        return str(self.get(message_id).status)

    def get(self, message_id: str) -> Message:
        with self.store.reading() as session:
            return session.get_one(Message, message_id)

    def attempts(self, message_id: str) -> list[Attempt]:
        with self.store.reading() as session:
            return list(
                session.scalars(select(Attempt).where(Attempt.message_id == message_id).order_by(Attempt.n))
            )

    def moves(self, message_id: str) -> list[str]:
        with self.store.reading() as session:
            return list(
                session.scalars(
                    select(Transition.after)
                    .where(Transition.message_id == message_id)
                    .order_by(Transition.id)
                )
            )

    def events(self) -> list[dict[str, Any]]:
        with self.store.reading() as session:
            return [row.event for row in session.scalars(select(RunEvent).order_by(RunEvent.id))]

    def statuses(self) -> dict[str, int]:
        counted: dict[str, int] = {}
        with self.store.reading() as session:
            for status in session.scalars(select(Message.status)):
                counted[status] = counted.get(status, 0) + 1
        return counted

    def asked_again(self, person: str, message_id: str) -> None:
        """A further message for the request that this person has open."""
        with self.store.writing() as session:
            request = session.scalars(select(Request).where(Request.person_id == person)).one()
            session.add(
                MessageCause(
                    effect_key=f"e:{message_id}:{person}", message_id=message_id, request_id=request.id
                )
            )
