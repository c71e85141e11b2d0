"""The plan of a study: its points, and for each point and backend the job to evaluate."""

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
    """

    def __init__(
        self, binding: Binding, backends: Mapping[str, Backend], *, offline: bool = False
    ) -> None:
        # Once: a probe may start tools to ask for their versions.
        self._probes = {name: backend.probe() for name, backend in backends.items()}
        self._available = [n for n, probe in self._probes.items() if probe.available or offline]
        self._keys = _Keys(binding, backends, self._probes)

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


def evaluation_key(
    backend: str, version: int, tool: str, fingerprint: str, parameters: Assignment
) -> str:
    """Return the SHA-256 of everything that determines a result.

    Args:
        backend: registered name.
        version: version of the adapter, raised whenever its numbers change.
        tool: name and version of the tool, from `Backend.probe`.
        fingerprint: fingerprint of the workload.
        parameters: every parameter that the backend reads, canonical.
    """
    return digest(backend, version, tool, fingerprint, dict(parameters))


class _Keys:
    """Makes the jobs of points; computes each fingerprint of the workload once."""

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
        """Return the job that gives a backend's results at a point."""
        workload_parameters = self._binding.workload_parameters(point)
        fingerprint = self._fingerprint(workload_parameters)
        adapter = self._backends[backend]
        parameters = adapter.canonical(self._binding.backend_parameters(backend, point))
        tool = self._probes[backend].tool
        key = evaluation_key(backend, adapter.version, tool, fingerprint, parameters)
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
        # A fingerprint hashes the workload's data and code; a grid asks for the same one often.
        key = digest(dict(parameters))
        if key not in self._fingerprints:
            self._fingerprints[key] = self._workload.fingerprint(parameters)
        return self._fingerprints[key]


def points_of(plan: Plan, ids: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Yield (key, point id) of every request, for the links in the store."""
    return ((request.key, ids[request.point]) for request in plan.requests)
