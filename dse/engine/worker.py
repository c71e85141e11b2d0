"""Evaluation of tasks inside a worker process."""

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
from dse.engine.task_status import PREPARING, StatusWriter
from dse.runtime import isolated
from dse.runtime.cache import cached_directory
from dse.store.records import TIME_LIMIT, Evaluation, Provenance


@dataclass(frozen=True)
class Folders:
    """Folders that evaluations use.

    Args:
        cache: reusable work, such as trained networks, layer lists and compiled libraries.
        artifacts: one folder per evaluation, named by its key.
    """

    cache: Path
    artifacts: Path

    @property
    def prepare_log(self) -> Path:
        """Log of the preparation of workloads."""
        return self.cache / "prepare.log"

    @property
    def networks(self) -> Path:
        """Folder of the prepared networks, named by fingerprint.

        It is not called ``prepared``: networks that version 0.1.0 kept there refer to modules by
        names that have changed since.
        """
        return self.cache / "networks"

    @property
    def statuses(self) -> Path:
        """Folder of the status files of running tasks; see `dse.engine.task_status`."""
        return self.cache / "status"

    def status(self, key: str) -> Path:
        """Return the path of a task's status file."""
        return self.statuses / key


LONG_S = 1.0
"""Shortest expected time in seconds of a task that writes a status: displays read it later."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A job with everything a worker needs to run it.

    Args:
        job: what to evaluate.
        resources: cores, memory and licences that it needs, and its limits.
        folders: cache and artifact folders.
        tool: name and version of the tool, for the provenance.
        attempt: 1, or more after a failure.
        study: study name, for progress displays.
        points: numbers of the points that need its result, for progress displays.
    """

    job: Job
    resources: Resources
    folders: Folders
    tool: str
    attempt: int = 1
    study: str = ""
    points: tuple[int, ...] = ()

    def status_writer(self) -> StatusWriter:
        """Return a writer of this task's status; its time counts from now."""
        file, network = self.folders.status(self.job.key), self.job.fingerprint
        return StatusWriter(file, self.study, self.points, self.job.backend, network=network)


def _no_progress(text: str) -> None:
    """Discard progress."""


@cache
def load_backend(name: str) -> Backend:
    """Return the adapter of a backend, made once per process."""
    return Registry.installed().backend_class(name)()


@cache
def load_workload(name: str, base: Path) -> Workload:
    """Return a workload, made once per process and folder; its paths are relative to `base`."""
    return Registry.installed().workload_class(name)(base)


def workload_of(job: Job) -> Workload:
    """Return the workload of a job, made once per process."""
    return load_workload(job.workload, job.base)


def is_prepared(task: Task) -> bool:
    """Whether the network of a task is in the cache."""
    return (task.folders.networks / task.job.fingerprint).is_dir()


