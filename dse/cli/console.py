"""Options and output that all commands share."""

import json
import os
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Database = Annotated[
    str,
    typer.Option(
        "--db",
        metavar="FILE",
        envvar="DSE_DB",
        help="Results: a SQLite file or a database URL.",
    ),
]
DEFAULT_DATABASE = "results.db"
_UNLIMITED = 10_000  # columns: Rich cuts tables at 80 where there is no terminal

LOG_EVERY_S = 10.0
"""Seconds between two lines of progress where the output is not a terminal, such as a log file."""

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


Wide = Annotated[bool, typer.Option("--wide", help="Cut nothing to the terminal's width.")]


def console(*, stderr: bool = False, wide: bool = False) -> "Console":
    """Return a Rich console that prints text literally, without markup, emoji or highlighting.

    Tables are fitted to a terminal unless they may be `wide`, and never cut in a pipe or file.
    """
    from rich.console import Console  # slow to import, and not needed for --help

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() and not wide else _UNLIMITED
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def fits(out: "Console", table: "Table") -> bool:
    """Return whether a table can be printed without a cell or head in more lines than it has."""
    from rich.measure import Measurement

    unlimited = out.options.update(width=_UNLIMITED)
    return Measurement.get(out, unlimited, table).maximum <= out.width


def grid(*columns: str, title: str = "", right: Collection[str] = ()) -> "Table":
    """Return an empty table in which nothing is cut: names stay in one line, the rest is wrapped.

    Args:
        columns: heads; the first column holds the names of the rows.
        title: title above the table.
        right: heads of columns that are aligned to the right.
    """
    from rich.table import Table

    table = Table(title=title or None)
    for number, head in enumerate(columns):
        justify: Literal["left", "right"] = "right" if head in right else "left"
        table.add_column(head, justify=justify, no_wrap=number == 0, overflow="fold")
    return table


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Turn errors of the operating system while a file is written into a usage error.

    Raises:
        UsageError: the file cannot be written.
    """
    from dse.contracts.errors import UsageError

    try:
        yield
    except OSError as error:
        hint = "choose a file in a folder that exists and can be written"
        raise UsageError(
            f"cannot be written: {error.strerror}", where=str(file), hint=hint
        ) from error


def database_option(database: str) -> list[str]:
    """Return the option that names a database, for a command to be pasted.

    Nothing for the default, also one that the environment gives. A URL's password is hidden.
    """
    if database == os.environ.get("DSE_DB", DEFAULT_DATABASE):
        return []
    if "://" not in database:
        return ["--db", database]
    from dse.store.database import Database as StoredDatabase  # imports SQLAlchemy

    return ["--db", StoredDatabase.of(database).shown]


def print_json(value: Any) -> None:
    """Print JSON to standard output."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")
