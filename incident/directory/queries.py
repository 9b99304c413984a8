"""What the directory answers: who holds a post now, who is to be told in an area, and when that changes next.

Validity is counted in local days (a post is held from the morning of `valid_from` to the end of `valid_to`); the rota
in moments. Reads only; must never know an incident.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from incident.domain.names import search_key
from incident.store.tables import Assignment, Person, Post, Shift, Topic, Unit

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
WHOLE_PROVINCE = "toan_tinh"
COMMUNES = ("xa", "phuong", "dac_khu")
ROTAS = ("on_duty", "lanh_dao_truc")
BY_TOPIC = {"theo_chu_de": "specialist_post", "theo_chu_de_lanh_dao": "head_post"}
# Without a post of this very key: the province's own holder of that standing (Nghị định 244/2026/NĐ-CP, Điều 3).
BY_STANDING = {"nguoi_phat_ngon": "regular", "nguoi_dung_dau": "head"}
CHUNK = 900
# What one transaction asks several times is read once: kept with its session, under these names.
_AREAS, _ROTA = "areas of the directory", "turns of the rota"
_HOLDERS, _TOPICS = "holders of posts", "topics"

_COMMUNE_NAMES = select(Unit.area, Unit.short_name).where(
    Unit.kind.in_(COMMUNES), Unit.area.is_not(None), Unit.valid_to.is_(None)
)
_NEWEST_FIRST = (func.coalesce(Assignment.valid_from, date.min).desc(), Person.sort_name, Person.id)
_ON_ROTA = (
    select(Shift.kind, Shift.person)
    .join(Person, Person.id == Shift.person)
    .where(Shift.starts_at <= bindparam("now"), Shift.ends_at > bindparam("now"), Person.active)
    .order_by(Shift.starts_at.desc(), Person.sort_name, Person.id)
)


def local_date(now: datetime) -> date:
    return now.astimezone(VIETNAM).date()


def holders(
    session: Session,
    pick: str,
    *,
    now: datetime,
    topic: str | None = None,
    area: Sequence[str] = (),
) -> list[str]:
    """Who holds what a role picks, now: person ids, the newest holder first. Empty when it is vacant.

    Groups (`nhom_dia_ban`, `moi_nguoi_dia_ban`) are answered with all their people.
    """
    if pick in ROTAS:
        return _on_rota(session, pick, now)
    if pick in BY_TOPIC:
        post = _post_of_topic(session, BY_TOPIC[pick], topic)
        return _of_post(session, post, now) if post else []
    if pick in ("nhom_dia_ban", "moi_nguoi_dia_ban"):
        return [person for person, _ in audience(session, pick, area, now)]
    found = _of_post(session, pick, now)
    if not found and pick in BY_STANDING:
        province = select(Unit.key).where(Unit.kind == "ubnd_tinh")
        standing = and_(Post.unit.in_(province), Post.spokesperson == BY_STANDING[pick])
        found = _of_posts(session, standing, now)
    return found


def look_up(session: Session, picks: Iterable[str], now: datetime, topic: str | None = None) -> None:
    """Read the holders of many picks at once, for the questions that follow in this session."""
    posts = [
        _post_of_topic(session, BY_TOPIC[pick], topic) if pick in BY_TOPIC else pick
        for pick in picks
        if pick not in ROTAS
    ]
    known: dict[tuple[str, date], list[str]] = session.info.setdefault(_HOLDERS, {})
    day = local_date(now)
    missing = {post for post in posts if post and (post, day) not in known}
    if not missing:
        return
    known.update({(post, day): [] for post in missing})
    query = (
        select(Post.key, Assignment.person)
        .join(Post, Post.key == Assignment.post)
        .join(Person, Person.id == Assignment.person)
        .where(_held_on(day), Post.key.in_(missing))
        .order_by(*_NEWEST_FIRST)
    )
    for post, person in session.execute(query):
        if person not in known[post, day]:
            known[post, day].append(person)


def audience(session: Session, pick: str, area: Sequence[str], now: datetime) -> list[tuple[str, str]]:
    """The people of a group with the party each is counted for: the unit's key, or the person's own id."""
    if pick == "nhom_dia_ban":
        return _contacts(session, area, now)
    units = select(Unit.key).where(_in_area(area), _unit_valid(local_date(now)))
    people = (
        select(Person.id).where(Person.unit.in_(units), Person.active).order_by(Person.sort_name, Person.id)
    )
    return [(person, person) for person in session.scalars(people)]


def snapshot(session: Session, person_ids: Iterable[str], now: datetime) -> dict[str, dict[str, Any]]:
    """Name, post, unit and register of people as they are now, by id: {name, post, unit, unit_key, xung_ho, rank, bloc}."""
    found: dict[str, dict[str, Any]] = {}
    for chunk in batched(dict.fromkeys(person_ids), CHUNK):
        posts = _posts(session, chunk, local_date(now))
        query = select(Person, Unit).join(Unit, Unit.key == Person.unit).where(Person.id.in_(chunk))
        for person, unit in session.execute(query):
            held = posts.get(person.id, [])
            found[person.id] = {
                "name": person.name,
                "post": _main(held, unit).title if held else "",
                "unit": unit.short_name,
                "unit_key": unit.key,
                "xung_ho": person.xung_ho,
                "rank": _rank(held, unit),
                "bloc": unit.bloc,
            }
    return found


def next_boundary(session: Session, now: datetime) -> datetime | None:
    """When the rota or a post's holder changes next, after `now`."""
    today = local_date(now)
    moments = [
        session.scalar(select(func.min(Shift.starts_at)).where(Shift.starts_at > now)),
        session.scalar(select(func.min(Shift.ends_at)).where(Shift.ends_at > now)),
        _midnight(
            session.scalar(select(func.min(Assignment.valid_from)).where(Assignment.valid_from > today))
        ),
        _midnight(
            session.scalar(select(func.min(Assignment.valid_to)).where(Assignment.valid_to >= today)), days=1
        ),
    ]
    return min((moment for moment in moments if moment), default=None)


