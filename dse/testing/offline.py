"""Conformance suite of offline backends; inherit `OfflineBackendSuite`."""

import subprocess
from pathlib import Path

from dse.contracts.backend import Context
from dse.contracts.offline import OfflineBackend
from dse.testing.backends import BackendSuite, steady


class OfflineBackendSuite(BackendSuite):
    """Tests of the contract in `dse.contracts.offline`, besides those of `BackendSuite`."""

    def _offline_backend(self) -> OfflineBackend:
        backend = self.make()
        assert isinstance(backend, OfflineBackend)
        return backend

    def _written(self, folder: Path) -> tuple[Path, str]:
        """Write a job; return its folder and the commands that run it."""
        workload, prepared = self.prepared()
        context = Context(prepared, workload, self.cache(folder), folder / "job")
        commands = self._offline_backend().write(self._job(self._parameters()), context)
        return folder / "job", commands

    def _ran(self, folder: Path) -> Path:
        """Write a job, run its commands with output to ``tool.log``, and return its folder."""
        job, commands = self._written(folder)
        with (job / "tool.log").open("w") as log:
            subprocess.run(["sh", "-c", commands], cwd=job, stdout=log, stderr=log, check=True)
        return job

    def test_where_nothing_ran_there_is_nothing(self, tmp_path: Path) -> None:
        """A folder that was written but not run gives neither metrics nor a failure."""
        job, _ = self._written(tmp_path)
        assert self._offline_backend().read(self._parameters(), job) is None
        assert list(self._offline_backend().find(tmp_path)) == []

    def test_the_commands_give_what_an_evaluation_gives(self, tmp_path: Path) -> None:
        """They give the metrics and the tool of `evaluate`; reading twice gives the same report."""
        job = self._ran(tmp_path)
        report = self._offline_backend().read(self._parameters(), job)
        assert report is not None, "read finds no result where the commands have run"
        here = self._evaluate(tmp_path / "here", self._parameters())
        same = steady(report.outcome.metrics) == steady(here.metrics)
        assert same, "the metrics that are read differ from those of evaluate"
        assert report.tool == self._offline_backend().probe().tool
        again = self._offline_backend().read(self._parameters(), job)
        assert again is not None
        assert (again.tool, again.finished_at) == (report.tool, report.finished_at)

    def test_a_folder_is_found_and_says_what_it_is(self, tmp_path: Path) -> None:
        """`find` returns it, and the parameters that `describe` gives are those of the job."""
        job = self._ran(tmp_path)
        backend, parameters = self._offline_backend(), self._parameters()
        assert list(backend.find(tmp_path)) == [job], "find does not find the folder of the job"
        said = {(name, one.value) for name, found in backend.describe(job).items() for one in found}
        assert said
        assert {(name, value) for name, value in said if parameters[name] != value} == set()
        assert backend.identity(job) == backend.identity(job)
