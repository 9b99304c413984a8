"""Approval by link and by telephone: links for one revision, approvals written down by somebody else, what was taken down."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TAKEN_DOWN = (
    ("taken_down_at", sa.DateTime(timezone=True)),
    ("taken_down_by", sa.String(36)),
    ("taken_down_seq", sa.Integer()),
)


def upgrade() -> None:
    op.add_column("link", sa.Column("revision_id", sa.String(36)))
    for name, kind in TAKEN_DOWN:
        op.add_column("release", sa.Column(name, kind))
    op.create_table(
        "phone_approval",
        sa.Column("approval_id", sa.String(36), nullable=False),
        sa.Column("incident_id", sa.String(36), nullable=False),
        sa.Column("revision_id", sa.String(36), nullable=False),
        sa.Column("person_id", sa.String(36), nullable=False),
        sa.Column("recorded_by", sa.String(36), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("confirmed_via", sa.String(10)),
        sa.Column("disputed_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_phone_approval_incident_id_incident"
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name="fk_phone_approval_revision_id_revision"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_phone_approval_person_id_person"),
        sa.PrimaryKeyConstraint("approval_id", name="pk_phone_approval"),
    )
    op.create_index("ix_phone_approval_incident_id", "phone_approval", ["incident_id"])
    op.create_index("ix_phone_approval_person_id", "phone_approval", ["person_id"])


def downgrade() -> None:
    op.drop_table("phone_approval")
    for name, _ in reversed(TAKEN_DOWN):
        op.drop_column("release", name)
    op.drop_column("link", "revision_id")
