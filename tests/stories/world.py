"""A province with phones, mailboxes and a clock that jumps: what the stories are told in.

Everything is real but the carrier (in memory), and the time. `fast_forward` walks through every moment at which
something falls due, and does what the clock, the workers and the hooks do. A phone that received something the story
did not expect fails the test at its end.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from incident.delivery.outbox import Outbox
from incident.directory import queries
from incident.domain.actors import Actor, Role
from incident.report.gathering import gather
from incident.report.record import IncidentView, MemberView, StatementView
from incident.response import advance, calling, course, drills, handover, inbox, press, statement, task
from incident.response.desk import Desk
from incident.response.library import pinned
from incident.response.open import Opened, Opening, open_incident
from incident.response.statement import Submitted
from incident.settings import Settings
from incident.store.sessions import Store
from incident.store.tables import Assignment, Drill, Incident, Mailing, Message, Person, Run, RunEvent
from incident.timeline.verify import Verdict, verify_chain
from notify import twilio_voice
from notify.gateway import Gateway, Route
from notify.memory import ONE_WAY, MemorySender
from notify.message import Message as Sent
from notify.message import Reply, StatusUpdate
from notify.phone import strip_marks
from playbooks.engine import replay
from playbooks.events import event_from_json
from playbooks.run import to_json
from playbooks.signals import Event

NIGHT = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)  # 02h00 of 22 November in Việt Nam
_reply_ids = itertools.count(1)


@dataclass
class Phone:
    """One person's phone: what it received, and what the story has already read."""

    world: World
    person: Person
    read: int = 0

    @property
    def name(self) -> str:
        return self.person.name

    def messages(self) -> list[Sent]:
        return [m for m in self.world.sms.sent if m.to == self.person.phone]

    def unread(self) -> list[Sent]:
        return self.messages()[self.read :]

    def expects_sms(self, *words: str) -> Phone:
        """The next unread SMS contains all of these words (compared without diacritics)."""
        self.world.deliver()
        unread = self.unread()
        assert unread, f"{self.name} received nothing; expected {words}"
        body = strip_marks(unread[0].body)
        for word in words:
            assert strip_marks(word) in body, f"{self.name} received {body!r}; expected {word!r}"
        self.read += 1
        return self

    def hears_nothing(self) -> Phone:
        self.world.deliver()
        assert not self.unread(), f"{self.name} received {self.unread()[0].body!r}"
        return self

    def has_read_all(self) -> Phone:
        """The story does not care what else came."""
        self.world.deliver()
        self.read = len(self.messages())
        return self

    def never_arrives(self, code: str = "30006") -> Phone:
        """The carrier reports that the last SMS failed for good."""
        failed = StatusUpdate(
            "memory", _id_of(self.world.sms, self.messages()[-1]), "permanent-failure", code
        )
        self.world.outbox.store_receipt(failed, self.world.time)
        self.world.tick()
        return self

    # -------------------------------------------------------------- calls

    def calls(self) -> list[Sent]:
        """Every call to this person, at the mobile or at the landline."""
        self.world.deliver()
        return [m for m in self.world.voice.sent if m.to in (self.person.phone, self.person.landline)]

    def rings(self, *words: str) -> Phone:
        """The last call reads out all of these words."""
        assert self.calls(), f"{self.name} was not called; expected {words}"
        for word in words:
            assert word in self.calls()[-1].body, (
                f"{self.name} heard {self.calls()[-1].body!r}; expected {word!r}"
            )
        return self

    def is_told(self) -> str:
        """Picks up: what is read out."""
        script = calling.picked_up(self.world.desk, self._message())
        return script.words

    def presses(self, key: str) -> str:
        """A key in the last call, as the hook stores it; what is said back."""
        form = {"CallSid": self._call_id(), "Digits": key, "To": self.calls()[-1].to}
        self.world.outbox.store_inbound(
            twilio_voice.parse_key(form, self.calls()[-1].reference), self.world.time
        )
        said = calling.key_pressed(self.world.desk, self._message(), key).words
        self.world.understand()
        return said

    def ends(self, status: str) -> Phone:
        """The last call is over: completed, busy, no-answer, failed."""
        form = {"CallSid": self._call_id(), "CallStatus": status}
        update = twilio_voice.parse_status(form, self.calls()[-1].reference)
        self.world.outbox.store_receipt(update, self.world.time)
        self.world.tick()
        return self

    def _call_id(self) -> str:
        return _id_of(self.world.voice, self.calls()[-1])

    def _message(self) -> str | None:
        return self.world.outbox.message_of(self.calls()[-1].reference)

    def replies(self, text: str) -> Phone:
        self.world.receives(str(self.person.phone), text)
        return self


