"""Replies by mail: a sender may be an address. A carrier says itself when its balance is low. A group may be
called."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _sender(20, 200)
    op.add_column("mailing", sa.Column("voice_body", sa.Text(), server_default="", nullable=False))
    op.add_column("carrier_state", sa.Column("balance_low", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("carrier_state", "balance_low")
    op.drop_column("mailing", "voice_body")
    op.execute("UPDATE inbound SET sender = substr(sender, 1, 20)")
    _sender(200, 20)


def _sender(before: int, after: int) -> None:
    # Batch mode rebuilds the table on SQLite; no trigger stands on this one.
    with op.batch_alter_table("inbound") as inbound:
        inbound.alter_column(
            "sender", existing_type=sa.String(before), type_=sa.String(after), existing_nullable=False
        )
