"""The backend contract: an adapter that turns (point, workload) into metrics with one tool."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dse.contracts.errors import Failure
from dse.contracts.metrics import Fidelity, Metric, MetricInfo
from dse.contracts.parameters import Assignment, Parameter, Value
from dse.contracts.workload import Prepared, Workload


@dataclass(frozen=True)
class Probe:
    """Result of `Backend.probe`: whether a backend can run on this machine.

    Args:
        available: whether it can run.
        tool: the tool behind it and its version, such as ``hls4ml 1.3.0, g++ 12.2``;
            part of every evaluation key and of the provenance.
        reason: what is missing; empty if available.
        install: how to install what is missing; empty if available.
        origins: where the tools were found, such as ``/usr/bin/yosys``; shown by `dse doctor`, and
            part of no key.
    """

    available: bool
    tool: str
    reason: str = ""
    install: str = ""
    origins: str = ""


@dataclass(frozen=True, kw_only=True)
class Resources:
    """Resources that one evaluation needs, and its limits.

    Args:
        cpus: CPU cores that the scheduler reserves.
        memory_gb: expected peak memory, which the scheduler reserves; not enforced.
        licences: licence tokens by name, such as ``{"vivado": 1}``.
        time_limit_s: the evaluation is ended after this time; None for no limit.
        memory_limit_gb: the evaluation is ended when its processes hold more resident memory;
            None for no limit.
        expected_s: typical run time, for plans, progress and the size of batches.
        isolated: whether to run in a separate process, which is ended with all its children on
            a time-out; set by adapters that load TensorFlow or compiled code, or run long tools.
    """

    cpus: float = 1.0
    memory_gb: float = 0.5
    licences: Mapping[str, int] = field(default_factory=dict)
    time_limit_s: float | None = None
    memory_limit_gb: float | None = None
    expected_s: float = 0.01
    isolated: bool = False


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a tool will build a design, told before hours are spent on it.

    Args:
        builds: False where it will not; None where it may not.
        reason: why, with the attempts that the verdict rests on; empty where it will.
        override: parameter with which the backend tries all the same; empty where it tries anyway.
    """

    builds: bool | None
    reason: str
    override: str = ""


@dataclass(frozen=True, kw_only=True)
class Job:
    """Input of one evaluation: a backend, the parameters it reads, and the workload.

    Args:
        key: SHA-256 over everything that determines the result.
        backend: registered name of the backend.
        parameters: every parameter the backend reads, defaults filled in.
        workload: registered name of the workload.
        workload_parameters: every parameter the workload reads, defaults filled in.
        fingerprint: the workload's fingerprint for `workload_parameters`.
        base: folder that relative paths in parameters refer to.
    """

    key: str
    backend: str
    parameters: Assignment
    workload: str
    workload_parameters: Assignment
    fingerprint: str
    base: Path


def _no_progress(text: str) -> None:
    """Ignore a progress message."""


