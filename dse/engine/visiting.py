"""Run tasks on a machine that does not see the folders of the run.

What a task needs is sent with it: its prepared network, as an archive named by its content. What it
leaves is sent back: the evaluation, its artifacts, and meanwhile the status of what runs.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from dse.engine.worker import LONG_S, Folders, Task, run_tasks
from dse.runtime.cache import cached_directory, open_cache
from dse.runtime.parcels import packed, unpack
from dse.store.records import Evaluation

CACHE_VARIABLE = "DSE_CACHE"
"""Names the cache folder of a node, in the environment in which its Ray was started."""

_LOOK_S = 0.5
"""Seconds between two looks at the status of running tasks."""


@dataclass(frozen=True)
class Parcel:
    """A prepared network, sent once to each machine.

    Args:
        name: SHA-256 of its content.
        content: where the content is; given to the function that fetches it.
    """

    name: str
    content: Any


@dataclass(frozen=True)
class Returned:
    """An evaluation that comes back, and its folder of artifacts; None where it left none."""

    evaluation: Evaluation
    artifacts: bytes | None


@dataclass(frozen=True)
class Update:
    """What a machine reports: the status of running tasks, and at the end all results.

    Args:
        statuses: contents of the status files, by key.
        returned: the results in the order of the tasks; empty until all have ended.
    """

    statuses: Mapping[str, str] = field(default_factory=dict)
    returned: tuple[Returned, ...] = ()


Fetch = Callable[[Any], bytes]
"""Returns the content of a parcel."""


def run_here(
    tasks: Sequence[Task], parcels: Mapping[str, Parcel], fetch: Fetch
) -> Iterator[Update]:
    """Run tasks that were sent here, one after the other.

    Args:
        tasks: as the driver made them, with the folders of its machine.
        parcels: prepared networks by fingerprint.
        fetch: called for a network that this machine lacks.
    """
    with tempfile.TemporaryDirectory(prefix="dse-artifacts-") as name:
        here = [_housed(task, parcels[task.job.fingerprint], fetch, Path(name)) for task in tasks]
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(run_tasks, here)
            yield from _statuses(here, lambda: bool(wait([running], _LOOK_S).done))
            found = running.result()
        pairs = zip(tasks, found, here, strict=True)
        yield Update(returned=tuple(_returned(*pair) for pair in pairs))


def _housed(task: Task, parcel: Parcel, fetch: Fetch, artifacts: Path) -> Task:
    """Return the task with folders of this machine, its network unpacked there.

    Networks of equal fingerprint may have been trained elsewhere and differ, so each has a cache
    of its own. Modules that a score needs were copied beside the network when it was prepared.
    """
    folders = Folders(open_cache(_cache()) / "received" / parcel.name[:32], artifacts)
    build = partial(_fetch_into, fetch, parcel)
    network = cached_directory(folders.networks, task.job.fingerprint, build)
    job = replace(task.job, base=network / "modules")
    return replace(task, job=job, folders=folders)


def _cache() -> Path:
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else Path.home() / ".cache" / "dse"


def _fetch_into(fetch: Fetch, parcel: Parcel, folder: Path) -> None:
    unpack(fetch(parcel.content), folder)


def _statuses(tasks: Sequence[Task], ended: Callable[[], bool]) -> Iterator[Update]:
    """Yield the status of tasks whenever it has changed, until they have ended."""
    reporting = [task for task in tasks if task.resources.expected_s >= LONG_S]
    before: dict[str, str] = {}
    while not ended():
        texts = dict(filter(None, map(_status, reporting)))
        if texts != before:
            yield Update(texts)
        before = texts


def _status(task: Task) -> tuple[str, str] | None:
    """Return key and status of a task; None if it is not running."""
    with suppress(FileNotFoundError):
        return task.job.key, task.folders.status(task.job.key).read_text()
    return None


def _returned(task: Task, found: Evaluation, here: Task) -> Returned:
    folder = here.folders.artifacts / task.job.key
    artifacts = packed(folder) if folder.is_dir() else None
    return Returned(replace(found, job=task.job), artifacts)
