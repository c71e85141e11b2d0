"""The work of one job, as it is done inside a worker process."""

import platform
import shutil
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from time import perf_counter

from filelock import FileLock

import dse
from dse.contracts.backend import Artifact, Backend, Context, Job, Outcome, Resources
from dse.contracts.errors import DseError, EvaluationError, Failure, FailureKind
from dse.contracts.registry import Registry
from dse.contracts.workload import Prepared, ProgressText, Workload
from dse.engine.task_status import StatusWriter
from dse.runtime import isolated
from dse.runtime.cache import cached_directory
from dse.store.records import TIME_LIMIT, Evaluation, Provenance


@dataclass(frozen=True)
class Folders:
    """Where work is done.

    Args:
        cache: what is made once and used again: trained networks, layer lists, libraries.
        artifacts: one folder per evaluation, named by its key.
    """

    cache: Path
    artifacts: Path

    @property
    def prepare_log(self) -> Path:
        """What workloads say while they are prepared."""
        return self.cache / "prepare.log"

    @property
    def networks(self) -> Path:
        """Prepared networks by fingerprint.

        Not ``prepared``, where 0.1.0 kept networks that name modules which have moved since.
        """
        return self.cache / "networks"

    @property
    def statuses(self) -> Path:
        """Status files of running tasks, see `dse.engine.task_status`."""
        return self.cache / "status"

    def status(self, key: str) -> Path:
        """Status file of one task."""
        return self.statuses / key


PREPARING = "preparing the network"
"""Status of a task whose network is trained or loaded, before the workload's own words."""

LONG_S = 1.0
"""A shorter task ends before anybody could read its status."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A job with all a worker needs to do it.

    Args:
        job: what is evaluated.
        resources: what it needs, and its limits.
        folders: where work is done.
        tool: name and version of what does it.
        attempt: the first, or one after a failure.
        study: who asked, for those who look on.
        points: numbers of the study's points that it gives results to.
    """

    job: Job
    resources: Resources
    folders: Folders
    tool: str
    attempt: int = 1
    study: str = ""
    points: tuple[int, ...] = ()

    def status_writer(self) -> StatusWriter:
        """Writer of this task's status, counted from now."""
        file = self.folders.status(self.job.key)
        return StatusWriter(file, self.study, self.points, self.job.backend)


def _no_progress(text: str) -> None:
    """Discard progress."""


@cache
def load_backend(name: str) -> Backend:
    """The backend of this name, made once per process."""
    return Registry.installed().backend_class(name)()


@cache
def load_workload(name: str, base: Path) -> Workload:
    """Return a workload, one per process; its paths begin at `base`."""
    return Registry.installed().workload_class(name)(base)


def workload_of(job: Job) -> Workload:
    """The workload a job is for, made once per process."""
    return load_workload(job.workload, job.base)


def _is_prepared(task: Task) -> bool:
    return (task.folders.networks / task.job.fingerprint).is_dir()


def prepared(job: Job, folders: Folders, progress: ProgressText = _no_progress) -> Prepared:
    """Return the trained network of a job: from the cache, or made now in its own process.

    Args:
        job: names the workload and its parameters.
        folders: for the network and the log.
        progress: told what training is at; must be picklable.

    Raises:
        DseError: the workload cannot be prepared.
    """
    build = partial(_prepare_isolated, job, folders, progress)
    folder = cached_directory(folders.networks, job.fingerprint, build)
    return Prepared(folder, job.fingerprint)


def _prepare_isolated(job: Job, folders: Folders, progress: ProgressText, folder: Path) -> None:
    log = folders.prepare_log
    isolated.call("dse.engine.worker:prepare_workload", job, folders, progress, folder, log=log)


def prepare_workload(job: Job, folders: Folders, progress: ProgressText, folder: Path) -> None:
    """Train or load; runs in a process of its own."""

    def report(text: str) -> None:
        progress(f"{PREPARING}: {text}")
        with folders.prepare_log.open("a") as file:  # shown if the preparation fails
            file.write(f"{text}\n")

    kind = Registry.installed().workload_class(job.workload)
    workload = kind(job.base)
    workload.cache = folders.cache / "workloads"
    workload.prepare(job.workload_parameters, folder, report)