def prepared(job: Job, folders: Folders, progress: ProgressText = _no_progress) -> Prepared:
    """Return the trained network of a job: from the cache, or prepared now.

    Args:
        job: names the workload and its parameters.
        folders: cache folder, for the network and the log.
        progress: called with the current step of training; must be picklable, because
            networks are prepared in a process of their own.

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
    """Train or load the network into `folder`; called in a process of its own."""

    def report(text: str) -> None:
        progress(f"{PREPARING}: {text}")
        with folders.prepare_log.open("a") as file:  # shown if the preparation fails
            file.write(f"{text}\n")

    kind = Registry.installed().workload_class(job.workload)
    workload = kind(job.base)
    workload.cache = folders.cache / "workloads"
    made = workload.prepare(job.workload_parameters, folder, report)
    _read_network(job, made, folders)


def _read_network(job: Job, made: Prepared, folders: Folders) -> None:
    """Let the backend read the network here; where it cannot, its evaluation tells why."""
    try:
        load_backend(job.backend).read_network(made, folders.cache)
    except Exception:  # noqa: BLE001  (a backend may raise anything)
        with folders.prepare_log.open("a") as file:
            file.write(traceback.format_exc())


def run_tasks(tasks: Sequence[Task]) -> list[Evaluation]:
    """Run tasks one after the other; a failure is a result, not an exception."""
    return [_run_task(task) for task in tasks]


def _run_task(task: Task) -> Evaluation:
    if task.resources.expected_s >= LONG_S:
        task.status_writer()("")
    try:
        return _evaluate_task(task)
    finally:
        task.folders.status(task.job.key).unlink(missing_ok=True)


def _evaluate_task(task: Task) -> Evaluation:
    failure = _refused(task.job) or prepare_network(task)
    if failure:
        return failed(task, failure)
    if task.folders.status(task.job.key).exists():  # else it says that it prepares, until the end
        task.status_writer()("")
    started, clock = datetime.now(UTC), perf_counter()  # training is not part of the evaluation
    return _evaluation(task, _outcome(task), started, perf_counter() - clock)


def failed(task: Task, failure: Failure) -> Evaluation:
    """Return a task that ended before its evaluation began."""
    return _evaluation(task, Outcome(failure=failure), datetime.now(UTC), 0.0)


def _evaluation(task: Task, outcome: Outcome, started: datetime, duration_s: float) -> Evaluation:
    provenance = Provenance(
        adapter_version=load_backend(task.job.backend).version,
        tool=task.tool,
        dse_version=dse.__version__,
        host=platform.node(),
        started_at=started,
        duration_s=duration_s,
        attempts=task.attempt,
    )
    return Evaluation(task.job, outcome, provenance)


def prepare_network(task: Task) -> Failure | None:
    """Prepare the network of a task; return the failure, or None on success."""
    try:
        if not is_prepared(task):
            task.status_writer()(PREPARING)
        prepared(task.job, task.folders, task.status_writer())
    except Exception as error:  # noqa: BLE001  (a workload may raise anything)
        return _failure(error)
    return None


def _refused(job: Job) -> Failure | None:
    """Return why the backend refuses the parameters of a job; None if it does not."""
    try:
        load_backend(job.backend).check(job.parameters)
    except ValueError as error:
        return Failure(FailureKind.INVALID_POINT, str(error))
    except Exception as error:  # noqa: BLE001  (a backend may raise anything)
        return _failure(error)
    return None


def _outcome(task: Task) -> Outcome:
    folder = task.folders.artifacts / task.job.key
    lock = task.folders.cache / "locks" / task.job.key
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):  # another run may do the same evaluation, in the same folder
        return _evaluate_within_limits(task, folder)


def _evaluate_within_limits(task: Task, folder: Path) -> Outcome:
    """Evaluate in this process, or in one with time and memory limits if the task asks for it."""
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
    except Exception as error:  # noqa: BLE001  (a backend may raise anything)
        failure, limit = _failure(error), task.resources.time_limit_s
        # The limit is stored, so that a run with a higher one tries again: see `Policy.wants`.
        limit_reached = failure.kind is FailureKind.TIME_LIMIT and limit is not None
        return Outcome(effective={TIME_LIMIT: limit} if limit_reached else {}, failure=failure)
    return outcome


def _failure(error: Exception) -> Failure:
    """Return an exception as the failure that is stored."""
    if isinstance(error, EvaluationError):
        return error.failure
    if isinstance(error, DseError):
        return Failure(FailureKind.INVALID_POINT, str(error))
    return _crash(error)


def _crash(error: Exception) -> Failure:
    text = "".join(traceback.format_exception(error))  # its end names the error: keep that
    return Failure(FailureKind.CRASHED, f"{type(error).__name__}: {error}", log=text[-4000:])


def evaluate(task: Task, folder: Path) -> Outcome:
    """Call the backend with one job, in this process."""
    job, folders = task.job, task.folders
    backend = load_backend(job.backend)
    network = prepared(job, folders)
    workload = load_workload(job.workload, job.base)
    context = Context(network, workload, folders.cache, folder, task.status_writer())
    try:
        outcome = backend.evaluate(job, context)
    except DseError:
        raise
    except Exception as error:  # noqa: BLE001  (a backend may raise anything)
        return Outcome(failure=_crash(error))
    return _with_artifacts(outcome, folder)


def _with_artifacts(outcome: Outcome, folder: Path) -> Outcome:
    """Make artifact paths relative to the artifact root; remove `folder` if it holds none."""
    present = [a for a in outcome.artifacts if (folder / a.path).exists()]
    if not present and folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
    kept = tuple(Artifact(a.role, f"{folder.name}/{a.path}") for a in present)
    return replace(outcome, artifacts=kept)
