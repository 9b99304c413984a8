"""Effects become rows: who is asked (requests), who is told what (messages, mailings), what is no longer awaited.

One transaction, one person: one SMS. Who stays silent, or cannot be reached, is tried on the next channel (`climbing`).
Everything an effect needs is written in the transaction of its event; sending is delivery's. Must never know why the
engine wanted an effect.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from incident import wording
from incident.directory import queries
from incident.domain.actors import SYSTEM
from incident.domain.ids import new_id
from incident.domain.titles import draft_title
from incident.response import casting, withdrawing
from incident.response.climbing import Climbing
from incident.response.desk import Desk
from incident.response.phrasing import Phrasing, reader_of
from incident.store.tables import (
    Incident,
    Mailing,
    Message,
    MessageCause,
    Person,
    Request,
    Statement,
)
from incident.store.types import canonical
from incident.timeline import ledger
from playbooks import budget, messages, templates
from playbooks.budget import LOOKED_BACK, Told
from playbooks.language import Playbook
from playbooks.messages import Personal
from playbooks.run import Run
from playbooks.signals import (
    AskApproval,
    AudienceFrozen,
    Effect,
    Event,
    Notify,
    OpenDraft,
    Remind,
    StandDown,
    Summon,
    Unreachable,
)

PRIORITY = {"approve": 10, "summon": 10, "confirm": 10, "stand_in": 10, "warn": 15, "remind": 20, "task": 20}
LATER = {"notify": 30, "stand_down": 40}
DRILL_LATER = 50
VALID = {"warn": timedelta(hours=2), "notify": timedelta(hours=24), "stand_down": timedelta(hours=12)}
VALID_ELSE = timedelta(hours=6)
KEPT_BACK = "stopped"  # why a message was cancelled: DỪNG GỬI
# Reminders, tasks and warnings lose their point when somebody has done the step; a summons does not.
POINTLESS_WHEN_DONE = ("remind", "task", "approve", "publish", "warn")


@dataclass(slots=True)
class Draft:
    """What one person is to be told in this transaction, before it is written."""

    person: str
    effects: list[Personal] = field(default_factory=list)

    def primary(self) -> Personal:
        return messages.primary(self.effects)


class Telling:
    """Collects the effects of one transaction and writes them once."""

    def __init__(
        self, session: Session, desk: Desk, incident: Incident, playbook: Playbook, now: datetime
    ) -> None:
        self.session = session
        self.desk = desk
        self.incident = incident
        self.playbook = playbook
        self.now = now
        self.words = Phrasing(
            session,
            desk,
            incident,
            playbook,
            house=casting.house(session, desk.settings.public_url, desk.two_way),
            case=wording.Case(incident.code, incident.mode, incident.short_name, incident.title),
            now=now,
            person=self._person,
        )
        self.climbing = Climbing(session, desk, incident, playbook, now, self._person, self._asked)
        self.drafts: dict[str, Draft] = {}
        self.something_to_send = False
        self._persons: dict[str, Person] = {}
        self._requests: dict[tuple[str, int], dict[str, Request]] = {}  # of a step's activation, by person
        self._said: set[tuple[str, str]] = set()  # (address, text) that this incident has sent before
        self._answers: dict[str, list[str]] = {}
        self._waited_for: list[Unreachable] = []  # whose stand-ins are asked now

    @property
    def people(self) -> set[str]:
        return set(self.drafts)

    # -------------------------------------------------------------- taking

    def foresee(self, effects: Iterable[Effect]) -> None:
        """Read the people of these effects at once."""
        wanted = {effect.person for effect in effects if isinstance(effect, Personal) and effect.person}
        missing = sorted(wanted - self._persons.keys())
        if missing:
            found = self.session.scalars(select(Person).where(Person.id.in_(missing)))
            self._persons.update({person.id: person for person in found})

    def take(self, effect: Effect, run: Run) -> list[Event]:
        """Note one effect. Returns what the run must hear at once: an audience's size, a person without a number."""
        if isinstance(effect, StandDown):
            self._stand_down(effect)
            return []
        if isinstance(effect, Summon | Notify | Remind) and effect.person is None:
            return self._to_group(effect)
        if not isinstance(effect, Personal):
            return []
        assert effect.person is not None
        if isinstance(effect, OpenDraft):
            self._open_statement(effect)
        if isinstance(effect, Summon) or (isinstance(effect, Notify) and effect.ack):
            self._ask(effect)
        self.drafts.setdefault(effect.person, Draft(effect.person)).effects.append(effect)
        if isinstance(effect, Summon | AskApproval) and effect.instead_of:
            self._waited_for.append(Unreachable(effect.step, effect.activation, effect.instead_of, reason=""))
        if isinstance(effect, Summon) and not self._can_be_told_at_once(effect.person):
            return [Unreachable(effect.step, effect.activation, effect.person, reason="no_number")]
        return []

    def _can_be_told_at_once(self, person_id: str) -> bool:
        """By SMS or by a call: an email waits until somebody reads it."""
        reach = casting.reach(self._person(person_id), self.desk)
        return bool(reach.mobile or reach.phone)

    def _person(self, person_id: str) -> Person:
        if person_id not in self._persons:
            self._persons[person_id] = self.session.get_one(Person, person_id)
        return self._persons[person_id]

    def _ask(self, effect: Summon | Notify) -> None:
        assert effect.person is not None
        asked = self._asked(effect.step, effect.activation)
        known = asked.get(effect.person)
        if known is not None:
            self._ask_again(known, effect)
            return
        request = asked[effect.person] = Request(
            id=new_id(self.now),
            incident_id=self.incident.id,
            step=effect.step,
            activation=effect.activation,
            person_id=effect.person,
            role=effect.role,
            purpose="summon" if isinstance(effect, Summon) else "notify",
            party=effect.person,
            instead_of=getattr(effect, "instead_of", None),
            state="asked",
            asked_at=self.now,
            due=effect.due,
        )
        self.session.add(request)

    def _asked(self, step: str, activation: int) -> dict[str, Request]:
        """The requests of a step's activation, by person, with those of this transaction."""
        if (step, activation) not in self._requests:
            found = select(Request).where(
                Request.incident_id == self.incident.id,
                Request.step == step,
                Request.activation == activation,
                Request.grouped.is_(False),
            )
            self._requests[step, activation] = {row.person_id: row for row in self.session.scalars(found)}
        return self._requests[step, activation]

    def _ask_again(self, known: Request, effect: Summon | Notify) -> None:
        """Two roles, one summons: one answer serves both. Who was given up or let go and is called once more waits anew."""
        if known.state == "accepted" or (known.state == "asked" and not known.reason):
            return
        known.state, known.asked_at, known.due = "asked", self.now, effect.due
        known.answered_at, known.via, known.recorded_by, known.reason = None, None, None, ""
        known.instead_of = getattr(effect, "instead_of", None) or known.instead_of

    def _open_statement(self, effect: OpenDraft) -> None:
        """The working text of a draft step, made from its template when it is asked for the first time."""
        current = self.session.scalar(
            select(Statement)
            .where(Statement.incident_id == self.incident.id, Statement.step == effect.step)
            .order_by(Statement.created_at.desc())
        )
        if current is not None:
            return
        step = self.playbook.step(effect.step)
        template = self.playbook.templates.get(step.text, "")
        title = draft_title(self.playbook, step)
        self.session.add(
            Statement(
                id=new_id(self.now),
                incident_id=self.incident.id,
                step=effect.step,
                title=title[:1].upper() + title[1:],
                text=templates.render(template, self.words.values()).strip() + "\n",
                created_at=self.now,
                updated_at=self.now,
            )
        )
        self.session.flush()

    # -------------------------------------------------------------- groups

    def _to_group(self, effect: Summon | Notify | Remind) -> list[Event]:
        role = self.playbook.roles[effect.role]
        step = self.playbook.step(effect.step)
        purpose, ack = _purpose(effect), True
        if isinstance(effect, Remind):
            audience = self._unanswered(effect)
        else:
            pairs = queries.audience(self.session, role.pick, self.incident.area, self.now)
            out = self.incident.left_out
            audience = [[person, party] for person, party in pairs if person not in out]
            ack = isinstance(effect, Summon) or effect.ack
        text = self._to_group_anew(self.words.to_group(effect))
        via = list(effect.via if isinstance(effect, Notify) else step.via or ("sms",))
        mail = self.words.group_email(effect) if "email" in via else wording.Email("", "")
        kind = "confirm" if purpose == "summon" else purpose
        self.session.add(
            Mailing(
                id=new_id(self.now),
                effect_key=f"{self.incident.id}:{effect.key}",
                incident_id=self.incident.id,
                step=effect.step,
                activation=effect.activation,
                role=effect.role,
                purpose=purpose,
                rung=getattr(effect, "rung", 0),
                ack=ack,
                via=via,
                body=text,
                subject=mail.subject,
                email_body=mail.body,
                voice_body=self.words.group_voice(effect) if "voice" in via else "",
                audience=audience,
                total=len(audience),
                priority=self._priority(kind),
                critical=ack,
                due=effect.due,
                valid_until=_valid_until(effect, kind, self.now),
                created_at=self.now,
                done_at=self.incident.stopped_at,  # kept back while sending is stopped
            )
        )
        self.something_to_send = True
        if isinstance(effect, Remind):
            return []
        parties = len({party for _, party in audience})
        ledger.append(
            self.session,
            self.incident,
            "mailing_sent",
            occurred_at=self.now,
            recorded_at=self.now,
            actor=SYSTEM,
            data={
                "step": effect.step,
                "role": effect.role,
                "count": len(audience),
                "parties": parties,
                "digest": hashlib.sha256(canonical(audience).encode()).hexdigest(),
            },
        )
        return [AudienceFrozen(effect.step, effect.activation, parties)] if ack else []

    def _to_group_anew(self, text: str) -> str:
        """The same words to the same phones could not be told apart at the carrier: the later ones say their hour."""
        said = (
            select(Mailing.id).where(Mailing.incident_id == self.incident.id, Mailing.body == text).limit(1)
        )
        if self.session.scalar(said) is None:
            return text
        return wording.registered(f"{text} ({wording.clock(self.now)})", wording.Case("", "live", "")).body

    def _unanswered(self, effect: Remind) -> list[list[str]]:
        """Those of the group's frozen audience whose party has not answered."""
        self.session.flush()
        original = self.session.scalar(
            select(Mailing).where(
                Mailing.incident_id == self.incident.id,
                Mailing.step == effect.step,
                Mailing.activation == effect.activation,
                Mailing.role == effect.role,
                Mailing.purpose != "remind",
            )
        )
        if original is None:
            return []
        answered = set(
            self.session.scalars(
                select(Request.party).where(
                    Request.incident_id == self.incident.id,
                    Request.step == effect.step,
                    Request.activation == effect.activation,
                    Request.state != "asked",
                )
            )
        )
        return [pair for pair in original.audience if pair[1] not in answered]

    # -------------------------------------------------------------- standing down

    def _stand_down(self, effect: StandDown) -> None:
        self.session.flush()
        here = (
            Request.incident_id == self.incident.id,
            Request.step == effect.step,
            Request.activation == effect.activation,
            Request.state == "asked",
        )
        if effect.reason == "replaced":
            self.session.execute(
                update(Request).where(*here, Request.person_id.in_(effect.persons)).values(state="replaced")
            )
        elif effect.reason != "done":
            self.session.execute(update(Request).where(*here).values(state="expired"))
        self._cancel_unsent(effect)

    def _cancel_unsent(self, effect: StandDown) -> None:
        """Messages still in the outbox whose every cause is this activation (for `persons`: theirs only)."""
        self.session.flush()
        done = effect.reason == "done"
        mailings = update(Mailing).where(
            Mailing.incident_id == self.incident.id,
            Mailing.step == effect.step,
            Mailing.activation == effect.activation,
            Mailing.done_at.is_(None),
        )
        if done:
            mailings = mailings.where(Mailing.purpose == "remind")
        if not effect.persons:
            self.session.execute(mailings.values(done_at=self.now))
        waiting = select(Message.id).where(
            Message.incident_id == self.incident.id, Message.status.in_(("created", "sending"))
        )
        if done:
            waiting = waiting.where(Message.kind.in_(POINTLESS_WHEN_DONE))
        if effect.persons:
            waiting = waiting.where(Message.person_id.in_(effect.persons))
        prefix = f"{self.incident.id}:{effect.step}:{effect.activation}:"
        causes: dict[str, list[str]] = {}
        for message_id, key in self.session.execute(
            select(MessageCause.message_id, MessageCause.effect_key).where(
                MessageCause.message_id.in_(waiting)
            )
        ):
            causes.setdefault(message_id, []).append(key)
        moot = sorted(m for m, keys in causes.items() if all(key.startswith(prefix) for key in keys))
        for start in range(0, len(moot), withdrawing.CHUNK):
            chunk = moot[start : start + withdrawing.CHUNK]
            withdrawing.withdraw(self.session, effect.reason, self.now, Message.id.in_(chunk))

    # -------------------------------------------------------------- writing

    def write(self, run: Run) -> None:
        """Write one message per person and channel for what was taken."""
        self.words.run = self.climbing.run = run
        if not self.drafts:
            return
        self.session.flush()  # what was asked a moment ago is asked for here
        told = self._recently_told()
        self._said = self._said_before()
        self.climbing.tried = self.climbing.tried_before(
            d.person for d in self.drafts.values() if isinstance(d.primary(), Remind)
        )
        requests = self._asked_of(list(self.drafts))
        for draft in self.drafts.values():
            self._write_one(draft, told, requests[draft.person])
        self.drafts.clear()
        for silence in dict.fromkeys(self._waited_for):
            self._try_next(silence)
        self._waited_for.clear()

    def _said_before(self) -> set[tuple[str, str]]:
        addresses = [number for person in self.drafts if (number := self._person(person).phone)]
        if not addresses:
            return set()
        rows = self.session.execute(
            select(Message.address, Message.body).where(
                Message.incident_id == self.incident.id, Message.address.in_(addresses)
            )
        )
        return {(address, body) for address, body in rows}

    def _recently_told(self) -> dict[str, list[Told]]:
        """What each of those to be told heard of late, by number: two people of one phone share its budget, and a call
        counts like an SMS."""
        told: dict[str, list[Told]] = {}
        rows = self.session.execute(
            select(Message.address, Message.kind, Message.not_before, Message.incident_id).where(
                Message.address.in_([p for d in self.drafts if (p := self._person(d).phone)]),
                Message.status != "cancelled",
                Message.not_before > self.now - LOOKED_BACK,
            )
        )
        for address, kind, at, incident in rows:
            told.setdefault(address, []).append(Told(kind, at, incident))
        return told

    def _may_go(self, kind: str, person: Person, told: dict[str, list[Told]]) -> datetime | None:
        """When the budget lets an SMS out to this person, or None."""
        answers = self._answers.get(person.id, ())
        return budget.when_to_tell(
            kind,
            told.get(str(person.phone), ()),
            self.incident.id,
            self.now,
            member=bool(answers),
            answered="accepted" in answers,
        )

    def _write_one(
        self, draft: Draft, told: dict[str, list[Told]], requests: dict[tuple[str, int], str]
    ) -> None:
        effect = draft.primary()
        person = self._person(draft.person)
        seen = self.incident.names.get(draft.person, {})
        reader = reader_of(person, seen, self.playbook, effect)
        if messages.only_on_screen(self.playbook, effect):
            return
        via = messages.channels(self.playbook, effect)
        hop = self.climbing.beside(effect, via, person)
        reach = self.climbing.reach(person) if hop else casting.reach(person, self.desk)
        link = ""
        if "sms" in via and reach.mobile:
            kind, text, link = self.words.sms(effect, reader, person)
            not_before = self._may_go(kind, person, told)
            if not_before is not None:
                self._put(draft, effect, kind, "sms", reach.mobile, "", text, not_before, requests)
        if reach.phone and (hop == "voice" or "voice" in via):
            self._call(draft, effect, reader, person, reach.phone, requests)
        if reach.email and ("email" in via or hop == "email"):
            self._write_to(draft, effect, reader, person, reach.email, requests, link)

    def _call(
        self,
        draft: Draft,
        effect: Personal,
        reader: wording.Reader,
        person: Person,
        number: str,
        requests: dict[tuple[str, int], str],
    ) -> None:
        kind, words = self.words.voice(effect, reader, person, landline=number == person.landline)
        text = wording.Sms(words, "voice", 1)
        self._put(draft, effect, kind, "voice", number, "", text, self.now, requests)

    def _write_to(
        self,
        draft: Draft,
        effect: Personal,
        reader: wording.Reader,
        person: Person,
        address: str,
        requests: dict[tuple[str, int], str],
        link: str = "",
    ) -> None:
        kind, mail = self.words.email(effect, reader, person, link, self.words.also(draft.effects, effect))
        counted = wording.Sms(mail.body, "mail", 1)
        self._put(draft, effect, kind, "email", address, mail.subject, counted, self.now, requests)

    # -------------------------------------------------------------- the next channel

    def onward(self, event: Unreachable, run: Run) -> bool:
        """The last channel on which a person was tried has failed: whether that is settled without the run, by the next
        channel or because it need not hear of it."""
        self.words.run = self.climbing.run = run
        return self._try_next(event) or self.climbing.settled(event)

    def _try_next(self, silence: Unreachable) -> bool:
        self.session.flush()
        hop = self.climbing.next(silence)
        if hop is None or hop.effect.person is None:
            return False
        person = self._person(hop.effect.person)
        draft = Draft(person.id, [hop.effect])
        requests = self._asked_of([person.id])[person.id]
        reader = reader_of(person, self.incident.names.get(person.id, {}), self.playbook, hop.effect)
        address = str(hop.reach.on(hop.to))
        write = self._call if hop.to == "voice" else self._write_to
        write(draft, hop.effect, reader, person, address, requests)
        return True

    # -------------------------------------------------------------- one row

    def _put(
        self,
        draft: Draft,
        effect: Personal,
        kind: str,
        channel: str,
        address: str,
        subject: str,
        text: wording.Sms,
        not_before: datetime,
        requests: dict[tuple[str, int], str],
    ) -> None:
        if _valid_until(effect, kind, not_before) <= not_before:
            return  # the budget would let it out only after its point is past
        if channel == "sms":
            text = self._never_twice(address, text)
        message = Message(
            id=new_id(self.now),
            dedupe_key=f"{self.incident.id}:{effect.key}:{channel}",
            incident_id=self.incident.id,
            person_id=draft.person,
            kind=kind,
            channel=channel,
            address=address,
            subject=subject,
            body=text.body,
            encoding=text.encoding,
            parts=text.parts,
            priority=self._priority(kind),
            critical=kind in ("summon", "stand_in", "approve")
            or channel == "voice"
            or (isinstance(effect, Notify) and effect.ack),
            drill=self.incident.mode == "drill",
            created_at=self.now,
            not_before=not_before,
            valid_until=_valid_until(effect, kind, not_before),
        )
        if self.incident.stopped_at is not None:
            message.status, message.error, message.finished_at = "cancelled", KEPT_BACK, self.now
        self.session.add(message)
        for cause in draft.effects:
            where = (getattr(cause, "step", ""), cause.activation)
            self.session.add(
                MessageCause(
                    effect_key=f"{self.incident.id}:{cause.key}:{channel}",
                    message_id=message.id,
                    request_id=requests.get(where),
                )
            )
        self.something_to_send = True

    def _never_twice(self, address: str, text: wording.Sms) -> wording.Sms:
        """The same words to the same phone could not be told apart at the carrier (a step done again, an incident
        reopened): the later ones say when they were written."""
        if (address, text.body) in self._said:
            text = wording.told_apart(text, wording.stamp(self.now))
        self._said.add((address, text.body))
        return text

    def _asked_of(self, people: list[str]) -> dict[str, dict[tuple[str, int], str]]:
        """By person, what each is asked in this incident; and how those who were called up have answered so far."""
        found: dict[str, dict[tuple[str, int], str]] = {person: {} for person in people}
        self._answers = {}
        rows = self.session.execute(
            select(
                Request.person_id,
                Request.step,
                Request.activation,
                Request.id,
                Request.purpose,
                Request.state,
            ).where(Request.incident_id == self.incident.id, Request.person_id.in_(people))
        )
        for person, step, activation, id, purpose, state in rows:
            found[person][step, activation] = id
            if purpose == "summon":
                self._answers.setdefault(person, []).append(state)
        return found

    # -------------------------------------------------------------- words

    def _priority(self, kind: str) -> int:
        base = PRIORITY.get(kind, LATER.get(kind, 20))
        return base + (DRILL_LATER if self.incident.mode == "drill" else 0)


def _valid_until(effect: Personal, kind: str, not_before: datetime) -> datetime:
    """How long a text makes sense. A reminder names the moment at which somebody else is asked: not a second longer."""
    until = not_before + VALID.get(kind, VALID_ELSE)
    return min(until, effect.due) if isinstance(effect, Remind) and effect.due else until


def _purpose(effect: Summon | Notify | Remind) -> str:
    return {Summon: "summon", Notify: "notify", Remind: "remind"}[type(effect)]
