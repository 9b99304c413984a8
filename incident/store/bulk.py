"""Many rows in one statement.

PostgreSQL takes all rows as one JSON text and unfolds it itself: one bound value and one plan that stays prepared,
however many rows there are. On SQLite the driver's own executemany is as quick. Knows columns and their types, never
what a row means.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from incident.store.types import Json, UtcTime, canonical

Given = Callable[[str], ColumnElement[Any]]
Rows = Sequence[Mapping[str, Any]]


def insert_many(session: Session, of: Table, rows: Rows, *, once: bool = False) -> None:
    """Insert rows that all name the same columns. `once`: whatever breaks a unique key is left out."""
    if not rows:
        return
    if session.get_bind().dialect.name == "sqlite":
        made = sqlite.insert(of).on_conflict_do_nothing() if once else insert(of)
        session.connection().execute(made, list(rows))
    else:
        session.connection().execute(_inserting(of, tuple(rows[0]), once, False), _packed(of, rows))


def insert_new(session: Session, of: Table, rows: Rows) -> set[str]:
    """Insert what is not there yet; the ids of what went in."""
    if not rows:
        return set()
    if session.get_bind().dialect.name == "sqlite":
        made = sqlite.insert(of).on_conflict_do_nothing().returning(of.c.id)
        return set(session.connection().execute(made, list(rows)).scalars())
    found = session.connection().execute(_inserting(of, tuple(rows[0]), True, True), _packed(of, rows))
    return set(found.scalars())


Values = Callable[[Table, Given], Mapping[str, Any]]


def update_each(session: Session, of: Table, rows: Rows, values: Values | None = None) -> None:
    """UPDATE the row of each "id", no id twice. Without `values` what the row names is written as it is; a row that
    names "before" is written only while its status is still that one. `values` (a function of the module, not made
    anew) says what is written in terms of what is there and what is given. The rows are locked already, or nobody else
    takes several of them: the order is the database's."""
    if not rows:
        return
    if session.get_bind().dialect.name == "sqlite":
        bound = [{f"b_{name}": value for name, value in row.items()} for row in rows]
        session.connection().execute(_updating(of, tuple(rows[0]), values, True), bound)
    else:
        session.connection().execute(_updating(of, tuple(rows[0]), values, False), _packed(of, rows))


# ---------------------------------------------------------------- the statements, built once


@lru_cache(maxsize=64)
def _inserting(of: Table, names: tuple[str, ...], once: bool, returning: bool) -> Any:
    made = postgresql.insert(of).from_select(list(names), select(*_unfolded(of, names).c))
    if once:
        made = made.on_conflict_do_nothing()
    return made.returning(of.c.id) if returning else made


@lru_cache(maxsize=64)
def _updating(of: Table, names: tuple[str, ...], values: Values | None, bound: bool) -> Any:
    given: Given
    if bound:

        def given(name: str) -> ColumnElement[Any]:
            return bindparam(f"b_{name}", type_=_typed(of, name))
    else:
        unfolded = _unfolded(of, names)

        def given(name: str) -> ColumnElement[Any]:
            there: ColumnElement[Any] = unfolded.c[name]
            return there

    written = values(of, given) if values else {n: given(n) for n in names if n not in ("id", "before")}
    made = update(of).where(of.c.id == given("id")).values(written)
    return made.where(of.c.status == given("before")) if "before" in names and values is None else made


def _unfolded(of: Table, names: Sequence[str]) -> Any:
    shape = [column(name, _plain(_typed(of, name))) for name in names]
    text = cast(bindparam("rows", type_=Text()), JSON)
    return func.json_to_recordset(text).table_valued(*shape, name="given").render_derived(with_types=True)


def _typed(of: Table, name: str) -> TypeEngine[Any]:
    return (of.c[name] if name in of.c else of.c["status"]).type  # "before" is a status


def _plain(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """What the column is for the database: a length is the table's to enforce."""
    inner = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    for of in (DateTime, Boolean, Integer):
        if isinstance(inner, of):
            return DateTime(timezone=True) if of is DateTime else of()
    return Text()


def _packed(of: Table, rows: Rows) -> dict[str, str]:
    written = {name: _writer(_typed(of, name)) for name in rows[0]}
    plain = [
        {
            name: w(value) if value is not None and (w := written[name]) else value
            for name, value in row.items()
        }
        for row in rows
    ]
    return {"rows": json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)}


def _writer(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    if isinstance(kind, UtcTime):
        return _moment
    return canonical if isinstance(kind, Json) else None


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"naive datetime refused: {value!r}")
    return value.isoformat()


# ---------------------------------------------------------------- one of many


class _List(TypeDecorator[Any]):
    """Texts bound as one value."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Collection[str] | None, dialect: Dialect) -> str:
        return canonical(sorted(set(value or ())))


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


def among(what: Any, values: Collection[str] | str) -> ColumnElement[bool]:
    """Whether a text is one of `values`, or of those bound later by that name. Unlike IN, the statement is the same for
    every number of values, so that it is compiled and planned once."""
    given: Any
    if isinstance(values, str):
        given = bindparam(values, type_=_List())
    else:
        given = bindparam(None, list(values), type_=_List(), unique=True)
    return _Among(what, given)


@compiles(_Among, "postgresql")
def _on_postgresql(element: _Among, compiler: SQLCompiler, **more: Any) -> str:
    what, given = (compiler.process(one, **more) for one in element.clauses)
    return f"{what} = ANY (ARRAY(SELECT json_array_elements_text(CAST({given} AS JSON))))"


@compiles(_Among, "sqlite")
def _on_sqlite(element: _Among, compiler: SQLCompiler, **more: Any) -> str:
    what, given = (compiler.process(one, **more) for one in element.clauses)
    return f"{what} IN (SELECT value FROM json_each({given}))"
