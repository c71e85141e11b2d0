"""A circuit under construction: signals with their timing, instances of modules, one top.

Every signal has a time, the cycle in which it becomes valid, counted from `valid_in`. One shift
register in the module `control` follows the valid inputs through the network; its taps are the
enables and phases of all instances, so modules need no handshakes.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.modules.elementwise import hold
from backends.modelgraph.rtl.modules.time_multiplexing import choose_row, group_counter, take
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder
from backends.modelgraph.rtl.wiring import Numbers, concatenation

TOP = "network"
"""Name of the top module."""


@dataclass(frozen=True)
class Signal:
    """A tensor on wires.

    Args:
        bus: Verilog name of the bus; row by row, element 0 in the lowest bits.
        rows: number of rows (nodes or edges); 1 for a vector.
        features: numbers per row.
        type: type of every number.
        time: cycles from the network's inputs becoming valid to this signal becoming valid.
    """

    bus: str
    rows: int
    features: int
    type: FixedType
    time: int

    @property
    def row_bits(self) -> int:
        """Number of wires of one row."""
        return self.features * self.type.width

    @property
    def bits(self) -> int:
        """Number of wires of the bus."""
        return self.rows * self.row_bits

    def row(self, number: int) -> str:
        """Return the Verilog part select of one row."""
        return f"{self.bus}[{(number + 1) * self.row_bits - 1}:{number * self.row_bits}]"


@dataclass(frozen=True, order=True)
class Tap:
    """A pulse at one or more fixed cycles after valid_in.

    Args:
        time: cycle of the first pulse.
        repeats: number of pulses.
        every: cycles from one pulse to the next.
    """

    time: int
    repeats: int = 1
    every: int = 1

    @property
    def wire(self) -> str:
        """Name of its wire in the top."""
        repeated = f"_{self.repeats}_{self.every}" if self.repeats > 1 else ""
        return f"tap{self.time}{repeated}"

    @property
    def condition(self) -> str:
        """Verilog condition on the shift register of `control`."""
        times = range(self.time, self.time + self.repeats * self.every, self.every)
        return " | ".join(f"valid[{time}]" for time in times)


def output_port(number: int) -> str:
    """Return the name of the port of an output by its number: `out`, then `out_1`, `out_2`."""
    return f"out_{number}" if number else "out"


def _phase_wire(tap: Tap, bits: int) -> str:
    """Return the name of the wire of a phase counter that a tap starts."""
    return f"{tap.wire.replace('tap', 'phase')}_{bits}bits"


@dataclass(frozen=True)
class Rows:
    """How a layer's rows share its instances.

    Args:
        at_once: number of instances, and so of rows computed at a time.
        interval: cycles from one group of rows to the next.
    """

    at_once: int
    interval: int

    def groups(self, rows: int) -> int:
        """Return how often each instance is used per inference."""
        return -(-rows // self.at_once)


@dataclass
class Circuit:
    """Instances and wires of one network.

    Args:
        interval: cycles from one input to the next.
        pipeline: where the family wants registers.
        inputs: input ports, in the order in which they were added.
        outputs: signals of the ports `out`, `out_1`, …; none until `finish` is called.
        modules: modules by name; equal modules are there once.
        instances: number of instances by layer and module name.
    """

    interval: int
    pipeline: Pipeline = DSP48E1
    inputs: list[Signal] = field(default_factory=list)
    outputs: tuple[Signal, ...] = ()
    modules: dict[str, Module] = field(default_factory=dict)
    instances: Counter[tuple[str, str]] = field(default_factory=Counter)

    _lines: list[str] = field(default_factory=list)
    _taps: set["Tap"] = field(default_factory=set)
    _phases: set[tuple["Tap", int]] = field(default_factory=set)
    _held: dict[tuple[str, int], Signal] = field(default_factory=dict)

    def add_input(self, name: str, rows: int, features: int, kind: FixedType) -> Signal:
        """Add an input port, valid in cycle 0, and return its signal."""
        signal = Signal(f"in_{name}", rows, features, kind, 0)
        self.inputs.append(signal)
        return signal

    def wires(self, name: str, rows: int, features: int, kind: FixedType, time: int) -> Signal:
        """Declare a bus that instances are to drive, and return its signal."""
        signal = Signal(f"t_{name}", rows, features, kind, time)
        self._lines.append(f"wire [{signal.bits - 1}:0] {signal.bus};")
        return signal

    def instance(
        self, layer: str, module: Module, inputs: Mapping[str, str], output: str, tap: "Tap"
    ) -> None:
        """Place an instance of a module.

        Args:
            layer: name under which the instance is counted.
            module: the module.
            inputs: Verilog expressions by port.
            output: Verilog name or part select that its port `y` drives.
            tap: cycle in which its inputs become valid; with repeats, once per group of rows.
        """
        self.modules[module.name] = module
        self.instances[layer, module.name] += 1
        wires = {"clk": "clk", **inputs}
        # the module says when it needs a pulse relative to its inputs; the tap shifts that in time
        for port, offset in module.enables.items():
            later = replace(tap, time=tap.time + offset)
            self._taps.add(later)
            wires[port] = later.wire
        if module.phase_bits:
            self._phases.add((tap, module.phase_bits))
            wires["phase"] = _phase_wire(tap, module.phase_bits)
        listed = ", ".join(f".{port}({wire})" for port, wire in (*wires.items(), ("y", output)))
        number = sum(self.instances.values())  # unique: this instance is counted already
        self._lines.append(f"{module.name} u{number} ({listed});")

    def each_row(
        self,
        layer: str,
        module: Module,
        given: Signal,
        output: tuple[int, FixedType],
        shared: Mapping[str, Signal] | None = None,
        rows: "Rows | None" = None,
    ) -> Signal:
        """Apply a module to every row of a signal.

        Args:
            layer: name under which the instances are counted.
            module: module with a port `x` for a row.
            given: signal whose rows the module is applied to.
            output: numbers per row of the result, and their type.
            shared: signals by further port, the same for every row.
            rows: how rows share instances; None for one instance per row, which is also what
                is placed where the groups of rows would take longer than the interval.

        Returns:
            The signal of the results, valid `module.latency` cycles later, or once the last
            group is done.
        """
        shared = shared or {}
        takes = rows.groups(given.rows) * rows.interval if rows is not None else 0
        if rows is not None and rows.at_once < given.rows and takes <= self.interval:
            return self._in_groups(layer, module, given, output, shared, rows)
        made = self.wires(layer, given.rows, *output, given.time + module.latency)
        buses = {port: signal.bus for port, signal in shared.items()}
        for row in range(given.rows):
            inputs = {"x": given.row(row), **buses}
            self.instance(layer, module, inputs, made.row(row), Tap(given.time))
        return made

    def _in_groups(
        self,
        layer: str,
        module: Module,
        given: Signal,
        output: tuple[int, FixedType],
        shared: Mapping[str, Signal],
        rows: "Rows",
    ) -> Signal:
        """Apply a module to groups of rows, one group after the other.

        Timing, from the cycle in which `given` becomes valid: 1 cycle to select the rows of a
        group; `module.latency` cycles to compute; 1 cycle to store the results. Groups follow
        each other every `rows.interval` cycles. All results become valid together, when the
        last group's are stored.
        """
        groups, start = rows.groups(given.rows), given.time + 1
        counter, choice = group_counter(groups, rows.interval), choose_row(groups, given.row_bits)
        group = f"g_{layer}"
        self._lines.append(f"wire [{max((groups - 1).bit_length(), 1) - 1}:0] {group};")
        self.instance(layer, counter, {}, group, Tap(given.time))
        # the last group starts (groups - 1) * interval cycles after the first; 1 to store it
        finished = start + module.latency + (groups - 1) * rows.interval + 1
        made = self.wires(layer, given.rows, *output, finished)
        keep = take(made.row_bits)
        buses = {port: self.at(signal, start).bus for port, signal in shared.items()}
        tap = Tap(start, groups, rows.interval)
        for lane in range(rows.at_once):
            mine = range(lane, given.rows, rows.at_once)
            # in the last group some instances have no row left: they repeat one, unused
            padded = [*mine, *[mine[-1]] * (groups - len(mine))]
            joined = ", ".join(given.row(row) for row in reversed(padded))
            chosen, result = f"c_{layer}_{lane}", f"r_{layer}_{lane}"
            self._lines.append(f"wire [{given.row_bits - 1}:0] {chosen};")
            self._lines.append(f"wire [{made.row_bits - 1}:0] {result};")
            ports = {"x": f"{{{joined}}}", "group": group}
            self.instance(layer, choice, ports, chosen, Tap(given.time))
            self.instance(layer, module, {"x": chosen, **buses}, result, tap)
            for number, row in enumerate(mine):
                time = start + module.latency + number * rows.interval
                kept = self.wires(f"{layer}_row{row}", 1, *output, time + 1)
                self.instance(layer, keep, {"x": result}, kept.bus, Tap(time))
                self._lines.append(f"assign {made.row(row)} = {self.at(kept, finished).bus};")
        return made

    def at(self, signal: Signal, time: int) -> Signal:
        """Return the same numbers, valid in a later cycle.

        Holding registers delay them, one per `interval` cycles; equal delays share them.
        """
        if signal.time == time:
            return signal
        key = (signal.bus, time)
        if key not in self._held:
            module = hold(signal.row_bits, time - signal.time, self.interval)
            name = f"{signal.bus.partition('_')[2]}_at{time}"
            made = self.wires(name, signal.rows, signal.features, signal.type, time)
            for row in range(signal.rows):
                self.instance(
                    "hold", module, {"x": signal.row(row)}, made.row(row), Tap(signal.time)
                )
            self._held[key] = made
        return self._held[key]

    def together(self, *signals: Signal) -> list[Signal]:
        """Return all signals delayed to the time of the latest."""
        time = max(signal.time for signal in signals)
        return [self.at(signal, time) for signal in signals]

    def reshaped(self, signal: Signal, rows: int, features: int) -> Signal:
        """Return the same wires as a signal of another shape."""
        return replace(signal, rows=rows, features=features)

    def wired(self, name: str, parts: Sequence[Signal], chosen: Numbers) -> Signal:
        """Return a signal of wires of other signals; see `rtl.wiring`.

        Args:
            name: name of the new signal.
            parts: signals of one type and time.
            chosen: numbers of the elements to connect, of any shape; its last axis are the
                features of the new signal.
        """
        made = self.wires(
            name, math.prod(chosen.shape[:-1]), chosen.shape[-1], parts[0].type, parts[0].time
        )
        buses = [(part.bus, part.rows * part.features) for part in parts]
        joined = concatenation(buses, chosen, made.type.width)
        self._lines.append(f"assign {made.bus} = {joined};")
        return made

    @property
    def latency(self) -> int:
        """Cycles from the inputs becoming valid to the outputs becoming valid."""
        return self.outputs[0].time

    def finish(self, *outputs: Signal) -> str:
        """Return the whole network in Verilog: all modules and the top `network`; see `top`.

        Outputs that are early wait for the latest. A network without any register gets one
        behind its outputs.
        """
        latest = max(1, *(output.time for output in outputs))
        top = self.top(*(self.at(output, latest) for output in outputs))
        return "\n".join([*(module.text for module in self.modules.values()), top])

    def top(self, *outputs: Signal, name: str = TOP) -> str:
        """Return the Verilog of the top alone, and add the module `control`.

        Ports: clk, rst, valid_in, the inputs; valid_out, out, and out_1, … for further outputs,
        all of one time. Timing: valid_in is a pulse of
        one cycle, at least `interval` cycles after the one before; inputs must be stable for
        `interval` cycles from it on. The outputs are stable for as long from valid_out on.
        rst is synchronous and clears the shift register of `control` alone: data registers
        need no reset, because nothing reads them before a valid input has passed.
        """
        self.outputs, time = outputs, outputs[0].time
        control = self._control(time)
        self.modules[control.name] = control
        self.instances["control", control.name] += 1
        ports = [f"input wire [{s.bits - 1}:0] {s.bus}" for s in self.inputs]
        head = ["input wire clk", "input wire rst", "input wire valid_in", *ports]
        leaving = [(output_port(number), signal) for number, signal in enumerate(outputs)]
        head += ["output wire valid_out"]
        head += [f"output wire [{signal.bits - 1}:0] {port}" for port, signal in leaving]
        body = [*self._control_wires(control, time), *self._lines]
        body += [f"assign {port} = {signal.bus};" for port, signal in leaving]
        body += [f"assign valid_out = {Tap(time).wire};"]
        inside = "\n  ".join(body)
        return f"module {name} (\n  {', '.join(head)}\n);\n  {inside}\nendmodule\n"

    def _control(self, latency: int) -> Module:
        """Return the module `control`: shift register of valid inputs, and phase counters.

        Bit n of `valid` is set n cycles after valid_in. A phase counter is reset to 0 by its
        tap in the same cycle, hence the wire in front of the register.
        """
        code = VerilogBuilder()
        # bit 0 is valid_in itself, so the register starts at bit 1
        if latency:
            code.lines.append(f"reg [{latency}:1] follow = 0;")
            code.lines.append(
                f"always @(posedge clk) follow <= rst ? {latency}'d0 : valid[{latency - 1}:0];"
            )
        valid = "{follow, start}" if latency else "start"
        code.lines.insert(min(latency, 1), f"wire [{latency}:0] valid = {valid};")
        parts = [tap.condition for tap in self._tap_list(latency)]
        for tap, bits in sorted(self._phases):
            count = code.name("count")
            code.lines.append(f"reg [{bits - 1}:0] {count};")
            current = code.name("phase")
            code.lines.append(
                f"wire [{bits - 1}:0] {current} = ({tap.condition}) ? {bits}'d0 : {count};"
            )
            code.lines.append(f"always @(posedge clk) {count} <= {current} + {bits}'d1;")
            parts.append(current)
        width = len(self._tap_list(latency)) + sum(bits for _, bits in self._phases)
        value = f"{{{', '.join(reversed(parts))}}}"
        return code.module("control", [Port("rst", 1), Port("start", 1)], (width, value), 0)

    def _tap_list(self, latency: int) -> list["Tap"]:
        """Return all taps, that of valid_out among them, in the order of control's output."""
        return sorted({*self._taps, Tap(latency)})

    def _control_wires(self, control: Module, latency: int) -> list[str]:
        """Return the Verilog that places `control` and names the bits of its output."""
        names = [(tap.wire, 1) for tap in self._tap_list(latency)]
        names += [(_phase_wire(tap, bits), bits) for tap, bits in sorted(self._phases)]
        declared = [f"wire [{bits - 1}:0] {name};" for name, bits in names]
        joined = ", ".join(name for name, _ in reversed(names))
        placed = (
            f"{control.name} control (.clk(clk), .rst(rst), .start(valid_in), .y({{{joined}}}));"
        )
        return [*declared, placed]
