"""Status of running tasks: each keeps a short file, which progress displays read.

Workers may be processes on other machines. A file in the shared cache folder works with every
executor.
"""

import contextlib
import json
import os
import platform
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from math import inf
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class TaskStatus:
    """Status of a task that a worker is running.

    Args:
        study: name of the study.
        points: numbers of the points that need its result.
        backend: registered name.
        text: current step, such as ``csynth``; empty if none was reported.
        host: machine of the worker.
        pid: process id of the worker.
        since: start of the task, in seconds since 1970.
        network: fingerprint of the network that it needs.
    """

    study: str
    points: tuple[int, ...]
    backend: str
    text: str
    host: str
    pid: int
    since: float
    network: str = ""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "TaskStatus":
        """Return the status from the JSON form of its `asdict`.

        Raises:
            TypeError, KeyError: another version of dse wrote it.
        """
        return cls(**{**values, "points": tuple(values["points"])})


@dataclass(frozen=True)
class StatusWriter:
    """Writes the status file of one task; can be pickled and sent to another process.

    Args:
        file: status file of the task.
        study: name of the study.
        points: numbers of the points that need its result.
        backend: registered name.
        since: start of the task, in seconds since 1970.
        network: fingerprint of the network that it needs.
    """

    file: Path
    study: str
    points: tuple[int, ...]
    backend: str
    since: float = field(default_factory=time.time)
    network: str = ""

    def __call__(self, text: str) -> None:
        """Replace the current step by `text`, such as ``csynth`` or ``epoch 3 of 50``."""
        status = TaskStatus(
            study=self.study,
            points=self.points,
            backend=self.backend,
            text=text,
            host=platform.node(),
            pid=os.getpid(),
            since=self.since,
            network=self.network,
        )
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(asdict(status)))


def running_tasks(folder: Path, study: str, since: float) -> list[TaskStatus]:
    """Read the status of a study's running tasks, sorted by start.

    Args:
        folder: folder of the status files.
        study: name of the study.
        since: start of its run, in seconds since 1970. Older files are left over from a run
            that was killed.
    """
    running = [task for task in _tasks(folder, since) if task.study == study]
    return sorted(running, key=lambda task: task.since)


PREPARING = "preparing the network"
"""Status of a task whose network is being trained or loaded; the workload's text follows it."""


def tasks_seen(folder: Path, since: float) -> list[TaskStatus]:
    """Read the status of tasks of any run that began, or said something, since a time.

    Args:
        folder: folder of the status files.
        since: that time, in seconds since 1970. A task that another run began before is known by
            what it says; one of a run that was killed says nothing.
    """
    return sorted(_tasks(folder, since, heard=True), key=lambda task: task.since)


def preparing_texts(tasks: Iterable[TaskStatus]) -> dict[str, str]:
    """Return what the preparation of each network is at, by fingerprint; "" where it has not said.

    Args:
        tasks: status of running tasks; of two with one network the later one counts.
    """
    found: dict[str, str] = {}
    for task in tasks:
        if task.network and task.text.startswith(PREPARING):
            said = task.text.removeprefix(PREPARING).removeprefix(": ")
            found[task.network] = said or found.get(task.network, "")
    return found


def _tasks(folder: Path, since: float, *, heard: bool = False) -> Iterator[TaskStatus]:
    """Yield those that began since a time; with `heard` also those that said something since."""
    for file in folder.glob("*"):
        task = _read(file)
        if task and (task.since >= since or (heard and _written(file) >= since)):
            yield task


def _written(file: Path) -> float:
    """Return when a file was written, in seconds since 1970; minus infinity if it was removed."""
    with contextlib.suppress(OSError):
        return file.stat().st_mtime
    return -inf


def _read(file: Path) -> TaskStatus | None:
    """Return a status; None if the file was just removed, is half written or of another version."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        return TaskStatus.of(json.loads(file.read_text()))
    return None
