"""`evaluation.duration_s` may be null: imported reports do not always state a duration."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make `duration_s` nullable.

    SQLite alters the column by copying and renaming the table, which fails while a view refers
    to it: views are dropped before and created again after.
    """
    views = _views()
    for name in views:
        op.execute(f'DROP VIEW "{name}"')
    op.execute("DROP TABLE IF EXISTS _alembic_tmp_evaluation")  # of an interrupted migration
    with op.batch_alter_table("evaluation") as table:
        table.alter_column("duration_s", existing_type=sa.Double, nullable=True)
    for definition in views.values():
        op.execute(definition.replace(":", "\\:"))  # a colon would begin a bound parameter


def _views() -> dict[str, str]:
    """Return the definitions of all views by name; none except for SQLite."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return {}
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'view'"
    return {row.name: row.sql for row in connection.execute(sa.text(query))}
