"""What opening an incident, or calling out a task force that waits, would do: who is told what, by the real engine.

Writes nothing and sends nothing. Must never decide: the same engine decides again when it is done.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident import spoken, wording
from incident.directory import queries
from incident.domain import legal
from incident.domain.address import USUAL, called
from incident.domain.codes import shown_code
from incident.domain.words import Said, listed, said
from incident.response import casting, enrolment
from incident.response.desk import Desk
from incident.response.library import pinned, read
from incident.response.open import Opening, checked, events_of, free_code, leader_role, started_by
from incident.response.phrasing import group_text, reader_of, template_values
from incident.store.tables import Incident, Person, Run, Setting
from playbooks import run as run_state
from playbooks.engine import advance
from playbooks.language import REMIND, STANDIN, Playbook, Step
from playbooks.progress import steps_of
from playbooks.signals import CalledOut, Event, Holders, Notify, Started, Summon, Unreachable


@dataclass(frozen=True, slots=True)
class PreviewPerson:
    person_id: str
    name: str
    post: str
    unit: str
    role_title: str
    sms: bool
    email: bool
    phone: str | None
    landline: str | None
    reason_not: str = ""
    xung_ho: str = USUAL

    @property
    def called(self) -> Said:
        return called(self.xung_ho, self.name)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Somebody who will not be called, and who is instead; `instead` is empty where nobody is."""

    person_id: str
    name: str
    post: str
    unit: str
    role_title: str
    instead: str
    xung_ho: str = USUAL

    @property
    def called(self) -> Said:
        return called(self.xung_ho, self.name)


@dataclass(frozen=True, slots=True)
class Preview:
    """What sending will do. `cost` in đồng, an estimate by the price of a part in the settings."""

    people: tuple[PreviewPerson, ...]
    no_number: tuple[PreviewPerson, ...]
    groups: tuple[tuple[str, int], ...]
    sms: int
    sms_parts: int
    cost: int
    emails: int
    next: tuple[str, ...]
    texts: tuple[str, ...]  # the one that most people get first
    vacant: tuple[str, ...]
    level_name: str
    playbook_title: str
    code: str
    short_name: str
    left_out: tuple[LeftOut, ...] = ()
    read_out: tuple[str, ...] = ()  # what a call reads to who stays silent; empty where nobody can be called
    calls: bool = False  # the machine can call
    participants: int = 0  # of a drill: nobody else is reached
    stand_ins: tuple[PreviewPerson, ...] = ()  # of a drill: who takes part and is not told at once
    leader: str = ""  # who would be told if only the leader on duty were; "" where there is nobody

    @property
    def told(self) -> int:
        """How many something really goes to at once: the people by name, and the groups."""
        named = sum(1 for person in self.people if person.sms or person.email)
        return named + sum(count for _, count in self.groups)

    @property
    def total(self) -> int:
        return len(self.people) + sum(count for _, count in self.groups)


def preview(desk: Desk, opening: Opening, now: datetime) -> Preview:
    """Who would be told what, now, if this were opened. Raises Invalid."""
    with desk.store.reading() as session:
        playbook = read(session, desk, opening.playbook)
        opening = checked(session, opening, playbook, now)
        basis = legal.basis_for(opening.occurred_at or opening.detected_at or now).as_json()
        started = started_by(session, opening, playbook, basis, now)
        looking = _Looking(session, desk, playbook, _unborn(session, opening, now), now)
        seen = looking.told(None, events_of(opening, playbook, started, None))
        if opening.mode == "drill":
            seen = looking.taking_part(seen, started.roles)
        return replace(
            seen,
            left_out=looking.left_out(opening, started.roles),
            leader=looking.leader(started.roles),
        )


def preview_call_out(desk: Desk, incident_id: str, now: datetime) -> Preview:
    """Who would be told what if the task force that waits were called out now. Raises Refusal when none waits."""
    with desk.store.reading() as session:
        incident = session.get_one(Incident, incident_id)
        state = session.get_one(Run, incident_id).state
        playbook = pinned(session, incident.playbook_version)
        return _Looking(session, desk, playbook, incident, now).told(
            run_state.from_json(state), [CalledOut()]
        )


