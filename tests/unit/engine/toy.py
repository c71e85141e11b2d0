"""A made-up workload and backends."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from dse.contracts.backend import Backend, Job, Outcome, Probe, Resources
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity, Metric
from dse.contracts.parameters import Assignment, Parameter
from dse.contracts.registry import Registry
from dse.contracts.workload import Prepared, Workload


class ToyWorkload(Workload):
    """Prepares nothing."""

    name: ClassVar[str] = "toy"
    version: ClassVar[int] = 1
    parameters: ClassVar[tuple[Parameter, ...]] = (Parameter("size", int, 1, "size"),)

    def fingerprint(self, parameters: Assignment) -> str:
        return f"toy-{parameters['size']}"

    def prepare(self, parameters: Any, directory: Path, progress: Any) -> Prepared:
        raise NotImplementedError

    def score(self, prepared: Any, outputs: Any, fidelity: Any) -> tuple[Metric, ...]:
        return ()


class SquareBackend(Backend):
    """Latency is bits squared; 13 fails for good, 7 fails once for want of a licence."""

    name: ClassVar[str] = "square"
    fidelity: ClassVar[Fidelity] = Fidelity.ESTIMATE
    version: ClassVar[int] = 1
    parameters: ClassVar[tuple[Parameter, ...]] = (Parameter("bits", int, 4, "bits", minimum=1),)
    metrics: ClassVar[tuple[str, ...]] = ("latency_ns",)
    computes_outputs: ClassVar[bool] = False
    calls: ClassVar[list[int]] = []
    hook: ClassVar[Callable[[int], None] | None] = None

    def probe(self) -> Probe:
        return Probe(True, "square 1.0")

    def check(self, parameters: Assignment) -> None:
        if parameters["bits"] == 99:
            raise ValueError("bits = 99 cannot be built")

    def plan(self, job: Job) -> Resources:
        return Resources()

    def evaluate(self, job: Job, context: Any) -> Outcome:
        bits = int(str(job.parameters["bits"]))
        type(self).calls.append(bits)
        if type(self).hook is not None:
            type(self).hook(bits)
        if bits == 13:
            raise EvaluationError(FailureKind.TOOL_FAILED, "thirteen", log="the log", hint="12")
        if bits == 7 and self.calls.count(7) == 1:
            raise EvaluationError(FailureKind.LICENCE, "no licence")
        replicas = np.arange(3.0) + bits
        return Outcome((Metric.of("latency_ns", bits**2, Fidelity.ESTIMATE, replicas=replicas),))


class WideBackend(SquareBackend):
    """Reads another parameter."""

    name: ClassVar[str] = "wide"
    parameters: ClassVar[tuple[Parameter, ...]] = (Parameter("width", int, 4, "width"),)
    metrics: ClassVar[tuple[str, ...]] = ("lut",)
    calls: ClassVar[list[int]] = []

    def check(self, parameters: Assignment) -> None:
        """Everything is legal."""

    def evaluate(self, job: Job, context: Any) -> Outcome:
        self.calls.append(int(str(job.parameters["width"])))
        return Outcome((Metric.of("lut", float(self.calls[-1]), Fidelity.ESTIMATE),))


class TokenBackend(WideBackend):
    """Wide again, closer to the design, and every call takes half an hour of a licence."""

    name: ClassVar[str] = "token"
    fidelity: ClassVar[Fidelity] = Fidelity.CSYNTH
    calls: ClassVar[list[int]] = []

    def plan(self, job: Job) -> Resources:
        return Resources(licences={"toy": 2})

    def evaluate(self, job: Job, context: Any) -> Outcome:
        self.calls.append(int(str(job.parameters["width"])))
        return Outcome((Metric.of("lut", self.calls[-1] + 0.5, Fidelity.CSYNTH),))


REGISTRY = Registry(
    {
        "square": lambda: SquareBackend,
        "wide": lambda: WideBackend,
        "token": lambda: TokenBackend,
    },
    {"toy": lambda: ToyWorkload},
)
