"""Heartbeat of a run: a small file beside the database, rewritten every two seconds.

It is not in the database: the dashboard would take every heartbeat for new results. A run that
is killed leaves its file behind, with the time of its last heartbeat.
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
"""Seconds between two heartbeats."""

SILENT_S = 15.0
"""Age of the last heartbeat in seconds above which a run counts as killed: several heartbeats."""


@dataclass(frozen=True)
class LiveRun:
    """State of a run at its last heartbeat.

    Args:
        study: name of the study.
        database: where its results go: the file, or a URL without password.
        host: machine of the process that submits the tasks.
        pid: id of that process.
        since: start of the run, in seconds since 1970.
        seen: time of the heartbeat, in seconds since 1970.
        total: evaluations that the run needs, as far as that is known.
        finished: evaluations that are stored, earlier ones and failures included.
        failed: evaluations that failed in this run.
        running: evaluations that workers are doing.
        waiting: failed evaluations that wait for another attempt.
        tasks: status of running tasks that report one.
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
        """Seconds since the last heartbeat of a run that counts as killed; 0 for a live run."""
        age_s = time.time() - self.seen
        return age_s if age_s > SILENT_S else 0.0


@contextmanager
def heartbeat(database: Database, study: str, status_folder: Path) -> Iterator[ProgressCallback]:
    """Write heartbeats until the block ends, then remove the file.

    Args:
        database: where results go.
        study: name of the study.
        status_folder: where tasks keep their status files.

    Yields:
        A callback to be called with the progress after every change.
    """
    run = LiveRun(
        study=study,
        database=_identity(database),
        host=platform.node(),
        pid=os.getpid(),
        since=time.time(),
        seen=0.0,
    )
    writer = _HeartbeatWriter(_file_of(database, run), run, status_folder)
    _remove_killed(database, study)
    writer.start()
    try:
        yield writer.update
    finally:
        writer.stop()


class _HeartbeatWriter:
    """Writes the file in a thread: with the serial executor, evaluations block the main one."""

    def __init__(self, file: Path, run: LiveRun, folder: Path) -> None:
        self._file, self._run, self._folder = file, run, folder
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._repeat, daemon=True, name="heartbeat")

    def start(self) -> None:
        self._thread.start()

    def update(self, progress: RunProgress) -> None:
        self._run = replace(
            self._run,
            total=progress.total,
            finished=progress.stored + progress.done + progress.failed,
            failed=progress.failed,
            running=progress.running,
            waiting=progress.waiting,
        )

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # other runs may still have files in it
            self._file.parent.rmdir()
            self._file.parent.parent.rmdir()

    def _repeat(self) -> None:
        while not self._stopped.wait(EVERY_S):
            with contextlib.suppress(OSError):  # a full disk must not end the run
                self._write()

    def _write(self) -> None:
        tasks = running_tasks(self._folder, self._run.study, self._run.since)
        run = replace(self._run, seen=time.time(), tasks=tuple(tasks))
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(run)))
        draft.replace(self._file)  # atomic, so that readers never see half a file


def live_runs(database: Database) -> list[LiveRun]:
    """Return the runs that write to a database, killed ones included, sorted by study."""
    found = filter(None, map(_read, database.running.glob("*.json")))
    runs = [run for run in found if run.database == _identity(database)]
    return sorted(runs, key=lambda run: (run.study, run.since))


def _file_of(database: Database, run: LiveRun) -> Path:
    # With the process id: several runs of one study may write to a database.
    return database.running / f"{run.study}-{run.pid}.json"


def _identity(database: Database) -> str:
    """Return one text for a database, whether its file is given by a relative or absolute path."""
    return str(database.file or database.shown)


def _read(file: Path) -> LiveRun | None:
    """Return a run; None if its file was just removed or another version wrote it."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        values = json.loads(file.read_text())
        values["tasks"] = tuple(map(TaskStatus.of, values["tasks"]))
        return LiveRun(**values)
    return None


def _remove_killed(database: Database, study: str) -> None:
    """Remove the files that killed runs of a study left: a new run replaces them."""
    for run in live_runs(database):
        if run.study == study and run.silent_s:
            _file_of(database, run).unlink(missing_ok=True)
