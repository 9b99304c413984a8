"""Incidents merged into another, and incidents of which another body has the lead."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from incident.store.types import UtcTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WORDS = (("handed_to", 200), ("handed_short", 20), ("handed_paper", 120))


def upgrade() -> None:
    op.add_column("incident", sa.Column("merged_into", sa.String(36), nullable=True))
    op.create_index(op.f("ix_incident_merged_into"), "incident", ["merged_into"])
    op.add_column("incident", sa.Column("handed_at", UtcTime(), nullable=True))
    for name, length in WORDS:
        op.add_column("incident", sa.Column(name, sa.String(length), server_default="", nullable=False))
    op.add_column("press_request", sa.Column("asked_in", sa.String(36), nullable=True))


def downgrade() -> None:
    op.drop_column("press_request", "asked_in")
    for name, _ in WORDS:
        op.drop_column("incident", name)
    op.drop_column("incident", "handed_at")
    op.drop_index(op.f("ix_incident_merged_into"), "incident")
    op.drop_column("incident", "merged_into")
