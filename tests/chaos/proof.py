"""What must be true afterwards, read from the phones and from the database."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select

from incident.response.library import pinned
from incident.store.sessions import Store
from incident.store.tables import (
    Attempt,
    Entry,
    Inbound,
    Incident,
    Mailing,
    Message,
    Person,
    Receipt,
    Request,
    Run,
    RunEvent,
)
from incident.timeline.verify import verify_all
from playbooks import run as run_state
from playbooks.engine import replay
from playbooks.events import event_from_json
from tests.chaos.people import People

GONE = ("accepted", "sent", "delivered")


@dataclass(frozen=True, slots=True)
class Count:
    """The numbers of one incident."""

    asked: int
    messages: int
    lost: int
    duplicated: int
    held: int


def unfinished(store: Store, people: People, to_the_end: bool) -> dict[str, int]:
    """What still moves, by kind; empty when all is at rest. Held messages wait for a person, not for the machine.
    `to_the_end`: what a carrier took moves until we know what became of it, and what people sent until we have it."""
    dark = and_(Message.status == "unknown", or_(Message.look_at.is_not(None), Message.error != "held"))
    queries = {
        "mailing": select(func.count()).where(Mailing.done_at.is_(None)),
        "created": select(func.count()).where(Message.status == "created"),
        "sending": select(func.count()).where(Message.status == "sending"),
        "unknown": select(func.count()).where(dark),
        "inbound": select(func.count()).where(Inbound.state == "new"),
        "receipt": select(func.count()).where(Receipt.applied_at.is_(None)),
        "event": select(func.count()).where(RunEvent.applied_at.is_(None)),
    }
    if to_the_end:
        gone = (Message.channel == "sms", Message.status.in_(("accepted", "sent")))
        queries["gone"] = select(func.count()).where(*gone)
    with store.reading() as session:
        counts = {name: int(session.scalar(query) or 0) for name, query in queries.items()}
        if to_the_end:
            answers = list(people.sent)
            kept = session.scalar(select(func.count()).where(Inbound.carrier_id.in_(answers)))
            counts["unheard"] = len(answers) - int(kept or 0)
    return {name: count for name, count in counts.items() if count}


def check(store: Store, incident_id: str, people: People) -> Count:
    """Everything at once, so that a failing run shows all its faults."""
    faults: list[str] = []
    count = _summons(store, incident_id, people, faults)
    _answers(store, incident_id, people, faults)
    _run(store, incident_id, faults)
    _records(store, incident_id, people, faults)
    assert not faults, "\n".join(faults)
    return count


def _summons(store: Store, incident_id: str, people: People, faults: list[str]) -> Count:
    """Every phone that can be reached rang exactly once with each text meant for it, and with no other."""
    with store.reading() as session:
        asked = session.execute(
            select(Person.phone, Request.reason).join(Request, Request.person_id == Person.id).where(
                Request.incident_id == incident_id, Request.step == "goi"
            )
        ).all()  # fmt: skip
        audience = session.scalar(
            select(Mailing.total).where(Mailing.incident_id == incident_id, Mailing.rung == 0, Mailing.ack)
        )
        messages = session.execute(
            select(Message.address, Message.body, Message.status, Message.kind, Message.error).where(
                Message.incident_id == incident_id, Message.channel == "sms"
            )
        ).all()
    if audience != len(asked):
        faults.append(f"{audience} in the audience, {len(asked)} asked")
    reachable = {row.phone for row in asked if row.phone and not row.reason}
    summoned = {row.address for row in messages if row.kind != "reply"}
    never = sorted(phone for phone in reachable if not _rang(people, phone))
    unmade = reachable - summoned
    if never or unmade:
        faults.append(f"lost: {len(never)} phones never rang, {len(unmade)} without a message: {never[:5]}")
    twice = [
        (phone, body, times)
        for phone, bodies in people.got.items()
        for body, times in Counter(bodies).items()
        if times > 1
    ]
    if twice:
        faults.append(f"duplicated: {len(twice)}: {twice[:5]}")
    held = [row for row in messages if row.status == "unknown"]
    wrong = [row for row in messages if row.status not in GONE and row.status not in ("unknown", "cancelled")]
    if wrong:
        faults.append(f"not gone: {Counter((row.status, row.error) for row in wrong)}")
    silent = [
        row for row in messages if row.status in GONE and row.body not in people.got.get(row.address, ())
    ]
    if silent:
        faults.append(f"said to have gone, never arrived: {len(silent)}: {silent[:3]}")
    if any(row.kind != "reply" for row in held):
        faults.append(f"critical messages were held: {_attempts(store, incident_id)}")
    return Count(len(asked), sum(map(len, people.got.values())), len(never), len(twice), len(held))


def _attempts(store: Store, incident_id: str) -> list[tuple[str, int, str, str]]:
    with store.reading() as session:
        rows = session.execute(
            select(Message.address, Attempt.n, Attempt.outcome, Attempt.code)
            .join(Attempt, Attempt.message_id == Message.id)
            .where(Message.incident_id == incident_id, Message.status == "unknown")
            .order_by(Message.id, Attempt.n)
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]


def _rang(people: People, phone: str) -> bool:
    return any(people.asks.search(body) for body in people.got.get(phone, ()))


def _answers(store: Store, incident_id: str, people: People, faults: list[str]) -> None:
    """Each answer that was taken is counted, once; nobody else is."""
    with store.reading() as session:
        rows = session.execute(
            select(Person.phone, Person.id, Request.state)
            .join(Request, Request.person_id == Person.id)
            .where(Request.incident_id == incident_id, Request.step == "goi")
        ).all()
        lines = Counter(
            str(entry.data["person"])
            for entry in session.scalars(
                select(Entry).where(Entry.chain == incident_id, Entry.kind.in_(("acknowledged", "declined")))
            )
        )
        stored = session.scalar(select(func.count(Inbound.id)).where(Inbound.incident_id == incident_id))
    meant = {
        phone: "accepted" if says.startswith("OK") else "declined" for phone, says in people.says.items()
    }
    bad = [(r.phone, r.state, meant.get(r.phone)) for r in rows if meant.get(r.phone, "asked") != r.state]
    if bad:
        faults.append(f"answers not as given: {len(bad)}: {bad[:5]}")
    ids = {row.id for row in rows if row.phone in meant}
    if odd := {person: n for person, n in lines.items() if n != 1 or person not in ids}:
        faults.append(f"answers on the record more than once, or never given: {odd}")
    if len(lines) != len(ids):
        faults.append(f"{len(ids)} answered, {len(lines)} on the record")
    if (stored or 0) < sum(people.taken.values()):
        faults.append(f"{sum(people.taken.values())} answers were taken, {stored} are stored")


def _run(store: Store, incident_id: str, faults: list[str]) -> None:
    """The run is what its events make of it, and it counted as many as answered."""
    with store.reading() as session:
        rows: Sequence[RunEvent] = session.scalars(
            select(RunEvent).where(RunEvent.incident_id == incident_id).order_by(RunEvent.id)
        ).all()
        log = [(event_from_json(json.dumps(row.event)), row.applied_at) for row in rows]
        stored = session.get_one(Run, incident_id).state
        playbook = pinned(session, session.get_one(Incident, incident_id).playbook_version)
    again = replay(playbook, [(event, at) for event, at in log if at is not None])
    if run_state.to_json(again) != stored:
        faults.append("the run is not what its events make of it")


def _records(store: Store, incident_id: str, people: People, faults: list[str]) -> None:
    """The chains are whole, and each message of the carrier belongs to one attempt at most."""
    with store.reading() as session:
        faults += [f"chain {one.chain}: {one.reason}" for one in verify_all(session) if not one.ok]
        ids = session.scalars(
            select(Attempt.carrier_id)
            .join(Message, Message.id == Attempt.message_id)
            .where(Message.incident_id == incident_id, Attempt.carrier == "twilio")
        ).all()
    strange = {one for one in ids if one} - people.sids
    if strange:
        faults.append(f"attempts bound to messages that no phone got: {len(strange)}")
