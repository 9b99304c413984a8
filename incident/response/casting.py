"""Who holds the roles of a playbook for one incident, now. Facts of the directory become `Holders`; nothing is decided."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.directory import queries, rota
from incident.response.desk import Desk
from incident.response.hops import Reach
from incident.store.tables import Incident, Person, RoleChoice, Setting
from incident.wording import SMS_TEXTS, House
from incident.wording_rules import sound
from notify.phone import strip_marks
from playbooks.language import Playbook
from playbooks.signals import Holders


def cast(
    session: Session,
    playbook: Playbook,
    *,
    topic: str | None,
    area: list[str],
    now: datetime,
    since: datetime | None = None,
    without: Sequence[str] = (),
) -> dict[str, Holders]:
    """The holders of every role: people in order, then their stand-ins; groups only by name.

    `since`: when the incident was opened. What was open before the shift changed is told to both officers until the
    hand-over is accepted. Of `without` nobody holds anything: the first stand-in holds the role in their place."""
    cast: dict[str, Holders] = {}
    named = [role for role in playbook.roles.values() if not role.is_group]
    queries.look_up(session, [pick for role in named for pick in (role.pick, *role.standin)], now, topic)
    for role in playbook.roles.values():
        if role.is_group:
            cast[role.slug] = Holders(group=True)
            continue
        people = queries.holders(session, role.pick, now=now, topic=topic, area=area)
        if role.pick == rota.OFFICER and since is not None:
            also = rota.also_on_duty(session, now, since)
            people = [*people, *(p for p in also if p not in people)]  # what was looked up is shared
        standins: list[str] = []
        for pick in role.standin:
            for person in queries.holders(session, pick, now=now, topic=topic, area=area):
                if person not in people and person not in standins:
                    standins.append(person)
        cast[role.slug] = Holders(people=tuple(people), standins=tuple(standins))
    return {slug: left_without(holders, without) for slug, holders in cast.items()} if without else cast


def left_without(holders: Holders, out: Sequence[str]) -> Holders:
    """The role as if these people were not there. A stand-in who takes a place is asked as its holder."""
    people = tuple(person for person in holders.people if person not in out)
    standins = tuple(person for person in holders.standins if person not in out)
    if people or not holders.people:
        return replace(holders, people=people, standins=standins)
    return replace(holders, people=standins[:1], standins=standins[1:])


def cast_again(session: Session, incident: Incident, playbook: Playbook, now: datetime) -> dict[str, Holders]:
    """The holders of an open incident as they are now: a person's own decision stands before rota and directory."""
    fresh = cast(
        session,
        playbook,
        topic=incident.topic,
        area=incident.area,
        now=now,
        since=incident.opened_at,
        without=incident.left_out,
    )
    chosen = select(RoleChoice.role, RoleChoice.person_id).join(Person, Person.id == RoleChoice.person_id)
    for role, person in session.execute(chosen.where(RoleChoice.incident_id == incident.id, Person.active)):
        if role in fresh:
            standins = tuple(other for other in fresh[role].standins if other != person)
            fresh[role] = Holders(people=(person,), standins=standins)
    return fresh


def remember(session: Session, incident: Incident, person_ids: set[str], now: datetime) -> None:
    """Keep name, post and unit of these people as they are today, so that old timelines keep old names."""
    missing = person_ids - incident.names.keys()
    if missing:
        incident.names = {**incident.names, **queries.snapshot(session, sorted(missing), now)}


def area_names(session: Session, area: list[str]) -> list[str]:
    """The names of an incident's communes; "toàn tỉnh" for the whole province."""
    if area == ["toan_tinh"]:
        return ["toàn tỉnh"]
    names = dict(queries.areas(session))
    return [names.get(key, key) for key in area]


def reachable(person: Person, sms: bool) -> bool:
    """Whether an SMS can be tried: a mobile number nobody has disowned."""
    return sms and person.active and person.phone is not None and person.wrong_number_at is None


def reach(person: Person, desk: Desk) -> Reach:
    """On which channels that are configured a person can be reached. A landline is called; so is a mobile."""
    if not person.active:
        return Reach()
    mobile = person.phone if person.wrong_number_at is None else None
    return Reach(
        mobile=mobile if desk.sms else None,
        phone=(mobile or person.landline) if desk.voice else None,
        email=person.email if desk.email else None,
    )


def house(session: Session, public_url: str, two_way: bool = True) -> House:
    """The province's own words, from the settings rows."""
    words = {row.key: row.value for row in session.query(Setting)}
    return House(
        agency=words.get("agency", "UBND tỉnh"),
        province=words.get("province", ""),
        duty_phone=words.get("duty_phone", ""),
        portal_url=words.get("portal_url", ""),
        hotline=words.get("hotline", ""),
        public_url=public_url,
        two_way=two_way,
        texts=_own_texts(words.get(SMS_TEXTS, "{}")),
    )


def _own_texts(kept: str) -> dict[str, str]:
    """What a province words itself; what could not be filled must never keep an incident from being opened."""
    plain = {kind: strip_marks(body) for kind, body in json.loads(kept).items()}
    return {kind: body for kind, body in plain.items() if sound(kind, body)}