def areas(session: Session) -> list[tuple[str, str]]:
    """The communes as (key, name), in order of their names."""
    found: list[tuple[str, str]] | None = session.info.get(_AREAS)
    if found is None:
        rows = [(key or "", name.removeprefix("UBND ")) for key, name in session.execute(_COMMUNE_NAMES)]
        found = session.info[_AREAS] = sorted(rows, key=lambda pair: (search_key(pair[1]), pair[0]))
    return list(found)


def topics(session: Session) -> dict[str, str]:
    """Key and title of every topic."""
    return {
        topic.key: topic.title for topic in session.scalars(select(Topic).order_by(Topic.title, Topic.key))
    }


@dataclass(frozen=True, slots=True)
class Listed:
    """A person as lists show them. Numbers are for those who may see them: the caller decides."""

    id: str
    key: str | None
    name: str
    xung_ho: str
    unit_key: str
    unit: str
    post: str
    posts: tuple[str, ...]
    phone: str | None
    landline: str | None
    email: str | None
    shared_phone: bool
    wrong_number_at: datetime | None
    active: bool


def people(
    session: Session,
    now: datetime,
    *,
    unit: str | None = None,
    area: Sequence[str] = (),
    search: str = "",
    active: bool | None = True,
    limit: int = 100,
    offset: int = 0,
) -> list[Listed]:
    """People by given name. `search` matches name, post or unit, with or without marks: as it stands, else every word
    of it somewhere."""
    query = select(Person).order_by(Person.sort_name, Person.id)
    if active is not None:
        query = query.where(Person.active == active)
    if unit:
        query = query.where(Person.unit == unit)
    if area:
        query = query.where(Person.unit.in_(select(Unit.key).where(_in_area(area))))
    if not search_key(search):
        return _listed(session, list(session.scalars(query.limit(limit).offset(offset))), now)
    listed = _listed(session, list(session.scalars(query)), now)
    wanted = search_key(search)
    found = [row for row in listed if _matches(row, wanted)]
    found = found or [row for row in listed if _matches_by_word(row, wanted)]
    return found[offset : offset + limit]


def units(session: Session, now: datetime) -> list[Unit]:
    """The bodies that exist today, by name."""
    found = session.scalars(select(Unit).where(_unit_valid(local_date(now))))
    return sorted(found, key=lambda unit: (search_key(unit.name), unit.key))


# ------------------------------------------------------------------ how it is found


def _valid(
    start: InstrumentedAttribute[date | None], end: InstrumentedAttribute[date | None], day: date
) -> ColumnElement[bool]:
    return and_(or_(start.is_(None), start <= day), or_(end.is_(None), end >= day))


def _unit_valid(day: date) -> ColumnElement[bool]:
    return _valid(Unit.valid_from, Unit.valid_to, day)


def _in_area(area: Sequence[str]) -> ColumnElement[bool]:
    if WHOLE_PROVINCE in area:
        return Unit.area.is_not(None)
    return Unit.area.in_(list(area))


def _on_rota(session: Session, kind: str, now: datetime) -> list[str]:
    found: dict[datetime, list[tuple[str, str]]] = session.info.setdefault(_ROTA, {})
    if now not in found:
        found[now] = [(row.kind, row.person) for row in session.execute(_ON_ROTA, {"now": now})]
    return list(dict.fromkeys(person for turn, person in found[now] if turn == kind))


