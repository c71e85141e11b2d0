"""Open the results database: SQLite by default, any SQLAlchemy URL."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DatabaseError, NoSuchModuleError

from dse.contracts.errors import StoreError
from dse.store.database import Database
from dse.store.migrate import HEAD, current_revision, upgrade

BUSY_TIMEOUT_S = 30.0


def sqlite_uri(file: Path, *, read_only: bool) -> str:
    """The file as a URI, so that any character may be in its name.

    Where its folder cannot be written to, SQLite cannot keep the index of the write-ahead
    log there; a file that nobody can change is read without.
    """
    mode = "ro" if read_only else "rwc"
    log = file.with_name(f"{file.name}-wal")
    if read_only and not os.access(file.parent, os.W_OK) and not log.exists():
        mode = "ro&immutable=1"
    return f"file:{quote(str(file))}?mode={mode}"


def _sqlite_engine(file: Path, *, read_only: bool) -> Engine:
    uri = sqlite_uri(file, read_only=read_only)

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, check_same_thread=False)

    def set_up(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        if not read_only:
            connection.execute("PRAGMA synchronous = NORMAL")

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool)
    event.listen(engine, "connect", set_up)
    return engine


def _engine(database: Database, *, read_only: bool) -> Engine:
    if database.file is None:
        assert database.url is not None  # noqa: S101  (one of the two)
        return create_engine(database.url)
    if database.file.is_dir():
        raise StoreError(
            "this is a folder, not a database", where=database.shown, hint="name a file in it"
        )
    if read_only and not database.file.exists():
        raise StoreError(
            "there is no such database", where=database.shown, hint="run a study first: dse run"
        )
    return _sqlite_engine(database.file, read_only=read_only)


_HINTS = {
    "unable to open": "is its folder writable? others: --db for results, --cache for work",
    "not a database": "name the file that dse run wrote: --db FILE",
    "malformed": "sqlite3 OLD .recover | sqlite3 NEW saves what can be read; then --db NEW",
    "locked": "another program keeps it locked: end that one, or wait",
    "disk is full": "make room, then run the same command again: what was stored is kept",
    "readonly": "may you write to this file and its folder?",
}
"""What to do, by words of SQLite's messages (sqlite.org/rescode.html)."""


@contextmanager
def store_errors(database: Database) -> Iterator[None]:
    """Say in one sentence, and where, what the database driver found wrong."""
    try:
        yield
    except DatabaseError as error:
        cause = getattr(error, "orig", None) or error
        hint = next((text for sign, text in _HINTS.items() if sign in str(cause)), "")
        message = f"the database does not answer: {cause}"
        raise StoreError(message, where=database.shown, hint=hint) from error


def open_engine(database: Database, *, read_only: bool) -> Engine:
    """Connect, and create or migrate the schema unless `read_only`.

    Args:
        database: what to open.
        read_only: neither create nor change anything.

    Raises:
        StoreError: it cannot be opened, is not ours, or has another schema.
    """
    try:
        with store_errors(database):
            engine = _engine(database, read_only=read_only)
            _check_schema(engine, database, read_only=read_only)
    except NoSuchModuleError as error:
        raise StoreError(f"there is no such kind: {error}", where=database.shown) from error
    except ModuleNotFoundError as error:
        raise StoreError(
            f"the database driver '{error.name}' is not installed",
            where=database.shown,
            hint=f"pip install {error.name}",
        ) from error
    return engine


def _check_schema(engine: Engine, database: Database, *, read_only: bool) -> None:
    with engine.connect() as connection:
        found = current_revision(connection, database.shown)
    if read_only and found != HEAD:
        raise StoreError(
            f"the database has schema {found or 'none'}, this version of dse reads {HEAD}",
            where=database.shown,
            hint="dse run migrates an older database; install a newer dse for a newer one",
        )
    if read_only:
        return
    if database.file is not None:
        # write-ahead log: readers never wait for the writer, a crash loses no commit
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    upgrade(engine, found, database.shown)
