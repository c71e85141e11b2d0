"""Backend `bittrue`: the outputs of csim, equal in every bit, about a hundred times faster."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import ClassVar

from backends.hls4ml.bittrue.metrics import METRICS, OVERFLOW_SHARE
from backends.modelgraph.adder_graph import STRATEGY
from backends.modelgraph.declared_types import TYPES
from backends.modelgraph.effective import effective
from backends.modelgraph.evaluate import Evaluated, evaluate
from backends.modelgraph.extraction import read_here
from backends.modelgraph.inspection import refusal, summaries, walk_values
from backends.modelgraph.job_graph import Converted, converted, hls4ml_probe, network_of
from backends.modelgraph.layer_settings import without_ordering
from backends.modelgraph.names import own_name_of
from backends.modelgraph.ranges import fitting_type, profiled_inputs, ranges_of
from backends.modelgraph.settings import HARDWARE, IO_TYPE, PRECISION, Settings
from dse.analysis.coarse_tables import coarse_layers
from dse.contracts.backend import Context, Job, Outcome, Probe, Resources
from dse.contracts.inspection import InspectingBackend, LayerSummary
from dse.contracts.metrics import Fidelity, MetricInfo
from dse.contracts.parameters import Assignment, Parameter, Value
from dse.contracts.tensors import TensorType
from dse.contracts.workload import Prepared

_ORDERING = tuple(p for p in HARDWARE if p.name in {"reuse_factor", "strategy"})


class BittrueBackend(InspectingBackend):
    """Evaluation of hls4ml's ModelGraph in numpy, in the firmware's fixed-point arithmetic.

    Reuse factor and strategy only change the order of additions. The order changes the result
    only where accumulators saturate; elsewhere `canonical` keeps both out of the key, so that a
    scan over the reuse factor evaluates the accuracy once.
    """

    name: ClassVar[str] = "bittrue"
    fidelity: ClassVar[Fidelity] = Fidelity.EMULATED
    version: ClassVar[int] = 4
    parameters: ClassVar[tuple[Parameter, ...]] = (*PRECISION, IO_TYPE, *_ORDERING)
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
        presence keeps both parameters in the key. Distributed arithmetic has no accumulators.
        """
        if parameters["overflow"] != "WRAP" or parameters["layer_precision"]:
            return parameters
        if parameters["strategy"] == STRATEGY:
            return parameters
        layers = parameters["layers"]
        assert isinstance(layers, dict)  # noqa: S101  (its declaration says so)
        defaults = {p.name: p.default for p in _ORDERING}
        return {**parameters, **defaults, "layers": without_ordering(layers)}

    def refusal(self, job: Job, context: Context) -> str:
        """Return why a network has no bit-true value: two samples are evaluated."""
        return refusal(job, context, lambda made: walk_values(context, made))

    def layers(self, job: Job, context: Context) -> list[LayerSummary]:
        """Return the layers of a network; raises EvaluationError where it cannot be converted."""
        return summaries(job, context)

    def read_network(self, prepared: Prepared, cache: Path) -> None:
        """Keep the layer list."""
        read_here(prepared, cache)

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
        told = {"overflows": _overflows(made, evaluated), "coarse_tables": _coarse(evaluated)}
        return Outcome((*scores, share), {**resolved, **told, **curve})

    def tensor_types(self, job: Job, context: Context) -> list[TensorType]:
        """Return the ranges of all tensors on the evaluation set, and types that hold them.

        Raises:
            EvaluationError: a layer has no bit-true rule.
        """
        settings = Settings.of(job.parameters)
        ranges = ranges_of(network_of(context), context.prepared, context.cache)
        return [
            TensorType(r.own_name, r.kind, r.low, r.high, fitting_type(r, settings)) for r in ranges
        ]

    def type_warnings(self, job: Job, context: Context) -> Sequence[str]:
        """Return the tables that are too coarse with the proposed types too.

        Raises:
            EvaluationError: a layer has no bit-true rule.
        """
        proposed = replace(job, parameters={**job.parameters, "precision": "profiled"})
        made = converted(proposed, context, context.directory)
        evaluated = evaluate(made.graph, profiled_inputs(context.prepared))
        found = coarse_layers({"coarse_tables": _coarse(evaluated)})
        return [f"{one} with these types too: a larger table_size mends it" for one in found]


def _overflows(made: Converted, evaluated: Evaluated) -> dict[str, Value]:
    """Return casts and lost values of every layer that lost any, by layer name.

    A quantiser of the network saturates because it was trained to; that is no loss.
    """
    trained = {
        own_name_of(layer) for layer in made.network.layers if "result" in (layer.get(TYPES) or {})
    }
    found: dict[str, Value] = {}
    for name, counter in evaluated.counters.items():
        lost = {k: n for k, n in counter.lost.items() if k == "wrapped" or name not in trained}
        if lost:
            found[name] = {"casts": counter.casts, **lost}
    return found


def _coarse(evaluated: Evaluated) -> dict[str, Value]:
    """Return tables too coarse for the values that were looked up, by layer and function."""
    return {
        name: {function: asdict(table) for function, table in counter.coarse.items()}
        for name, counter in evaluated.counters.items()
        if counter.coarse
    }
