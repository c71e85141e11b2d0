"""Backend `open`: Verilog, simulated and counted by Yosys, without a vendor tool."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar

from hls4ml.model import ModelGraph
from numpy.typing import NDArray

from backends.modelgraph.adder_graph import with_solver
from backends.modelgraph.effective import effective
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.extraction import read_here
from backends.modelgraph.fpga_resources import COUNTS, CYCLES, TARGET, hardware_metrics
from backends.modelgraph.inspection import refusal, walk_rules
from backends.modelgraph.job_graph import Converted, converted, hls4ml_probe
from backends.modelgraph.rtl.circuit import Circuit
from backends.modelgraph.rtl.pipeline import DSP48E1
from backends.modelgraph.rtl.stream.circuit import StreamCircuit
from backends.modelgraph.rtl.stream.schedule import Edge
from backends.modelgraph.settings import HARDWARE, PRECISION
from backends.modelgraph.slice_rules import MULTIPLIERS, slice_rule
from backends.modelgraph.stream_plan import fifo_depths, with_depths
from backends.openhls import simulate, toolchain, yosys
from backends.openhls.board.boards import BOARDS
from backends.openhls.lower import lower
from backends.openhls.metrics import METRICS
from backends.openhls.pnr import timing
from backends.openhls.pnr.families import named_target, target_of
from backends.openhls.pnr.family import Target
from backends.openhls.pnr.outcome import Built, Design, outcome
from backends.openhls.pnr.results import left_out
from backends.openhls.pnr.route import LOG as ROUTE_LOG
from backends.openhls.pnr.route import REPORT as ROUTE_REPORT
from backends.openhls.simulate import Simulated
from backends.openhls.stream import lower_stream
from backends.openhls.stream_simulation import simulate_stream
from backends.openhls.testbench import INPUTS
from backends.openhls.verilator import LOG as SIMULATION_LOG
from backends.openhls.yosys import Counts
from dse.contracts.backend import Artifact, Context, Job, Outcome, Probe, Resources
from dse.contracts.circuits import CircuitBackend
from dse.contracts.errors import EvaluationError, FailureKind, ToolMissingError
from dse.contracts.metrics import Fidelity, Metric, MetricInfo
from dse.contracts.parameters import Assignment, Parameter, Value
from dse.contracts.workload import Prepared

_COUNTED = (*COUNTS, "srl", "carry", "logic_levels")
_ROUTED = ("lut4", "fmax_mhz", "clock_slack_ns", "routed", "seed")
_FILES = {
    "verilog": simulate.NETWORK,
    "testbench": simulate.TESTBENCH,
    "stimuli": INPUTS,
    "log": SIMULATION_LOG,
    "report": ROUTE_REPORT,
    "route_log": ROUTE_LOG,
}


class OpenBackend(CircuitBackend):
    """Backend that writes the network in Verilog, simulates it, and counts its cells.

    Latency and interval are measured in the simulation of samples back to back. Its outputs
    must equal those of `bittrue` bit for bit, or the evaluation fails. Cells are counted once
    per distinct module and multiplied by the number of its instances; `latency_ns` is cycles
    times the requested clock period, whether or not the design would reach it.

    For parts that nextpnr knows, the whole network is mapped to the cells of their family. With
    ``stage: pnr`` it is placed and routed with every seed, times are at the achieved clock, and
    the routed netlist is simulated and compared too.
    """

    name: ClassVar[str] = "open"
    fidelity: ClassVar[Fidelity] = Fidelity.RTL
    version: ClassVar[int] = 14
    parameters: ClassVar[tuple[Parameter, ...]] = (
        *PRECISION,
        *HARDWARE,
        *TARGET,
        MULTIPLIERS,
        Parameter(
            "simulated_samples",
            int,
            100,
            "inputs of the evaluation set that are simulated back to back",
            minimum=4,
        ),
        Parameter(
            "stage",
            str,
            "synth",
            "last step of the flow: synthesis and simulation; or also place and route by nextpnr",
            choices=("synth", "pnr"),
        ),
        Parameter(
            "seeds",
            int,
            1,
            "number of seeds of place and route, from 1 on; further ones replace those whose "
            "routing stalls; more than one give intervals",
            minimum=1,
            maximum=100,
        ),
    )
    metrics: ClassVar[tuple[str, ...]] = (
        *CYCLES,
        *_COUNTED,
        *_ROUTED,
    )
    metric_definitions: ClassVar[tuple[MetricInfo, ...]] = METRICS
    boards: ClassVar[Mapping[str, str]] = {name: board.title for name, board in BOARDS.items()}
    computes_outputs: ClassVar[bool] = False

    def probe(self) -> Probe:
        """Return the versions of hls4ml, Yosys and the simulator, or how to install them."""
        probe = hls4ml_probe()
        try:
            tools = toolchain.yosys(), toolchain.simulator()
        except ToolMissingError as error:
            return Probe(False, probe.tool, error.message, error.hint)
        needs = zip(tools, (yosys.INSTALL, simulate.INSTALL), strict=True)
        missing = [install for tool, install in needs if tool is None]
        if probe.available and missing:
            return Probe(False, probe.tool, "a tool is not installed", "; ".join(missing))
        simulator = tools[1]
        if probe.available and simulator and (needed := simulate.missing_compilers(simulator)):
            reason = f"{' and '.join(needed)} {'are' if needed[1:] else 'is'} not on PATH"
            return Probe(False, probe.tool, reason, simulate.INSTALL_COMPILERS)
        found = [tool for tool in (*tools, *map(toolchain.nextpnr, toolchain.NEXTPNR)) if tool]
        return replace(
            probe,
            tool=", ".join([probe.tool, *map(str, found)]),
            origins=", ".join(tool.origin for tool in found),
        )

    def tools_used(self, tool: str, parameters: Assignment) -> str:
        """Return the tools without the nextpnr of other families, and of other stages.

        With da4ml, where additions replace multipliers.
        """
        target = target_of(str(parameters["part"])) if parameters.get("stage") == "pnr" else None
        own = target.family.program if target else ""
        others = {str(toolchain.nextpnr(name)) for name in toolchain.NEXTPNR if name != own}
        used = ", ".join(one for one in tool.split(", ") if one not in others)
        return with_solver(used, parameters)

    def check(self, parameters: Assignment) -> None:
        """Refuse place and route of parts that nextpnr does not know, and of streams.

        Raises:
            ValueError: with what is legal.
        """
        if parameters["stage"] == "pnr":
            named_target(str(parameters["part"]))
        if parameters["io_type"] == "io_stream" and target_of(str(parameters["part"])):
            raise ValueError(
                "io_type = 'io_stream' is not mapped to the cells of "
                f"{parameters['part']} yet: take io_parallel, or a part of another vendor"
            )

    def canonical(self, parameters: Assignment) -> Assignment:
        """Return the parameters, without what the flow for this part does not read.

        Of ``multipliers`` the rule that is meant.
        """
        unread = () if parameters["stage"] == "pnr" else ("seeds",)
        if target_of(str(parameters["part"])):
            unread = (*unread, "multipliers")
        defaults = {p.name: p.default for p in self.parameters if p.name in unread}
        rule = slice_rule(parameters)
        return {**parameters, "multipliers": rule, **defaults}

    def refusal(self, job: Job, context: Context) -> str:
        """Return why a network cannot be a circuit: a layer without a rule."""
        return refusal(job, context, lambda made: walk_rules("open", made))

    def read_network(self, prepared: Prepared, cache: Path) -> None:
        """Keep the layer list."""
        read_here(prepared, cache)

    def plan(self, job: Job) -> Resources:
        """Return the expected resources: about half a minute, most of it Yosys.

        Wide numbers and low reuse factors take longer. The formula is a rough fit, good enough
        to order jobs.
        """
        bits, reuse = (int(str(job.parameters[name])) for name in ("total_bits", "reuse_factor"))
        expected_s = 20.0 + bits + 20.0 / reuse
        if job.parameters["stage"] == "pnr":
            expected_s += int(str(job.parameters["seeds"])) * (30.0 + 15.0 * bits)
        return Resources(cpus=1, memory_gb=2.0, expected_s=expected_s, isolated=True)

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Convert the network, write Verilog, simulate it, compare with `bittrue`, count cells."""
        clock = _Clock()
        made = converted(job, context, context.directory)
        samples = int(str(job.parameters["simulated_samples"]))
        inputs = [array[:samples] for array in context.prepared.inputs]
        target = target_of(str(job.parameters["part"]))
        circuit, text = _lowered(made, len(inputs[0]), target, job)
        clock.lap("lowering")
        simulated = _simulate_and_compare(made.graph, circuit, text, inputs, context)
        clock.lap("simulation")
        if target is not None and isinstance(circuit, Circuit):
            design = Design(circuit, text, _by_name(made.graph, inputs), simulated)
            metrics, built = outcome(design, target, job, context, clock.lap)
            made = made._replace(warnings=(*made.warnings, *left_out(built)))
        else:
            metrics, built = _counted(made, circuit, simulated, job, context)
            clock.lap("synthesis")
        built = {
            **effective(made, hardware=True, own_circuit=True),
            **built,
            "simulated_samples": len(inputs[0]),
            "seconds": clock.laps,
        }
        return Outcome(metrics, built, _artifacts(context))

    def write_package(
        self, job: Job, context: Context, title: str, board: str | None
    ) -> Sequence[str]:
        """Write the job's circuit with its vectors, simulate it between AXI streams.

        With a board, its UART and self-test are simulated too, and the bitstream is made.
        """
        from backends.openhls.board.bitstream import write_board
        from backends.openhls.board.tools import variables
        from backends.openhls.package.job import design_of, write_package

        # a missing tool is told before anything is made
        tools = {} if board is None else variables(BOARDS[board])
        made = converted(job, context, context.directory)
        samples = int(str(job.parameters["simulated_samples"]))
        inputs = [array[:samples] for array in context.prepared.inputs]
        target = target_of(str(job.parameters["part"]))
        circuit, text = _lowered(made, len(inputs[0]), target, job)
        design = design_of(job, made, (circuit, text), inputs, title)
        if board is not None:
            return write_board(design, context.directory, board, tools, context.cache)
        return write_package(design, context.directory)


