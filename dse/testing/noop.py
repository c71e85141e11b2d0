"""No-op workload and backend, to test clusters, executors and pipelines."""

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dse.contracts.backend import Artifact, Context, Job, Outcome, Probe, Resources
from dse.contracts.errors import EvaluationError, Failure, FailureKind
from dse.contracts.metrics import Fidelity, Metric
from dse.contracts.offline import OfflineBackend, RunReport, SourcedValue, run_note
from dse.contracts.parameters import Assignment, Parameter
from dse.contracts.workload import Prepared, ProgressText, Workload
from dse.runtime.cache import digest

_ASKED, _DONE = "asked.json", "done.json"


class NoopWorkload(Workload):
    """Workload without network and data."""

    name: ClassVar[str] = "noop"
    version: ClassVar[int] = 1
    parameters: ClassVar[tuple[Parameter, ...]] = ()

    def fingerprint(self, parameters: Assignment) -> str:
        """Return a constant: there are no parameters."""
        return digest(self.name, self.version, dict(parameters))

    def prepare(
        self,
        parameters: Assignment,
        directory: Path,
        progress: ProgressText,
    ) -> Prepared:
        """Write an empty evaluation set."""
        progress("nothing to prepare")
        fingerprint = self.fingerprint(parameters)
        return Prepared.write(directory, fingerprint, inputs=[], scoring={}, manifest={})

    def score(
        self,
        prepared: Prepared,  # noqa: ARG002  (nothing is scored)
        outputs: NDArray[np.floating],  # noqa: ARG002
        fidelity: Fidelity,  # noqa: ARG002
    ) -> tuple[Metric, ...]:
        """Return no metrics."""
        return ()


class NoopBackend(OfflineBackend):
    """Backend that returns its parameter `value` as `latency_ns`, or fails as `behaviour` says."""

    name: ClassVar[str] = "noop"
    fidelity: ClassVar[Fidelity] = Fidelity.ESTIMATE
    version: ClassVar[int] = 1
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("value", int, 0, "latency_ns that it reports"),
        Parameter("copy", int, 0, "tells evaluations of the same value apart", minimum=0),
        Parameter("sleep_s", float, 0.0, "time an evaluation takes", unit="s", minimum=0),
        Parameter("isolated", bool, False, "run in a separate process"),
        Parameter(
            "behaviour",
            str,
            "ok",
            "how an evaluation ends",
            choices=("ok", "keep", "fail", "raise", "die"),
        ),
    )
    metrics: ClassVar[tuple[str, ...]] = ("latency_ns",)
    computes_outputs: ClassVar[bool] = False

    def probe(self) -> Probe:
        """Return that the tool is available."""
        return Probe(True, "noop 1")

    def plan(self, job: Job) -> Resources:
        """Return `sleep_s` as the expected time."""
        seconds = float(str(job.parameters["sleep_s"]))
        return Resources(expected_s=seconds, isolated=bool(job.parameters["isolated"]))

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Sleep, then return a metric, raise an error or kill this process; or keep a file.

        Raises:
            EvaluationError: `behaviour` is ``fail``.
            RuntimeError: `behaviour` is ``raise``; stands for a bug in a backend.
        """
        if job.parameters["sleep_s"]:
            context.progress("sleeping")
            time.sleep(float(str(job.parameters["sleep_s"])))
        match job.parameters["behaviour"]:
            case "fail":
                raise EvaluationError(FailureKind.TOOL_FAILED, "told to fail", log="log", hint="ok")
            case "raise":
                raise RuntimeError("told to raise")
            case "die":  # as a bug in compiled code would; no Python exception, no result
                os.kill(os.getpid(), signal.SIGSEGV)
        value = float(str(job.parameters["value"]))
        kept: tuple[Artifact, ...] = ()
        if job.parameters["behaviour"] == "keep":
            (context.directory / _DONE).write_text(json.dumps(dict(job.parameters)))
            kept = (Artifact("parameters", _DONE),)
        return Outcome(
            (Metric.of("latency_ns", value, Fidelity.ESTIMATE),),
            {"prepared": context.prepared.fingerprint, "copy": job.parameters["copy"]},
            kept,
        )

    def write(self, job: Job, context: Context) -> str:
        """Write the parameters to a file; the commands copy it, or fail if `behaviour` says so."""
        (context.directory / _ASKED).write_text(json.dumps(dict(job.parameters)))
        fails = job.parameters["behaviour"] == "fail"
        return "echo told to fail; exit 3\n" if fails else f"cp {_ASKED} {_DONE}\n"

    def read(self, parameters: Assignment, folder: Path) -> RunReport | None:  # noqa: ARG002
        """Return the value in the copied file, or the failure in the log."""
        if run_note(folder) is None:
            return None
        done, log = folder / _DONE, folder / "tool.log"
        file = next((path for path in (done, log) if path.exists()), None)
        if file is None:
            return None
        when = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        if file is log:
            failure = Failure(FailureKind.TOOL_FAILED, log.read_text().strip())
            return RunReport(Outcome(failure=failure), "noop 1", when)
        value = float(json.loads(done.read_text())["value"])
        metric = Metric.of("latency_ns", value, Fidelity.ESTIMATE)
        return RunReport(Outcome((metric,)), "noop 1", when)

    def find(self, root: Path) -> Iterator[Path]:
        """Return the folders with a copied file."""
        return (path.parent for path in sorted(root.rglob(_DONE)))

    def describe(self, folder: Path) -> Mapping[str, tuple[SourcedValue, ...]]:
        """Return the written parameters; empty if their file is missing."""
        asked = folder / _ASKED
        values = json.loads(asked.read_text()) if asked.exists() else {}
        return {name: (SourcedValue(value, str(asked)),) for name, value in values.items()}

    def identity(self, folder: Path) -> str:
        """Return a digest of the folder's name, as there is no design."""
        return digest(folder.name)
