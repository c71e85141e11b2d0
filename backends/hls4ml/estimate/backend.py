"""Backend `estimate`: latency and resources by formula, in milliseconds."""

from dataclasses import asdict
from typing import ClassVar

from backends.hls4ml.estimate.network_cost import layer_costs, total
from backends.modelgraph.cost import Cost
from backends.modelgraph.effective import effective
from backends.modelgraph.fpga_resources import COUNTS, CYCLES, TARGET, hardware_metrics
from backends.modelgraph.job_graph import converted, hls4ml_probe
from backends.modelgraph.settings import HARDWARE, PRECISION
from dse.contracts.backend import Backend, Context, Job, Outcome, Probe, Resources
from dse.contracts.metrics import Fidelity
from dse.contracts.parameters import Parameter, Value


class EstimateBackend(Backend):
    """Latency and resources by the formulas of `backends.modelgraph.cost`; no outputs."""

    name: ClassVar[str] = "estimate"
    fidelity: ClassVar[Fidelity] = Fidelity.ESTIMATE
    version: ClassVar[int] = 6
    parameters: ClassVar[tuple[Parameter, ...]] = (
        *PRECISION,
        *HARDWARE,
        *TARGET,
    )
    metrics: ClassVar[tuple[str, ...]] = (
        *CYCLES,
        *COUNTS,
    )
    computes_outputs: ClassVar[bool] = False

    def probe(self) -> Probe:
        """Return whether hls4ml is installed; no tool is needed."""
        return hls4ml_probe()

    def plan(self, job: Job) -> Resources:  # noqa: ARG002  (all jobs are alike)
        """Return resources for a fraction of a second of conversion and counting."""
        return Resources(cpus=1, memory_gb=0.5, expected_s=0.2)

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Convert the network, sum the costs of its layers, and store them by layer.

        Raises:
            EvaluationError: hls4ml refuses the network, or a layer has no cost rule.
        """
        made = converted(job, context, context.directory)
        costs = layer_costs(made.graph)
        cost = total(made.graph, costs)
        used = {name: round(getattr(cost, name)) for name in COUNTS}
        metrics = hardware_metrics(cost.depth, cost.interval, used, job.parameters, self.fidelity)
        # own_circuit: the formulas count with reuse factors limited to the products of a layer.
        resolved = effective(made, hardware=True, own_circuit=True)
        by_layer: dict[str, Value] = {
            name: asdict(cost) for name, cost in costs.items() if cost != Cost()
        }
        return Outcome(metrics, {**resolved, "clock": "requested", "costs": by_layer})