def counts(desk: Desk, playbook_slug: str, area: tuple[str, ...], now: datetime) -> dict[int, int]:
    """How many people each level of a playbook would tell at once. Nothing is asked that the number does not need."""
    with desk.store.reading() as session:
        playbook = read(session, desk, playbook_slug)
        cast = casting.cast(
            session, playbook, topic=next(iter(playbook.topics), None), area=list(area), now=now
        )
        sizes: dict[str, int] = {}
        found = {}
        for level in playbook.levels:
            started = Started(level, {"opened_at": now}, cast)
            _, called = _played(session, desk, playbook, None, [started], now)
            people = {effect.person for effect in called if effect.person}
            groups = {playbook.roles[effect.role].pick for effect in called if effect.person is None}
            for pick in groups - sizes.keys():
                sizes[pick] = len(queries.audience(session, pick, area, now))
            found[level] = len(people) + sum(sizes[pick] for pick in groups)
        return found


def _played(
    session: Session,
    desk: Desk,
    playbook: Playbook,
    run: run_state.Run | None,
    events: Iterable[Event],
    now: datetime,
) -> tuple[run_state.Run, list[Summon | Notify]]:
    """The engine's calls, with those that follow at once because somebody has no number."""
    queue, called = deque(events), []
    while queue:
        run, effects = advance(playbook, run, queue.popleft(), now)
        for effect in effects:
            if isinstance(effect, Summon | Notify):
                called.append(effect)
                queue.extend(_without_number(session, desk, effect))
    assert run is not None
    return run, called


def _without_number(session: Session, desk: Desk, effect: Summon | Notify) -> list[Event]:
    if not isinstance(effect, Summon) or effect.person is None:
        return []
    reach = casting.reach(session.get_one(Person, effect.person), desk)
    if reach.mobile or reach.phone:
        return []
    return [Unreachable(effect.step, effect.activation, effect.person, reason="no_number")]


def _unborn(session: Session, opening: Opening, now: datetime) -> Incident:
    """The incident as it would be, never written: texts are made from it."""
    return Incident(
        code=free_code(session, opening.mode, now), mode=opening.mode, title=opening.title,
        summary=opening.summary, short_name=opening.short_name, area=list(opening.area), level=opening.level,
        opened_at=now, occurred_at=opening.occurred_at, detected_at=opening.detected_at,
    )  # fmt: skip


