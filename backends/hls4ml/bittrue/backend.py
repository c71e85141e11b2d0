"""Backend `bittrue`: what csim would give, to the last bit, about a hundred times faster."""

from typing import ClassVar

from backends.hls4ml.bittrue.metrics import METRICS, OVERFLOW_SHARE
from backends.modelgraph.effective import effective
from backends.modelgraph.evaluate import Evaluated, evaluate
from backends.modelgraph.job_graph import converted, hls4ml_probe
from backends.modelgraph.settings import HARDWARE, PRECISION
from dse.contracts.backend import Backend, Context, Job, Outcome, Probe, Resources
from dse.contracts.metrics import Fidelity, MetricInfo
from dse.contracts.parameters import Assignment, Parameter, Value

_ORDERING = tuple(p for p in HARDWARE if p.name in {"reuse_factor", "strategy"})


class BittrueBackend(Backend):
    """Walks hls4ml's ModelGraph in numpy, in the firmware's fixed-point arithmetic.

    Reuse factor and strategy only change the order of additions, which matters where
    accumulators saturate; elsewhere they do not enter the key, so that a scan over the
    reuse factor evaluates accuracy once.
    """

    name: ClassVar[str] = "bittrue"
    fidelity: ClassVar[Fidelity] = Fidelity.EMULATED
    version: ClassVar[int] = 2
    parameters: ClassVar[tuple[Parameter, ...]] = (*PRECISION, *_ORDERING)
    metrics: ClassVar[tuple[str, ...]] = (OVERFLOW_SHARE.name,)
    metric_definitions: ClassVar[tuple[MetricInfo, ...]] = METRICS
    computes_outputs: ClassVar[bool] = True

    def probe(self) -> Probe:
        """Needs hls4ml alone."""
        return hls4ml_probe()

    def canonical(self, parameters: Assignment) -> Assignment:
        """Without saturation the order of additions does not matter."""
        if parameters["overflow"] != "WRAP" or parameters["layer_precision"]:
            return parameters
        return {**parameters, **{p.name: p.default for p in _ORDERING}}

    def plan(self, job: Job) -> Resources:  # noqa: ARG002  (all jobs are alike)
        """Well under a second per thousand graphs."""
        return Resources(cpus=1, memory_gb=1.0, expected_s=1.0)

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Convert, walk, score."""
        graph, settings, warnings = converted(job, context, context.directory)
        evaluated = evaluate(graph, context.prepared.inputs)
        scores = context.workload.score(context.prepared, evaluated.outputs, self.fidelity)
        share = OVERFLOW_SHARE.metric(evaluated.lost_share, self.fidelity)
        curve = context.roc(evaluated.outputs)
        resolved = effective(graph, settings, hardware=False, warnings=warnings)
        return Outcome((*scores, share), {**resolved, "overflows": _overflows(evaluated), **curve})


def _overflows(evaluated: Evaluated) -> dict[str, Value]:
    return {
        name: {"casts": counter.casts, **counter.lost}
        for name, counter in evaluated.counters.items()
        if counter.lost
    }
