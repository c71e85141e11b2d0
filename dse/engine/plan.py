"""The plan of a study: its points, and for each point and backend the job to evaluate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dse.contracts.backend import Backend, Job, Probe
from dse.contracts.parameters import Assignment
from dse.engine.keys import Keys
from dse.study.binding import Binding


@dataclass(frozen=True)
class Request:
    """The need for one backend's results at one point: the evaluation with this key has them."""

    point: int
    backend: str
    key: str


@dataclass(frozen=True)
class Plan:
    """Points, requests, and one job per distinct key.

    Args:
        points: parameters of every point, in the order of the study.
        requests: one per point and available backend.
        jobs: jobs by key; points that need the same work share one.
        probes: availability and tool of every backend, by name.
    """

    points: Sequence[Assignment]
    requests: Sequence[Request]
    jobs: Mapping[str, Job]
    probes: Mapping[str, Probe] = field(default_factory=dict)


class Planner:
    """Makes plans of one study; probes backends and fingerprints the workload only once.

    Args:
        binding: the study, bound to the installed plug-ins.
        backends: adapters by name.
        offline: also plan for backends whose tool is not on this machine.
        probes: what there is of each backend where it will run; None to probe this machine.
    """

    def __init__(
        self,
        binding: Binding,
        backends: Mapping[str, Backend],
        *,
        offline: bool = False,
        probes: Mapping[str, Probe] | None = None,
    ) -> None:
        # Once: a probe may start tools to ask for their versions.
        self._probes = {
            name: backend.probe() if probes is None else probes[name]
            for name, backend in backends.items()
        }
        self._available = [n for n, probe in self._probes.items() if probe.available or offline]
        self._keys = Keys(binding, backends, self._probes)

    def plan(self, points: Sequence[Assignment]) -> Plan:
        """Return the plan of the given points: keys are computed, no tool is run.

        Raises:
            dse.contracts.errors.DataError: the workload's input files are missing.
        """
        requests: list[Request] = []
        jobs: dict[str, Job] = {}
        for number, point in enumerate(points):
            for name in self._available:
                job = self._keys.job(name, point)
                jobs.setdefault(job.key, job)
                requests.append(Request(number, name, job.key))
        return Plan(points, requests, jobs, self._probes)


def make_plan(
    binding: Binding,
    backends: Mapping[str, Backend],
    points: Sequence[Assignment],
    *,
    offline: bool = False,
) -> Plan:
    """Return the plan of all points of a study; see `Planner` for arguments and errors."""
    return Planner(binding, backends, offline=offline).plan(points)


def points_of(plan: Plan, ids: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Yield (key, point id) of every request, for the links in the store."""
    return ((request.key, ids[request.point]) for request in plan.requests)
