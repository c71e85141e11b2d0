"""What PostgreSQL's driver says, and what a person is told; the texts are those of libpq."""

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from dse.contracts.errors import ServerSilentError, StoreError
from dse.store.connect import store_errors
from dse.store.database import Database

SERVER = Database.of("postgresql+psycopg://viewer@server/results")

CONNECTING = 'connection failed: connection to server at "10.0.0.7", port 5432 failed: '


def told(error: DBAPIError) -> StoreError:
    with pytest.raises(StoreError) as caught, store_errors(SERVER):
        raise error
    return caught.value


def connecting(text: str) -> StoreError:
    return told(OperationalError(None, None, Exception(CONNECTING + text)))


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("SELECT version_num FROM alembic_version", "may not read"),
        ("\n  select count(*) FROM points", "may not read"),
        ("INSERT INTO points (id) VALUES (1)", "the role that writes"),
        ("SELECT id FROM points FOR UPDATE", "the role that writes"),
        ("SELECT pg_advisory_xact_lock(1); UPDATE points SET id = 1", "the role that writes"),
    ],
)
def test_missing_right(statement: str, says: str) -> None:
    """The hint is for what was tried: who only looks is not sent for the right to write."""
    denied = Exception("permission denied for table points")
    found = told(ProgrammingError(statement, None, denied))
    assert "does not allow this: permission denied" in str(found)
    assert says in found.hint


NO_DATABASE = 'FATAL:  database "results" does not exist'
NO_ENTRY = 'FATAL:  no pg_hba.conf entry for host "::1", user "ana", database "results", no SSL'


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("fe_sendauth: no password supplied", "does not let you in", "~/.pgpass (mode 600)"),
        ('FATAL:  password authentication failed for user "ana"', "not let you in", "~/.pgpass"),
        (NO_ENTRY, "does not let you in", "pg_hba.conf"),
        (NO_DATABASE, "has no such database", "createdb"),
    ],
)
def test_who_is_not_let_in(text: str, says: str, hint: str) -> None:
    """The server has answered: nothing is waited for, and the hint is not to check the server."""
    found = connecting(text)
    assert not isinstance(found, ServerSilentError)
    assert says in found.message
    assert hint in found.hint


def test_a_silent_server() -> None:
    refused = connecting("Connection refused\n\tIs the server running on that host?")
    assert isinstance(refused, ServerSilentError)
