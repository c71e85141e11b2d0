"""Column `owner` of `study`; indexes that count points, evaluations and failures by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LINKS = "ix_point_evaluation_evaluation_id"


def upgrade() -> None:
    """Add the column, empty, and the indexes: rows of a million points take seconds to read."""
    op.add_column("study", sa.Column("owner", sa.String, nullable=False, server_default=""))
    op.create_index("ix_point_study_id", "point", ["study_id", "current"])
    op.drop_index(_LINKS, "point_evaluation")
    op.create_index(_LINKS, "point_evaluation", ["evaluation_id", "point_id"])
    failed = sa.text("status = 'failed'")
    op.create_index(
        "ix_evaluation_id", "evaluation", ["id"], sqlite_where=failed, postgresql_where=failed
    )
