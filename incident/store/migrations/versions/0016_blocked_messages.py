"""The messages no carrier was given, found without looking at all of the last hours': an alarm counts them on every page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BLOCKED = sa.text("error IN ('UNREGISTERED', 'drill_mark_in_live', 'drill_mark_missing')")


def upgrade() -> None:
    op.create_index("ix_message_blocked", "message", ["id"], sqlite_where=BLOCKED, postgresql_where=BLOCKED)


def downgrade() -> None:
    op.drop_index("ix_message_blocked", "message")
