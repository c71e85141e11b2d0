"""Every backend against the one contract, on a small jet classifier."""

import os
from dataclasses import replace
from pathlib import Path
from typing import cast

import needs
import pytest
from stand_ins import install

from backends.cpu.backend import CpuBackend
from backends.hls4ml.bittrue.backend import BittrueBackend
from backends.hls4ml.csim import CsimBackend
from backends.hls4ml.estimate.backend import EstimateBackend
from backends.hls4ml.vendor import tools
from backends.hls4ml.vendor.backend import VitisBackend
from backends.opencl.aoc import backend as aoc
from backends.opencl.aoc.backend import AocBackend
from backends.opencl.backend import OpenclBackend
from backends.opencl.devices import devices
from backends.openhls.backend import OpenBackend
from dse.contracts.backend import Backend, Context, Job, Outcome
from dse.contracts.parameters import Assignment, complete
from dse.contracts.workload import Prepared, Workload
from dse.runtime import isolated
from dse.testing import BackendSuite, OfflineBackendSuite
from dse.testing.backends import RecordingParameters
from dse.testing.noop import NoopBackend
from workloads.keras import KerasWorkload

ROOT = Path(__file__).parents[2]
JETS = ROOT / "studies" / "jets"


class OnJets(BackendSuite):
    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _prepare(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        cls.folder = tmp_path_factory.mktemp("jets")
        cls.workload = KerasWorkload(JETS)
        given = complete(cls.workload.parameters, {"max_samples": 60})
        cls.network = cls.workload.prepare(given, cls.folder, lambda _: None)

    def prepared(self) -> tuple[Workload, Prepared]:
        return self.workload, self.network

    def cache(self, folder: Path) -> Path:
        return self.folder / "cache"


class TestNoop(OnJets, OfflineBackendSuite):
    def make(self) -> Backend:
        return NoopBackend()


class TestCpu(OnJets):
    """Each evaluation in a process of its own, as `dse run` does it.

    TensorFlow takes the numbers of threads once per process, and tests before may have started it.
    """

    given = {"repeats": 3, "batch": 10}

    def make(self) -> Backend:
        return CpuBackend()

    def _evaluate(self, folder: Path, parameters: Assignment) -> Outcome:
        context = Context(self.network, self.workload, self.cache(folder), folder / "evaluation")
        folder.mkdir(exist_ok=True)
        outcome, read = isolated.call(
            f"{__name__}:evaluate_on_cpu",
            self._job(parameters),
            context,
            log=folder / "log",
            folders=[ROOT],  # another package may have a top-level `tests`
        )
        for name in read:
            parameters[name]  # recorded, where `parameters` record what is read
        return cast(Outcome, outcome)


def evaluate_on_cpu(job: Job, context: Context) -> tuple[Outcome, set[str]]:
    """Return the outcome, and the parameters that were read: the child has copies of them."""
    recording = RecordingParameters(job.parameters)
    outcome = CpuBackend().evaluate(replace(job, parameters=recording), context)
    return outcome, recording.read


class TestBittrue(OnJets):
    given = {"total_bits": 12, "overflow": "SAT"}

    def make(self) -> Backend:
        return BittrueBackend()


class TestEstimate(OnJets):
    given = {"total_bits": 12, "reuse_factor": 4, "part": "xc7z020clg400-1", "tool": "open"}

    def make(self) -> Backend:
        return EstimateBackend()


@pytest.mark.skipif(not OpenBackend().probe().available, reason="yosys or verilator is missing")
class TestOpen(OnJets):
    given = {"total_bits": 10, "reuse_factor": 16, "part": "xc7z020clg400-1"}
    of_other_settings = frozenset({"lut4", "fmax_mhz", "clock_slack_ns", "routed", "seed"})

    def make(self) -> Backend:
        return OpenBackend()


@needs.compiler
class TestCsim(OnJets):
    given = {"total_bits": 12, "reuse_factor": 4, "strategy": "resource"}

    def make(self) -> Backend:
        return CsimBackend()


class TestVitisStandIn(OnJets, OfflineBackendSuite):
    """With a stand-in for the tool."""

    given = {"total_bits": 12, "reuse_factor": 4, "rounding": "RND", "stage": "vsynth"}

    @pytest.fixture(autouse=True)
    def _on_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = install(tmp_path / "bin")
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        tools.program.cache_clear()

    def make(self) -> Backend:
        return VitisBackend()


@pytest.mark.skipif(not devices(), reason="there is no OpenCL device")
class TestOpencl(OnJets):
    given = {"repeats": 2, "timed_batches": 2, "events_per_batch": 8, "vector": 4}

    def make(self) -> Backend:
        return OpenclBackend()


class TestAocStandIn(OnJets, OfflineBackendSuite):
    """With a stand-in for the tool."""

    given = {"compile": "full", "tile_n": 16, "board": "a10gx"}

    @pytest.fixture(autouse=True)
    def _on_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = install(tmp_path / "bin", ("aoc",))
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        aoc.aoc_version.cache_clear()

    def make(self) -> Backend:
        return AocBackend()
