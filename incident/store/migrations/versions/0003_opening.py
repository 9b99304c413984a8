"""Opening: what was typed and not sent, people left out, only the leader told, sending stopped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("incident", sa.Column("left_out", sa.Text(), server_default="[]", nullable=False))
    op.add_column("incident", sa.Column("held_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("incident", sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "opening_draft",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("mode", sa.String(5), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("saved_by", sa.String(120), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_opening_draft"),
    )
    op.create_index("ix_opening_draft_saved_at", "opening_draft", ["saved_at"])


def downgrade() -> None:
    op.drop_table("opening_draft")
    for column in ("stopped_at", "held_at", "left_out"):
        op.drop_column("incident", column)
