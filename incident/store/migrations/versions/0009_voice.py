"""Calls: messages on the channel "voice", and answers that say which message they answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _channels("sms", "voice", "email")
    op.add_column("inbound", sa.Column("message_id", sa.String(36)))


def downgrade() -> None:
    op.drop_column("inbound", "message_id")
    op.execute("DELETE FROM message WHERE channel = 'voice'")
    _channels("sms", "email")


def _channels(*known: str) -> None:
    """SQLite writes the table anew; its other constraints and its indexes go with it."""
    listed = ", ".join(repr(channel) for channel in known)
    with op.batch_alter_table("message") as message:
        message.drop_constraint(op.f("ck_message_channel"), type_="check")
        message.create_check_constraint(op.f("ck_message_channel"), f"channel IN ({listed})")
