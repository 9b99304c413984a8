"""What was recorded, submitted or approved is never changed: the database itself refuses.

On SQLite a BEFORE INSERT trigger is needed as well, or INSERT OR REPLACE rewrites a row on any connection that has not
set recursive_triggers. Never touch these tables with Alembic's batch mode: it rebuilds them without their triggers.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Table: (its primary key, the columns an UPDATE may not change; None = any UPDATE is refused).
GUARDED: dict[str, tuple[tuple[str, ...], tuple[str, ...] | None]] = {
    "entry": (("chain", "seq"), None),
    "approval": (("id",), None),
    "revision": (
        ("id",),
        ("id", "statement_id", "n", "text", "sha256", "code", "submitted_by", "submitted_at"),
    ),
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table, (key, frozen) in GUARDED.items():
            for statement in sqlite_triggers(table, key, frozen):
                op.execute(statement)
    else:
        op.execute(POSTGRESQL_FUNCTION)
        for table, (_, frozen) in GUARDED.items():
            for statement in postgresql_triggers(table, frozen):
                op.execute(statement)


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in GUARDED:
        for what in ("update", "delete", "replace" if sqlite else "truncate"):
            op.execute(f"DROP TRIGGER {table}_no_{what}" + ("" if sqlite else f" ON {table}"))
    if not sqlite:
        op.execute("DROP FUNCTION refuse_change()")


def sqlite_triggers(table: str, key: tuple[str, ...], frozen: tuple[str, ...] | None) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    changed = "" if frozen is None else "WHEN " + " OR ".join(f"NEW.{c} IS NOT OLD.{c}" for c in frozen)
    same = " AND ".join(f"{c} = NEW.{c}" for c in key)
    if table == "revision":  # its second key lets REPLACE push out a row, too
        same = f"({same}) OR (statement_id = NEW.statement_id AND n = NEW.n)"
    exists = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {changed} {refuse}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} {exists} {refuse}",
    ]


def postgresql_triggers(table: str, frozen: tuple[str, ...] | None) -> list[str]:
    changed = ""
    if frozen is not None:
        changed = "WHEN (" + " OR ".join(f"NEW.{c} IS DISTINCT FROM OLD.{c}" for c in frozen) + ")"
    refuse = "EXECUTE FUNCTION refuse_change()"
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW {changed} {refuse}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW {refuse}",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
    ]


# Class 23, so that drivers report it as they report any other broken integrity.
POSTGRESQL_FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""
