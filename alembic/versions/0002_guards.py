"""Guards of the state machines, and warnings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syncer.adapters.database.guards import guard_statements

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Written out, as a migration stays what it was; a test tells when the core's tables have moved on.
RUNS = {
    "requested": "planning finished",
    "planning": "transferring finished",
    "transferring": "verifying finished",
    "verifying": "transferring finished",
}
BLOBS = {
    "wanted": "fetching released",
    "fetching": "wanted staged refused",
    "staged": "wanted released",
    "refused": "wanted",
    "released": "wanted",
}
TRANSFERS = {
    "waiting": "ready ended",
    "ready": "uploading ended",
    "uploading": "ready uploaded ended",
    "uploaded": "ready ended",
    "ended": "waiting",
}


def upgrade() -> None:
    op.create_table(
        "warnings",
        sa.Column("mapping", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("next_step", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mapping", "kind", "subject", name=op.f("pk_warnings")),
    )
    _guard("runs", "requested", "finished", RUNS)
    _guard("blobs", "wanted", "", BLOBS)
    _guard("transfers", "waiting", "ended", TRANSFERS)


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in ("transfers", "blobs", "runs"):
        for event in ("update", "insert"):
            op.execute(f"DROP TRIGGER {table}_{event}_guard" + (f" ON {table}" if postgresql else ""))
            if postgresql:
                op.execute(f"DROP FUNCTION {table}_{event}_guard()")
    op.drop_table("warnings")


def _guard(table: str, begins: str, ends: str, moves: dict[str, str]) -> None:
    legal = [(old, new) for old, news in moves.items() for new in news.split()]
    for statement in guard_statements(op.get_bind().dialect.name, table, begins, ends, legal):
        op.execute(statement)
