"""Evaluations that ran elsewhere may not say how long they took."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let `duration_s` be unknown; SQLite copies the table, its views step aside meanwhile."""
    views = _views()
    for name in views:
        op.execute(f'DROP VIEW "{name}"')
    op.execute("DROP TABLE IF EXISTS _alembic_tmp_evaluation")
    with op.batch_alter_table("evaluation") as table:
        table.alter_column("duration_s", existing_type=sa.Double, nullable=True)
    for definition in views.values():
        op.execute(definition.replace(":", "\\:"))


def _views() -> dict[str, str]:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return {}
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'view'"
    return {row.name: row.sql for row in connection.execute(sa.text(query))}
