"""Run a stored evaluation again from its recorded settings, and compare."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dse.contracts.backend import Job
from dse.contracts.errors import DataError, Failure, ToolMissingError
from dse.contracts.metrics import Fidelity
from dse.engine.worker import Folders, Task, load_backend, run_tasks, workload_of
from dse.store.queries import StoredEvaluation, StoredMetric


@dataclass(frozen=True)
class MetricComparison:
    """One number, as stored and as it is now.

    Args:
        metric: its name.
        unit: of both values.
        stored: what the database has.
        again: what came out now; None where the metric is not given any more.
        repeatable: whether it must be the same; measured times need not.
    """

    metric: str
    unit: str
    stored: float
    again: float | None
    repeatable: bool

    @property
    def same(self) -> bool:
        """Whether both are equal."""
        return self.stored == self.again


@dataclass(frozen=True)
class Reproduction:
    """One evaluation done again.

    Args:
        backend: whose.
        tool: behind it now.
        comparisons: of all stored metrics.
        failure: why it did not succeed this time.
    """

    backend: str
    tool: str
    comparisons: tuple[MetricComparison, ...]
    failure: Failure | None

    @property
    def holds(self) -> bool:
        """Whether everything that must be the same is."""
        alike = all(c.same for c in self.comparisons if c.repeatable)
        return self.failure is None and alike


def reproduce(
    stored: StoredEvaluation, metrics: Mapping[str, StoredMetric], base: Path, folders: Folders
) -> Reproduction:
    """Do a stored evaluation again; nothing is written to the database.

    Args:
        stored: the evaluation.
        metrics: its numbers, by name.
        base: folder of the study file.
        folders: cache, and where to leave files.

    Raises:
        DataError: data or code of the workload are others than they were.
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
            f"workload '{job.workload}' has other data or code than when this was stored",
            where=str(base),
            hint="bring back the files and the version of dse that `dse show` names",
        )
    resources = replace(load_backend(job.backend).plan(job), time_limit_s=None)
    (evaluation,) = run_tasks(
        [Task(job=job, resources=resources, folders=folders, tool=probe.tool)]
    )
    again = {metric.name: metric.value for metric in evaluation.outcome.metrics}
    comparisons = tuple(
        MetricComparison(
            m.name, m.unit, m.value, again.get(m.name), m.fidelity is not Fidelity.MEASURED
        )
        for m in metrics.values()
    )
    return Reproduction(job.backend, probe.tool, comparisons, evaluation.outcome.failure)
