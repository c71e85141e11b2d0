"""Tables `run` and `lease`: which runs write to the database, and which evaluations they do."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables, empty."""
    op.create_table(
        "run",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("study", sa.String, nullable=False),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("machine", sa.String, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("process_started", sa.Double, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("progress", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_table(
        "lease",
        sa.Column("key", sa.String, nullable=False),
        sa.Column("run_id", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_lease"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_lease_run_id"),
    )
    op.create_index("ix_lease_run_id", "lease", ["run_id"])