def run_tasks(tasks: Sequence[Task]) -> list[Evaluation]:
    """Evaluate jobs one after the other; a failure is a result, not an exception."""
    return [_evaluation(task) for task in tasks]


def _evaluation(task: Task) -> Evaluation:
    if task.resources.expected_s >= LONG_S:
        task.status_writer()("")
    try:
        return _in_hand(task)
    finally:
        task.folders.status(task.job.key).unlink(missing_ok=True)


def _in_hand(task: Task) -> Evaluation:
    failure = _unprepared(task)  # first, so that training is not counted as this evaluation's
    started, clock = datetime.now(UTC), perf_counter()
    outcome = Outcome(failure=failure) if failure else _outcome(task)
    provenance = Provenance(
        adapter_version=load_backend(task.job.backend).version,
        tool=task.tool,
        dse_version=dse.__version__,
        host=platform.node(),
        started_at=started,
        duration_s=perf_counter() - clock,
        attempts=task.attempt,
    )
    return Evaluation(task.job, outcome, provenance)


def _unprepared(task: Task) -> Failure | None:
    """Why there is no trained network to evaluate; None where there is one now."""
    try:
        _check(task.job)
        if not _is_prepared(task):
            task.status_writer()(PREPARING)
        prepared(task.job, task.folders, task.status_writer())
    except Exception as error:  # noqa: BLE001  (whatever a workload raises is its failure)
        return _failure(error)
    return None


def _check(job: Job) -> None:
    try:
        load_backend(job.backend).check(job.parameters)
    except ValueError as error:
        raise EvaluationError(FailureKind.INVALID_POINT, str(error)) from error


def _outcome(task: Task) -> Outcome:
    folder = task.folders.artifacts / task.job.key
    lock = task.folders.cache / "locks" / task.job.key
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):  # another run may be at the same evaluation, in the same folder
        return _evaluated(task, folder)


def _evaluated(task: Task, folder: Path) -> Outcome:
    try:
        if not task.resources.isolated:
            return evaluate(task, folder)
        folder.mkdir(parents=True, exist_ok=True)
        outcome: Outcome = isolated.call(
            "dse.engine.worker:evaluate",
            task,
            folder,
            log=folder / "worker.log",
            time_limit_s=task.resources.time_limit_s,
            memory_limit_gb=task.resources.memory_limit_gb,
            name=f"the evaluation with {task.job.backend}",
        )
    except Exception as error:  # noqa: BLE001  (whatever an load_backend raises is its failure)
        failure, limit = _failure(error), task.resources.time_limit_s
        ran_into_it = failure.kind is FailureKind.TIME_LIMIT and limit is not None
        return Outcome(effective={TIME_LIMIT: limit} if ran_into_it else {}, failure=failure)
    return outcome


def _failure(error: Exception) -> Failure:
    """What is stored of an exception."""
    if isinstance(error, EvaluationError):
        return error.failure
    if isinstance(error, DseError):
        return Failure(FailureKind.INVALID_POINT, str(error))
    return _crash(error)


def _crash(error: Exception) -> Failure:
    text = "".join(traceback.format_exception(error))
    return Failure(FailureKind.CRASHED, f"{type(error).__name__}: {error}", log=text[-4000:])


def evaluate(task: Task, folder: Path) -> Outcome:
    """Run the backend on one job, in this process."""
    job, folders = task.job, task.folders
    backend = load_backend(job.backend)
    network = prepared(job, folders)
    workload = load_workload(job.workload, job.base)
    context = Context(network, workload, folders.cache, folder, task.status_writer())
    try:
        outcome = backend.evaluate(job, context)
    except DseError:
        raise
    except Exception as error:  # noqa: BLE001  (whatever an load_backend raises is its crash)
        return Outcome(failure=_crash(error))
    return _kept(outcome, folder)


def _kept(outcome: Outcome, folder: Path) -> Outcome:
    """Artifacts with paths relative to the artifact folder; without any, the folder goes away."""
    present = [a for a in outcome.artifacts if (folder / a.path).exists()]
    if not present and folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
    kept = tuple(Artifact(a.role, f"{folder.name}/{a.path}") for a in present)
    return replace(outcome, artifacts=kept)
