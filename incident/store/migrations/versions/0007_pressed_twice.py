"""What a form has already written, so that a press that is repeated after a time-out writes nothing twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pressed",
        sa.Column("incident_id", sa.String(36), sa.ForeignKey("incident.id"), primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("result", sa.String(40), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("pressed")
