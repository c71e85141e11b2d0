"""Results of a run whose database fails under it: they go to another file, and come back by import.

A SQLite file that is deleted or replaced stays readable as long as the run has it open, so that
all of it is copied. Of a database that is damaged or away, what this run has done is kept.
"""

import contextlib
import os
import pickle
import shlex
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dse.contracts.errors import DatabaseLostError, StoreError
from dse.contracts.parameters import Assignment
from dse.store.database import Database
from dse.store.records import Evaluation, StudyRecord
from dse.store.runs import forget_runs
from dse.store.store import Store


@dataclass(frozen=True)
class Finished:
    """A finished evaluation, and the points that it belongs to."""

    evaluation: Evaluation
    points: tuple[Assignment, ...]


class Journal:
    """What a run has done, in a temporary file that goes with the process."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  (`close`)
        self._count = 0

    def add(self, finished: Iterable[Finished]) -> None:
        """Append evaluations; while the disk is full, nothing is appended."""
        with contextlib.suppress(OSError):
            for one in finished:
                pickle.dump(one, self._file)
                self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Finished]:
        self._file.seek(0)
        for _ in range(self._count):
            yield pickle.load(self._file)  # noqa: S301  (this process wrote it)

    def close(self) -> None:
        """Delete the file."""
        self._file.close()


_IN_MEMORY = 16_000_000
"""Size in bytes above which a journal is written to disk."""


@contextmanager
def rescued(store: Store, study: StudyRecord, journal: Journal) -> Iterator[None]:
    """Keep the results of a run if the database fails within the block.

    Args:
        store: the database.
        study: the study that is run.
        journal: what the run has done, complete when the error leaves the block.

    Raises:
        StoreError: the database failed; the message names the file with the results, and the
            hint the command that stores them.
    """
    try:
        yield
    except StoreError as error:
        lost = isinstance(error, DatabaseLostError)
        kept = next(_rescues(store, study, journal, lost=lost), None)
        if kept is None:
            raise
        file, count = kept
        message = f"{error.message}; what was done so far ({count} evaluations) is in {file}"
        hint = f"to store it: {_command(file, store.database)}"
        hint = f"{error.hint}; {hint}" if error.hint else hint
        raise type(error)(message, where=error.where, hint=hint) from error


def _rescues(
    store: Store, study: StudyRecord, journal: Journal, *, lost: bool
) -> Iterator[tuple[Path, int]]:
    """Yield files that hold the results, and how many: one for each folder that takes them.

    A disk that is full for the database is full for a file beside it too; what could not be
    written there is removed, and the next folder is tried.

    Args:
        store: the database.
        study: the study that is run.
        journal: what the run has done.
        lost: whether the database can still be read.
    """
    for file in _files(store.database):
        try:
            if (lost and _copied(store, file)) or journal:
                yield file, _add(file, study, journal)
        except StoreError:
            _remove(file)


def _files(database: Database) -> Iterator[Path]:
    """Yield new files: beside the database, and where its folder takes none, somewhere else."""
    wanted = [database.file.parent] if database.file else []
    wanted += [Path.cwd(), Path(tempfile.gettempdir())]
    stem = database.file.stem if database.file else "results"
    name = f"{stem}.rescued-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.db"
    for folder in dict.fromkeys(wanted):
        if os.access(folder, os.W_OK):
            yield folder / name


def _remove(file: Path) -> None:
    """Remove a database and SQLite's files beside it."""
    for one in file.parent.glob(f"{file.name}*"):
        one.unlink(missing_ok=True)


def _copied(store: Store, file: Path) -> bool:
    with contextlib.suppress(StoreError):
        store.copy_to(file)
        return True
    _remove(file)
    return False


def _add(file: Path, study: StudyRecord, journal: Journal) -> int:
    """Store results in a file, which is created if absent; return how many it holds then."""
    with closing(Store(str(file))) as store:
        forget_runs(store)
        study_id = store.save_study(study)
        for one in journal:
            points = store.save_points(study_id, one.points, leaving=())
            key = one.evaluation.job.key
            store.record([one.evaluation], {key: [point.id for point in points]})
        store.set_state(study_id, "interrupted")
        return store.count_evaluations()


def _command(file: Path, database: Database) -> str:
    # the password of a URL is not shown
    name = "URL" if database.url is not None else shlex.quote(str(database.file))
    return f"dse import {shlex.quote(str(file))} --db {name}"
