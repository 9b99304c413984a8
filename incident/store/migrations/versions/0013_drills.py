"""Drills: their injects and clock, who takes part; and the database's own word that a mode is never changed.

On SQLite the trigger is lost where the table is rebuilt (Alembic's batch mode): never use that on `incident`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from incident.store.types import Json, UtcTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

REFUSE = "BEGIN SELECT RAISE(ABORT, 'the mode of an incident is fixed'); END"
SQLITE = (
    f"CREATE TRIGGER incident_mode_fixed BEFORE UPDATE OF mode ON incident WHEN NEW.mode IS NOT OLD.mode {REFUSE}",
    (
        "CREATE TRIGGER incident_mode_kept BEFORE INSERT ON incident "
        f"WHEN EXISTS (SELECT 1 FROM incident WHERE id = NEW.id OR number = NEW.number) {REFUSE}"
    ),
)
POSTGRESQL = (
    """
CREATE FUNCTION refuse_mode() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the mode of an incident is fixed' USING ERRCODE = 'restrict_violation';
END $$
""",
    (
        "CREATE TRIGGER incident_mode_fixed BEFORE UPDATE OF mode ON incident FOR EACH ROW "
        "WHEN (NEW.mode IS DISTINCT FROM OLD.mode) EXECUTE FUNCTION refuse_mode()"
    ),
)


def upgrade() -> None:
    op.create_table(
        "drill",
        sa.Column("incident_id", sa.String(36), nullable=False),
        sa.Column("script", Json(), nullable=False),
        sa.Column("state", Json(), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("clock_at", UtcTime(), nullable=False),
        sa.Column("clock_seconds", sa.Integer(), nullable=False),
        sa.Column("paused_at", UtcTime(), nullable=True),
        sa.Column("frozen_at", UtcTime(), nullable=True),
        sa.Column("next_at", UtcTime(), nullable=True),
        sa.Column("controllers", Json(), nullable=False),
        sa.CheckConstraint("rate BETWEEN 1 AND 60", name=op.f("ck_drill_rate")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_drill_incident_id_incident")),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_drill")),
    )
    op.create_index(op.f("ix_drill_next_at"), "drill", ["next_at"])
    op.create_table(
        "participant",
        sa.Column("incident_id", sa.String(36), nullable=False),
        sa.Column("person_id", sa.String(36), nullable=False),
        sa.Column("added_by", sa.String(120), nullable=False),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_participant_incident_id_incident")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_participant_person_id_person")),
        sa.PrimaryKeyConstraint("incident_id", "person_id", name=op.f("pk_participant")),
    )
    op.create_table(
        "drill_remark",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("incident_id", sa.String(36), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("objective", sa.String(60), nullable=False),
        sa.Column("rating", sa.String(1), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.CheckConstraint("rating IN ('', 'P', 'S', 'M', 'U')", name=op.f("ck_drill_remark_rating")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_drill_remark_incident_id_incident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drill_remark")),
        sa.UniqueConstraint("key", name=op.f("uq_drill_remark_key")),
    )
    op.create_index(op.f("ix_drill_remark_incident_id"), "drill_remark", ["incident_id"])
    _enrol_those_asked()
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def _enrol_those_asked() -> None:
    """Drills that are open while the schema changes go on with those they had reached."""
    op.execute(
        "INSERT INTO participant (incident_id, person_id, added_by, added_at) "
        "SELECT DISTINCT i.id, m.person_id, i.opened_by, i.opened_at FROM incident i "
        "JOIN message m ON m.incident_id = i.id JOIN person p ON p.id = m.person_id WHERE i.mode = 'drill'"
    )
    op.execute(
        "INSERT INTO drill (incident_id, script, state, rate, clock_at, clock_seconds, controllers) "
        "SELECT id, '{}', '{}', 1, opened_at, 0, '[]' FROM incident WHERE mode = 'drill'"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER incident_mode_fixed")
        op.execute("DROP TRIGGER incident_mode_kept")
    else:
        op.execute("DROP TRIGGER incident_mode_fixed ON incident")
        op.execute("DROP FUNCTION refuse_mode()")
    op.drop_index(op.f("ix_drill_remark_incident_id"), "drill_remark")
    op.drop_table("drill_remark")
    op.drop_table("participant")
    op.drop_index(op.f("ix_drill_next_at"), "drill")
    op.drop_table("drill")
