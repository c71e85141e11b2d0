"""The one lock of writers: several runs share a database, and one of them writes at a time."""

from sqlalchemy import Connection, func, select

_ADVISORY_LOCK = 0x6473655F6C6F636B
"""Number of PostgreSQL's advisory lock: "dse_lock" in ASCII, which fits its 64 bits."""


def lock_writers(connection: Connection) -> None:
    """Begin a transaction that no other writer can be in, and wait for the one that is.

    Without it, two runs read that a row is missing, and both insert it. SQLite would take its
    lock at the first write only, after what was read; PostgreSQL locks rows, and a row that is
    missing cannot be locked. The lock ends with the transaction.
    """
    match connection.dialect.name:
        case "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        case "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
