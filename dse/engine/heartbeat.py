"""Heartbeat of a run: a small file beside the database, rewritten every two seconds.

Not in the database, so that whoever looks at results is not told of changes where there are
none. A run that was killed leaves its file behind, with the time of its last sign.
"""

import contextlib
import json
import os
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from dse.engine.progress import ProgressCallback, RunProgress
from dse.engine.task_status import TaskStatus, running_tasks
from dse.store.database import Database

EVERY_S = 2.0
SILENT_S = 15.0
"""A run that gave no sign for this long is over, or its machine does not answer."""


@dataclass(frozen=True)
class LiveRun:
    """A run, as it was when it gave its last sign.

    Args:
        study: its name.
        database: where its results go: the file, or a URL without password.
        host: machine of the process that hands out the work.
        pid: that process.
        since: when it began, seconds since 1970.
        seen: when it gave the sign.
        total: evaluations that it needs, as far as that is known.
        finished: those that are stored.
        failed: those that failed in this run.
        running: how many are in workers' hands.
        waiting: how many wait for another attempt.
        tasks: status of running tasks, as far as they report it.
    """

    study: str
    database: str
    host: str
    pid: int
    since: float
    seen: float
    total: int = 0
    finished: int = 0
    failed: int = 0
    running: int = 0
    waiting: int = 0
    tasks: tuple[TaskStatus, ...] = ()

    @property
    def silent_s(self) -> float:
        """Seconds since its last sign; zero while it lives."""
        ago = time.time() - self.seen
        return ago if ago > SILENT_S else 0.0


@contextmanager
def heartbeat(database: Database, study: str, status_folder: Path) -> Iterator[ProgressCallback]:
    """Give signs until the block ends.

    Args:
        database: where results go.
        study: its name.
        status_folder: where tasks keep their status files.

    Yields:
        What is to be called with the progress after every change.
    """
    run = LiveRun(
        study=study,
        database=_identity(database),
        host=platform.node(),
        pid=os.getpid(),
        since=time.time(),
        seen=0.0,
    )
    signs = _Signs(_file_of(database, run), run, status_folder)
    _forget_silent(database, study)
    signs.start()
    try:
        yield signs.take
    finally:
        signs.end()


class _Signs:
    """Writes the file, in a thread of its own: evaluations may keep the main one busy."""

    def __init__(self, file: Path, run: LiveRun, folder: Path) -> None:
        self._file, self._run, self._folder = file, run, folder
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._repeat, daemon=True, name="signs of life")

    def start(self) -> None:
        self._thread.start()

    def take(self, progress: RunProgress) -> None:
        self._run = replace(
            self._run,
            total=progress.total,
            finished=progress.stored + progress.done + progress.failed,
            failed=progress.failed,
            running=progress.running,
            waiting=progress.waiting,
        )

    def end(self) -> None:
        self._over.set()
        self._thread.join()
        self._file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # others may be at it
            self._file.parent.rmdir()
            self._file.parent.parent.rmdir()

    def _repeat(self) -> None:
        while not self._over.wait(EVERY_S):
            with contextlib.suppress(OSError):  # a full disk ends no run for want of a sign
                self._write()

    def _write(self) -> None:
        tasks = running_tasks(self._folder, self._run.study, self._run.since)
        run = replace(self._run, seen=time.time(), tasks=tuple(tasks))
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(run)))
        draft.replace(self._file)


def live_runs(database: Database) -> list[LiveRun]:
    """Runs into a database, those too that were killed; by name of the study."""
    found = filter(None, map(_read, database.running.glob("*.json")))
    runs = [run for run in found if run.database == _identity(database)]
    return sorted(runs, key=lambda run: (run.study, run.since))


def _file_of(database: Database, run: LiveRun) -> Path:
    return database.running / f"{run.study}-{run.pid}.json"


def _identity(database: Database) -> str:
    """The same however the file is named."""
    return str(database.file or database.shown)


def _read(file: Path) -> LiveRun | None:
    """None for what ended just now or is of another version."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        values = json.loads(file.read_text())
        values["tasks"] = tuple(map(TaskStatus.of, values["tasks"]))
        return LiveRun(**values)
    return None


def _forget_silent(database: Database, study: str) -> None:
    """A run that is begun again needs no sign of the one that was killed."""
    for run in live_runs(database):
        if run.study == study and run.silent_s:
            _file_of(database, run).unlink(missing_ok=True)
