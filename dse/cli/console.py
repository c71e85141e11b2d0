"""Options and output that all commands share."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

Database = Annotated[
    str, typer.Option("--db", envvar="DSE_DB", help="Results: a SQLite file or a database URL.")
]
DEFAULT_DATABASE = "results.db"
_UNLIMITED = 10_000  # columns: Rich cuts tables at 80 where there is no terminal

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def console(*, stderr: bool = False) -> "Console":
    """Return a Rich console that prints text literally, without markup, emoji or highlighting.

    Tables are fitted to a terminal, and never cut in a pipe or file.
    """
    from rich.console import Console  # slow to import, and not needed for --help

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _UNLIMITED
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


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


def print_json(value: Any) -> None:
    """Print JSON to standard output."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")
