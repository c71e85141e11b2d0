"""Migrate a database of any earlier version to the current schema, with Alembic."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from dse.contracts.errors import StoreError
from dse.store.locks import lock_writers

HEAD = "0004"
"""Newest migration, written here so that opening a current database needs no Alembic.

A test compares it with the files in `migrations/versions`.
"""


def current_revision(connection: Connection, shown: str) -> str | None:
    """Return the schema version of a database; None for an empty one.

    Args:
        connection: to the database.
        shown: name of the database for messages.

    Raises:
        StoreError: the database has tables that are not those of a results database.
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
    """Create the schema, or migrate it from version `found`.

    Args:
        engine: of the database.
        found: its schema version, from `current_revision`; None creates the schema.
        shown: name of the database for messages.

    Raises:
        StoreError: no migration leads from this version; a newer dse wrote it.
    """
    if found == HEAD:
        return
    from alembic import command, util  # slow to import, needed for migrations only
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
    """Open a transaction for a migration, which is applied as a whole or not at all.

    SQLite alters a table by copying and dropping it (Alembic's batch mode). With foreign keys
    enforced, the drop would fail on rows that refer to it, and the pragma has no effect inside
    a transaction.
    """
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.commit()
        # No two programs migrate at once: the second one finds the work done. SQLite's driver
        # would also begin no transaction before DDL statements.
        lock_writers(connection)
        yield connection
        connection.commit()
        connection.invalidate()  # not back to the pool: its foreign keys are switched off
