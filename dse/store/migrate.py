"""Bring a database to the current schema, with Alembic, from any earlier version."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from dse.contracts.errors import StoreError

HEAD = "0002"
"""Newest migration; a test holds this to the files."""


def current_revision(connection: Connection, shown: str) -> str | None:
    """Schema version of a database; None for an empty one.

    Args:
        connection: to it.
        shown: how messages name it.

    Raises:
        StoreError: the file is a database of something else.
    """
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" in tables:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if tables:
        raise StoreError(
            f"this is not a results database: it has tables {', '.join(sorted(tables)[:5])}",
            where=shown,
            hint="choose another file with --db",
        )
    return None


def upgrade(engine: Engine, found: str | None, shown: str) -> None:
    """Create or migrate a schema of version `found`; imports nothing where it is current."""
    if found == HEAD:
        return
    from alembic import command, util  # slow, seldom needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with _transaction(engine) as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except util.CommandError as error:
            raise StoreError(
                f"the database has a schema this version of dse does not know: {error}",
                where=shown,
                hint="install a newer dse, or choose another file with --db",
            ) from error


@contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    """All or nothing; SQLite changes a table by copying it, which references must not see."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.commit()
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        connection.commit()
        connection.invalidate()  # the next one has its references checked again
