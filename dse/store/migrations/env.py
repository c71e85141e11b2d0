"""Alembic's entry point; the connection comes from `dse.store.migrate`."""

from alembic import context

from dse.store.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
