"""What comes back from other machines, put where the run's own folders are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dse.contracts.backend import Outcome
from dse.contracts.errors import Failure, FailureKind
from dse.engine.visiting import Returned
from dse.engine.worker import Task
from dse.runtime.parcels import replace_folder
from dse.store.records import Evaluation


def take_in(task: Task, returned: Returned) -> Evaluation:
    """Store the artifacts of an evaluation, and return it.

    Where the disk takes none of them, it is a failure: artifacts are part of a result.
    """
    show([task], {})
    try:
        if returned.artifacts is not None:
            replace_folder(returned.artifacts, task.folders.artifacts / task.job.key)
    except OSError as error:
        message = f"the artifacts that came back cannot be stored: {error}"
        failure = Failure(FailureKind.DISK_FULL, message)
        return replace(returned.evaluation, outcome=Outcome(failure=failure))
    return returned.evaluation


def show(tasks: Sequence[Task], statuses: Mapping[str, str]) -> None:
    """Write the status files of tasks, for progress displays; remove those that have none."""
    for task in tasks:
        file = task.folders.status(task.job.key)
        if text := statuses.get(task.job.key):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        else:
            file.unlink(missing_ok=True)
