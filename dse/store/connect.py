"""Open the results database: a SQLite file, or a server by its SQLAlchemy URL."""

import os
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, QueuePool, create_engine, event
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)

from dse.contracts.errors import ServerSilentError, StoreError
from dse.store.database import Database
from dse.store.migrate import HEAD, current_revision, upgrade

BUSY_TIMEOUT_S = 30.0
"""Seconds that SQLite waits for another writer's lock before it says "database is locked"."""


def sqlite_uri(file: Path, *, read_only: bool) -> str:
    """Return the file as a SQLite URI, quoted so that its name may hold any character.

    A reader in WAL mode needs a shared index (``-shm``) beside the file, which SQLite cannot
    create in a folder without write permission. Such a file is opened as immutable, without
    locks and log (sqlite.org/wal.html, "Read-Only Databases"), unless a log is present whose
    commits would then be missed.

    Args:
        file: absolute path.
        read_only: fail where the file does not exist, instead of creating it.
    """
    mode = "ro" if read_only else "rwc"
    log = file.with_name(f"{file.name}-wal")
    if read_only and not os.access(file.parent, os.W_OK) and not log.exists():
        mode = "ro&immutable=1"
    return f"file:{quote(str(file))}?mode={mode}"


def _sqlite_engine(file: Path, *, read_only: bool) -> Engine:
    uri = sqlite_uri(file, read_only=read_only)

    def connect() -> sqlite3.Connection:
        # SQLAlchemy's pool hands a connection to one thread at a time, not always the same
        return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, check_same_thread=False)

    def set_up(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")  # off by default, for every connection
        if not read_only:
            # With WAL, commits are not synced one by one: 0.36 ms each, against 15 ms with the
            # rollback journal. A crash of the program loses none, a power cut perhaps the last.
            connection.execute("PRAGMA synchronous = NORMAL")

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool)
    event.listen(engine, "connect", set_up)
    return engine


def _engine(database: Database, *, read_only: bool) -> Engine:
    if database.file is None:
        assert database.url is not None  # noqa: S101  (one of the two)
        # a connection from before a restart of the server is replaced, not used
        return create_engine(database.url, pool_pre_ping=True)
    if database.file.is_dir():
        raise StoreError(
            "this is a folder, not a database", where=database.shown, hint="name a file in it"
        )
    if read_only and not database.file.exists():
        raise StoreError(
            "there is no such database", where=database.shown, hint="run a study first: dse run"
        )
    if not read_only and not database.file.parent.is_dir():
        hint = f"mkdir -p {shlex.quote(str(database.file.parent))}, or choose another by --db"
        raise StoreError("its folder does not exist", where=database.shown, hint=hint)
    return _sqlite_engine(database.file, read_only=read_only)


@dataclass(frozen=True)
class _Cause:
    """What happened to the database, and what to do.

    Args:
        message: begins the message; what the driver says follows.
        hint: what to do; empty if unknown.
    """

    message: str
    hint: str = ""


_CAUSES = {
    "unable to open": _Cause(
        "the database cannot be opened",
        "check that its folder is writable, or choose others by --db and --cache",
    ),
    "not a database": _Cause(
        "the file cannot be read", "name the file that dse run wrote: --db FILE"
    ),
    "malformed": _Cause(
        "the file is damaged",
        "recover what is readable: sqlite3 OLD .recover | sqlite3 NEW; then --db NEW",
    ),
    "no such table": _Cause(
        "the database lost its tables: it was replaced", "name the file that dse run wrote: --db"
    ),
    "locked": _Cause(
        "the database stays locked", "another program holds its lock: end that program, or wait"
    ),
    "disk is full": _Cause(
        "the database cannot be written",
        "free disk space, then repeat the command: stored results are kept",
    ),
    "readonly": _Cause(
        "the database cannot be written", "check that you may write to this file and its folder"
    ),
    "No space left on device": _Cause(
        "the disk of the database server is full",
        "free disk space there, then repeat the command: stored results are kept",
    ),
    'role "': _Cause(
        "the database server does not let you in", "check the user in the address: --db URL"
    ),
    "authentication failed": _Cause(
        "the database server does not let you in",
        "check user and password; ~/.pgpass (mode 600) keeps the password",
    ),
    "no password supplied": _Cause(
        "the database server does not let you in",
        "it asks for a password: put HOST:PORT:DATABASE:USER:PASSWORD into ~/.pgpass (mode 600)",
    ),
    "no pg_hba.conf entry": _Cause(
        "the database server does not let you in",
        "its administrator has to let your address and role in: pg_hba.conf",
    ),
    "permission denied": _Cause(
        "the database does not allow this",
        "your role may not write it: ask its administrator for the role that writes",
    ),
    "must be owner": _Cause(
        "the database does not allow this",
        "tables belong to another role: write as the role that the team shares",
    ),
    "read-only transaction": _Cause(
        "the database cannot be written", "your role, or the server, may only read"
    ),
    'database "': _Cause(
        "the server has no such database", "create it first: createdb; or check --db URL"
    ),
    'relation "': _Cause(
        "the database lost its tables: it was replaced", "name the database of dse run: --db URL"
    ),
}
"""Causes by a part of the message of SQLite (sqlite.org/rescode.html) or PostgreSQL."""

