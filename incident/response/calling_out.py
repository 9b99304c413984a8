"""Calling out those who were not called at the opening: a task force that waits for the leader's word, and whoever was
left out then. Must never say who they are: the directory and the engine do."""

from __future__ import annotations

from datetime import datetime

from incident.domain.actors import Actor
from incident.domain.errors import Conflict
from incident.response import casting
from incident.response.advance import enter, held_open, state_of
from incident.response.desk import Desk
from incident.response.library import pinned
from incident.response.permissions import COMMAND, require
from incident.timeline import ledger
from playbooks.signals import CalledOut, FactChanged


def call_out(desk: Desk, incident_id: str, actor: Actor, now: datetime) -> None:
    """The task force is told now. Raises Conflict: it has been told already."""
    require(actor, *COMMAND)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        if incident.held_at is None:
            raise Conflict("not_held", "Tổ công tác của vụ việc này đã được báo.")
        incident.held_at = None
        ledger.append(session, incident, "called_out", occurred_at=now, recorded_at=now, actor=actor, data={})
        enter(session, desk, incident, [CalledOut()], now)


def call_after_all(desk: Desk, incident_id: str, person_id: str, actor: Actor, now: datetime) -> None:
    """Somebody who was left out holds their roles again, and is called where nobody has accepted yet."""
    require(actor, *COMMAND)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        if person_id not in incident.left_out:
            raise Conflict("not_left_out", "Đồng chí này đã được báo.")
        incident.left_out = [one for one in incident.left_out if one != person_id]
        ledger.append(
            session, incident, "called_after_all", occurred_at=now, recorded_at=now, actor=actor,
            data={"person": person_id},
        )  # fmt: skip
        playbook = pinned(session, incident.playbook_version)
        known = state_of(session, incident_id).roles
        fresh = casting.cast(
            session,
            playbook,
            topic=incident.topic,
            area=incident.area,
            now=now,
            without=incident.left_out,
            since=incident.opened_at,
        )
        roles = {slug: holders for slug, holders in fresh.items() if known.get(slug) != holders}
        enter(session, desk, incident, [FactChanged(roles=roles, reason="mời lại")], now)
