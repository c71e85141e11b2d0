"""Keys of evaluations: equal work has an equal key, across points, studies and runs."""

from collections.abc import Mapping
from pathlib import Path

from dse.contracts.backend import Backend, Job, Probe
from dse.contracts.errors import DataError, SettingError
from dse.contracts.parameters import Assignment
from dse.contracts.workload import Workload
from dse.runtime.cache import digest
from dse.study.binding import Binding


def evaluation_key(
    backend: str, version: int, tool: str, fingerprint: str, parameters: Assignment
) -> str:
    """Return the SHA-256 of everything that determines a result.

    Args:
        backend: registered name.
        version: version of the adapter, raised whenever its numbers change.
        tool: names and versions of the tools, from `Backend.tools_used`.
        fingerprint: fingerprint of the workload.
        parameters: every parameter that the backend reads, canonical.
    """
    return digest(backend, version, tool, fingerprint, dict(parameters))


class Keys:
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
        tool = adapter.tools_used(self._probes[backend].tool, parameters)
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
            try:
                self._fingerprints[key] = self._workload.fingerprint(parameters)
            except SettingError as error:
                where = self._binding.study.source.where(*place_of(error.setting, self._binding))
                raise DataError(error.message, where=where, hint=error.hint) from error
        return self._fingerprints[key]


def place_of(setting: str, binding: Binding) -> tuple[str, str]:
    """Return the place in the study where a parameter of the workload is set."""
    varies = ("space", setting)
    return varies if varies in binding.study.source.origins else ("workload", setting)
