"""The one channel of progress: each running task keeps a short status file, which displays read.

Workers may be processes on other machines, so a file in the shared cache folder is the one thing
that all executors have in common.
"""

import contextlib
import json
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class TaskStatus:
    """Status of a task that a worker is running.

    Args:
        study: its name.
        points: numbers of the study's points that it gives results to.
        backend: registered name.
        text: current step, such as ``csynth``; empty where nothing was reported.
        host: the worker's machine.
        pid: the worker's process.
        since: when it was begun, seconds since 1970.
    """

    study: str
    points: tuple[int, ...]
    backend: str
    text: str
    host: str
    pid: int
    since: float

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "TaskStatus":
        """From what `asdict` gives, as JSON keeps it.

        Raises:
            TypeError: it is of another version.
            KeyError: the same.
        """
        return cls(**{**values, "points": tuple(values["points"])})


@dataclass(frozen=True)
class StatusWriter:
    """Writes what a task is at; can be sent to another process.

    Args:
        file: the task's status file.
        study: its name.
        points: numbers of the study's points that the task gives results to.
        backend: registered name.
        since: when the task began, seconds since 1970.
    """

    file: Path
    study: str
    points: tuple[int, ...]
    backend: str
    since: float = field(default_factory=time.time)

    def __call__(self, text: str) -> None:
        """Replace the status, such as ``csynth`` or ``epoch 3 of 50``."""
        status = TaskStatus(
            study=self.study,
            points=self.points,
            backend=self.backend,
            text=text,
            host=platform.node(),
            pid=os.getpid(),
            since=self.since,
        )
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(asdict(status)))


def running_tasks(folder: Path, study: str, since: float) -> list[TaskStatus]:
    """Read the status of a study's running tasks, the longest running first.

    Args:
        folder: where the files are.
        study: its name.
        since: when its run began; what is older was left behind by one that was killed.
    """
    found = filter(None, (_read(file) for file in folder.glob("*")))
    running = [task for task in found if task.study == study and task.since >= since]
    return sorted(running, key=lambda task: task.since)


def _read(file: Path) -> TaskStatus | None:
    """None for what ended just now, is half written, or is of another version."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        return TaskStatus.of(json.loads(file.read_text()))
    return None
