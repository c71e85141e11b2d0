"""A workload and a backend that do nothing, to test clusters, executors and pipelines."""

import os
import signal
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dse.backend import Backend, Context, Job, Outcome, Probe, Resources
from dse.cache import digest
from dse.errors import EvaluationError, FailureKind
from dse.metrics import Fidelity, Metric
from dse.parameters import Assignment, Parameter
from dse.workload import Prepared, ProgressText, Workload


class NoopWorkload(Workload):
    """No network and no data."""

    name: ClassVar[str] = "noop"
    version: ClassVar[int] = 1
    parameters: ClassVar[tuple[Parameter, ...]] = ()

    def fingerprint(self, parameters: Assignment) -> str:
        """The same always."""
        return digest(self.name, self.version, dict(parameters))

    def prepare(
        self,
        parameters: Assignment,
        directory: Path,
        progress: ProgressText,
    ) -> Prepared:
        """An empty evaluation set."""
        progress("nothing to prepare")
        fingerprint = self.fingerprint(parameters)
        return Prepared.write(directory, fingerprint, inputs=[], scoring={}, manifest={})

    def score(
        self,
        prepared: Prepared,  # noqa: ARG002  (nothing is scored)
        outputs: NDArray[np.floating],  # noqa: ARG002
        fidelity: Fidelity,  # noqa: ARG002
    ) -> tuple[Metric, ...]:
        """Nothing."""
        return ()


class NoopBackend(Backend):
    """Gives back what it was given, after a while, or fails as told."""

    name: ClassVar[str] = "noop"
    fidelity: ClassVar[Fidelity] = Fidelity.ESTIMATE
    version: ClassVar[int] = 1
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("value", int, 0, "latency_ns it reports"),
        Parameter("sleep_s", float, 0.0, "time it takes", "s", minimum=0),
        Parameter("isolated", bool, False, "run in a process of its own"),
        Parameter("behaviour", str, "ok", "how it ends", choices=("ok", "fail", "raise", "die")),
    )
    metrics: ClassVar[tuple[str, ...]] = ("latency_ns",)
    scores: ClassVar[bool] = False

    def probe(self) -> Probe:
        """Always there."""
        return Probe(True, "noop 1")

    def plan(self, job: Job) -> Resources:
        """As long as it sleeps."""
        seconds = float(str(job.parameters["sleep_s"]))
        return Resources(expected_s=seconds, isolated=bool(job.parameters["isolated"]))

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Sleep, then end as told."""
        if job.parameters["sleep_s"]:
            time.sleep(float(str(job.parameters["sleep_s"])))
        match job.parameters["behaviour"]:
            case "fail":
                raise EvaluationError(FailureKind.TOOL_FAILED, "told to fail", log="log", hint="ok")
            case "raise":
                raise RuntimeError("told to raise")
            case "die":
                os.kill(os.getpid(), signal.SIGSEGV)
        value = float(str(job.parameters["value"]))
        return Outcome(
            (Metric.of("latency_ns", value, Fidelity.ESTIMATE),),
            {"prepared": context.prepared.fingerprint},
        )