@dataclass
class World:
    store: Store
    data_dir: Path
    time: datetime = NIGHT
    phones: dict[str, Phone] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sms = MemorySender(self.now)
        self.mail = MemorySender(self.now, name="mail", capabilities=ONE_WAY, listing=False)
        self.voice = MemorySender(self.now, name=twilio_voice.NAME, listing=False)
        self.gateway = Gateway([Route("sms", self.sms), Route("email", self.mail)])
        self.settings = Settings.from_env(
            {
                "DATA_DIR": str(self.data_dir),
                "SECRET_KEY": "story",
                "PUBLIC_URL": "https://tct.sonlam.example",
            }
        )
        self.rings = 0
        self.desk = Desk(self.store, self.settings, ring=self._ring)
        self.outbox = Outbox(self.store, self.gateway, self.settings, self.now, threads=4)

    def can_call(self) -> None:
        """A carrier of calls is configured as well."""
        self.outbox.close()
        self.gateway = Gateway([*self.gateway.routes, Route("voice", self.voice)])
        self.desk = replace(self.desk, voice=True)
        self.outbox = Outbox(self.store, self.gateway, self.settings, self.now, threads=4)

    def now(self) -> datetime:
        return self.time

    def _ring(self) -> None:
        self.rings += 1

    def close(self) -> None:
        self.outbox.close()

    # -------------------------------------------------------------- people

    def person(self, post: str) -> Person:
        """Who holds a post."""
        with self.store.reading() as session:
            found = session.scalar(
                select(Person).join(Assignment, Assignment.person == Person.id).where(Assignment.post == post)
            )
        assert found is not None, f"nobody holds {post}"
        return found

    def phone(self, post: str) -> Phone:
        """The phone of who holds a post, or of who is on duty now ("on_duty", "lanh_dao_truc")."""
        if post in ("on_duty", "lanh_dao_truc"):
            with self.store.reading() as session:
                ids = queries.holders(session, post, now=self.time, topic=None, area=["toan_tinh"])
                person = session.get_one(Person, ids[0])
        else:
            person = self.person(post)
        return self.phones.setdefault(person.id, Phone(self, person))

    def actor(self, post: str, *roles: Role) -> Actor:
        person = self.phone(post).person
        return Actor("user", person.id, person.name, frozenset(roles), person.id)

    @property
    def duty(self) -> Actor:
        return self.actor("on_duty", Role.DUTY_OFFICER)

    # -------------------------------------------------------------- the incident

    def opens(
        self, playbook: str = "tin-gia-dich-benh", level: int = 3, key: str = "one", **more: object
    ) -> Opened:
        values: dict[str, object] = {
            "title": "Tin lan truyền: hồ Suối Lạc có vết nứt",
            "short_name": "tin ve ho Suoi Lac",
            "area": ("xa_suoi_lac", "xa_muong_lo"),
            "topic": "thien_tai",
            "detected_at": self.time,
        }
        opening = Opening(playbook=playbook, level=level, **{**values, **more})  # type: ignore[arg-type]
        opened = open_incident(self.desk, opening, self.duty, self.time, scope="story", key=key)
        self.deliver()
        return opened

    def view(self, incident: Opened) -> IncidentView:
        with self.store.reading() as session:
            return gather(session, incident.incident_id, self.time)

    def member(self, incident: Opened, post: str) -> MemberView:
        person = self.person(post)
        return next(m for m in self.view(incident).task_force if m.person_id == person.id)

    def step(self, incident: Opened, step: str) -> str:
        return next(s.state for s in self.view(incident).steps if s.id == step)

    def deadline(self, incident: Opened, id: str) -> str:
        return next(d.state for d in self.view(incident).deadlines if d.id == id)

    def kinds(self, incident: Opened) -> list[str]:
        """The kinds of the timeline's entries, in order."""
        return [entry.kind for entry in self.view(incident).timeline]

    def statement(self, incident: Opened, step: str = "du_thao_1") -> StatementView:
        """The newest text of a draft step."""
        return [s for s in self.view(incident).statements if s.step == step][-1]

    def verify(self, incident: Opened) -> Verdict:
        with self.store.reading() as session:
            return verify_chain(session, incident.incident_id)

    # -------------------------------------------------------------- what people do

    def answers(self, incident: Opened, step: str, choice: str, post: str) -> None:
        task.complete(
            self.desk, incident.incident_id, step, self.actor(post, Role.MEMBER), self.time, answer=choice
        )
        self.deliver()

    def drafts(self, incident: Opened, text: str, post: str) -> Submitted:
        """Writes the working text and submits it."""
        current = self.statement(incident)
        actor = self.actor(post, Role.SECRETARY)
        statement.edit(self.desk, current.id, text, current.version, actor, self.time)
        submitted = statement.submit(self.desk, current.id, actor, self.time)
        self.deliver()
        return submitted

    def approves(self, incident: Opened, post: str) -> None:
        current = self.statement(incident)
        actor = self.actor(post, Role.APPROVER)
        statement.approve(self.desk, current.id, current.revisions[-1].id, actor, self.time)
        self.deliver()

    def returns(self, incident: Opened, post: str, why: str) -> None:
        current = self.statement(incident)
        actor = self.actor(post, Role.APPROVER)
        statement.return_(self.desk, current.id, current.revisions[-1].id, why, actor, self.time)
        self.deliver()

    def releases(self, incident: Opened, speaker: str, poster: str) -> None:
        current = self.statement(incident)
        statement.release(self.desk, current.id, self.actor(speaker, Role.SPOKESPERSON), self.time)
        statement.post(
            self.desk, current.id, self.actor(poster, Role.MEMBER), self.time,
            channel="cong_ttdt", link="https://sonlam.example/thong-tin/1",
        )  # fmt: skip
        self.deliver()

    def closes(self, incident: Opened, outcome: str = "handled") -> None:
        course.close(self.desk, incident.incident_id, outcome, "đã xử lý xong", self.duty, self.time)
        self.deliver()

    # -------------------------------------------------------------- the machine

    def receives(self, number: str, text: str, at_once: bool = True) -> str | None:
        """An SMS comes in, as the hook stores it; `at_once`: and is understood."""
        reply = Reply("memory", f"in-{next(_reply_ids)}", number, "+84540999999", text, {})
        stored = self.outbox.store_inbound(reply, self.time)
        if at_once:
            self.understand()
        return stored

    def understand(self) -> None:
        inbox.understand(self.desk, None, self.time)
        self.deliver()

    def deliver(self) -> None:
        """What workers do when the bell rings, until nothing is due."""
        while self.outbox.drain(max_seconds=5):
            pass

    def tick(self) -> None:
        """One sweep of the clock."""
        handover.sweep(self.desk, self.time)
        advance.sweep_roles(self.desk, self.time)
        press.sweep(self.desk, self.time)
        self.outbox.sweep(self.time)
        self.outbox.reconcile(self.time)
        self.outbox.catch_up(self.time)
        advance.apply_pending(self.desk, self.time)
        advance.tell_time(self.desk, self.time)
        drills.sweep(self.desk, self.time)
        inbox.understand(self.desk, None, self.time)
        self.deliver()

    def fast_forward(self, minutes: float = 0, *, to: datetime | None = None) -> None:
        """Let time pass, stopping wherever something falls due."""
        end = to or self.time + timedelta(minutes=minutes)
        while (due := self._next_due()) is not None and due < end:
            self.time = max(due, self.time)
            before = self._fingerprint()
            self.tick()
            if self._fingerprint() == before:
                self.time += timedelta(seconds=1)
        self.time = max(end, self.time)
        self.tick()

    def outage(self, minutes: float) -> None:
        """Nothing runs for so long; then everything starts again."""
        self.time += timedelta(minutes=minutes)
        self.fast_forward(0)

    def _next_due(self) -> datetime | None:
        with self.store.reading() as session:
            moments = [
                session.scalar(select(func.min(Run.wake_at))),
                session.scalar(drills.NEXT),
                session.scalar(select(func.min(Message.not_before)).where(Message.status == "created")),
                session.scalar(select(func.min(Message.look_at)).where(Message.status == "unknown")),
                session.scalar(select(func.min(Mailing.created_at)).where(Mailing.done_at.is_(None))),
                queries.next_boundary(session, self.time),
            ]
        return min((m for m in moments if m is not None), default=None)

    def _fingerprint(self) -> tuple[object, ...]:
        with self.store.reading() as session:
            return (
                session.scalar(select(func.count()).select_from(RunEvent)),
                session.scalar(select(func.min(Run.wake_at))),
                session.scalar(select(func.min(Drill.next_at))),
                len(self.sms.calls) + len(self.mail.calls),
                self.time,
            )

    # -------------------------------------------------------------- at the end

    def run_log(self, incident_id: str) -> list[tuple[Event, datetime]]:
        """The events an incident's run has heard, in their order."""
        with self.store.reading() as session:
            rows = session.scalars(
                select(RunEvent)
                .where(RunEvent.incident_id == incident_id, RunEvent.applied_at.is_not(None))
                .order_by(RunEvent.id)
            )
            return [(event_from_json(json.dumps(row.event)), row.applied_at) for row in rows]

    def every_run_is_what_its_events_make_of_it(self) -> None:
        with self.store.reading() as session:
            runs = session.execute(
                select(Run.incident_id, Run.state, Incident.playbook_version)
                .join(Incident, Incident.id == Run.incident_id)
                .where(Run.state != "")
            ).all()
            for incident_id, state, version in runs:
                again = replay(
                    pinned(session, version), self.run_log(incident_id), lambda id: pinned(session, id)
                )
                assert to_json(again) == state, f"the run of {incident_id} is not what its events make of it"

    def no_unexpected_message(self) -> None:
        """Every phone the story looked at has been read to the end."""
        for phone in self.phones.values():
            left = [m.body for m in phone.unread()]
            assert not left, f"{phone.name} also received: {left}"
        repeated = [
            body
            for (to, body), count in _counted(self.sms.sent).items()
            if count > 1 and to  # the same text twice to one phone
        ]
        assert not repeated, f"sent twice to the same phone: {repeated}"


def _id_of(sender: MemorySender, message: Sent) -> str:
    """The id that the carrier in memory gave to a message."""
    return f"{sender.name}-{sender.sent.index(message) + 1}"


def _counted(sent: list[Sent]) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for message in sent:
        counts[message.to, message.body] = counts.get((message.to, message.body), 0) + 1
    return counts
