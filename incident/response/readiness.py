"""Whether the province, as its directory stands, could play a playbook tonight: who holds each role, and what is missing.

Reads only, and shows no number; must never know an incident.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.directory import coverage, queries
from incident.domain.words import Said, said
from incident.response import casting
from incident.response.desk import Desk
from incident.store.tables import Person, Post
from playbooks.language import GROUP_PICKS, Playbook, Role

DAYS = 7
MOST_NAMED = 8  # of a long list; the others are counted


@dataclass(frozen=True, slots=True)
class Holder:
    """A role and who holds it now, in the order in which they are asked. `size`: how many a group reaches."""

    role: str
    title: str
    people: tuple[str, ...]
    standins: tuple[str, ...]
    size: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """kind: rota | unknown_post | vacant | no_number | no_contact | topic. `role`: whose holder is missing."""

    kind: str
    role: str
    text: Said


@dataclass(frozen=True, slots=True)
class Readiness:
    """`names`: who holds what a role picks, by the pick; a rehearsal knows people by nothing else."""

    holders: tuple[Holder, ...]
    gaps: tuple[Gap, ...]
    names: dict[str, str]


def readiness(session: Session, desk: Desk, playbook: Playbook, now: datetime) -> Readiness:
    """Holders of every role for an incident in the whole province, and what the directory lacks for this playbook."""
    look = _Look(session, desk, playbook, now)
    gaps = dict.fromkeys(gap for role in playbook.roles.values() for gap in look.gaps(role))
    return Readiness(look.holders(), tuple(gaps), look.names())


class _Look:
    def __init__(self, session: Session, desk: Desk, playbook: Playbook, now: datetime) -> None:
        self.session, self.desk, self.playbook, self.now = session, desk, playbook, now
        self.area = [queries.WHOLE_PROVINCE]
        self.topics = playbook.topics or (None,)
        self.cast = casting.cast(session, playbook, topic=self.topics[0], area=self.area, now=now)
        named = [id for held in self.cast.values() for id in (*held.people, *held.standins)]
        self.people = {p.id: p for p in session.scalars(select(Person).where(Person.id.in_(named)))}
        self.seen = queries.snapshot(session, named, now)

    def holders(self) -> tuple[Holder, ...]:
        return tuple(
            Holder(
                slug, role.title, self._named(self.cast[slug].people), self._named(self.cast[slug].standins),
                len(queries.audience(self.session, role.pick, self.area, self.now)) if role.is_group else 0,
            )
            for slug, role in self.playbook.roles.items()
        )  # fmt: skip

    def names(self) -> dict[str, str]:
        named = [role for role in self.playbook.roles.values() if not role.is_group]
        picks = dict.fromkeys(pick for role in named for pick in (role.pick, *role.standin))
        held = {pick: self._held(pick, self.topics[0]) for pick in picks}
        seen = queries.snapshot(self.session, [people[0] for people in held.values() if people], self.now)
        return {pick: str(seen[people[0]]["name"]) for pick, people in held.items() if people}

    def gaps(self, role: Role) -> Iterator[Gap]:
        if role.pick in GROUP_PICKS:
            yield from self._of_group(role)
            return
        if role.pick in queries.ROTAS:
            for gap in coverage.open_rota(self.session, role.pick, self.now, DAYS):
                yield Gap("rota", role.slug, said("%(title)s: %(gap)s.", title=role.title, gap=gap.text))
        else:
            yield from self._of_post(role)
        yield from self._numbers(role)

    def _of_post(self, role: Role) -> Iterator[Gap]:
        known = (*queries.BY_TOPIC, *queries.BY_STANDING, *queries.ROTAS, *GROUP_PICKS)
        for pick in (role.pick, *role.standin):
            if pick not in known and self.session.get(Post, pick) is None:
                text = said("%(title)s: danh bạ không có chức danh “%(pick)s”.", title=role.title, pick=pick)
                yield Gap("unknown_post", role.slug, text)
        for topic in self.topics if role.pick in queries.BY_TOPIC else (self.topics[0],):
            if not self._held(role.pick, topic):
                yield self._vacant(role, topic)

    def _held(self, pick: str, topic: str | None) -> list[str]:
        return queries.holders(self.session, pick, now=self.now, topic=topic, area=self.area)

    def _vacant(self, role: Role, topic: str | None) -> Gap:
        if role.pick in queries.BY_TOPIC and topic:
            where = queries.topics(self.session).get(topic, topic)
            text = said(
                "%(title)s: lĩnh vực “%(topic)s” chưa có người phụ trách.", title=role.title, topic=where
            )
            return Gap("topic", role.slug, text)
        if self.cast[role.slug].standins:
            return Gap(
                "vacant",
                role.slug,
                said("%(title)s: chưa có người giữ, mời người thay ngay.", title=role.title),
            )
        return Gap(
            "vacant", role.slug, said("%(title)s: không có ai, không báo được cho ai.", title=role.title)
        )

    def _numbers(self, role: Role) -> Iterator[Gap]:
        held = self.cast[role.slug]
        for id in (*held.people, *held.standins):
            person = self.people[id]
            if not casting.reachable(person, sms=True):
                ways = _left(person)
                text = said("%(title)s: %(who)s không nhận được SMS (%(left)s).", title=role.title, who=self._name(id), left=ways)  # fmt: skip
                yield Gap("no_number", role.slug, text)

    def _of_group(self, role: Role) -> Iterator[Gap]:
        reached = queries.audience(self.session, role.pick, self.area, self.now)
        by_unit = role.pick == "nhom_dia_ban"
        communes = {
            u.key: u.short_name
            for u in queries.units(self.session, self.now)
            if u.kind in queries.COMMUNES and u.area
        }
        if by_unit:
            missing = [name for key, name in communes.items() if key not in {unit for _, unit in reached}]
            yield from self._listed("no_contact", role, said("không có đầu mối"), missing)
        people = queries.batched([id for id, _ in reached], queries.CHUNK)
        found = {
            p.id: p for ids in people for p in self.session.scalars(select(Person).where(Person.id.in_(ids)))
        }
        silent = [(id, unit) for id, unit in reached if not casting.reachable(found[id], sms=True)]
        names = [communes.get(unit, "") if by_unit else found[id].name for id, unit in silent]
        yield from self._listed("no_number", role, said("không có số nhận SMS"), names)

    def _listed(self, kind: str, role: Role, what: Said, names: Sequence[str]) -> Iterator[Gap]:
        if not names:
            return
        shown = ", ".join(names[:MOST_NAMED])
        if len(names) > MOST_NAMED:
            text = said("%(title)s: %(what)s: %(names)s và %(n)s nơi khác.", title=role.title, what=what, names=shown, n=len(names) - MOST_NAMED)  # fmt: skip
        else:
            text = said("%(title)s: %(what)s: %(names)s.", title=role.title, what=what, names=shown)
        yield Gap(kind, role.slug, text)

    def _named(self, ids: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._name(id) for id in ids)

    def _name(self, id: str) -> str:
        known: dict[str, Any] = self.seen.get(id, {})
        where = known.get("post") or known.get("unit") or ""
        return f"{known.get('name', id)}, {where}" if where else str(known.get("name", id))


def _left(person: Person) -> Said:
    if person.landline:
        return said("chỉ gọi được máy bàn")
    return said("chỉ có thư điện tử") if person.email else said("không có cách liên lạc nào")
