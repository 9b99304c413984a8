"""Many incidents as cards, in a fixed number of queries whatever their number: what the board and the lists are made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from incident.report import course
from incident.report.places import area_names, area_titles
from incident.report.reading import playbooks_of
from incident.report.record import IncidentCard
from incident.store.tables import Inbound, Incident, Person, PlaybookVersion, Request
from incident.store.tables import Run as RunRow
from playbooks.language import Playbook
from playbooks.run import OPEN, STUCK, Run, from_json


def gather_list(
    session: Session,
    now: datetime,
    *,
    status: str | None = None,
    limit: int = 100,
    after: str | None = None,
    person_id: str | None = None,
    mode: str | None = None,
    only: str | None = None,
) -> list[IncidentCard]:
    """The incidents as cards, newest first. `after` is the id of the last card of the page before; `person_id` keeps
    those in which this person was asked; `only` is one incident's id."""
    chosen = (
        select(Incident, PlaybookVersion.title, PlaybookVersion.sha256, RunRow.state)
        .join(PlaybookVersion, PlaybookVersion.id == Incident.playbook_version)
        .join(RunRow, RunRow.incident_id == Incident.id, isouter=True)
    )
    if status is not None:
        chosen = chosen.where(Incident.status == status)
    if mode is not None:
        chosen = chosen.where(Incident.mode == mode)
    if only is not None:
        chosen = chosen.where(Incident.id == only)
    if after is not None:
        chosen = chosen.where(Incident.id < after)
    if person_id is not None:
        chosen = chosen.where(Incident.id.in_(takes_part(person_id)))
    rows = session.execute(chosen.order_by(Incident.id.desc()).limit(limit)).all()
    if not rows:
        return []
    ids = [row.Incident.id for row in rows]
    playbooks = playbooks_of(session, {row.sha256 for row in rows})
    people = _asked_by_incident(session, ids)
    review = _review_counts(session, ids)
    areas = area_names(session, [row.Incident for row in rows])
    return [
        _card(
            row, playbooks[row.sha256], people.get(row.Incident.id, []), review.get(row.Incident.id, 0), areas
        )
        for row in rows
    ]


def takes_part(person_id: str) -> Select[str]:
    """The incidents a person was asked in."""
    return select(Request.incident_id).where(Request.person_id == person_id)


def _asked_by_incident(session: Session, ids: Sequence[str]) -> dict[str, list[Any]]:
    found = (
        select(
            Request.incident_id,
            Request.person_id,
            Request.state,
            Request.activation,
            Request.step,
            Person.name,
        )
        .join(Person, Person.id == Request.person_id)
        .where(
            Request.incident_id.in_(ids),
            Request.grouped.is_(False),
            Request.purpose.in_(("summon", "notify")),
        )
        .order_by(Request.asked_at, Request.id)
    )
    by_incident: dict[str, list[Any]] = defaultdict(list)
    for row in session.execute(found):
        by_incident[row.incident_id].append(row)
    return by_incident


def _review_counts(session: Session, ids: Sequence[str]) -> dict[str, int]:
    counted = select(Inbound.incident_id, func.count()).where(
        Inbound.state == "review", Inbound.incident_id.in_(ids)
    )
    return {id: n for id, n in session.execute(counted.group_by(Inbound.incident_id)) if id}


def _card(
    row: Any, playbook: Playbook, people: Sequence[Any], review: int, areas: Mapping[str, str]
) -> IncidentCard:
    incident: Incident = row.Incident
    run = from_json(row.state) if row.state else Run()
    deadlines = course.deadlines(playbook, run, incident.basis)
    running = [d for d in deadlines if d.due and d.state in course.STILL_RUNNING]
    states = _by_person(people)
    return IncidentCard(
        id=incident.id,
        code=incident.code,
        number=incident.number,
        mode=incident.mode,
        title=incident.title,
        short_name=incident.short_name,
        playbook=incident.playbook,
        playbook_title=row.title,
        level=incident.level,
        level_name=playbook.levels.get(incident.level, str(incident.level)),
        area=tuple(incident.area),
        area_names=area_titles(incident.area, areas),
        opened_at=incident.opened_at,
        status=incident.status,
        outcome=incident.outcome,
        closed_at=incident.closed_at,
        paused_until=incident.paused_until,
        next_deadline=min(running, key=lambda d: (d.due or incident.opened_at, d.id), default=None),
        missed=sum(d.state == "missed" and d.met_at is None for d in deadlines),
        asked=len(states),
        accepted=sum(state == "accepted" for state, _ in states.values()),
        missing=tuple(name for state, name in states.values() if state == "asked"),
        overdue=sum(step.state == STUCK for step in run.steps.values()),
        open_steps=sum(step.state in OPEN for step in run.steps.values()),
        review=review,
        held=incident.held_at is not None,
        stopped=incident.stopped_at is not None,
        handed_to=incident.handed_to if incident.handed_at else "",
        handed_at=incident.handed_at,
    )


def _by_person(people: Sequence[Any]) -> dict[str, tuple[str, str]]:
    """Each person once: an answer in any step counts, else the newest state."""
    states: dict[str, tuple[str, str]] = {}
    for row in people:
        if states.get(row.person_id, ("", ""))[0] != "accepted":
            states[row.person_id] = (row.state, row.name)
    return states
