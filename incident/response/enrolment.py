"""Who takes part in a drill. Nobody else is sent anything of it: the carriers' threshold asks the same rows.

Responsible for the list alone. Must never know what a drill tells anybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from incident.directory import queries
from incident.domain.actors import Actor
from incident.domain.errors import Conflict
from incident.domain.words import said
from incident.store.tables import Incident, Participant, Person
from playbooks.language import Playbook
from playbooks.signals import Holders


def cast_of(
    session: Session, playbook: Playbook, roles: Mapping[str, Holders], area: list[str], now: datetime
) -> list[str]:
    """Everybody the playbook could come to ask: who holds a role, who would stand in, and the members of groups."""
    found: dict[str, None] = {}
    for slug, holders in roles.items():
        people: Iterable[str] = (*holders.people, *holders.standins)
        if holders.group:
            people = (person for person, _ in queries.audience(session, playbook.roles[slug].pick, area, now))
        found |= dict.fromkeys(people)
    return list(found)


def enrol(session: Session, incident: Incident, people: Collection[str], actor: Actor, now: datetime) -> int:
    """Let these take part; who does already, does once. Returns how many came anew."""
    known = set(session.scalars(select(Participant.person_id).where(Participant.incident_id == incident.id)))
    fresh = [person for person in dict.fromkeys(people) if person not in known]
    if fresh:
        row = {"incident_id": incident.id, "added_by": actor.name, "added_at": now}
        session.execute(insert(Participant), [row | {"person_id": person} for person in fresh])
    return len(fresh)


def taking_part(session: Session, incident_id: str) -> list[Person]:
    """The participants, by name."""
    return list(
        session.scalars(
            select(Person)
            .join(Participant, Participant.person_id == Person.id)
            .where(Participant.incident_id == incident_id)
            .order_by(Person.sort_name, Person.id)
        )
    )


def require_taking_part(session: Session, incident: Incident, person_id: str) -> None:
    """Raises Conflict for somebody who takes no part in this drill; of a real incident there is nothing to ask."""
    if incident.mode != "drill" or session.get(Participant, (incident.id, person_id)) is not None:
        return
    person = session.get(Person, person_id)
    name = f"{person.xung_ho} {person.name}" if person else ""
    raise Conflict(
        "not_enrolled",
        said(
            "%(name)s không có trong danh sách tham gia diễn tập, hệ thống không gửi tin diễn tập cho người ngoài danh "
            "sách. Ban đạo diễn thêm người ở trang Điều phối diễn tập.",
            name=name,
        ),
    )