@dataclass(frozen=True)
class Context:
    """Inputs and services that a backend gets besides the job.

    Args:
        prepared: the trained network and its evaluation set.
        workload: the workload, to score model outputs.
        cache: folder for intermediate results that other evaluations can reuse, keyed by content.
        folder: path of this evaluation's own folder; use `directory`, which creates it.
        progress: reports the current step, such as ``csynth``, for progress displays.
    """

    prepared: Prepared
    workload: Workload
    cache: Path
    folder: Path
    progress: Callable[[str], None] = field(default=_no_progress, compare=False)

    @property
    def directory(self) -> Path:
        """The evaluation's own folder, created at the first access.

        The engine keeps it if one of the outcome's artifacts lies in it, and removes it otherwise.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder

    def roc(self, outputs: NDArray[np.floating]) -> dict[str, Value]:
        """Return the ROC curve of model outputs, to be merged into `Outcome.effective`.

        Args:
            outputs: shape (samples, …) as the network gives them.

        Returns:
            ``{"roc": [false positive rates, true positive rates]}``; empty where the workload's
            figure of merit has no ROC curve.
        """
        curve = self.workload.roc(self.prepared, outputs)
        return {"roc": [list(rates) for rates in curve]} if curve else {}


@dataclass(frozen=True)
class Artifact:
    """A file kept from an evaluation: its role, and its path relative to `Context.directory`."""

    role: str
    path: str


@dataclass(frozen=True)
class Outcome:
    """Result of one evaluation: metrics or a typed failure, never both.

    Args:
        metrics: the numbers; empty if the evaluation failed.
        effective: the configuration that the tool really built, as JSON; `{"layers": {name:
            {...}}}` where there are layers, with the same keys under "requested" to compare with,
            and `{"warnings": [...]}`, one line each, where the tool gave warnings.
        artifacts: files to keep.
        failure: why there are no metrics; None if there are.

    Raises:
        ValueError: both or neither of metrics and failure are given.
    """

    metrics: tuple[Metric, ...] = ()
    effective: Mapping[str, Value] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    failure: Failure | None = None

    def __post_init__(self) -> None:
        if bool(self.metrics) == (self.failure is not None):
            raise ValueError("an outcome has either metrics or a failure")


class Backend(ABC):
    """Adapter for one tool.

    Each process creates its own instances; they hold no state that changes results.
    `dse.testing.BackendSuite` tests an implementation.
    """

    name: ClassVar[str]
    fidelity: ClassVar[Fidelity]
    version: ClassVar[int]
    """Version of the adapter. It is part of the evaluation key: raise it whenever the same job
    would give another result, so that stored results are not used again."""

    parameters: ClassVar[tuple[Parameter, ...]]
    """Every parameter the backend reads. Only these enter the evaluation key."""

    metrics: ClassVar[tuple[str, ...]]
    """Names of the metrics it can give, besides the workload's figures of merit."""

    metric_definitions: ClassVar[tuple[MetricInfo, ...]] = ()
    """Definitions of those metrics that `dse.contracts.metrics.CATALOGUE` lacks. An entry point of
    the group ``dse.metrics`` names them too, so that they are known without importing the class."""

    computes_outputs: ClassVar[bool]
    """Whether it computes the network's outputs, so that the workload can score them."""

    immediate: ClassVar[bool] = False
    """Whether its metrics follow within a fraction of a second from the network and the
    configuration, without a tool or data: a search may then ask for those of every design before
    it chooses which to evaluate."""

    @abstractmethod
    def probe(self) -> Probe:
        """Return whether the tool is available and its version, or how to install it.

        Must be fast: `dse plan` and `dse doctor` call it for every backend.
        """

    def check(self, parameters: Assignment) -> None:  # noqa: B027  (nothing to refuse)
        """Check combinations of parameters before anything runs; the default accepts all.

        Raises:
            ValueError: the combination cannot work; the text says why and what is legal.
        """

    def tools_used(self, tool: str, parameters: Assignment) -> str:  # noqa: ARG002  (for overriding)
        """Return those tools of `Probe.tool` that a job with these parameters uses.

        They are part of its key and of its provenance. A tool that it does not use must not be:
        installing it would make stored results look old. By default, return all.

        Args:
            tool: what `probe` found, on this machine.
            parameters: canonical.
        """
        return tool

    def canonical(self, parameters: Assignment) -> Assignment:
        """Return the parameters, with those that cannot affect this result set to their defaults.

        Points that need the same work then share one evaluation key. By default, return the
        parameters unchanged.
        """
        return parameters

    def refusal(self, job: Job, context: Context) -> str:  # noqa: ARG002  (for overriding)
        """Return why the network of a job cannot be evaluated; empty where nothing is known.

        For advice before a study runs: takes seconds at most and starts no tool.
        """
        return ""

    def read_network(self, prepared: Prepared, cache: Path) -> None:  # noqa: B027  (for overriding)
        """Keep in the cache what evaluations read of a network, right after it was prepared.

        The process that prepared it has loaded its framework, which takes others seconds. By
        default, do nothing.

        Args:
            prepared: the network.
            cache: folder of results that evaluations share.
        """

    @abstractmethod
    def plan(self, job: Job) -> Resources:
        """Return the resources and the expected time of one job; fast and without side effects."""

    def verdict(
        self,
        job: Job,  # noqa: ARG002  (for overriding)
        prepared: Prepared,  # noqa: ARG002
        cache: Path,  # noqa: ARG002
    ) -> Verdict | None:
        """Return whether the tool will build a job; fast and without side effects.

        By default, return None: nothing is known.

        Args:
            job: the job.
            prepared: its network, which is in the cache.
            cache: folder of results that evaluations share; what it lacks is not made here.
        """
        return None

    @abstractmethod
    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Run the tool for one job and return its metrics.

        Raises:
            dse.contracts.errors.EvaluationError: the evaluation failed for a known reason. Other
                errors of `dse.contracts.errors` are stored as ``invalid_point``, and any other
                exception as ``crashed``.
        """
