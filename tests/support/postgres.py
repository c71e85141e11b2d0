"""A PostgreSQL server of our own, for tests; they skip where there is none."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

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


@contextmanager
def postgres_databases() -> Iterator[Callable[[], str]]:
    """Start a server that listens on a socket of its own alone.

    Yields:
        A function that makes an empty database and returns its URL.
    """
    if find_spec("psycopg") is None:
        pytest.skip("the driver psycopg is not installed")
    initdb, control = _program("initdb"), _program("pg_ctl")
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:
        folder = Path(name)
        if _as_user():
            shutil.chown(folder, "nobody")
        data = folder / "data"
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        server = [control, "-D", data, "-l", folder / "log", "-w", "-o", options]
        make = [initdb, "-D", data, "-U", "dse", "-A", "trust", "-E", "UTF8", "--no-sync"]
        for command in (make, [*server, "start"]):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **_as_user())  # type: ignore[call-overload]
        try:
            yield _maker(folder)
        finally:
            stop = [control, "-D", data, "-m", "immediate", "stop"]
            subprocess.run(stop, check=True, stdout=subprocess.DEVNULL, cwd="/", **_as_user())  # type: ignore[call-overload]


def _maker(folder: Path) -> Callable[[], str]:
    numbers = count()
    server = create_engine(_url(folder, "postgres"), isolation_level="AUTOCOMMIT")

    def new() -> str:
        name = f"results{next(numbers)}"
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        server.dispose()
        return _url(folder, name)

    return new


def _url(folder: Path, database: str) -> str:
    return f"postgresql+psycopg://dse@/{database}?host={folder}"
