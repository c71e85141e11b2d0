"""Entry point that Alembic runs; `dse.store.migrate` passes the connection."""

from alembic import context

from dse.store.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter a column in place
)
with context.begin_transaction():
    context.run_migrations()
