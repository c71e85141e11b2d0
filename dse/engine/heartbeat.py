"""Heartbeat of a run: its row in the database, updated every two seconds.

A run that is killed leaves its row behind, with the time of its last heartbeat and the identity
of its process.
"""

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dse.contracts.errors import ServerSilentError, StoreError
from dse.engine.progress import RunProgress
from dse.engine.task_status import TaskStatus, running_tasks
from dse.engine.time_left import Load, time_left_s
from dse.store.queries import Results
from dse.store.runs import RunRecord, StoredRun, runs_query, stored_run
from dse.store.store import Store

EVERY_S = 2.0
"""Seconds between two heartbeats."""


@dataclass(frozen=True)
class LiveRun:
    """State of a run at its last heartbeat.

    Args:
        study: name of the study.
        host: machine of the process that submits the tasks.
        pid: id of that process.
        since: start of the run, in seconds since 1970.
        seen: time of the heartbeat, in seconds since 1970.
        lost: whether the run was killed, or its machine does not respond.
        total: evaluations that the run needs, as far as that is known.
        finished: evaluations that are stored, earlier ones and failures included.
        failed: evaluations that failed in this run.
        running: evaluations that workers are doing.
        waiting: failed evaluations that wait for another attempt.
        elsewhere: evaluations that other runs have in hand.
        tasks: status of running tasks that report one.
        left_s: expected seconds until it ends; None where that is not known.
        command: that started it; empty where that is not known.
    """

    study: str
    host: str
    pid: int
    since: float
    seen: float
    lost: bool = False
    total: int = 0
    finished: int = 0
    failed: int = 0
    running: int = 0
    waiting: int = 0
    elsewhere: int = 0
    tasks: tuple[TaskStatus, ...] = ()
    left_s: float | None = None
    command: str = ""

    @property
    def silent_s(self) -> float:
        """Seconds since the last heartbeat."""
        return max(0.0, time.time() - self.seen)


def state_now(stored: str, runs: Sequence[LiveRun]) -> str:
    """Return the state of a study: as its last run left it, ``running`` or ``killed``.

    Args:
        stored: state in the database; it stays ``running`` where a run was killed.
        runs: runs of the study that have not ended.
    """
    if any(not run.lost for run in runs):
        return "running"
    return "killed" if runs or stored == "running" else stored


def live_runs(results: Results) -> list[LiveRun]:
    """Return the runs that write to a database, killed ones included, sorted by study."""
    return [_live(stored_run(row)) for row in results.rows(runs_query())]


def _live(run: StoredRun) -> LiveRun:
    counts = {name: int(run.progress.get(name, 0)) for name in _COUNTS}
    return LiveRun(
        study=run.study,
        host=run.process.host,
        pid=run.process.pid,
        since=run.since.timestamp(),
        seen=time.time() - run.age_s,
        lost=run.lost,
        tasks=tuple(map(TaskStatus.of, run.progress.get("tasks", ()))),
        left_s=run.progress.get("left_s"),
        command=str(run.progress.get("command", "")),
        **counts,
    )


_COUNTS = ("total", "finished", "failed", "running", "waiting", "elsewhere")


class Heartbeat:
    """Sends the heartbeats in a thread: with the serial executor, evaluations block the main one.

    Args:
        record: row of the run.
        study: name of the study.
        status_folder: where tasks keep their status files.
        command: that started the run.
    """

    def __init__(
        self, record: RunRecord, study: str, status_folder: Path, command: str = ""
    ) -> None:
        self.record, self._command = record, {"command": command}
        self._study, self._folder, self._since = study, status_folder, time.time()
        self._counts: dict[str, Any] = {}
        self._load = Load()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._repeat, daemon=True, name="heartbeat")

    def start(self) -> None:
        """Insert the row of the run, and send heartbeats from now on."""
        self.record.begin(self._command)
        self._thread.start()

    def update(self, progress: RunProgress) -> None:
        """Take the progress that the next heartbeat sends."""
        finished = progress.stored + progress.done + progress.failed
        counts = {name: getattr(progress, name) for name in _COUNTS if name != "finished"}
        self._counts, self._load = counts | {"finished": finished}, progress.load

    def stop(self) -> None:
        """End the heartbeats."""
        self._stopped.set()
        self._thread.join()

    def _repeat(self) -> None:
        while not self._stopped.wait(EVERY_S):
            # A full disk must not end the run; what ends it is told by its next write.
            with contextlib.suppress(StoreError, OSError):
                tasks = running_tasks(self._folder, self._study, self._since)
                told: dict[str, Any] = {"tasks": [asdict(task) for task in tasks], **self._command}
                # now, not when the progress last changed: an evaluation may block the main thread
                told["left_s"] = time_left_s(self._load)
                self.record.beat(self._counts | told)


@contextmanager
def heartbeat(
    store: Store, study: str, status_folder: Path, command: str = ""
) -> Iterator[Heartbeat]:
    """Send heartbeats of a run until the block ends, then remove its row.

    Args:
        store: where results go.
        study: name of the study.
        status_folder: where tasks keep their status files.
        command: that started the run.

    Yields:
        The heartbeat, to be updated with the progress; its `record` leases evaluations.
    """
    beats = Heartbeat(RunRecord(store, study), study, status_folder, command)
    beats.start()
    try:
        yield beats
    except ServerSilentError:  # it was waited for; without heartbeats its row ends as well
        beats.stop()
        raise
    except BaseException:
        _end(beats)
        raise
    _end(beats)


def _end(beats: Heartbeat) -> None:
    beats.stop()
    with contextlib.suppress(StoreError):  # a database that is lost: the run says so
        beats.record.end()
