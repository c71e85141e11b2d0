"""A streamed network: layers joined by FIFOs, each with a front and a circuit for one position."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.circuit import TOP, Circuit, Signal, output_port
from backends.modelgraph.rtl.stream.front import Front
from backends.modelgraph.rtl.stream.modules import fifo
from backends.modelgraph.rtl.stream.schedule import OUT, Step, interval_of, schedule
from backends.modelgraph.rtl.stream.timing import Times
from backends.modelgraph.rtl.verilog import Module


@dataclass(frozen=True)
class Flow:
    """A tensor that flows position by position.

    Args:
        source: name of the input or layer that it comes from.
        positions: positions of one inference.
        features: numbers per position.
        type: type of every number.
    """

    source: str
    positions: int
    features: int
    type: FixedType

    @property
    def bits(self) -> int:
        """Wires of one position."""
        return self.features * self.type.width


@dataclass(frozen=True)
class Stage:
    """One layer of a streamed network.

    Args:
        name: name of the layer.
        reads: what it reads, side by side.
        front: how it reads.
        module: Verilog of the front.
        circuit: of one start: its inputs are what the front gives.
        output: of the circuit.
        interval: cycles from one start to the next.
    """

    name: str
    reads: Sequence[Flow]
    front: Front
    module: Module
    circuit: Circuit
    output: Signal
    interval: int


@dataclass(frozen=True)
class Fifo:
    """A FIFO in front of a layer.

    Args:
        source: layer or input that writes it.
        reader: layer that reads it; ``out`` behind the network.
        port: number of the reader's input.
        bits: width.
        depth: slots.
    """

    source: str
    reader: str
    port: int
    bits: int
    depth: int

    @property
    def name(self) -> str:
        """Name of its instance in the top."""
        return f"f_{self.source}_{self.reader}_{self.port}"


@dataclass
class StreamCircuit:
    """A whole streamed network; see `finish`.

    Args:
        inferences: back to back, for which the FIFOs are made.
        inputs: by name of the port.
        stages: in the order of the data.
        outputs: what leaves the network, in the order of the ports.
        modules: modules by name; equal modules are there once.
        instances: number of instances by layer and module name; all FIFOs are under ``fifo``.
        fifos: one for every reading of a flow.
        arrivals: cycle, from the first input on, in which every position of each output is there.
    """

    inferences: int
    inputs: list[Flow] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    outputs: Sequence[Flow] = ()
    modules: dict[str, Module] = field(default_factory=dict)
    instances: Counter[tuple[str, str]] = field(default_factory=Counter)
    fifos: list[Fifo] = field(default_factory=list)
    arrivals: Sequence[Times] = ()

    @property
    def interval(self) -> int:
        """Cycles from one inference to the next: those of the slowest layer."""
        return interval_of(self._counts(), self._steps())

    @property
    def lead(self) -> int:
        """Cycles from the reset to the first input, in which layers insert their first padding.

        In a running network that happens while nothing else is to do, at the end of the inference
        before.
        """
        return self.interval

    def pace(self, flow: Flow) -> int:
        """Return the cycles from one position of an input to the next."""
        return self.interval // flow.positions

    def _counts(self) -> dict[str, int]:
        return {flow.source: flow.positions for flow in self.inputs}

    def _steps(self) -> list[Step]:
        return [
            Step(
                stage.name, tuple(flow.source for flow in stage.reads), stage.front,
                stage.interval, stage.output.time,
            )
            for stage in self.stages
        ]  # fmt: skip

    def finish(self, *outputs: Flow) -> str:
        """Return the network in Verilog, with FIFOs as deep as it takes to never stall.

        Ports: clk, rst; for every input `in_NAME`, `in_NAME_valid`, `in_NAME_ready`; `out`,
        `out_valid`, `out_ready`, and `out_1`, … for further outputs. A position passes in every
        cycle in which valid and ready are set. With positions of the inputs every `pace` cycles,
        inferences every `interval` cycles, and outputs that are always ready, nothing in the
        network waits for a FIFO. rst is synchronous.
        """
        self.outputs = outputs
        self._size_fifos()
        lines = [line for item in self.fifos for line in self._fifo_wires(item)]
        lines += [line for flow in self.inputs for line in self._input(flow)]
        lines += [line for stage in self.stages for line in self._stage(stage)]
        lines += [line for item in self.fifos for line in self._fifo(item)]
        lines += self._output_lines()
        ports = ["input wire clk", "input wire rst"]
        for flow in self.inputs:
            ports += [f"input wire [{flow.bits - 1}:0] in_{flow.source}"]
            ports += [f"input wire in_{flow.source}_valid", f"output wire in_{flow.source}_ready"]
        for number, flow in enumerate(outputs):
            port = output_port(number)
            ports += [f"input wire {port}_ready", f"output wire {port}_valid"]
            ports += [f"output wire [{flow.bits - 1}:0] {port}"]
        inside = "\n  ".join(lines)
        top = f"module {TOP} (\n  {', '.join(ports)}\n);\n  {inside}\nendmodule\n"
        rows = [stage.circuit.top(stage.output, name=f"row_{stage.name}") for stage in self.stages]
        for stage in self.stages:
            self._count(stage)
        return "\n".join([*(module.text for module in self.modules.values()), *rows, top])

    def _count(self, stage: Stage) -> None:
        self.modules |= stage.circuit.modules
        for (layer, module), number in stage.circuit.instances.items():
            self.instances[stage.name if layer != "control" else "control", module] += number

    def _size_fifos(self) -> None:
        """Find how deep every FIFO has to be, and when positions leave."""
        leaving = [flow.source for flow in self.outputs]
        times = schedule(self._counts(), self._steps(), leaving, self.inferences)
        flows = {flow.source: flow for stage in self.stages for flow in stage.reads}
        flows |= {flow.source: flow for flow in self.outputs}
        self.fifos = [
            Fifo(source, reader, port, flows[source].bits, depth)
            for (source, reader, port), depth in times.depths.items()
        ]
        self.arrivals = times.arrivals

    def _input(self, flow: Flow) -> list[str]:
        """Return the lines of an input: it writes into the FIFOs of its readers."""
        name = flow.source
        return [
            f"wire s_{name}_room;",
            f"wire s_{name}_reserve = in_{name}_valid & s_{name}_room;",
            f"wire s_{name}_push = s_{name}_reserve;",
            f"wire [{flow.bits - 1}:0] s_{name}_data = in_{name};",
            f"assign in_{name}_ready = s_{name}_room;",
            self._room(name),
        ]

    def _room(self, source: str) -> str:
        """Return the line that says whether all FIFOs behind a layer have room."""
        rooms = [f"{f.name}_room" for f in self.fifos if f.source == source]
        return f"assign s_{source}_room = {' & '.join(rooms)};"

    def _stage(self, stage: Stage) -> list[str]:
        """Return the lines of a layer: its front and its circuit."""
        name, output = stage.name, stage.output
        fifos = [f for f in self.fifos if f.reader == name]
        there = " & ".join(f"{f.name}_there" for f in fifos)
        given = ", ".join(f"{f.name}_data" for f in reversed(fifos))
        window, low, parts = sum(signal.bits for signal in stage.circuit.inputs), 0, []
        for signal in stage.circuit.inputs:
            parts.append(f".{signal.bus}(s_{name}_y[{low + signal.bits - 1}:{low}])")
            low += signal.bits
        self.modules[stage.module.name] = stage.module
        self.instances[name, stage.module.name] += 1
        return [
            f"wire s_{name}_room, s_{name}_reserve, s_{name}_ready, s_{name}_start, s_{name}_push;",
            f"wire [{window - 1}:0] s_{name}_y;",
            f"wire [{output.bits - 1}:0] s_{name}_data;",
            self._room(name),
            (
                f"{stage.module.name} front_{name} (.clk(clk), .rst(rst), .there({there}),"
                f" .room(s_{name}_room), .x({{{given}}}), .ready(s_{name}_ready),"
                f" .reserve(s_{name}_reserve), .start(s_{name}_start), .y(s_{name}_y));"
            ),
            (
                f"row_{name} r_{name} (.clk(clk), .rst(rst), .valid_in(s_{name}_start),"
                f" {', '.join(parts)}, .valid_out(s_{name}_push), .out(s_{name}_data));"
            ),
        ]

    def _fifo_wires(self, item: Fifo) -> list[str]:
        """Return the wires out of a FIFO."""
        name = item.name
        return [f"wire {name}_room, {name}_there;", f"wire [{item.bits - 1}:0] {name}_data;"]

    def _fifo(self, item: Fifo) -> list[str]:
        """Return the instance of a FIFO."""
        module, name, source = fifo(item.bits, item.depth), item.name, f"s_{item.source}"
        self.modules[module.name] = module
        self.instances["fifo", module.name] += 1
        port = output_port(item.port)
        pop = f"({port}_ready & {port}_valid)" if item.reader == OUT else f"s_{item.reader}_ready"
        return [
            (
                f"{module.name} {name} (.clk(clk), .rst(rst), .reserve({source}_reserve),"
                f" .push({source}_push), .pop({pop}), .x({source}_data), .room({name}_room),"
                f" .there({name}_there), .y({name}_data));"
            ),
        ]

    def _output_lines(self) -> list[str]:
        """Return the lines that lead the last FIFOs to the ports."""
        last = [(output_port(f.port), f.name) for f in self.fifos if f.reader == OUT]
        lines = [f"assign {port}_valid = {name}_there;" for port, name in last]
        return [*lines, *(f"assign {port} = {name}_data;" for port, name in last)]