def _by_name(graph: ModelGraph, inputs: list[NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the samples by the name of their input."""
    names = [variable.name for variable in graph.get_input_variables()]
    return dict(zip(names, inputs, strict=True))


def _counted(
    made: Converted,
    circuit: Circuit | StreamCircuit,
    simulated: Simulated,
    job: Job,
    context: Context,
) -> Built:
    """Count the cells of every module, for parts without open place and route."""
    multipliers = slice_rule(job.parameters)
    counts = {
        name: yosys.count(module, multipliers, context.cache)
        for name, module in circuit.modules.items()
    }
    layers, depths = _by_layer(circuit, counts), _depths(circuit)
    built: dict[str, Value] = {
        "clock": "requested",
        "multipliers": multipliers,
        "resources": with_depths({name: asdict(n) for name, n in layers.items()}, depths),
        **({"fifo_depth": fifo_depths(made.graph, depths)} if depths else {}),
    }
    return _metrics(sum(layers.values(), Counts()), simulated, job), built


def _lowered(
    made: Converted, samples: int, target: Target | None, job: Job
) -> tuple[Circuit | StreamCircuit, str]:
    """Return the circuit of a network, streamed where its data are, and its Verilog.

    Registers are where the target's family wants them for the job's clock.
    """
    clock = float(str(job.parameters["clock_period_ns"]))
    pipeline = timing.pipeline(target, clock) if target else DSP48E1
    if made.settings.io_type == "io_stream":
        return lower_stream(made.graph, samples)
    return lower(made.graph, made.settings.parallelization_factor, pipeline)


def _depths(circuit: Circuit | StreamCircuit) -> dict[Edge, int]:
    """Return the depths of a stream's FIFOs; none without a stream."""
    if isinstance(circuit, Circuit):
        return {}
    return {(fifo.source, fifo.reader, fifo.port): fifo.depth for fifo in circuit.fifos}


class _Clock:
    """Stopwatch for the phases of an evaluation, in seconds."""

    def __init__(self) -> None:
        self.laps: dict[str, Value] = {}
        self._last = perf_counter()

    def lap(self, name: str) -> None:
        """Store the time since the last call under a name."""
        now = perf_counter()
        self.laps[name], self._last = round(now - self._last, 2), now


def _simulate_and_compare(
    graph: ModelGraph,
    circuit: Circuit | StreamCircuit,
    text: str,
    inputs: list[NDArray[Any]],
    context: Context,
) -> Simulated:
    """Simulate the circuit and compare its outputs with those of `bittrue`.

    Raises:
        EvaluationError: an output differs, or the simulator failed.
    """
    given, folder = _by_name(graph, inputs), context.directory
    expected = evaluate(graph, inputs).every  # first, because it is quick and may refuse
    if isinstance(circuit, StreamCircuit):
        simulated = simulate_stream(circuit, text, given, folder, context.cache)
    else:
        simulated = simulate.simulate(circuit, text, given, folder, context.cache)
    wrong, size = simulated.differing(expected)
    if wrong:
        message = f"RTL and bittrue differ in {wrong} of {size} outputs"
        raise EvaluationError(
            FailureKind.TOOL_FAILED, message, hint="this is a defect of dse: please report it"
        )
    shutil.rmtree(folder / "simulation", ignore_errors=True)  # compiled files; sources are kept
    return simulated


def _by_layer(circuit: Circuit | StreamCircuit, counts: Mapping[str, Counts]) -> dict[str, Counts]:
    """Return the counts of every layer, summed over its instances.

    Beside the layers, `hold` has the registers that delay signals of short branches,
    `control` the shift registers of valid inputs, and `fifo` the FIFOs of streams.
    """
    layers: dict[str, Counts] = {}
    for (layer, module), number in circuit.instances.items():
        layers[layer] = layers.get(layer, Counts()) + counts[module] * number
    return {layer: count for layer, count in layers.items() if count != Counts()}


def _metrics(total: Counts, simulated: Simulated, job: Job) -> tuple[Metric, ...]:
    counted = {
        "lut": total.lut + total.srl,  # SRL16E and SRLC32E each take a look-up table
        "ff": total.ff,
        "dsp": total.dsp,
        "bram_18k": total.bram_18k,
        "srl": total.srl,
        "carry": total.carry,
        "logic_levels": total.levels,
    }
    latency, interval = simulated.latency_cycles, simulated.interval_cycles
    return hardware_metrics(latency, interval, counted, job.parameters, Fidelity.RTL, METRICS)


def _artifacts(context: Context) -> tuple[Artifact, ...]:
    """Return the files that the evaluation left in its folder."""
    present = {role: path for role, path in _FILES.items() if (context.directory / path).exists()}
    return tuple(Artifact(role, path) for role, path in present.items())
