"""How each carrier is, the pace of each, the carriers a message goes without, and the turn it takes among equals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from incident.store.types import UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

DUE = sa.text("status = 'created'")
COUNTS = ("calls", "bad", "calls_before", "bad_before", "in_a_row", "good")
TIMES = ("share_at", "probed_at", "window_at", "free_at")


def upgrade() -> None:
    op.add_column("carrier_state", sa.Column("share", sa.Integer(), server_default="100", nullable=False))
    op.add_column("carrier_state", sa.Column("since", sa.String(20), server_default="", nullable=False))
    for name in COUNTS:
        op.add_column("carrier_state", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    for name in TIMES:
        op.add_column("carrier_state", sa.Column(name, UtcTime(), nullable=True))
    op.add_column("mailing", sa.Column("turn", sa.Integer(), server_default="0", nullable=False))
    op.add_column("message", sa.Column("turn", sa.Integer(), server_default="0", nullable=False))
    op.add_column("message", sa.Column("passed_over", sa.String(200), server_default="", nullable=False))
    _due("priority", "turn", "not_before")


def downgrade() -> None:
    _due("priority", "not_before")
    op.drop_column("message", "passed_over")
    op.drop_column("message", "turn")
    op.drop_column("mailing", "turn")
    for name in (*TIMES, *COUNTS, "since", "share"):
        op.drop_column("carrier_state", name)


def _due(*columns: str) -> None:
    """What is due stands in the order in which it goes."""
    op.drop_index("ix_message_due", "message")
    op.create_index("ix_message_due", "message", list(columns), sqlite_where=DUE, postgresql_where=DUE)
