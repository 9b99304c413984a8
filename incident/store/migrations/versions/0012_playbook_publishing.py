"""Playbooks written, signed by a second person and put into use in the service itself; a stored version never changes."""

from __future__ import annotations

import importlib

import sqlalchemy as sa
from alembic import op

from incident.store.types import Json, UtcTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

append_only = importlib.import_module("incident.store.migrations.versions.0002_append_only")
WITHDRAWAL = ("withdrawn_at", "withdrawn_by", "withdrawn_why")


def upgrade() -> None:
    op.create_table(
        "playbook_draft",
        sa.Column("slug", sa.String(60), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("asked_n", sa.Integer(), nullable=True),
        sa.Column("asked_by", sa.String(36), nullable=True),
        sa.Column("asked_name", sa.String(120), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=True),
        sa.Column("returned", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_playbook_draft")),
    )
    op.create_table(
        "playbook_edit",
        sa.Column("slug", sa.String(60), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("scenarios", sa.Text(), nullable=False),
        sa.Column("edited_by", sa.String(36), nullable=False),
        sa.Column("edited_name", sa.String(120), nullable=False),
        sa.Column("edited_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("slug", "n", name=op.f("pk_playbook_edit")),
    )
    op.create_table("playbook_publication", *_publication())
    for table, (key, frozen) in _guarded().items():
        for statement in _guards(table, key, frozen):
            op.execute(statement)


def _publication() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("slug", sa.String(60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.String(36), nullable=False),
        sa.Column("files", Json(), nullable=False),
        sa.Column("editors", Json(), nullable=False),
        sa.Column("edited_by", sa.String(36), nullable=False),
        sa.Column("edited_name", sa.String(120), nullable=False),
        sa.Column("signed_by", sa.String(36), nullable=False),
        sa.Column("signed_name", sa.String(120), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("green", sa.Integer(), nullable=False),
        sa.Column("red", sa.Integer(), nullable=False),
        sa.Column("rehearsal", Json(), nullable=False),
        sa.Column("rehearsed_at", UtcTime(), nullable=False),
        sa.Column("published_at", UtcTime(), nullable=False),
        sa.Column("withdrawn_at", UtcTime(), nullable=True),
        sa.Column("withdrawn_by", sa.String(120), nullable=True),
        sa.Column("withdrawn_why", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "signed_by <> edited_by AND replace(editors, signed_by, '') = editors",
            name=op.f("ck_playbook_publication_two_people"),
        ),
        sa.CheckConstraint(
            "faults = 0 AND red = 0 AND green > 0", name=op.f("ck_playbook_publication_proved")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["playbook_version.id"],
            name=op.f("fk_playbook_publication_version_id_playbook_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_playbook_publication")),
        sa.UniqueConstraint("slug", "version", name=op.f("uq_playbook_publication_slug")),
    ]


def _guarded() -> dict[str, tuple[tuple[str, ...], tuple[str, ...] | None]]:
    names = (item.name for item in _publication() if isinstance(item, sa.Column))
    return {
        "playbook_version": (("id",), None),
        "playbook_edit": (("slug", "n"), None),
        "playbook_publication": (("id",), tuple(name for name in names if name not in WITHDRAWAL)),
    }


def _guards(table: str, key: tuple[str, ...], frozen: tuple[str, ...] | None) -> list[str]:
    if op.get_bind().dialect.name == "sqlite":
        found: list[str] = append_only.sqlite_triggers(table, key, frozen)
    else:
        found = append_only.postgresql_triggers(table, frozen)
    return found


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for what in ("update", "delete", "replace" if sqlite else "truncate"):
        op.execute(f"DROP TRIGGER playbook_version_no_{what}" + ("" if sqlite else " ON playbook_version"))
    for table in ("playbook_publication", "playbook_edit", "playbook_draft"):
        op.drop_table(table)
