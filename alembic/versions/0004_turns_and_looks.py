"""Turns, paces of servers, and what a Run saw."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "looks",
        sa.Column("mapping", sa.String(length=200), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("full_seconds", sa.Double(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stated", sa.Integer(), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recent", sa.Text(), nullable=False),
        sa.Column("target_state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("mapping", name=op.f("pk_looks")),
    )
    op.create_table(
        "paces",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("server", name=op.f("pk_paces")),
    )
    # Each column is added by itself: SQLite would lose the triggers of a table that is made anew.
    op.add_column("runs", sa.Column("depth", sa.String(length=20), nullable=False, server_default="full"))
    op.add_column("blobs", sa.Column("server", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("blobs", sa.Column("turn", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("transfers", sa.Column("turn", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_blobs_server_state_turn", "blobs", ["server", "state", "turn"])
    op.create_index("ix_transfers_server_state_turn", "transfers", ["server", "state", "turn", "id"])


def downgrade() -> None:
    op.drop_index("ix_transfers_server_state_turn", table_name="transfers")
    op.drop_index("ix_blobs_server_state_turn", table_name="blobs")
    op.drop_column("transfers", "turn")
    op.drop_column("blobs", "turn")
    op.drop_column("blobs", "server")
    op.drop_column("runs", "depth")
    op.drop_table("paces")
    op.drop_table("looks")
