"""The state machine of a message, as far as a row alone can break it; what older programs left behind is mended first.

SQLite cannot add a constraint to a table that stands. Its tables are written anew from their own words in the catalogue, so
that whatever other migrations did to them stays, indexes and triggers too.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FINAL = "status IN ('delivered', 'permanent-failure', 'technical-failure', 'validation-failed', 'expired', 'cancelled')"
CALLED = "status IN ('unknown', 'accepted', 'sent', 'delivered', 'temporary-failure', 'permanent-failure')"
TOLD = "'accepted', 'sent', 'delivered', 'temporary-failure', 'permanent-failure'"

CHECKS: dict[str, dict[str, str]] = {
    "message": {
        "ck_message_leased": "(status = 'sending') = (claim_until IS NOT NULL)",
        "ck_message_claimed": "status <> 'sending' OR claim_token IS NOT NULL",
        "ck_message_finished": f"({FINAL}) = (finished_at IS NOT NULL)",
        "ck_message_called": f"attempts > 0 OR NOT ({CALLED})",
        "ck_message_counted": "attempts >= 0 AND looked >= 0 AND parts >= 1",
    },
    "attempt": {
        "ck_attempt_outcome": "outcome IN ('calling', 'accepted', 'not-sent', 'unknown', 'refused')",
        "ck_attempt_status": f"status IN ('sending', 'unknown', {TOLD}, 'technical-failure')",
        "ck_attempt_numbered": "n >= 1",
        "ck_attempt_calling": "outcome <> 'calling' OR (finished_at IS NULL AND status = 'sending')",
    },
    "receipt": {"ck_receipt_status": f"status IN ({TOLD})"},
}

LAST_MOVE = "(SELECT MAX(t.at) FROM transition t WHERE t.message_id = message.id)"

# A lease nobody can account for is over: the sweep finds out whether its call had begun.
MENDING = (
    "UPDATE message SET claim_until = NULL WHERE status <> 'sending' AND claim_until IS NOT NULL",
    "UPDATE message SET claim_until = created_at WHERE status = 'sending' AND claim_until IS NULL",
    "UPDATE message SET claim_token = 'mended' WHERE status = 'sending' AND claim_token IS NULL",
    f"UPDATE message SET finished_at = NULL WHERE finished_at IS NOT NULL AND NOT ({FINAL})",
    f"UPDATE message SET finished_at = COALESCE({LAST_MOVE}, not_before) WHERE finished_at IS NULL AND {FINAL}",
    f"UPDATE message SET attempts = 1 WHERE attempts < 1 AND {CALLED}",
    "UPDATE message SET attempts = 0 WHERE attempts < 0",
    "UPDATE message SET looked = 0 WHERE looked < 0",
    "UPDATE message SET parts = 1 WHERE parts < 1",
    "UPDATE attempt SET outcome = 'unknown' WHERE outcome NOT IN ('calling', 'accepted', 'not-sent', 'unknown', 'refused')",
    f"UPDATE attempt SET status = 'unknown' WHERE status NOT IN ('sending', 'unknown', {TOLD}, 'technical-failure')",
    "UPDATE attempt SET outcome = 'unknown' WHERE outcome = 'calling' AND (finished_at IS NOT NULL OR status <> 'sending')",
    f"UPDATE receipt SET status = 'accepted' WHERE status NOT IN ({TOLD})",
)


def upgrade() -> None:
    op.add_column("receipt", sa.Column("again_at", sa.DateTime(timezone=True), nullable=True))
    for statement in MENDING:
        op.execute(statement)
    for table, checks in CHECKS.items():
        if op.get_bind().dialect.name == "sqlite":
            lines = [f"CONSTRAINT {name} CHECK ({rule})" for name, rule in checks.items()]
            _write_anew(table, lambda words, lines=lines: _with(words, lines))
        else:
            for name, rule in checks.items():
                op.create_check_constraint(op.f(name), table, rule)


def downgrade() -> None:
    for table, checks in CHECKS.items():
        if op.get_bind().dialect.name == "sqlite":
            _write_anew(table, lambda words, checks=checks: _without(words, tuple(checks)))
        else:
            for name in checks:
                op.drop_constraint(op.f(name), table, type_="check")
    op.drop_column("receipt", "again_at")


def _with(words: str, lines: list[str]) -> str:
    body = words.rstrip().removesuffix(")").rstrip()
    return ", \n\t".join([body, *lines]) + "\n)"


def _without(words: str, names: tuple[str, ...]) -> str:
    kept = [
        line
        for line in words.split("\n")
        if not line.strip().startswith(tuple(f"CONSTRAINT {n} " for n in names))
    ]
    body = "\n".join(kept).rstrip().removesuffix(")").rstrip().removesuffix(",")
    return body + "\n)"


def _write_anew(table: str, change) -> None:  # type: ignore[no-untyped-def]
    bind = op.get_bind()
    catalogue = sa.text(
        "SELECT sql FROM sqlite_master WHERE tbl_name = :name AND type = :type AND sql IS NOT NULL"
    )
    words = bind.execute(catalogue, {"name": table, "type": "table"}).scalar_one()
    others = [
        sql
        for kind in ("index", "trigger")
        for sql in bind.execute(catalogue, {"name": table, "type": kind}).scalars()
    ]
    columns = ", ".join(f'"{row[1]}"' for row in bind.exec_driver_sql(f"PRAGMA table_info({table})"))
    head, _, rest = change(words).partition("(")
    assert table in head
    bind.exec_driver_sql(f"CREATE TABLE {table}_anew ({rest}")
    bind.exec_driver_sql(f"INSERT INTO {table}_anew ({columns}) SELECT {columns} FROM {table}")
    bind.exec_driver_sql(f"DROP TABLE {table}")
    bind.exec_driver_sql(f"ALTER TABLE {table}_anew RENAME TO {table}")
    for sql in others:
        bind.exec_driver_sql(sql)
