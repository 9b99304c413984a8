"""Carriers held by an operator, and what is left on their accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from incident.store.types import UtcTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("carrier_state", sa.Column("held_by", sa.String(120), server_default="", nullable=False))
    op.add_column("carrier_state", sa.Column("balance", sa.Float(), nullable=True))
    op.add_column("carrier_state", sa.Column("currency", sa.String(5), server_default="", nullable=False))
    op.add_column("carrier_state", sa.Column("balance_at", UtcTime(), nullable=True))


def downgrade() -> None:
    for name in ("balance_at", "currency", "balance", "held_by"):
        op.drop_column("carrier_state", name)
