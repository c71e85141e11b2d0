"""The job of a stored evaluation, to be done again."""

from pathlib import Path

from dse.contracts.backend import Job
from dse.contracts.errors import DataError, ToolMissingError
from dse.engine.worker import load_backend, workload_of
from dse.store.queries import StoredEvaluation


def stored_job(stored: StoredEvaluation, base: Path) -> Job:
    """Return the job of a stored evaluation.

    Args:
        stored: the evaluation.
        base: folder of the study file.

    Raises:
        DataError: data or code of the workload have changed since.
        ToolMissingError: the backend cannot run here.
    """
    job = Job(
        key=stored.key,
        backend=stored.backend,
        parameters=stored.parameters,
        workload=stored.workload,
        workload_parameters=stored.workload_parameters,
        fingerprint=stored.fingerprint,
        base=base,
    )
    probe = load_backend(job.backend).probe()
    if not probe.available:
        raise ToolMissingError(f"{probe.reason}", hint=probe.install)
    if workload_of(job).fingerprint(job.workload_parameters) != job.fingerprint:
        raise DataError(
            f"data or code of workload '{job.workload}' have changed since this was stored",
            where=str(base),
            hint="restore the data files and install the version of dse that `dse show` names",
        )
    return job
