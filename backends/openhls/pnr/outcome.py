"""What an evaluation says about a network in the cells of a family, counted or routed."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from backends.modelgraph.fpga_resources import hardware_metrics
from backends.modelgraph.rtl.circuit import Circuit
from backends.openhls.pnr import flow, results
from backends.openhls.pnr.family import Target
from backends.openhls.pnr.netlist import routed_verilog
from backends.openhls.pnr.route import LOG, REPORT, ROUTED
from backends.openhls.pnr.synthesis import Mapped
from backends.openhls.simulate import Simulated
from dse.contracts.backend import Context, Job
from dse.contracts.metrics import Fidelity, Metric
from dse.contracts.parameters import Value

_GATES = "routed"
"""Folder of the simulation of the routed netlist."""

Built = tuple[tuple[Metric, ...], dict[str, Value]]
"""Metrics, and what goes into the effective configuration."""


@dataclass(frozen=True)
class Design:
    """A network's circuit with its simulation.

    Args:
        circuit: the circuit.
        text: its Verilog.
        inputs: samples by input.
        simulated: what the simulation of the Verilog gave, equal to `bittrue`.
    """

    circuit: Circuit
    text: str
    inputs: Mapping[str, NDArray[Any]]
    simulated: Simulated


def outcome(
    design: Design, target: Target, job: Job, context: Context, lap: Callable[[str], None]
) -> Built:
    """Map a network; with ``stage: pnr`` place and route it, and simulate what was routed.

    Args:
        design: the network.
        target: the device.
        job: supplies stage, seeds and clock.
        context: supplies folder and cache.
        lap: is told the name of each phase at its end.

    Raises:
        EvaluationError: a tool failed, the design does not fit, or the routed netlist does not
            compute what `bittrue` does.
    """
    context.progress("synthesis")
    mapped = flow.mapped(design.circuit, design.text, target, context.cache)
    lap("synthesis")
    if job.parameters["stage"] == "synth":
        return _mapped(design, mapped, job)
    return _routed(design, mapped, target, job, context, lap)


def _mapped(design: Design, mapped: Mapped, job: Job) -> Built:
    cycles = design.simulated.latency_cycles, design.simulated.interval_cycles
    metrics = hardware_metrics(*cycles, {}, job.parameters, Fidelity.RTL)
    return (*metrics, *results.counted(mapped.counts, Fidelity.RTL)), {"clock": "requested"}


def _routed(
    design: Design,
    mapped: Mapped,
    target: Target,
    job: Job,
    context: Context,
    lap: Callable[[str], None],
) -> Built:
    clock = float(str(job.parameters["clock_period_ns"]))
    seeds = int(str(job.parameters["seeds"]))
    made = flow.implement(mapped, target, clock, seeds, context.cache, context.progress)
    lap("place_and_route")
    context.progress("simulation of the routed netlist")
    folder = context.directory / _GATES
    latency = flow.check_routed(
        routed_verilog(made.best.folder / ROUTED, mapped.ports, target.family),
        design.circuit, design.inputs, design.simulated.every, folder, context.cache,
    )  # fmt: skip
    shutil.rmtree(folder)  # large, and made again from the netlist of the seed
    for file in (REPORT, LOG):
        shutil.copy(made.best.folder / file, context.directory / file)
    lap("routed_simulation")
    metrics = results.metrics(made, latency, design.simulated.interval_cycles, clock)
    return metrics, results.described(made, mapped.counts)
