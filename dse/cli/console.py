"""Shared by all commands: options, output, errors with exit codes."""

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
_UNLIMITED = 10_000  # columns

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def console(*, stderr: bool = False) -> "Console":
    """A Rich console that takes text literally; outside a terminal tables are never cut."""
    from rich.console import Console  # slow, not needed for --help

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _UNLIMITED
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Turn what the system says against writing a file into a usage error."""
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
