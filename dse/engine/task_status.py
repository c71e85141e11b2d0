"""What workers are at: one short file for every evaluation that takes its time."""

import contextlib
import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class TaskStatus:
    """An evaluation that a worker has in hand.

    Args:
        study: its name.
        points: numbers of the study's points that it gives results to.
        backend: registered name.
        text: what it is at, such as ``csynth``; empty where the backend has not said.
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


def phase_writer(
    file: Path, study: str, points: tuple[int, ...], backend: str
) -> Callable[[str], None]:
    """Says in a file what this process is at."""
    host, pid, since = platform.node(), os.getpid(), time.time()

    def write(text: str) -> None:
        phase = TaskStatus(study, points, backend, text, host, pid, since)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(phase)))

    return write


def phases(folder: Path, study: str, since: float) -> list[TaskStatus]:
    """What a study's workers are at, the longest running first.

    Args:
        folder: where the files are.
        study: its name.
        since: when its run began; what is older was left behind by one that was killed.
    """
    found = filter(None, (_read(file) for file in folder.glob("*")))
    running = [phase for phase in found if phase.study == study and phase.since >= since]
    return sorted(running, key=lambda phase: phase.since)


def _read(file: Path) -> TaskStatus | None:
    """None for what ended just now, is half written, or is of another version."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        return TaskStatus.of(json.loads(file.read_text()))
    return None
