"""What an override would bring about, before it is decided: who would be told by how many SMS, who would no longer be
waited for.

The engine itself is asked, on a copy of the run; nothing is written. What the budget of a person would hold back is
counted all the same: a page never promises fewer messages than may go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from incident.directory import queries
from incident.domain.address import called
from incident.domain.words import Said
from incident.response import casting
from incident.response.advance import state_of
from incident.response.desk import Desk
from incident.response.library import pinned
from incident.store.tables import Incident, Person
from playbooks.asking import ASKED
from playbooks.engine import EngineRefusal, advance
from playbooks.messages import Personal, only_on_screen
from playbooks.run import OPEN, Run
from playbooks.signals import Effect, Event, Notify, Remind, Summon


@dataclass(frozen=True, slots=True)
class Foreseen:
    """`told`: people as they are addressed, each with one message; `sms`: how many of these leave as an SMS; `groups`:
    role and number of recipients; `freed`: people who are waited for now and would not be any more."""

    told: tuple[Said, ...] = ()
    sms: int = 0
    groups: tuple[tuple[str, int], ...] = ()
    freed: tuple[Said, ...] = ()


def foresee(desk: Desk, incident_id: str, events: Sequence[Event], now: datetime) -> Foreseen:
    """What these events would come to now; nothing where the engine would refuse them."""
    with desk.store.reading() as session:
        incident = session.get_one(Incident, incident_id)
        playbook, before = pinned(session, incident.playbook_version), state_of(session, incident_id)
        run, effects = before, list[Effect]()
        try:
            for event in events:
                run, more = advance(playbook, run, event, now)
                effects += more
        except EngineRefusal:
            return Foreseen()
        personal = [e for e in effects if isinstance(e, Personal) and e.person]
        told = dict.fromkeys(str(e.person) for e in personal if not only_on_screen(playbook, e))
        freed = [p for p in _awaited(before) if p not in _awaited(run) and p not in told]
        people = {p.id: p for p in session.scalars(select(Person).where(Person.id.in_([*told, *freed])))}
        groups = [
            (playbook.roles[e.role].title, len(queries.audience(session, playbook.roles[e.role].pick, incident.area, now)))
            for e in effects
            if isinstance(e, Summon | Notify | Remind) and e.person is None
        ]  # fmt: skip
        reached = [p for p in told if p in people and casting.reachable(people[p], desk.sms)]
        return Foreseen(
            told=tuple(called(people[p].xung_ho, people[p].name) for p in told if p in people),
            sms=len(reached) + sum(count for _, count in groups),
            groups=tuple(groups),
            freed=tuple(called(people[p].xung_ho, people[p].name) for p in freed if p in people),
        )


def _awaited(run: Run) -> list[str]:
    return [
        a.person
        for state in run.steps.values()
        if state.state in OPEN
        for a in state.actors
        if a.state == ASKED
    ]
