"""What a study asks for: points, and for each point and backend the job that answers it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dse.contracts.backend import Backend, Job, Probe
from dse.contracts.parameters import Assignment
from dse.contracts.workload import Workload
from dse.runtime.cache import digest
from dse.study.binding import Binding


@dataclass(frozen=True)
class Request:
    """One point wants one backend's results: answered by the evaluation under `key`."""

    point: int
    backend: str
    key: str


@dataclass(frozen=True)
class Plan:
    """Points, requests, and one job per distinct key.

    Args:
        points: parameters of every point, in the study's order.
        requests: one per point and available backend.
        jobs: by key; equal work is one job.
        probes: what the backends said of themselves, by name.
    """

    points: Sequence[Assignment]
    requests: Sequence[Request]
    jobs: Mapping[str, Job]
    probes: Mapping[str, Probe] = field(default_factory=dict)


class Planner:
    """Makes plans of one study; asks backends and reads the workload's inputs only once.

    Args:
        binding: the study.
        backends: adapters by name.
        elsewhere: plan for backends too that cannot run here.
    """

    def __init__(
        self, binding: Binding, backends: Mapping[str, Backend], *, elsewhere: bool = False
    ) -> None:
        self._probes = {name: backend.probe() for name, backend in backends.items()}
        self._available = [n for n, probe in self._probes.items() if probe.available or elsewhere]
        self._keys = _Keys(binding, backends, self._probes)

    def plan(self, points: Sequence[Assignment]) -> Plan:
        """Compute all keys of the given points; nothing heavy is imported or run.

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
    elsewhere: bool = False,
) -> Plan:
    """One plan; arguments and errors are those of `Planner`."""
    return Planner(binding, backends, elsewhere=elsewhere).plan(points)


def evaluation_key(
    backend: str, version: int, tool: str, fingerprint: str, parameters: Assignment
) -> str:
    """SHA-256 over all that determines a result.

    Args:
        backend: registered name.
        version: of its load_backend.
        tool: as `Backend.probe` names it.
        fingerprint: the workload's.
        parameters: all the backend reads.
    """
    return digest(backend, version, tool, fingerprint, dict(parameters))


class _Keys:
    """Jobs of points, fingerprints computed once."""

    def __init__(
        self, binding: Binding, backends: Mapping[str, Backend], probes: Mapping[str, Probe]
    ) -> None:
        self._binding = binding
        self._backends = backends
        self._probes = probes
        self._base: Path = binding.study.base
        self._workload: Workload = binding.workload(self._base)
        self._fingerprints: dict[str, str] = {}

    def job(self, backend: str, point: Assignment) -> Job:
        """The job that gives a backend's results at a point."""
        workload_parameters = self._binding.workload_parameters(point)
        fingerprint = self._fingerprint(workload_parameters)
        load_backend = self._backends[backend]
        parameters = load_backend.canonical(self._binding.backend_parameters(backend, point))
        tool = self._probes[backend].tool
        key = evaluation_key(backend, load_backend.version, tool, fingerprint, parameters)
        return Job(
            key=key,
            backend=backend,
            parameters=parameters,
            workload=self._workload.name,
            workload_parameters=workload_parameters,
            fingerprint=fingerprint,
            base=self._base,
        )

    def _fingerprint(self, parameters: Assignment) -> str:
        key = digest(dict(parameters))
        if key not in self._fingerprints:
            self._fingerprints[key] = self._workload.fingerprint(parameters)
        return self._fingerprints[key]


def points_of(plan: Plan, ids: Sequence[int]) -> Iterator[tuple[str, int]]:
    """(key, point id) of every request, for the store's links."""
    return ((request.key, ids[request.point]) for request in plan.requests)
