"""Results of a run whose database fails under it: they go to another file, and come back by import.

A SQLite file that is deleted or replaced stays readable as long as the run has it open, so that
all of it is copied. Where the database is there but cannot be written, only what was not stored
yet is kept.
"""

import contextlib
import os
import shlex
import tempfile
from collections.abc import Iterator, Sequence
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
class Unsaved:
    """A finished evaluation that could not be stored, and the points that it belongs to."""

    evaluation: Evaluation
    points: tuple[Assignment, ...]


@contextmanager
def rescued(store: Store, study: StudyRecord, unsaved: Sequence[Unsaved]) -> Iterator[None]:
    """Keep the results of a run if the database fails within the block.

    Args:
        store: the database.
        study: the study that is run.
        unsaved: what could not be stored, complete when the error leaves the block.

    Raises:
        StoreError: the database failed; the message names the file with the results, and the
            hint the command that stores them.
    """
    try:
        yield
    except StoreError as error:
        file = _file_beside(store.database)
        copied = isinstance(error, DatabaseLostError) and _copied(store, file)
        if not (copied or unsaved):
            raise
        count = _add(file, study, unsaved)
        what = "what was done so far" if copied else "what was not stored"
        message = f"{error.message}; {what} ({count} evaluations) is in {file}"
        hint = f"to store it: {_command(file, store.database)}"
        hint = f"{error.hint}; {hint}" if error.hint else hint
        raise type(error)(message, where=error.where, hint=hint) from error


def _file_beside(database: Database) -> Path:
    """Return a new file: beside the database, or where its folder is gone, somewhere else."""
    wanted = [database.file.parent] if database.file else []
    wanted += [Path.cwd(), Path(tempfile.gettempdir())]
    folder = next(folder for folder in wanted if os.access(folder, os.W_OK))
    stem = database.file.stem if database.file else "results"
    return folder / f"{stem}.rescued-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.db"


def _copied(store: Store, file: Path) -> bool:
    with contextlib.suppress(StoreError):
        store.copy_to(file)
        return True
    file.unlink(missing_ok=True)
    return False


def _add(file: Path, study: StudyRecord, unsaved: Sequence[Unsaved]) -> int:
    """Store results in a file, which is created if absent; return how many it holds then."""
    with closing(Store(str(file))) as store:
        forget_runs(store)
        study_id = store.save_study(study)
        for one in unsaved:
            points = store.save_points(study_id, one.points, leaving=())
            key = one.evaluation.job.key
            store.record([one.evaluation], {key: [point.id for point in points]})
        store.set_state(study_id, "interrupted")
        return store.count_evaluations()


def _command(file: Path, database: Database) -> str:
    # the password of a URL is not shown
    name = "URL" if database.url is not None else shlex.quote(str(database.file))
    return f"dse import {shlex.quote(str(file))} --db {name}"
