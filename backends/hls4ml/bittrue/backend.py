"""Backend `bittrue`: the outputs of csim, equal in every bit, about a hundred times faster."""

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
    """Evaluation of hls4ml's ModelGraph in numpy, in the firmware's fixed-point arithmetic.

    Reuse factor and strategy only change the order of additions. The order changes the result
    only where accumulators saturate; elsewhere `canonical` keeps both out of the key, so that a
    scan over the reuse factor evaluates the accuracy once.
    """

    name: ClassVar[str] = "bittrue"
    fidelity: ClassVar[Fidelity] = Fidelity.EMULATED
    version: ClassVar[int] = 2
    parameters: ClassVar[tuple[Parameter, ...]] = (*PRECISION, *_ORDERING)
    metrics: ClassVar[tuple[str, ...]] = (OVERFLOW_SHARE.name,)
    metric_definitions: ClassVar[tuple[MetricInfo, ...]] = METRICS
    computes_outputs: ClassVar[bool] = True

    def probe(self) -> Probe:
        """Return whether hls4ml is installed; no compiler is needed."""
        return hls4ml_probe()

    def canonical(self, parameters: Assignment) -> Assignment:
        """Set reuse factor and strategy to their defaults where they cannot change a result.

        Accumulators that wrap (two's complement) give the same sum in any order; those that
        saturate do not. `layer_precision` may give single layers a type that saturates, so its
        presence keeps both parameters in the key.
        """
        if parameters["overflow"] != "WRAP" or parameters["layer_precision"]:
            return parameters
        return {**parameters, **{p.name: p.default for p in _ORDERING}}

    def plan(self, job: Job) -> Resources:  # noqa: ARG002  (all jobs are alike)
        """Return resources for a run of about a second; 0.1 s per 1,000 graphs of Fig. 1."""
        return Resources(cpus=1, memory_gb=1.0, expected_s=1.0)

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Convert the network, evaluate it on the evaluation set and score the outputs.

        Raises:
            EvaluationError: hls4ml refuses the network, or a layer has no bit-true rule.
        """
        made = converted(job, context, context.directory)
        evaluated = evaluate(made.graph, context.prepared.inputs)
        scores = context.workload.score(context.prepared, evaluated.outputs, self.fidelity)
        share = OVERFLOW_SHARE.metric(evaluated.lost_share, self.fidelity)
        curve = context.roc(evaluated.outputs)
        resolved = effective(made, hardware=False)
        return Outcome((*scores, share), {**resolved, "overflows": _overflows(evaluated), **curve})


def _overflows(evaluated: Evaluated) -> dict[str, Value]:
    """Return casts and lost values of every layer that lost any, by layer name."""
    return {
        name: {"casts": counter.casts, **counter.lost}
        for name, counter in evaluated.counters.items()
        if counter.lost
    }
