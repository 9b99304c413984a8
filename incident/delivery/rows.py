"""Statements that both databases need in their own words. Knows tables, never what a carrier said."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from sqlalchemy import GenerativeSelect, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from incident.store import bulk
from incident.store.bulk import among as among
from incident.store.tables import Base, Incident
from incident.store.transitions import note as note

Query = TypeVar("Query", bound=GenerativeSelect)


def table(of: type[Base]) -> Table:
    made = of.__table__
    assert isinstance(made, Table)
    return made


def insert_new(session: Session, of: type[Base], rows: Sequence[dict[str, Any]]) -> set[str]:
    """Insert what is not there yet, as `insert_once`; the ids of what went in."""
    return bulk.insert_new(session, table(of), rows)


def insert_once(session: Session, of: type[Base], rows: Sequence[dict[str, Any]]) -> int:
    """Insert what is not there yet; whatever breaks a unique key is left out. For one row: how many went in."""
    if len(rows) == 1:
        key = next(iter(table(of).primary_key.columns))
        return len(session.connection().execute(_insert(session, of).values(rows[0]).returning(key)).all())
    bulk.insert_many(session, table(of), rows, once=True)
    return len(rows)


def _insert(session: Session, of: type[Base]) -> Any:
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table(of)).on_conflict_do_nothing()
    return postgresql.insert(table(of)).on_conflict_do_nothing()


def insert_all(session: Session, of: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    bulk.insert_many(session, table(of), rows)


def write_each(
    session: Session,
    of: type[Base],
    rows: Sequence[dict[str, Any]],
    values: bulk.Values | None = None,
    instead: dict[str, Any] | None = None,
) -> None:
    """UPDATE rows, each `{column: value}` with its "id"; all with the same columns; `values` as in `bulk.update_each`.
    Rows that name "before" are written only while their status is still that one. `instead`: what is written into a row
    that breaks a unique key, which then does not take the others with it."""
    if instead is None or not rows:
        bulk.update_each(session, table(of), rows, values)
        return
    try:
        with session.begin_nested():
            bulk.update_each(session, table(of), rows, values)
    except IntegrityError:
        for row in rows:
            try:
                with session.begin_nested():
                    bulk.update_each(session, table(of), [row], values)
            except IntegrityError:
                bulk.update_each(session, table(of), [row | instead], values)


def locked(session: Session, query: Query, *, skip: bool = False) -> Query:
    """The query with its rows held, always in the order it gives. SQLite's writer holds everything already."""
    if session.get_bind().dialect.name == "sqlite":
        return query
    return query.with_for_update(skip_locked=skip)


def some(values: Collection[str]) -> list[str]:
    """A list for IN, in one order, so that two processes lock rows in the same order."""
    return sorted(set(values))


def hold_incident_of(session: Session, query: Query) -> Query:
    """The query with the incident it reads held as `hold_incidents` holds it."""
    if session.get_bind().dialect.name == "sqlite":
        return query
    return query.with_for_update(read=True, key_share=True, of=Incident)


def hold_incidents(session: Session, incident_ids: Collection[str]) -> None:
    """Keep the door out of these incidents until the commit, before a message is locked.

    A row that refers to an incident takes this lock anyway, and the order of locks is incident, run, request, message.
    """
    if incident_ids and session.get_bind().dialect.name != "sqlite":
        query = select(Incident.id).where(among(Incident.id, incident_ids)).order_by(Incident.id)
        session.execute(query.with_for_update(read=True, key_share=True)).all()
