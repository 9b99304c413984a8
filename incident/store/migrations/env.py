"""Where Alembic enters: it is handed a connection in a transaction and works on it. Never opens one itself."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from incident.store.tables import Base
from incident.store.types import Json, UtcTime


def render(kind: str, value: Any, autogen: Any) -> str | Literal[False]:
    """A migration says what the database holds, not what our types of today make of it."""
    if kind == "type" and isinstance(value, UtcTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(value, Json):
        return "sa.Text()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()
