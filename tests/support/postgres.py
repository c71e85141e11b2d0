"""A PostgreSQL server of our own, for tests; they skip where there is none."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

_FOLDERS = [*Path("/usr/lib/postgresql").glob("*/bin"), Path("/usr/local/bin")]
"""Where Debian keeps the server's programs, which are not on PATH."""


def _program(name: str) -> str:
    """Return the path of a program of the server; skip the test where there is none."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, _FOLDERS)])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"PostgreSQL's {name} is not installed")
    return found


def _as_user() -> dict[str, str]:
    """Return options that run a program as an ordinary user: the server refuses root."""
    return {"user": "nobody"} if os.geteuid() == 0 else {}


class Server:
    """A server that listens on a socket of its own alone.

    Args:
        folder: empty; the server's user may write to it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._control = _program("pg_ctl")
        self._numbers = count()

    def make(self) -> None:
        """Make the files of the server; everybody may be every role, `dse` is its administrator."""
        make = [_program("initdb"), "-D", self._data, "-U", "dse", "-A", "trust", "-E", "UTF8"]
        self._call([*make, "--no-sync"])

    def start(self, within: Sequence[str] = ()) -> None:
        """Start it; `within` are words before the command, which then has their user."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
        end = ["-l", self.folder / "log", "-w", "-o", options, "start"]
        self._call([*within, self._control, "-D", self._data, *end], own_user=bool(within))

    def stop(self) -> None:
        """Stop it at once, as a crash does."""
        self._call([self._control, "-D", self._data, "-m", "immediate", "stop"])

    def sql(self, *statements: str, database: str = "postgres") -> list[Any]:
        """Run statements as the administrator; return the rows of the last one."""
        engine = create_engine(self.url(database), isolation_level="AUTOCOMMIT")
        rows: list[Any] = []
        with engine.connect() as connection:
            for statement in statements:
                done = connection.exec_driver_sql(statement)
                rows = list(done) if done.returns_rows else []
        engine.dispose()
        return rows

    def run_script(self, text: str) -> None:
        """Run a script as the administrator with psql, as a person does; it ends at an error."""
        file = self.folder / "script.sql"
        file.write_text(text)
        whom = ["-h", self.folder, "-U", "dse", "-d", "postgres"]
        self._call([_program("psql"), "-q", *whom, "-v", "ON_ERROR_STOP=1", "-f", file])

    def new(self, more: str = "") -> str:
        """Make an empty database and return its URL; `more` ends its SQL statement."""
        name = f"results{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} {more}")
        return self.url(name)

    def url(self, database: str, user: str = "dse") -> str:
        """Return the URL of a database for a role."""
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @staticmethod
    def _call(command: Sequence[Any], *, own_user: bool = False) -> None:
        user = {} if own_user else _as_user()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **user)  # type: ignore[call-overload]


@contextmanager
def postgres_files() -> Iterator[Server]:
    """Make a server that is not started; it is stopped at the end if it runs then."""
    if find_spec("psycopg") is None:
        pytest.skip("the driver psycopg is not installed")
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:
        server = Server(Path(name))
        if _as_user():
            shutil.chown(name, "nobody")
        server.make()
        try:
            yield server
        finally:
            if (server.folder / "data" / "postmaster.pid").exists():
                server.stop()


@contextmanager
def postgres_server() -> Iterator[Server]:
    """Start a server."""
    with postgres_files() as server:
        server.start()
        yield server


@contextmanager
def postgres_databases() -> Iterator[Callable[[], str]]:
    """Start a server.

    Yields:
        A function that makes an empty database and returns its URL.
    """
    with postgres_server() as server:
        yield server.new
