"""Status of running tasks: each keeps a short file, which progress displays read.

Workers may be processes on other machines. A file in the shared cache folder works with every
executor.
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
        study: name of the study.
        points: numbers of the points that need its result.
        backend: registered name.
        text: current step, such as ``csynth``; empty if none was reported.
        host: machine of the worker.
        pid: process id of the worker.
        since: start of the task, in seconds since 1970.
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
    """

    file: Path
    study: str
    points: tuple[int, ...]
    backend: str
    since: float = field(default_factory=time.time)

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
    found = filter(None, (_read(file) for file in folder.glob("*")))
    running = [task for task in found if task.study == study and task.since >= since]
    return sorted(running, key=lambda task: task.since)


def _read(file: Path) -> TaskStatus | None:
    """Return a status; None if the file was just removed, is half written or of another version."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        return TaskStatus.of(json.loads(file.read_text()))
    return None
