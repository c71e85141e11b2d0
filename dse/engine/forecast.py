"""How long a run would take: from stored durations where there are some, else from adapters.

A forecast is good to about a factor of two. What the adapters' numbers leave out is the start of
Ray and of the workers, which import hls4ml or TensorFlow before their first evaluation.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from dse.contracts.backend import Job, Resources
from dse.store.queries import Results
from dse.store.schema import EvaluationRow

RAY_START_S = 15.0
"""Median of a dozen starts of Ray on two cores; 8 to 20 s."""
WORKER_START_S = 12.0
"""Import of hls4ml and TensorFlow by a fresh process, 9 to 16 s; all workers do it at once."""
_ENOUGH = 3
"""Stored evaluations of a backend from which on their mean counts instead of its own estimate."""


@dataclass(frozen=True)
class Work:
    """Evaluations of one backend.

    Args:
        count: how many; for a search, how many are expected.
        each_s: mean time of one.
        cpus: cores that one takes.
    """

    count: float
    each_s: float
    cpus: float

    @property
    def total_s(self) -> float:
        """Time of all, one after the other."""
        return self.count * self.each_s


def measured_s(results: Results) -> Mapping[str, float]:
    """Return the mean duration of a backend's evaluations, of backends that have enough."""
    row = EvaluationRow
    query = (
        select(row.backend, func.count(), func.avg(row.duration_s))
        .where(row.status == "done", row.duration_s.is_not(None))
        .group_by(row.backend)
    )
    return {name: float(mean) for name, n, mean in map(tuple, results.rows(query)) if n >= _ENOUGH}


def work_of(
    jobs: Sequence[Job],
    resources: Iterable[Resources],
    measured: Mapping[str, float],
    count: float | None = None,
) -> Work:
    """Return the work of one backend.

    Args:
        jobs: its evaluations, or a sample of them.
        resources: what each needs, as the adapter says.
        measured: from `measured_s`.
        count: number of evaluations, where the jobs are a sample; by default that of the jobs.
    """
    needs = list(resources)
    if not jobs:
        return Work(0.0, 0.0, 1.0)
    own = sum(one.expected_s for one in needs) / len(needs)
    each_s = measured.get(jobs[0].backend, own)
    cpus = sum(one.cpus for one in needs) / len(needs)
    return Work(len(jobs) if count is None else count, each_s, cpus)


def wall_s(works: Sequence[Work], prepare_s: Sequence[float], workers: int) -> float:
    """Return the wall-clock time of a run.

    Args:
        works: the work of each backend.
        prepare_s: time of each network that is prepared first; networks are prepared in parallel.
        workers: evaluations at a time.
    """
    waiting = [work for work in works if work.count > 0]
    if not waiting:
        return 0.0
    # an evaluation that takes all cores runs alone
    busy = sum(work.total_s * min(max(work.cpus, 1.0), workers) for work in waiting) / workers
    longest = max(work.each_s for work in waiting)
    networks = max(sum(prepare_s) / workers, max(prepare_s, default=0.0))
    start = WORKER_START_S if longest > 0.1 or prepare_s else 0.0
    many = sum(work.count for work in waiting) > 1
    return max(busy, longest) + networks + start + (RAY_START_S if many else 0.0)
