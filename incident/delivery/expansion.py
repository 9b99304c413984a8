"""Turns a mailing into requests and messages, chunk by chunk; the cursor moves in the same transaction.

A crash between two chunks loses nobody and repeats nobody: every row has a key made from the mailing's. Must never call
a carrier. The first chunk is small, so that the first message leaves at once however large the audience is.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.orm import Session

from incident.delivery.rows import among, hold_incident_of, insert_all, insert_once, locked
from incident.domain.ids import new_id, new_token, token_hash
from incident.store.tables import (
    Incident,
    Link,
    Mailing,
    Message,
    MessageCause,
    Person,
    Request,
    RunEvent,
    Suppression,
    Unit,
)
from incident.wording import fill, unit_in_sms
from notify.phone import segments, strip_marks
from playbooks.events import event_to_json
from playbooks.signals import Unreachable

FIRST_CHUNK = 50
CHUNK = 500

# Built once: the first message of every incident waits for them.
_NEXT = (
    select(Mailing.id.label("mailing"), Incident)
    .join(Incident, Incident.id == Mailing.incident_id)
    .where(Mailing.done_at.is_(None))
    .order_by(Mailing.priority, Mailing.created_at, Mailing.id)
    .limit(1)
)
_STILL = select(Mailing).where(Mailing.id == bindparam("mailing"), Mailing.done_at.is_(None))
_PEOPLE = (
    select(
        Person.id, Person.name, Person.phone, Person.landline, Person.email, Person.wrong_number_at, Person.active,
        Unit.short_name,
        exists().where(Suppression.address == Person.phone).label("phone_barred"),
        exists().where(Suppression.address == Person.email).label("email_barred"),
    )
    .join(Unit, Unit.key == Person.unit)
    .where(among(Person.id, "people"))
)  # fmt: skip
_ASKED = select(Request.person_id, Request.id, Request.state).where(
    Request.incident_id == bindparam("incident"),
    Request.step == bindparam("step"),
    Request.activation == bindparam("activation"),
    among(Request.person_id, "people"),
)

_FIRST_TURN = select(func.min(Message.turn)).where(
    Message.status == "created", Message.priority == bindparam("priority"), Message.turn > 0
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """One of the audience: who is asked, for which party, and where he can be reached."""

    id: str
    party: str
    name: str = ""
    unit: str = ""
    phone: str | None = None
    email: str | None = None
    call: str | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Channels:
    """What is configured, and where links point."""

    sms: bool
    email: bool
    public_url: str
    voice: bool = False


def expand_chunk(session: Session, channels: Channels, now: datetime) -> bool:
    """Expand the next chunk of the most urgent mailing that nobody else works on. False: there is none."""
    next_ = session.execute(hold_incident_of(session, _NEXT)).first()
    if next_ is None:
        return False
    mailing = session.scalars(locked(session, _STILL, skip=True), {"mailing": next_.mailing}).first()
    if mailing is None:
        return False
    incident: Incident = next_.Incident
    turn = mailing.turn if mailing.cursor else _turn(session, mailing)
    end = min(mailing.total, mailing.cursor + (CHUNK if mailing.cursor else FIRST_CHUNK))
    if mailing.ack and incident.status != "open":
        end = mailing.total  # nobody is asked any more
    else:
        chunk = _Chunk(session, mailing, incident, channels, turn, now)
        chunk.write(mailing.audience[mailing.cursor : end])
    values: dict[str, Any] = {"cursor": end, "turn": turn}
    if end >= mailing.total:
        values["done_at"] = now
    session.execute(update(Mailing).where(Mailing.id == mailing.id).values(values))
    return True


def _turn(session: Session, mailing: Mailing) -> int:
    """Where the mailing gets in line: beside what is next of those that wait with the same urgency, so that neither a
    large one that was first nor a small one that comes later keeps the other waiting (start-time fair queueing). What is
    not of a mailing has the turn 0."""
    return int(session.scalar(_FIRST_TURN, {"priority": mailing.priority}) or 1)


class _Chunk:
    """The rows of one chunk, gathered and then written table by table."""

    def __init__(
        self,
        session: Session,
        mailing: Mailing,
        incident: Incident,
        channels: Channels,
        turn: int,
        now: datetime,
    ) -> None:
        self.session = session
        self.mailing = mailing
        self.incident = incident
        self.channels = channels
        self.now = now
        self.turn = turn
        self.messages: list[dict[str, Any]] = []
        self.causes: list[dict[str, Any]] = []
        self.links: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.parts: dict[str, tuple[str, int]] = {}
        self.linked = any("{link}" in text for text in (mailing.body, mailing.email_body))

    def write(self, audience: Sequence[Sequence[str]]) -> None:
        recipients = self._recipients(audience)
        asked = self._asked([recipient.id for recipient in recipients]) if self.mailing.ack else {}
        sent = self._sent_already(recipients)
        for turn, recipient in enumerate(recipients, self.turn + self.mailing.cursor):
            self.turn = turn
            request_id, open_ = self._request(recipient, asked)
            if open_ and not recipient.why_not:
                self._tell(recipient, request_id, sent)
        insert_once(self.session, Request, self.requests)
        insert_all(self.session, Link, self.links)
        insert_once(self.session, Message, self.messages)
        insert_once(self.session, MessageCause, self.causes)
        self._report_unreachable(recipients)

    def _recipients(self, audience: Sequence[Sequence[str]]) -> list[Recipient]:
        parties = {str(pair[0]): str(pair[1]) for pair in audience}
        rows = self.session.execute(_PEOPLE, {"people": list(parties)})
        found = {row.id: self._reach(row, parties[row.id]) for row in rows}
        return [
            found.get(person, Recipient(person, party, why_not="no_person")) for person, party in audience
        ]

    def _reach(self, row: Any, party: str) -> Recipient:
        via = self.mailing.via
        phone, email = row.phone, row.email
        why = "no_number"
        if phone is not None and row.wrong_number_at is not None:
            phone, why = None, "wrong_number"
        if phone is not None and row.phone_barred:
            phone, why = None, "suppressed"
        if row.email_barred:
            email = None
        call = phone or row.landline if "voice" in via and self.channels.voice else None
        if "sms" not in via or not self.channels.sms:
            phone, why = None, "no_channel"
        if "email" not in via or not self.channels.email:
            email = None
        if not row.active:
            phone, email, call, why = None, None, None, "not_active"
        reached = phone or email or call
        return Recipient(row.id, party, row.name, row.short_name, phone, email, call, "" if reached else why)

    def _asked(self, person_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        here = {
            "incident": self.mailing.incident_id,
            "step": self.mailing.step,
            "activation": self.mailing.activation,
        }
        rows = self.session.execute(_ASKED, {**here, "people": list(person_ids)})
        return {person: (request, state) for person, request, state in rows}

    def _sent_already(self, recipients: Sequence[Recipient]) -> dict[tuple[str, str, str], str]:
        """Texts of this mailing that numbers of this chunk got in an earlier one: a shared phone gets no text twice."""
        if not self.mailing.cursor:
            return {}
        addresses = {address for r in recipients for address in (r.phone, r.email, r.call) if address}
        rows = self.session.execute(
            select(Message.id, Message.channel, Message.address, Message.body).where(
                Message.mailing_id == self.mailing.id, among(Message.address, addresses)
            )
        )
        return {(row.channel, row.address, row.body): row.id for row in rows}

    def _request(self, recipient: Recipient, asked: Mapping[str, tuple[str, str]]) -> tuple[str | None, bool]:
        """The request to answer, and whether it still waits. Who cannot be reached is asked too: somebody may phone."""
        mailing = self.mailing
        if not mailing.ack or recipient.why_not == "no_person":
            return None, not mailing.ack
        if recipient.id in asked:
            request_id, state = asked[recipient.id]
            return request_id, state == "asked"
        if mailing.purpose == "remind":
            return None, False  # never asked: the first mailing is still on its way
        request_id = new_id(self.now)
        self.requests.append(
            {
                "id": request_id,
                "incident_id": mailing.incident_id,
                "step": mailing.step,
                "activation": mailing.activation,
                "person_id": recipient.id,
                "role": mailing.role,
                "purpose": mailing.purpose,
                "grouped": True,
                "party": recipient.party,
                "state": "asked",
                "asked_at": self.now,
                "due": mailing.due,
                "reason": recipient.why_not,
            }
        )
        return request_id, True

    def _tell(
        self, recipient: Recipient, request_id: str | None, sent: dict[tuple[str, str, str], str]
    ) -> None:
        link = self._link(recipient) if self.linked else ""
        slots = {"donvi": recipient.unit, "ten": recipient.name, "link": link}
        if recipient.phone:
            plain = {key: strip_marks(unit_in_sms(value)) for key, value in slots.items()}
            self._message(recipient, "sms", recipient.phone, fill(self.mailing.body, plain), request_id, sent)
        if recipient.email:
            body = fill(self.mailing.email_body or self.mailing.body, slots)
            self._message(recipient, "email", recipient.email, body, request_id, sent)

        if recipient.call:
            self._message(
                recipient, "voice", recipient.call, fill(self.mailing.voice_body, slots), request_id, sent
            )

    def _link(self, recipient: Recipient) -> str:
        token = new_token()
        self.links.append(
            {
                "token_hash": token_hash(token),
                "incident_id": self.mailing.incident_id,
                "person_id": recipient.id,
                "purpose": "ack",
                "created_at": self.now,
            }
        )
        return f"{self.channels.public_url}/a/{token}"

    def _message(
        self,
        recipient: Recipient,
        channel: str,
        address: str,
        body: str,
        request_id: str | None,
        sent: dict[tuple[str, str, str], str],
    ) -> None:
        mailing = self.mailing
        key = f"{mailing.effect_key}:{recipient.id}:{channel}"
        same = (channel, address, body)
        if same not in sent:
            sent[same] = new_id(self.now)
            encoding, parts = self._counted(channel, body)
            self.messages.append(
                {
                    "id": sent[same],
                    "dedupe_key": key,
                    "incident_id": mailing.incident_id,
                    "person_id": recipient.id,
                    "mailing_id": mailing.id,
                    "kind": "remind" if mailing.rung else mailing.purpose,
                    "channel": channel,
                    "address": address,
                    "subject": mailing.subject if channel == "email" else "",
                    "body": body,
                    "encoding": encoding,
                    "parts": parts,
                    "priority": mailing.priority,
                    "critical": mailing.critical,
                    "drill": self.incident.mode == "drill",
                    "created_at": self.now,
                    "not_before": self.now,
                    "valid_until": mailing.valid_until,
                    "status": "created",
                    "turn": self.turn,
                }
            )
        self.causes.append({"effect_key": key, "message_id": sent[same], "request_id": request_id})

    def _counted(self, channel: str, body: str) -> tuple[str, int]:
        if channel == "email":
            return "UTF-8", 1
        if channel == "voice":
            return "voice", 1
        if body not in self.parts:
            counted = segments(body)
            self.parts[body] = (counted.encoding, counted.parts)
        return self.parts[body]

    def _report_unreachable(self, recipients: Sequence[Recipient]) -> None:
        """Left for the door: who cannot be reached counts as a refusal of the group."""
        if not self.mailing.ack or self.mailing.purpose == "remind":
            return
        reasons = Counter(recipient.why_not for recipient in recipients if recipient.why_not)
        for reason, count in reasons.items():
            event = Unreachable(self.mailing.step, self.mailing.activation, None, count, reason)
            leave_for_the_door(self.session, self.mailing.incident_id, event, self.now)


def leave_for_the_door(session: Session, incident_id: str, event: Unreachable, now: datetime) -> None:
    insert_all(
        session,
        RunEvent,
        [
            {
                "incident_id": incident_id,
                "event": json.loads(event_to_json(event)),
                "created_at": now,
                "applied_at": None,
            }
        ],
    )
