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
from itertools import pairwise
from pathlib import Path
from typing import IO

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
    """What a run has done: in memory, and what is more in a temporary file.

    While the disk is full the file takes nothing, and what it holds stays readable.
    """

    def __init__(self) -> None:
        self._records: list[bytes] = []
        self._room = _IN_MEMORY
        self._file: IO[bytes] | None = None
        self._ends = [0]

    def add(self, finished: Iterable[Finished]) -> None:
        """Append evaluations, as far as there is room."""
        for one in finished:
            self._append(pickle.dumps(one))

    def _append(self, record: bytes) -> None:
        if len(record) <= self._room:
            self._records.append(record)
            self._room -= len(record)
            return
        with contextlib.suppress(OSError):
            file = self._opened()
            file.seek(self._ends[-1])
            if file.write(record) == len(record):
                self._ends.append(self._ends[-1] + len(record))

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            # without a buffer, so that nothing is written later that a full disk refused
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  (`close`)
        return self._file

    def __len__(self) -> int:
        return len(self._records) + len(self._ends) - 1

    def __iter__(self) -> Iterator[Finished]:
        for record in (*self._records, *self._written()):
            yield pickle.loads(record)  # noqa: S301  (this process wrote it)

    def _written(self) -> Iterator[bytes]:
        for start, end in pairwise(self._ends):
            file = self._opened()
            file.seek(start)
            yield file.read(end - start)

    def close(self) -> None:
        """Delete the file."""
        if self._file is not None:
            self._file.close()


_IN_MEMORY = 16_000_000
"""Bytes of a journal that are kept in memory."""


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