def _post_of_topic(session: Session, column: str, topic: str | None) -> str | None:
    if topic is None:
        return None
    known: dict[str, Topic | None] = session.info.setdefault(_TOPICS, {})
    if topic not in known:
        known[topic] = session.get(Topic, topic)
    row = known[topic]
    return None if row is None else str(getattr(row, column))


def _held(day: date) -> Select[str, str, bool]:
    return (
        select(Assignment.person, Post.unit, Post.contact)
        .join(Post, Post.key == Assignment.post)
        .join(Person, Person.id == Assignment.person)
        .where(_held_on(day))
    )


def _held_on(day: date) -> ColumnElement[bool]:
    return and_(Person.active, _valid(Assignment.valid_from, Assignment.valid_to, day))


def _of_post(session: Session, post: str, now: datetime) -> list[str]:
    look_up(session, [post], now)
    found: list[str] = session.info[_HOLDERS][post, local_date(now)]
    return list(found)


def _of_posts(session: Session, which: ColumnElement[bool], now: datetime) -> list[str]:
    query = _held(local_date(now)).where(which).order_by(*_NEWEST_FIRST)
    return list(dict.fromkeys(session.scalars(query)))


def _contacts(session: Session, area: Sequence[str], now: datetime) -> list[tuple[str, str]]:
    """One person a commune: its contact, else its head; of several the first who can be reached by SMS."""
    day = local_date(now)
    query = (
        _held(day)
        .join(Unit, Unit.key == Post.unit)
        .where(
            _in_area(area),
            _unit_valid(day),
            Unit.kind.in_(COMMUNES),
            or_(Post.contact, Post.spokesperson == "head"),
        )
        .order_by(
            Post.contact.desc(),
            or_(Person.phone.is_(None), Person.wrong_number_at.is_not(None)),
            Person.sort_name,
            Person.id,
        )
    )
    chosen: dict[str, str] = {}
    for person, unit, _ in session.execute(query):
        chosen.setdefault(unit, person)
    order = {key: place for place, (key, _) in enumerate(areas(session))}
    return sorted(
        ((p, u) for u, p in chosen.items()), key=lambda pair: (order.get(pair[1], len(order)), pair[1])
    )


def _posts(session: Session, person_ids: Sequence[str], day: date) -> dict[str, list[Post]]:
    query = (
        select(Assignment.person, Post)
        .join(Post, Post.key == Assignment.post)
        .where(Assignment.person.in_(person_ids), _valid(Assignment.valid_from, Assignment.valid_to, day))
        .order_by(Post.key)
    )
    found: dict[str, list[Post]] = {}
    for person, post in session.execute(query):
        found.setdefault(person, []).append(post)
    return found


def _main(held: Sequence[Post], unit: Unit) -> Post:
    """Of several posts the one people know the person by: a leader's, in the own unit, the head's."""
    return min(held, key=lambda p: (p.rank != "len", p.unit != unit.key, p.spokesperson != "head", p.key))


def _rank(held: Sequence[Post], unit: Unit) -> str:
    """len (leader of the province), dang (Party, Front, police), ngang: it chooses the register of every text."""
    ranks = {post.rank for post in held}
    if "len" in ranks:
        return "len"
    return "dang" if "dang" in ranks or unit.bloc in ("dang", "doan_the") else "ngang"


def _midnight(day: date | None, days: int = 0) -> datetime | None:
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=days), time(), VIETNAM)


def _listed(session: Session, rows: Sequence[Person], now: datetime) -> list[Listed]:
    known = {unit.key: unit for unit in session.scalars(select(Unit))}
    held: dict[str, list[Post]] = {}
    for chunk in batched([row.id for row in rows], CHUNK):
        held |= _posts(session, chunk, local_date(now))
    return [_one(row, known[row.unit], held.get(row.id, [])) for row in rows]


def _one(row: Person, unit: Unit, held: Sequence[Post]) -> Listed:
    return Listed(
        id=row.id,
        key=row.key,
        name=row.name,
        xung_ho=row.xung_ho,
        unit_key=unit.key,
        unit=unit.short_name,
        post=_main(held, unit).title if held else "",
        posts=tuple(post.key for post in held),
        phone=row.phone,
        landline=row.landline,
        email=row.email,
        shared_phone=row.shared_phone,
        wrong_number_at=row.wrong_number_at,
        active=row.active,
    )


def _matches(row: Listed, wanted: str) -> bool:
    return wanted in _said(row)


def _matches_by_word(row: Listed, wanted: str) -> bool:
    return all(word in _said(row) for word in wanted.split())


def _said(row: Listed) -> str:
    return search_key(f"{row.name} {row.post} {row.unit}")


def batched(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """Databases take only so many values in one query."""
    kept = list(items)
    for start in range(0, len(kept), size):
        yield kept[start : start + size]
