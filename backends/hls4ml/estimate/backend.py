"""Backend `estimate`: latency and resources by formula, or as a vendor's tool would report them."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar

from backends.hls4ml.estimate.network_cost import layer_costs, total
from backends.hls4ml.estimate.stream_cost import stream_cost
from backends.hls4ml.estimate.vendor_outcome import (
    AUTO,
    OPEN,
    VENDOR,
    of_vendor,
    predicted,
    resolved_tool,
    target_of,
    why_not_default,
)
from backends.modelgraph.adder_graph import with_solver
from backends.modelgraph.cost import Cost, look_up_tables, multipliers
from backends.modelgraph.effective import effective
from backends.modelgraph.extraction import read_here
from backends.modelgraph.fpga_resources import COUNTS, CYCLES, TARGET, hardware_metrics
from backends.modelgraph.inspection import refusal
from backends.modelgraph.job_graph import Converted, converted, hls4ml_probe
from backends.modelgraph.part_names import look_up_inputs
from backends.modelgraph.rtl.stream.schedule import Edge
from backends.modelgraph.settings import HARDWARE, PRECISION
from backends.modelgraph.slice_rules import MULTIPLIERS, slice_rule
from backends.modelgraph.stream_plan import fifo_depths, with_depths
from backends.modelgraph.vendor_hls.stages import CSYNTH
from dse.contracts.backend import Backend, Context, Job, Outcome, Probe, Resources
from dse.contracts.metrics import Fidelity
from dse.contracts.parameters import Assignment, Parameter, Value
from dse.contracts.workload import Prepared


class EstimateBackend(Backend):
    """Latency and resources of the network in a circuit of dse, or in a vendor's report.

    With ``tool: open``, and where nothing better is known, by the formulas of
    `backends.modelgraph.cost`, with the fidelity `estimate`; else by the rules of
    `backends.modelgraph.vendor_hls`, with the fidelity `predicted`. No outputs.
    """

    name: ClassVar[str] = "estimate"
    fidelity: ClassVar[Fidelity] = Fidelity.ESTIMATE
    version: ClassVar[int] = 16
    parameters: ClassVar[tuple[Parameter, ...]] = (
        *PRECISION,
        *HARDWARE,
        *TARGET,
        MULTIPLIERS,
        *VENDOR,
    )
    metrics: ClassVar[tuple[str, ...]] = (
        *CYCLES,
        *COUNTS,
    )
    computes_outputs: ClassVar[bool] = False
    immediate: ClassVar[bool] = True

    def probe(self) -> Probe:
        """Return whether hls4ml is installed; no tool is needed."""
        return hls4ml_probe()

    def refusal(self, job: Job, context: Context) -> str:
        """Return why the costs of a network are not known: they are counted."""
        return refusal(job, context, _costs)

    def canonical(self, parameters: Assignment) -> Assignment:
        """Set to its default what has no meaning for the tool."""
        target = target_of(parameters)
        given = {**parameters, "tool": resolved_tool(parameters)}
        if target is None or parameters["tool"] == AUTO:  # which falls back to the formulas
            given["multipliers"] = slice_rule(parameters)
        else:
            given["multipliers"] = MULTIPLIERS.default
        if target is None:
            return {**given, "multiplier_impl": "dsp", "predicted_stage": CSYNTH, "calibration": {}}
        return {**given, "multiplier_impl": target.multipliers}

    def tools_used(self, tool: str, parameters: Assignment) -> str:
        """Return the tools, with da4ml where additions replace multipliers."""
        return with_solver(tool, parameters)

    def read_network(self, prepared: Prepared, cache: Path) -> None:
        """Keep the layer list."""
        read_here(prepared, cache)

    def plan(self, job: Job) -> Resources:  # noqa: ARG002  (all jobs are alike)
        """Return resources for a fraction of a second of conversion and counting."""
        return Resources(cpus=1, memory_gb=0.5, expected_s=0.2)

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Convert the network, sum what its layers take, and store that by layer.

        Raises:
            EvaluationError: hls4ml refuses the network, a layer has no cost rule, or nothing of
                the network is known of the vendor's tool.
        """
        target = target_of(job.parameters)
        if target is None:
            return self._open(converted(job, context, context.directory), job)
        made = converted(job, context, context.directory, target.tool.hls4ml)
        prediction = predicted(made, target, job.parameters)
        reason = why_not_default(prediction) if job.parameters["tool"] == AUTO else ""
        if reason:
            why = f"tool: auto takes open, because {target.tool.name} has no number: {reason}"
            return self._open(made._replace(warnings=(*made.warnings, why)), job)
        return of_vendor(made, prediction, job.parameters)

    def _open(self, made: Converted, job: Job) -> Outcome:
        inputs = look_up_inputs(job.parameters["part"])
        with multipliers(slice_rule(job.parameters)), look_up_tables(inputs):
            costs, cost, depths = _costs(made)
        used = {name: round(getattr(cost, name)) for name in COUNTS}
        metrics = hardware_metrics(cost.depth, cost.interval, used, job.parameters, self.fidelity)
        # own_circuit: the formulas count with reuse factors limited to the products of a layer.
        resolved = effective(made, hardware=True, own_circuit=True)
        by_layer = {name: asdict(cost) for name, cost in costs.items() if cost != Cost()}
        built: dict[str, Value] = {"costs": with_depths(by_layer, depths)}
        if depths:
            built["fifo_depth"] = fifo_depths(made.graph, depths)
        return Outcome(metrics, {**resolved, "clock": "requested", "tool": OPEN, **built})


def _costs(made: Converted) -> tuple[dict[str, Cost], Cost, Mapping[Edge, int]]:
    """Return the costs by layer, that of the network, and the depths of a stream's FIFOs."""
    if made.settings.io_type == "io_stream":
        found = stream_cost(made.graph)
        return (
            found.layers,
            found.total,
            found.times.depths,
        )
    costs = layer_costs(made.graph)
    return costs, total(made.graph, costs), {}
