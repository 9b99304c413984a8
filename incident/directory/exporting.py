"""Writes the directory out as the tables it is taken in from: what is exported can be imported again, unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.directory.sheets import PEOPLE, ROTA, UNITS, Sheet, write_sheet
from incident.store.tables import Assignment, Person, Post, Shift, Unit


def export_csv(session: Session, name: str) -> str:
    """One table as CSV. `name`: people | units | rota."""
    sheet, rows = {
        "units": (UNITS, _units),
        "people": (PEOPLE, _people),
        "rota": (ROTA, _rota),
    }[name]
    return write_sheet(sheet, rows(session))


def _units(session: Session) -> Iterator[dict[str, Any]]:
    for unit in session.scalars(select(Unit).order_by(Unit.key)):
        yield _fields(unit, UNITS)


def _people(session: Session) -> Iterator[dict[str, Any]]:
    """A row for every post a person has held, one without a post for who has none."""
    held: dict[str, list[tuple[Assignment, Post]]] = {}
    query = (
        select(Assignment, Post)
        .join(Post, Post.key == Assignment.post)
        .order_by(Post.key, Assignment.valid_from)
    )
    for assignment, post in session.execute(query):
        held.setdefault(assignment.person, []).append((assignment, post))
    for person in session.scalars(select(Person).order_by(Person.sort_name, Person.id)):
        own = _fields(person, PEOPLE) | {"key": person.key or person.id}
        posts = held.get(person.id)
        if not posts:
            yield own
        for assignment, post in posts or ():
            yield own | {
                "post": post.key,
                "title": post.title,
                "post_unit": post.unit,
                "rank": post.rank,
                "contact": post.contact,
                "spokesperson": post.spokesperson,
                "valid_from": assignment.valid_from,
                "valid_to": assignment.valid_to,
            }


def _rota(session: Session) -> Iterator[dict[str, Any]]:
    query = (
        select(Shift, Person).join(Person, Person.id == Shift.person).order_by(Shift.starts_at, Shift.kind)
    )
    for shift, person in session.execute(query):
        yield {
            "kind": shift.kind,
            "person": person.key or person.id,
            "starts_at": shift.starts_at,
            "ends_at": shift.ends_at,
        }


def _fields(row: Unit | Person, sheet: Sheet) -> dict[str, Any]:
    return {column.field: getattr(row, column.field, None) for column in sheet.columns}