class _Looking:
    """One look ahead: the engine is played to its end, and what it wants is counted and worded."""

    def __init__(
        self, session: Session, desk: Desk, playbook: Playbook, incident: Incident, now: datetime
    ) -> None:
        self.session, self.desk, self.playbook = session, desk, playbook
        self.incident, self.now = incident, now
        self.house = casting.house(session, desk.settings.public_url, desk.two_way)
        self.case = wording.Case(incident.code, incident.mode, incident.short_name, incident.title)

    def told(self, run: run_state.Run | None, events: Iterable[Event]) -> Preview:
        run, called = _played(self.session, self.desk, self.playbook, run, events, self.now)
        seen = queries.snapshot(self.session, [e.person for e in called if e.person], self.now)
        people: dict[str, PreviewPerson] = {}
        groups: list[tuple[str, int]] = []
        texts: list[tuple[wording.Sms, int]] = []  # with how many get it
        read_out: list[str] = []
        for effect in called:
            if effect.person is None:
                title, size = self._group(effect)
                groups.append((title, size))
                texts.append((self._group_text(effect), size))
            elif effect.person not in people:
                person = self.session.get_one(Person, effect.person)
                one = self._person(effect, person, seen.get(person.id, {}))
                people[person.id] = one
                if one.sms:
                    texts.append((self._text(effect, person, seen.get(person.id, {})), 1))
                if isinstance(effect, Summon) and casting.reach(person, self.desk).phone:
                    read_out.append(self._spoken(effect, person, seen.get(person.id, {})))
        price = self.session.get(Setting, "sms_part_cost")
        parts = sum(text.parts * count for text, count in texts)
        return Preview(
            people=tuple(people.values()),
            no_number=tuple(p for p in people.values() if not p.sms),
            groups=tuple(groups),
            sms=sum(count for _, count in texts),
            sms_parts=parts,
            cost=parts * int(price.value if price else 0),
            emails=sum(person.email for person in people.values()),
            next=self._next(called, run),
            texts=_by_readers(texts),
            read_out=tuple(read_out[:1]),
            calls=self.desk.voice,
            vacant=tuple(
                self.playbook.roles[slug].title
                for slug, holders in run.roles.items()
                if not holders.group and not holders.people
            ),
            level_name=self.playbook.levels[self.incident.level],
            playbook_title=self.playbook.title,
            code=shown_code(self.incident.code, self.incident.mode),
            short_name=self.incident.short_name,
        )

    def left_out(self, opening: Opening, roles: Mapping[str, Holders]) -> tuple[LeftOut, ...]:
        """Whom the officer leaves out, for which role, and who holds it instead."""
        if not opening.left_out:
            return ()
        whole = casting.cast(
            self.session, self.playbook, topic=opening.topic, area=list(opening.area), now=self.now
        )
        known = queries.snapshot(self.session, opening.left_out, self.now)
        found = []
        for person in opening.left_out:
            slugs = [slug for slug, holders in whole.items() if person in holders.people]
            stand_ins = [p for slug in slugs for p in roles[slug].people if p not in whole[slug].people]
            seen = known.get(person, {})
            titles = ", ".join(self.playbook.roles[slug].title for slug in slugs)
            found.append(
                LeftOut(
                    person, seen.get("name", ""), seen.get("post", ""), seen.get("unit", ""), titles,
                    self._who(tuple(dict.fromkeys(stand_ins))), seen.get("xung_ho", USUAL),
                )
            )  # fmt: skip
        return tuple(found)

    def taking_part(self, seen: Preview, roles: Mapping[str, Holders]) -> Preview:
        """With everybody a drill enrols by this opening: the stand-ins by name, the members of groups by number."""
        cast = enrolment.cast_of(self.session, self.playbook, roles, self.incident.area, self.now)
        named = {person: slug for slug, one in roles.items() for person in (*one.standins, *one.people)}
        told = {person.person_id for person in seen.people}
        later = [person for person in cast if person in named and person not in told]
        known = queries.snapshot(self.session, later, self.now)
        people = {p.id: p for p in self.session.scalars(select(Person).where(Person.id.in_(later)))}
        stand_ins = tuple(
            self._one(self.playbook.roles[named[id]].title, people[id], known.get(id, {})) for id in later
        )
        return replace(seen, participants=len(cast), stand_ins=stand_ins)

    def leader(self, roles: Mapping[str, Holders]) -> str:
        slug = leader_role(self.playbook)
        holders = roles.get(slug, Holders()) if slug else Holders()
        return self._who(holders.people or holders.standins)

    # -------------------------------------------------------------- one recipient

    def _person(self, effect: Summon | Notify, person: Person, seen: Mapping[str, str]) -> PreviewPerson:
        return self._one(self.playbook.roles[effect.role].title, person, seen)

    def _one(self, role: str, person: Person, seen: Mapping[str, str]) -> PreviewPerson:
        reachable = casting.reachable(person, self.desk.sms)
        return PreviewPerson(
            person.id, person.name, seen.get("post", ""), seen.get("unit", ""),
            role, reachable, bool(person.email) and self.desk.email,
            person.phone, person.landline, "" if reachable else _why_not(person), person.xung_ho,
        )  # fmt: skip

    def _group(self, effect: Summon | Notify) -> tuple[str, int]:
        role = self.playbook.roles[effect.role]
        return role.title, len(queries.audience(self.session, role.pick, self.incident.area, self.now))

    def _text(self, effect: Summon | Notify, person: Person, seen: Mapping[str, str]) -> wording.Sms:
        if not isinstance(effect, Summon):
            return self._group_text(effect)
        reader = reader_of(person, seen, self.playbook, effect)
        link = f"{self.house.public_url}/a/XXXXXXXXXX"
        if effect.instead_of:
            other = self.session.get_one(Person, effect.instead_of)
            kind = "stand_in" if self.desk.two_way_with(person) else "stand_in.one_way"
            instead = called(other.xung_ho, other.name)
            return wording.sms(kind, self.house, self.case, reader, instead=instead, link=link)
        kind = wording.summon_kind(reader, self.desk.two_way_with(person))
        return wording.sms(kind, self.house, self.case, reader, link=link)

    def _spoken(self, effect: Summon, person: Person, seen: Mapping[str, str]) -> str:
        reader = reader_of(person, seen, self.playbook, effect)
        landline = person.phone is None
        if effect.instead_of:
            other = self.session.get_one(Person, effect.instead_of)
            instead = f"{spoken.address(other.xung_ho)} {other.name}"
            return spoken.voice("stand_in", self.house, self.case, reader, landline=landline, instead=instead)
        return spoken.voice("summon", self.house, self.case, reader, landline=landline)

    def _group_text(self, effect: Summon | Notify) -> wording.Sms:
        areas = casting.area_names(self.session, self.incident.area)
        values = template_values(self.incident, self.playbook, self.house, areas, self.now)
        return group_text(effect, self.playbook, self.house, self.case, self.desk.two_way, values)

    # -------------------------------------------------------------- who comes next

    def _next(self, called: Iterable[Summon | Notify], run: run_state.Run) -> tuple[str, ...]:
        """Who comes next when there is no answer, a sentence for each rung of the steps that ask now."""
        sentences: list[str] = []
        steps = steps_of(self.playbook, run)
        for id in dict.fromkeys(effect.step for effect in called):
            step = steps[id]
            limit = step.within.get(self.incident.level)
            if limit is None or step.ack == "none":
                continue
            waited = limit.seconds
            for rung in step.ladder:
                waited += rung.after.seconds
                sentences.append(
                    said(
                        "Nếu sau %(wait)s chưa trả lời: %(then)s",
                        wait=_minutes(waited),
                        then=self._rung(step, rung.to, run),
                    )
                )
        return tuple(sentences)

    def _rung(self, step: Step, to: str, run: run_state.Run) -> str:
        if to == REMIND:
            return said("nhắc lại những người chưa trả lời.")
        if to != STANDIN:
            who = self._who(run.roles[to].people)
            return said("báo %(who)s để gọi điện.", who=who or self.playbook.roles[to].title)
        stand_ins = [
            said(
                "%(stand_in)s thay %(who)s",
                stand_in=self._who(h.standins[:1]),
                who=self._who(h.people[:1]) or self.playbook.roles[r].title,
            )
            for r in step.target
            if (h := run.roles.get(r)) and h.standins
        ]
        if not stand_ins:
            return said("báo cán bộ trực (không có người thay).")
        return said("báo %(who)s.", who=listed(stand_ins))

    def _who(self, ids: tuple[str, ...]) -> Said | str:
        people = [self.session.get_one(Person, i) for i in ids]
        return listed([called(p.xung_ho, p.name) for p in people], ", ")


def _by_readers(texts: Iterable[tuple[wording.Sms, int]]) -> tuple[str, ...]:
    readers: Counter[str] = Counter()
    for text, count in texts:
        readers[text.body] += count
    return tuple(body for body, _ in readers.most_common())


def _why_not(person: Person) -> str:
    if person.wrong_number_at:
        return said("Số đã báo nhầm")
    if person.phone is None and person.landline:
        return said("Chỉ có máy bàn, cần gọi")
    return said("Không có số di động") if person.phone is None else said("Không còn công tác")


def _minutes(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    if hours and minutes:
        return said("%(h)s giờ %(m)s phút", h=hours, m=minutes)
    return said("%(h)s giờ", h=hours) if hours else said("%(m)s phút", m=minutes)
