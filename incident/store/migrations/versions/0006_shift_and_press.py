"""The change of the officer on duty, and the questions of the press."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from incident.store.types import Json, UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handover",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("begins_at", UtcTime(), nullable=False),
        sa.Column("outgoing", sa.String(36), nullable=False),
        sa.Column("incoming", sa.String(36), nullable=False),
        sa.Column("handed_at", UtcTime(), nullable=True),
        sa.Column("handed_by", sa.String(120), nullable=True),
        sa.Column("accepted_at", UtcTime(), nullable=True),
        sa.Column("accepted_by", sa.String(120), nullable=True),
        sa.Column("via", sa.String(10), nullable=True),
        sa.Column("picture", Json(), nullable=False),
        sa.Column("note_seq", sa.Integer(), nullable=True),
        sa.Column("told_at", UtcTime(), nullable=True),
        sa.Column("warned_at", UtcTime(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["outgoing"], ["person.id"], name=op.f("fk_handover_outgoing_person")),
        sa.ForeignKeyConstraint(["incoming"], ["person.id"], name=op.f("fk_handover_incoming_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
        sa.UniqueConstraint("begins_at", name=op.f("uq_handover_begins_at")),
    )
    op.create_table(
        "press_request",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("incident_id", sa.String(36), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(36), nullable=False),
        sa.Column("outlet", sa.String(160), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("phone", sa.String(40), nullable=False),
        sa.Column("asked_seq", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("deadline", UtcTime(), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("owner", sa.String(36), nullable=True),
        sa.Column("ended_seq", sa.Integer(), nullable=True),
        sa.Column("answered_at", UtcTime(), nullable=True),
        sa.Column("link", sa.String(500), nullable=False),
        sa.Column("alarmed_at", UtcTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('new', 'answering', 'answered', 'refused')", name=op.f("ck_press_request_state")
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_press_request_incident_id_incident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_press_request")),
        sa.UniqueConstraint("key", name=op.f("uq_press_request_key")),
        sa.UniqueConstraint("incident_id", "n", name=op.f("uq_press_request_incident_id")),
    )
    op.create_index(op.f("ix_press_request_incident_id"), "press_request", ["incident_id"])
    op.create_index(op.f("ix_press_request_deadline"), "press_request", ["deadline"])


def downgrade() -> None:
    op.drop_table("press_request")
    op.drop_table("handover")
