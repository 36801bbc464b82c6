"""the first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blobs")),
    )
    with op.batch_alter_table("blobs", schema=None) as batch_op:
        batch_op.create_index("ix_blobs_state_next_attempt_at", ["state", "next_attempt_at"], unique=False)

    op.create_table(
        "circuits",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("server", name=op.f("pk_circuits")),
    )
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "lanes",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("server", "slot", name=op.f("pk_lanes")),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mapping", sa.String(length=200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("trigger", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("force", sa.Boolean(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stated_releases", sa.Integer(), nullable=True),
        sa.Column("read_releases", sa.Integer(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("next_step", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_runs_complete",
            ["mapping", "id"],
            unique=False,
            sqlite_where=sa.text("outcome = 'complete'"),
            postgresql_where=sa.text("outcome = 'complete'"),
        )
        batch_op.create_index("ix_runs_mapping_id", ["mapping", "id"], unique=False)
        batch_op.create_index("ix_runs_state", ["state"], unique=False)
        batch_op.create_index("ix_runs_task_id", ["task_id"], unique=False)
        batch_op.create_index(
            "uq_runs_open",
            ["mapping"],
            unique=True,
            sqlite_where=sa.text("state IN ('planning', 'transferring', 'verifying')"),
            postgresql_where=sa.text("state IN ('planning', 'transferring', 'verifying')"),
        )
        batch_op.create_index(
            "uq_runs_scheduled",
            ["mapping"],
            unique=True,
            sqlite_where=sa.text("state = 'requested' AND \"trigger\" = 'schedule'"),
            postgresql_where=sa.text("state = 'requested' AND \"trigger\" = 'schedule'"),
        )

    op.create_table(
        "tasks",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("traceback", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index("ix_tasks_done_at", ["done_at"], unique=False)
        batch_op.create_index("ix_tasks_run_id", ["run_id"], unique=False)

    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mapping", sa.String(length=200), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("requires_python", sa.Text(), nullable=False),
        sa.Column("locator", sa.Text(), nullable=False),
        sa.Column("repository", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("target_sha256", sa.String(length=64), nullable=False),
        sa.Column("overwrite", sa.Boolean(), nullable=False),
        sa.Column("from_run_id", sa.Integer(), nullable=False),
        sa.Column("to_run_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["from_run_id"], ["runs.id"], name=op.f("fk_decisions_from_run_id_runs")),
        sa.ForeignKeyConstraint(["to_run_id"], ["runs.id"], name=op.f("fk_decisions_to_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_decisions_current_version",
            ["mapping", "project", "version", "kind"],
            unique=False,
            sqlite_where=sa.text("to_run_id IS NULL"),
            postgresql_where=sa.text("to_run_id IS NULL"),
        )
        batch_op.create_index("ix_decisions_filename", ["filename"], unique=False)
        batch_op.create_index("ix_decisions_from_run_id", ["from_run_id"], unique=False)
        batch_op.create_index("ix_decisions_mapping_kind", ["mapping", "to_run_id", "kind"], unique=False)
        batch_op.create_index("ix_decisions_sha256", ["sha256"], unique=False)
        batch_op.create_index(
            "uq_decisions_current",
            ["mapping", "project", "filename"],
            unique=True,
            sqlite_where=sa.text("to_run_id IS NULL"),
            postgresql_where=sa.text("to_run_id IS NULL"),
        )

    op.create_table(
        "transfers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("requires_python", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("next_step", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_transfers_decision_id_decisions")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_transfers_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_transfers_decision_id")),
    )
    with op.batch_alter_table("transfers", schema=None) as batch_op:
        batch_op.create_index("ix_transfers_run_id_state", ["run_id", "state"], unique=False)
        batch_op.create_index(
            "ix_transfers_state_server", ["state", "server", "next_attempt_at"], unique=False
        )

    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["transfers.id"], name=op.f("fk_attempts_transfer_id_transfers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index("ix_attempts_sha256", ["sha256"], unique=False)
        batch_op.create_index("ix_attempts_task_id", ["task_id"], unique=False)
        batch_op.create_index("ix_attempts_transfer_id", ["transfer_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index("ix_attempts_transfer_id")
        batch_op.drop_index("ix_attempts_task_id")
        batch_op.drop_index("ix_attempts_sha256")

    op.drop_table("attempts")
    with op.batch_alter_table("transfers", schema=None) as batch_op:
        batch_op.drop_index("ix_transfers_state_server")
        batch_op.drop_index("ix_transfers_run_id_state")

    op.drop_table("transfers")
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_decisions_current",
            sqlite_where=sa.text("to_run_id IS NULL"),
            postgresql_where=sa.text("to_run_id IS NULL"),
        )
        batch_op.drop_index("ix_decisions_sha256")
        batch_op.drop_index("ix_decisions_mapping_kind")
        batch_op.drop_index("ix_decisions_from_run_id")
        batch_op.drop_index("ix_decisions_filename")
        batch_op.drop_index(
            "ix_decisions_current_version",
            sqlite_where=sa.text("to_run_id IS NULL"),
            postgresql_where=sa.text("to_run_id IS NULL"),
        )

    op.drop_table("decisions")
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_index("ix_tasks_run_id")
        batch_op.drop_index("ix_tasks_done_at")

    op.drop_table("tasks")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_runs_scheduled",
            sqlite_where=sa.text("state = 'requested' AND \"trigger\" = 'schedule'"),
            postgresql_where=sa.text("state = 'requested' AND \"trigger\" = 'schedule'"),
        )
        batch_op.drop_index(
            "uq_runs_open",
            sqlite_where=sa.text("state IN ('planning', 'transferring', 'verifying')"),
            postgresql_where=sa.text("state IN ('planning', 'transferring', 'verifying')"),
        )
        batch_op.drop_index("ix_runs_task_id")
        batch_op.drop_index("ix_runs_state")
        batch_op.drop_index("ix_runs_mapping_id")
        batch_op.drop_index(
            "ix_runs_complete",
            sqlite_where=sa.text("outcome = 'complete'"),
            postgresql_where=sa.text("outcome = 'complete'"),
        )

    op.drop_table("runs")
    op.drop_table("lanes")
    op.drop_table("heartbeats")
    op.drop_table("circuits")
    with op.batch_alter_table("blobs", schema=None) as batch_op:
        batch_op.drop_index("ix_blobs_state_next_attempt_at")

    op.drop_table("blobs")
