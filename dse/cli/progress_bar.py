"""Progress of a run: a live bar on a terminal, a line every ten seconds elsewhere."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

from dse.cli.console import LOG_EVERY_S
from dse.engine.progress import RunProgress
from dse.engine.task_status import PREPARING, running_tasks
from dse.engine.time_left import time_left_s
from dse.formatting import duration

Note = Callable[[], str]
"""Returns one line on the current steps of tasks, or an empty text."""


def status_note(folder: Path, study: str) -> Note:
    """Return a function that sums up the steps of running tasks, such as ``vitis csynth (2)``.

    Tasks that wait for a network while another task trains it are not listed.
    """
    since = time.time()

    def read() -> str:
        texts = [task for task in running_tasks(folder, study, since) if task.text]
        training = any(task.text.startswith(f"{PREPARING}:") for task in texts)
        shown = (task for task in texts if not (training and task.text == PREPARING))
        found = Counter(f"{task.backend} {task.text}" for task in shown)
        return ", ".join(f"{text} ({n})" if n > 1 else text for text, n in sorted(found.items()))

    return read


class _Bar(RichProgress):
    """Bar with the current steps of tasks in lines below it, where they have room.

    The time left is taken at each refresh: an evaluation may block the main thread for long.
    """

    note: Note = staticmethod(lambda: "")
    left: Note = staticmethod(lambda: "")

    def get_renderables(self) -> Iterable[RenderableType]:
        for task in self.tasks:
            task.fields["left"] = "" if self.finished else self.left()
        yield self.make_tasks_table(self.tasks)
        if not self.finished and (text := self.note()):
            yield Text(f"  {text}", style="dim")


def time_left(progress: RunProgress) -> str:
    """Return the time left in words; empty where nothing is known, and at the end."""
    left_s = time_left_s(progress.load)
    return f"about {duration(_rounded(left_s))} left" if left_s and left_s >= 1 else ""


def _rounded(seconds: float) -> float:
    """Return seconds that pretend no more than is known: in steps of about a tenth."""
    step = next((step for step in _STEPS_S if seconds >= 10 * step), 1.0)
    return step * round(seconds / step)


_STEPS_S = (3600.0, 600.0, 60.0, 30.0, 10.0, 5.0)


class Progress:
    """Progress display of a run; call it with the progress after every change.

    Args:
        console: where to print.
        name: name of the study.
        note: gives the current steps of tasks.
    """

    def __init__(self, console: Console, name: str, note: Note) -> None:
        self._console, self._name, self._note = console, name, note
        self._started = time.monotonic()
        self._last_line = 0.0
        self._stopping = False
        self._bar = _Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}", markup=False),
            TextColumn("{task.fields[left]}", markup=False),
            console=console,
            refresh_per_second=2,  # each refresh reads the status files
            disable=not console.is_terminal,
        )
        self._progress = RunProgress()
        self._bar.note, self._bar.left = note, lambda: time_left(self._progress)
        self._task = self._bar.add_task(name, total=None, state="", left="")

    def __call__(self, progress: RunProgress) -> None:
        """Update the bar; without a terminal, print a line if one is due."""
        finished = progress.stored + progress.done + progress.failed
        elapsed = max(time.monotonic() - self._started, 1e-9)
        rate = (progress.done + progress.failed) / elapsed
        waits = f"{progress.waiting} waiting to try again, " if progress.waiting else ""
        other = f"{progress.elsewhere} in hand of another run, " if progress.elsewhere else ""
        state = f"{progress.running} running, {other}{waits}{progress.failed} failed, {rate:.2g}/s"
        if progress.stopping:
            state = f"stopping: {progress.running} still running; Ctrl-C again ends them"
        self._progress = progress
        self._bar.update(self._task, total=progress.total, completed=finished, state=state)
        changed = progress.stopping is not self._stopping
        due = elapsed - self._last_line >= LOG_EVERY_S or changed
        self._stopping = progress.stopping
        if not self._console.is_terminal and due:
            self._last_line = elapsed
            counts = f"{finished} of {progress.total}"
            parts = [counts, state, time_left(progress), self._note()]
            self._console.print(f"{self._name}: {', '.join(filter(None, parts))}")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
