"""Open the results database: SQLite by default, any SQLAlchemy URL."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from dse.errors import StoreError
from dse.store.migrate import HEAD, current_revision, upgrade

BUSY_TIMEOUT_MS = 30_000


def _url(database: str, *, read_only: bool) -> str:
    if "://" in database:
        return database
    path = Path(database).expanduser().resolve()
    if read_only and not path.is_file():
        raise StoreError(
            "there is no such database", where=str(path), hint="run a study first: dse run STUDY"
        )
    if path.is_dir() or not path.parent.is_dir():
        raise StoreError("a database cannot be here", where=str(path))
    mode = "?mode=ro&uri=true" if read_only else "?uri=true"
    return f"sqlite:///file:{path}{mode}"


def _set_up_sqlite(connection: Any, _record: object) -> None:
    """Write-ahead log: readers never wait for the writer, a crash loses no commit."""
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys = ON")
    read_only = connection.execute("PRAGMA query_only").fetchone()[0]
    if not read_only:
        connection.execute("PRAGMA synchronous = NORMAL")


def open_engine(database: str, *, read_only: bool) -> Engine:
    """Connect, and create or migrate the schema unless `read_only`.

    Args:
        database: a file or a SQLAlchemy URL.
        read_only: neither create nor change anything.

    Raises:
        StoreError: it cannot be opened, is not ours, or has another schema.
    """
    try:
        engine = create_engine(make_url(_url(database, read_only=read_only)))
        event.listen(engine, "connect", _set_up_sqlite)
        if read_only:
            _demand_head(engine)
        else:
            if engine.dialect.name == "sqlite":
                with engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            upgrade(engine)
    except (DatabaseError, ArgumentError) as error:
        cause = getattr(error, "orig", None) or error
        raise StoreError(f"the database cannot be opened: {cause}", where=database) from error
    except ModuleNotFoundError as error:
        raise StoreError(
            f"the database driver '{error.name}' is not installed",
            where=database,
            hint=f"pip install {error.name}",
        ) from error
    return engine


def _demand_head(engine: Engine) -> None:
    with engine.connect() as connection:
        found = current_revision(connection)
    if found != HEAD:
        raise StoreError(
            f"the database has schema {found or 'none'}, this version of dse reads {HEAD}",
            where=str(engine.url),
            hint="dse run migrates an older database; install a newer dse for a newer one",
        )
