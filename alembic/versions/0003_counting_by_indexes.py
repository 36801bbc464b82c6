"""Indexes that hold all that counting takes, and for which Mapping a Transfer stands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

REPLACED = {
    "sqlite_where": sa.text("to_run_id IS NOT NULL"),
    "postgresql_where": sa.text("to_run_id IS NOT NULL"),
}
CURRENT = {"sqlite_where": sa.text("to_run_id IS NULL"), "postgresql_where": sa.text("to_run_id IS NULL")}


def upgrade() -> None:
    # By itself, without a batch: SQLite would lose the triggers of a table that is made anew.
    op.add_column("transfers", sa.Column("stands_for", sa.String(length=200), nullable=True))
    op.execute(
        "UPDATE transfers SET stands_for = "
        "(SELECT mapping FROM decisions WHERE decisions.id = transfers.decision_id AND to_run_id IS NULL)"
    )
    op.drop_index("ix_transfers_run_id_state", table_name="transfers")
    op.drop_index("ix_decisions_mapping_kind", table_name="decisions")
    op.drop_index("ix_decisions_current_version", table_name="decisions", **CURRENT)
    op.drop_index("ix_decisions_from_run_id", table_name="decisions")
    counted = ["state", "outcome", "error_code", "decision_id"]
    op.create_index("ix_transfers_stands_for", "transfers", ["stands_for", *counted])
    op.create_index("ix_transfers_run_id", "transfers", ["run_id", *counted])
    version = ["mapping", "project", "version", "kind", "to_run_id"]
    op.create_index("ix_decisions_current_version", "decisions", version, **CURRENT)
    op.create_index("ix_decisions_current_kind", "decisions", ["mapping", "kind", "to_run_id"], **CURRENT)
    op.create_index("ix_decisions_project_mapping", "decisions", ["project", "mapping"])
    op.create_index("ix_decisions_from_run_id", "decisions", ["from_run_id", "project", "filename"])
    of_run = ["from_run_id", "kind", "to_run_id", "id"]
    op.create_index("ix_decisions_from_run_id_kind", "decisions", of_run)
    op.create_index("ix_decisions_to_run_id", "decisions", ["to_run_id"], **REPLACED)


def downgrade() -> None:
    for index in (
        "to_run_id",
        "from_run_id_kind",
        "from_run_id",
        "project_mapping",
        "current_kind",
        "current_version",
    ):
        op.drop_index(f"ix_decisions_{index}", table_name="decisions")
    op.drop_index("ix_transfers_run_id", table_name="transfers")
    op.drop_index("ix_transfers_stands_for", table_name="transfers")
    op.create_index("ix_decisions_from_run_id", "decisions", ["from_run_id"])
    op.create_index(
        "ix_decisions_current_version", "decisions", ["mapping", "project", "version", "kind"], **CURRENT
    )
    op.create_index("ix_decisions_mapping_kind", "decisions", ["mapping", "to_run_id", "kind"])
    op.create_index("ix_transfers_run_id_state", "transfers", ["run_id", "state"])
    op.drop_column("transfers", "stands_for")
