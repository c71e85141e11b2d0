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
    """Whether a backend can run here.

    Args:
        available: whether it can.
        tool: the tool behind it and its version, such as ``hls4ml 1.3.0, g++ 12.2``;
            part of every evaluation key and of the provenance.
        reason: what is missing.
        install: how to get it.
    """

    available: bool
    tool: str
    reason: str = ""
    install: str = ""


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What one evaluation needs.

    Args:
        cpus: cores.
        memory_gb: peak memory.
        licences: licence tokens by name, such as ``{"vivado": 1}``.
        time_limit_s: the evaluation is ended after this time; None for no limit.
        memory_limit_gb: the evaluation is ended when its processes hold more; None for no limit.
        expected_s: typical time, for plans and progress.
        isolated: run in a process of its own, ended as a whole group on a time-out;
            for adapters that load TensorFlow, compiled code or long tools.
    """

    cpus: float = 1.0
    memory_gb: float = 0.5
    licences: Mapping[str, int] = field(default_factory=dict)
    time_limit_s: float | None = None
    memory_limit_gb: float | None = None
    expected_s: float = 0.01
    isolated: bool = False


@dataclass(frozen=True, kw_only=True)
class Job:
    """One evaluation to do: a backend, the parameters it reads, and the workload.

    Args:
        key: SHA-256 over all that determines the result.
        backend: registered name of the backend.
        parameters: every parameter the backend reads, defaults filled in.
        workload: registered name of the workload.
        workload_parameters: every parameter the workload reads, defaults filled in.
        fingerprint: the workload's fingerprint for these.
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
    """Discard progress."""


@dataclass(frozen=True)
class Context:
    """What a backend gets besides the job.

    Args:
        prepared: the trained network and evaluation set.
        workload: scores outputs.
        cache: folder for things other evaluations can use again, keyed by content.
        folder: of this evaluation alone; see `directory`.
        progress: reports the current step, such as ``csynth``, for progress displays.
    """

    prepared: Prepared
    workload: Workload
    cache: Path
    folder: Path
    progress: Callable[[str], None] = field(default=_no_progress, compare=False)

    @property
    def directory(self) -> Path:
        """The evaluation's own folder, made when first asked for.

        It is kept if one of the outcome's artifacts lies in it, else removed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder

    def roc(self, outputs: NDArray[np.floating]) -> dict[str, Value]:
        """The ROC curve of model outputs as part of the effective configuration, or nothing."""
        curve = self.workload.roc(self.prepared, outputs)
        return {"roc": [list(rates) for rates in curve]} if curve else {}


@dataclass(frozen=True)
class Artifact:
    """A file an evaluation left: its role and its path relative to the evaluation's folder."""

    role: str
    path: str


@dataclass(frozen=True)
class Outcome:
    """What one evaluation gave: metrics, or a typed failure, never both.

    Args:
        metrics: the numbers.
        effective: what the tool really built, as JSON; `{"layers": {name: {...}}}` where
            there are layers, with the same keys under "requested" to compare with, and
            `{"warnings": [...]}`, a line each, where the tool warned about something.
        artifacts: files kept.
        failure: why there are no metrics.
    """

    metrics: tuple[Metric, ...] = ()
    effective: Mapping[str, Value] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    failure: Failure | None = None

    def __post_init__(self) -> None:
        if bool(self.metrics) == (self.failure is not None):
            raise ValueError("an outcome has either metrics or a failure")


class Backend(ABC):
    """An adapter for one tool.

    Instances are created per process, hold no state that changes results, and are held
    to `dse.testing.BackendSuite`.
    """

    name: ClassVar[str]
    fidelity: ClassVar[Fidelity]
    version: ClassVar[int]
    """Version of the adapter: raised whenever the same job would give another result."""

    parameters: ClassVar[tuple[Parameter, ...]]
    """Every parameter the backend reads. Only these enter the evaluation key."""

    metrics: ClassVar[tuple[str, ...]]
    """Names of the metrics it can give, besides the workload's figures of merit."""

    metric_definitions: ClassVar[tuple[MetricInfo, ...]] = ()
    """Definitions of those that `dse.contracts.metrics.CATALOGUE` lacks. An entry point of the
    group ``dse.metrics`` names them too, so that they are known without importing the class."""

    computes_outputs: ClassVar[bool]
    """Whether it computes outputs, so that the workload's figures of merit come with it."""

    @abstractmethod
    def probe(self) -> Probe:
        """Say whether the tool is here, its version, or how to install it. Fast."""

    def check(self, parameters: Assignment) -> None:  # noqa: B027  (nothing to refuse)
        """Refuse combinations of parameters that cannot work, before anything runs.

        Raises:
            ValueError: with what is wrong and what is legal.
        """

    def canonical(self, parameters: Assignment) -> Assignment:
        """Parameters with those that cannot change this result set to their defaults.

        Equal work then has an equal key. The default changes nothing.
        """
        return parameters

    @abstractmethod
    def plan(self, job: Job) -> Resources:
        """Resources and expected time of one job. Fast and free of side effects."""

    @abstractmethod
    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Do the work.

        Raises:
            dse.contracts.errors.EvaluationError: the evaluation failed for a known reason.
        """
