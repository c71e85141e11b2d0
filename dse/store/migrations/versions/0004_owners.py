"""Column `owner` of `study`; indexes that count points and failures without reading the rows."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, empty, and the indexes."""
    op.add_column("study", sa.Column("owner", sa.String, nullable=False, server_default=""))
