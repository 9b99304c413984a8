"""The directory: people and units, found without typing marks, and where a post or a number is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, render_template, request
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from incident.domain.address import called
from incident.domain.names import search_key
from incident.store.tables import Assignment, Person, Post, Shift, Unit
from incident.web.language import _, local, plain
from incident.web.pages.access import signed_in, wiring

pages = Blueprint("directory", __name__)

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Someone:
    name: str
    posts: tuple[str, ...]
    unit: str
    phone: str | None
    landline: str | None
    email: str | None
    trouble: str


@pages.get("/directory")
@signed_in
def index() -> str:
    wanted = request.args.get("q", "").strip()[:80]
    today = local(wiring().now()).date()
    with wiring().store.reading() as session:
        everyone = _people(session, today)
        gaps = _gaps(session, today)
        on_duty = _on_duty(session)
    found = [person for person in everyone if _matches(person, plain(wanted))]
    return render_template(
        "directory/index.html", people=found[:SHOWN], count=len(found), total=len(everyone), gaps=gaps,
        on_duty=on_duty, wanted=wanted, shown=SHOWN,
    )  # fmt: skip


def _matches(person: Someone, wanted: str) -> bool:
    text = plain(" ".join((person.name, *person.posts, person.unit)))
    return all(word in text for word in wanted.split())


def _people(session: Session, today: date) -> list[Someone]:
    posts: dict[str, list[str]] = {}
    held = select(Assignment.person, Post.title).join(Post, Post.key == Assignment.post).where(*_valid(today))
    for person, title in session.execute(held):
        posts.setdefault(person, []).append(title)
    rows = session.execute(
        select(Person, Unit.name)
        .join(Unit, Unit.key == Person.unit)
        .where(Person.active)
        .order_by(Person.sort_name, Person.id)
    )
    return [
        Someone(p.name, tuple(posts.get(p.id, ())), unit, p.phone, p.landline, p.email, _trouble(p))
        for p, unit in rows
    ]


def _valid(today: date) -> tuple[ColumnElement[bool], ...]:
    return (
        or_(Assignment.valid_from.is_(None), Assignment.valid_from <= today),
        or_(Assignment.valid_to.is_(None), Assignment.valid_to >= today),
    )


def _trouble(person: Person) -> str:
    if person.wrong_number_at:
        return _("nhầm số, đã ngừng gửi")
    if not person.phone:
        return _("không có số di động") if person.landline else _("không có số điện thoại")
    return ""


def _gaps(session: Session, today: date) -> list[str]:
    """Posts without a holder, units of communes without a contact."""
    held = select(Assignment.post).where(*_valid(today))
    vacant = session.execute(
        select(Post.title, Unit.name).join(Unit, Unit.key == Post.unit).where(Post.key.not_in(held))
    ).all()
    gaps = [
        _("Chưa có người giữ: %(post)s, %(unit)s", post=title, unit=unit) for title, unit in _by_unit(vacant)
    ]
    contacts = select(Post.unit).where(Post.contact, Post.key.in_(held))
    lonely = session.scalars(
        select(Unit.name).where(Unit.area.is_not(None), Unit.valid_to.is_(None), Unit.key.not_in(contacts))
    )
    return gaps + [_("Chưa có đầu mối: %(unit)s", unit=unit) for unit in lonely]


def _by_unit(rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """By the unit's name as people look it up; a database would sort Đ and Ủ after Z."""
    return sorted(rows, key=lambda row: (search_key(row[1]), search_key(row[0])))


def _on_duty(session: Session) -> list[tuple[str, str, object]]:
    now = wiring().now()
    titles = {"on_duty": _("Cán bộ trực"), "lanh_dao_truc": _("Lãnh đạo trực")}
    rows = session.execute(
        select(Shift.kind, Person.xung_ho, Person.name, Shift.ends_at)
        .join(Person, Person.id == Shift.person)
        .where(Shift.starts_at <= now, Shift.ends_at > now)
        .order_by(Shift.kind.desc())
    )
    return [(titles.get(kind, kind), called(word, name), ends) for kind, word, name, ends in rows]
