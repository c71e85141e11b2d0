"""`dse sync`: bring two databases of results to their union."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.cli.conflicts import tell_conflicts
from dse.cli.console import DEFAULT_DATABASE, Database, console, writing

if TYPE_CHECKING:
    from dse.store.merge import Merged


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(short_help="Bring two databases to their union.")(sync)


def sync(
    other: Annotated[
        str,
        typer.Argument(metavar="OTHER", help="The other database: a file or a database URL."),
    ],
    pull: Annotated[
        bool, typer.Option("--pull", help="Only take what the other has; it is read alone.")
    ] = False,
    push: Annotated[
        bool, typer.Option("--push", help="Only give the other what this has.")
    ] = False,
    list_file: Annotated[
        Path | None,
        typer.Option("--list", metavar="FILE", help="CSV file to write: all conflicts."),
    ] = None,
    database: Database = DEFAULT_DATABASE,
) -> None:
    """Bring two databases to their union: each takes the results that the other has.

    Results belong to their key and keep their origin. Nothing is overwritten but a failure by a
    result. Where both have other numbers for one key, each keeps its own, the differences are
    listed, and the exit code is 4.
    """
    from dse.store.database import Database as StoredDatabase

    _check(other, database, pull=pull, push=push)
    ours, theirs = StoredDatabase.of(database).shown, StoredDatabase.of(other).shown
    done = None
    if not push:
        done = _merged(other, database)
        _tell(done, theirs, ours)
    if not pull:
        given = _merged(database, other)
        _tell(given, ours, theirs)
    # what differs is the same from both sides, and said once, ours first
    found, names = (done, (ours, theirs)) if done is not None else (given, (theirs, ours))
    if list_file is not None:
        _write(list_file, found, *names)
    tell_conflicts(found, *names)


def _check(other: str, database: str, *, pull: bool, push: bool) -> None:
    """Refuse what cannot be meant.

    Raises:
        UsageError: both directions are excluded, or both databases are one.
        StoreError: the database that is only read does not exist.
    """
    from dse.contracts.errors import UsageError
    from dse.store.database import Database as StoredDatabase

    if pull and push:
        raise UsageError("--pull and --push exclude each other", hint="leave out both for both")
    ours, theirs = StoredDatabase.of(database), StoredDatabase.of(other)
    if (ours.file or ours.url) == (theirs.file or theirs.url):
        raise UsageError("both are one database", where=theirs.shown, hint="--db ANOTHER")


def _merged(source: str, target: str) -> "Merged":
    """Add what one database has to another.

    Raises:
        StoreError: one of the two cannot be used.
    """
    from contextlib import closing

    from dse.store.merge import merge
    from dse.store.queries import Results
    from dse.store.store import Store

    with closing(Results(source)) as results, closing(Store(target)) as store:
        return merge(results, store)


def _tell(done: "Merged", source: str, target: str) -> None:
    counts = {"new": done.new, "in place of failures": done.replaced, "known": done.same}
    shown = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    console(stderr=True).print(f"{source} to {target}: {shown or 'no results'}")


def _write(file: Path, done: "Merged", ours: str, theirs: str) -> None:
    head = ("key", "backend", "metric", ours, "made", theirs, "made")
    with writing(file), file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(head)
        for one in done.conflicts:
            made = (one.ours, one.our_origin, one.theirs, one.their_origin)
            writer.writerow((one.key, one.backend, one.metric, *made))
