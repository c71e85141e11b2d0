"""What every backend must do whose tool may run elsewhere; inherit `OfflineBackendSuite`."""

import subprocess
from pathlib import Path

from dse.contracts.backend import Context
from dse.contracts.offline import OfflineBackend
from dse.testing.backends import BackendSuite, steady


class OfflineBackendSuite(BackendSuite):
    """Tests of the contract in `dse.contracts.offline`, besides those of every backend."""

    def _elsewhere(self) -> OfflineBackend:
        backend = self.make()
        assert isinstance(backend, OfflineBackend)
        return backend

    def _written(self, folder: Path) -> tuple[Path, str]:
        """A written job and the commands that run it."""
        workload, prepared = self.prepared()
        context = Context(prepared, workload, self.cache(folder), folder / "job")
        commands = self._elsewhere().write(self._job(self._parameters()), context)
        return folder / "job", commands

    def _ran(self, folder: Path) -> Path:
        job, commands = self._written(folder)
        with (job / "tool.log").open("w") as log:
            subprocess.run(["sh", "-c", commands], cwd=job, stdout=log, stderr=log, check=True)
        return job

    def test_where_nothing_ran_there_is_nothing(self, tmp_path: Path) -> None:
        """Neither numbers nor a failure."""
        job, _ = self._written(tmp_path)
        assert self._elsewhere().read(self._parameters(), job) is None
        assert list(self._elsewhere().find(tmp_path)) == []

    def test_the_commands_give_what_an_evaluation_gives(self, tmp_path: Path) -> None:
        """The same numbers from the same tool, and the same answer when read again."""
        job = self._ran(tmp_path)
        reading = self._elsewhere().read(self._parameters(), job)
        assert reading is not None
        here = self._evaluate(tmp_path / "here", self._parameters())
        assert steady(reading.outcome.metrics) == steady(here.metrics)
        assert reading.tool == self._elsewhere().probe().tool
        again = self._elsewhere().read(self._parameters(), job)
        assert again is not None
        assert (again.tool, again.finished_at) == (reading.tool, reading.finished_at)

    def test_a_folder_is_found_and_says_what_it_is(self, tmp_path: Path) -> None:
        """Every parameter it gives is the one it was written for."""
        job = self._ran(tmp_path)
        backend, parameters = self._elsewhere(), self._parameters()
        assert list(backend.find(tmp_path)) == [job]
        said = {(name, one.value) for name, found in backend.describe(job).items() for one in found}
        assert said
        assert {(name, value) for name, value in said if parameters[name] != value} == set()
        assert backend.identity(job) == backend.identity(job)
