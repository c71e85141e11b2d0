"""`dse reproduce`: run a stored evaluation again from its recorded settings, and compare."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dse.contracts.errors import Failure
from dse.contracts.metrics import Fidelity
from dse.engine.stored_jobs import stored_job
from dse.engine.worker import Folders, Task, load_backend, run_tasks
from dse.store.queries import StoredEvaluation, StoredMetric


@dataclass(frozen=True)
class MetricComparison:
    """A metric as stored and as evaluated again.

    Args:
        metric: name of the metric.
        unit: unit of both values.
        stored: value in the database.
        again: value of the new evaluation; None if it no longer gives the metric.
        repeatable: whether both must be equal; False for measured times.
    """

    metric: str
    unit: str
    stored: float
    again: float | None
    repeatable: bool

    @property
    def same(self) -> bool:
        """Whether both values are exactly equal: evaluations are deterministic."""
        return self.stored == self.again


@dataclass(frozen=True)
class Reproduction:
    """Comparison of a stored evaluation with one made again.

    Args:
        backend: registered name.
        tool: name and version of the tool that is installed now.
        comparisons: one per stored metric.
        failure: failure of the new evaluation; None if it succeeded.
    """

    backend: str
    tool: str
    comparisons: tuple[MetricComparison, ...]
    failure: Failure | None

    @property
    def holds(self) -> bool:
        """Whether the new evaluation succeeded and gave all repeatable metrics again."""
        alike = all(c.same for c in self.comparisons if c.repeatable)
        return self.failure is None and alike


def reproduce(
    stored: StoredEvaluation, metrics: Mapping[str, StoredMetric], base: Path, folders: Folders
) -> Reproduction:
    """Evaluate a stored evaluation again; nothing is written to the database.

    Args:
        stored: the evaluation.
        metrics: its stored metrics, by name.
        base: folder of the study file.
        folders: cache and artifact folder of the new evaluation.

    Raises:
        DataError: data or code of the workload have changed since.
        ToolMissingError: the backend cannot run here.
    """
    job = stored_job(stored, base)
    backend = load_backend(job.backend)
    tool = backend.tools_used(backend.probe().tool, job.parameters)
    # Without the study's limit: a slower machine must be able to finish.
    resources = replace(backend.plan(job), time_limit_s=None)
    (evaluation,) = run_tasks([Task(job=job, resources=resources, folders=folders, tool=tool)])
    again = {metric.name: metric.value for metric in evaluation.outcome.metrics}
    comparisons = tuple(
        MetricComparison(
            m.name, m.unit, m.value, again.get(m.name), m.fidelity is not Fidelity.MEASURED
        )
        for m in metrics.values()
    )
    return Reproduction(job.backend, tool, comparisons, evaluation.outcome.failure)
