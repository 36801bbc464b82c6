"""Audit, rulings, withdrawals, checks of bytes, signed statements, and the balance of a Run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syncer.adapters.database.guards import append_only_statements, read_back_statements

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MAPPING = ("mapping", sa.String(length=200))
TIME = sa.DateTime(timezone=True)
SHA256 = sa.String(length=64)
RUN_FIGURES = ("listed_files", "decided_files", "excluded_files", "selected_files", "proved_files")
LOOK_FIGURES = ("listed_files", "selected_files")


def upgrade() -> None:
    _audit()
    _rulings()
    _withdrawals()
    _checks()
    _statements()
    # Each column is added by itself: SQLite would lose the triggers of a table that is made anew.
    for name in RUN_FIGURES:
        op.add_column("runs", sa.Column(name, sa.Integer(), nullable=True))
    for name in LOOK_FIGURES:
        op.add_column("looks", sa.Column(name, sa.Integer(), nullable=True))
    op.execute(
        "DELETE FROM looks"
    )  # without these figures no look proves anything: the next one is a full one
    op.add_column("runs", sa.Column("expects", SHA256, nullable=False, server_default=sa.text("''")))
    op.add_column("decisions", sa.Column("release_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "transfers", sa.Column("read_back_sha256", SHA256, nullable=False, server_default=sa.text("''"))
    )
    # A copy was only ever called so when it had been read back with the bytes that it was to bring.
    op.execute(
        "UPDATE transfers SET read_back_sha256 = (SELECT sha256 FROM decisions WHERE id = decision_id)"
        " WHERE outcome = 'copied'"
    )
    for statement in read_back_statements(op.get_bind().dialect.name):
        op.execute(statement)
    op.add_column("looks", sa.Column("held", SHA256, nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.drop_column("looks", "held")
    op.execute("DROP TRIGGER transfers_read_back_guard" + (" ON transfers" if postgresql else ""))
    if postgresql:
        op.execute("DROP FUNCTION transfers_read_back_guard()")
    op.drop_column("transfers", "read_back_sha256")
    op.drop_column("decisions", "release_id")
    op.drop_column("runs", "expects")
    for name in reversed(LOOK_FIGURES):
        op.drop_column("looks", name)
    for name in reversed(RUN_FIGURES):
        op.drop_column("runs", name)
    for table in ("statements", "checks", "withdrawals", "rulings"):
        op.drop_table(table)
    op.drop_table("audit")
    if postgresql:
        for event in ("update", "delete"):
            op.execute(f"DROP FUNCTION audit_{event}_guard()")


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column(*MAPPING, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous", SHA256, nullable=False),
        sa.Column("digest", SHA256, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sa.UniqueConstraint("previous", name=op.f("uq_audit_previous")),
    )
    op.create_index("ix_audit_mapping_subject", "audit", ["mapping", "subject"])
    for statement in append_only_statements(op.get_bind().dialect.name, "audit"):
        op.execute(statement)


def _rulings() -> None:
    names = ("mapping", "project", "filename", "source_sha256", "target_sha256")
    op.create_table(
        "rulings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(*MAPPING, nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("source_sha256", SHA256, nullable=False),
        sa.Column("target_sha256", SHA256, nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulings")),
        sa.UniqueConstraint(*names, name=op.f(f"uq_rulings_{'_'.join(names)}")),
    )


def _withdrawals() -> None:
    op.create_table(
        "withdrawals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(*MAPPING, nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("sha256", SHA256, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("gone_at", TIME, nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("confirmed_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawals")),
    )
    op.create_index("ix_withdrawals_mapping_state", "withdrawals", ["mapping", "state", "due_at"])
    op.create_index("ix_withdrawals_file", "withdrawals", ["mapping", "project", "filename"])


def _checks() -> None:
    op.create_table(
        "checks",
        sa.Column(*MAPPING, nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("sha256", SHA256, nullable=False),
        sa.Column("found_sha256", SHA256, nullable=False),
        sa.Column("result", sa.String(length=20), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("checked_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("mapping", "project", "filename", name=op.f("pk_checks")),
    )
    op.create_index("ix_checks_mapping_checked_at", "checks", ["mapping", "checked_at"])
    op.create_index("ix_checks_mapping_result", "checks", ["mapping", "result", "checked_at"])


def _statements() -> None:
    op.create_table(
        "statements",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column(*MAPPING, nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("manifest_sha256", SHA256, nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.Column("key_id", SHA256, nullable=False),
        sa.Column("signed_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_statements_run_id_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_statements")),
    )
    op.create_index("ix_statements_mapping_run_id", "statements", ["mapping", "run_id"])
