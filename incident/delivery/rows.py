"""Statements that both databases need in their own words. Knows tables, never what a carrier said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import GenerativeSelect, Insert, Table, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from incident.store.tables import Base, Incident, Transition

Query = TypeVar("Query", bound=GenerativeSelect)


def table(of: type[Base]) -> Table:
    made = of.__table__
    assert isinstance(made, Table)
    return made


def insert_once(session: Session, of: type[Base], rows: Sequence[dict[str, Any]]) -> int:
    """Insert what is not there yet; whatever breaks a unique key is left out. For one row: how many went in."""
    if not rows:
        return 0
    statement = _insert(session, of)
    if len(rows) == 1:
        key = next(iter(table(of).primary_key.columns))
        return len(session.connection().execute(statement.values(rows[0]).returning(key)).all())
    session.connection().execute(statement, rows)
    return len(rows)


def _insert(session: Session, of: type[Base]) -> Any:
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table(of)).on_conflict_do_nothing()
    return postgresql.insert(table(of)).on_conflict_do_nothing()


def insert_all(session: Session, of: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        statement: Insert = insert(table(of))
        session.connection().execute(statement, rows)


def locked(session: Session, query: Query, *, skip: bool = False) -> Query:
    """The query with its rows held, always in the order it gives. SQLite's writer holds everything already."""
    if session.get_bind().dialect.name == "sqlite":
        return query
    return query.with_for_update(skip_locked=skip)


def note(
    session: Session, moves: Iterable[tuple[str, str, str, str]], now: datetime, *, most: int = 200
) -> None:
    """Keep changes of status: (message, before, after, why)."""
    insert_all(
        session,
        Transition,
        [
            {"message_id": message, "at": now, "before": before, "after": after, "why": why[:most]}
            for message, before, after, why in moves
            if before != after
        ],
    )


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
        query = select(Incident.id).where(Incident.id.in_(some(incident_ids))).order_by(Incident.id)
        session.execute(query.with_for_update(read=True, key_share=True)).all()