_NOT_READ = _Cause(
    _CAUSES["permission denied"].message,
    "your role may not read it: ask its administrator for the role that reads, or, to run "
    "studies, for the role that writes",
)
_REFUSED = _Cause(
    "the database refused a row",
    "rows that it should refer to are missing or there twice; if nobody edited the database, "
    "please report this",
)
_SILENT = _Cause(
    "the database does not answer", "check the server, its address and your rights: --db URL"
)


def _cause(error: DBAPIError, database: Database) -> _Cause:
    text = str(error.orig or error)
    known = next((cause for part, cause in _CAUSES.items() if part in text), None)
    if known is _CAUSES["permission denied"] and _reads(error):
        return _NOT_READ
    if known:
        return known
    if isinstance(error, IntegrityError | DataError):
        return _REFUSED
    # of a server's driver, these are a lost or refused connection
    lost = database.file is None and isinstance(error, OperationalError | InterfaceError)
    return _SILENT if lost else _Cause("the database failed")


def _reads(error: DBAPIError) -> bool:
    """Whether a statement only reads, so that a role that reads would do."""
    words = (error.statement or "").upper().split()
    return words[:1] == ["SELECT"] and not {"UPDATE", "INSERT", "DELETE"} & set(words)


@contextmanager
def store_errors(database: Database) -> Iterator[None]:
    """Turn errors of the database driver into `StoreError`, with the database and a hint."""
    try:
        yield
    except DBAPIError as error:
        cause = _cause(error, database)
        message = f"{cause.message}: {str(error.orig or error).strip()}"
        kind = ServerSilentError if cause is _SILENT else StoreError
        raise kind(message, where=database.shown, hint=cause.hint) from error


def open_engine(database: Database, *, read_only: bool) -> Engine:
    """Connect, and create or migrate the schema unless `read_only`.

    Args:
        database: file or server.
        read_only: neither create nor change anything.

    Raises:
        StoreError: the database cannot be opened, holds something else than results, has a
            schema of another version, or needs a driver that is not installed.
    """
    try:
        with store_errors(database):
            engine = _engine(database, read_only=read_only)
            try:
                _check_schema(engine, database, read_only=read_only)
            except BaseException:
                engine.dispose()
                raise
    except NoSuchModuleError as error:
        raise StoreError(
            f"this kind of database is not supported: {error}", where=database.shown
        ) from error
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
    if read_only and found is None:
        hint = "run a study first: dse run; or name another file by --db"
        raise StoreError("the database is empty", where=database.shown, hint=hint)
    if read_only and found != HEAD:
        raise StoreError(
            f"the database has schema {found}, this version of dse reads {HEAD}",
            where=database.shown,
            hint="dse run migrates an older database; install a newer dse for a newer one",
        )
    if read_only:
        return
    if database.file is not None:
        # Write-ahead log: readers never wait for the writer. The mode is kept in the file, and
        # it cannot be set inside a transaction, so not together with the migration.
        with engine.connect() as connection:
            # its present mode is read first: setting it takes a lock that other runs may hold
            if connection.exec_driver_sql("PRAGMA journal_mode").scalar() != "wal":
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    upgrade(engine, found, database.shown)
