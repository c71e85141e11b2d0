"""A circuit under construction: signals with their timing, instances of modules, one top."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from backends.hls4ml.bittrue.fixed import FixedType
from backends.openhls.modules.elementwise import hold
from backends.openhls.verilog import Code, Module, Port

TOP = "network"


@dataclass(frozen=True)
class Signal:
    """A tensor on wires.

    Args:
        bus: Verilog name; element 0 in the lowest bits, row by row.
        rows: nodes, edges, or 1.
        features: numbers per row.
        type: of every number.
        time: cycle after the inputs became valid in which this becomes valid.
    """

    bus: str
    rows: int
    features: int
    type: FixedType
    time: int

    @property
    def row_bits(self) -> int:
        """Wires of one row."""
        return self.features * self.type.width

    @property
    def bits(self) -> int:
        """All wires."""
        return self.rows * self.row_bits

    def row(self, number: int) -> str:
        """One row of the bus."""
        return f"{self.bus}[{(number + 1) * self.row_bits - 1}:{number * self.row_bits}]"


@dataclass
class Circuit:
    """Instances and wires of one network.

    Args:
        interval: cycles from one input to the next.
    """

    interval: int
    inputs: list[Signal] = field(default_factory=list)
    output: Signal | None = None
    modules: dict[str, Module] = field(default_factory=dict)
    instances: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each (layer, module name) is there."""

    _lines: list[str] = field(default_factory=list)
    _taps: set[int] = field(default_factory=set)
    _phases: set[tuple[int, int]] = field(default_factory=set)
    _held: dict[tuple[str, int], Signal] = field(default_factory=dict)

    def add_input(self, name: str, rows: int, features: int, kind: FixedType) -> Signal:
        """An input port, valid in cycle 0."""
        signal = Signal(f"in_{name}", rows, features, kind, 0)
        self.inputs.append(signal)
        return signal

    def wires(self, name: str, rows: int, features: int, kind: FixedType, time: int) -> Signal:
        """A new signal, to be driven by instances."""
        signal = Signal(f"t_{name}", rows, features, kind, time)
        self._lines.append(f"wire [{signal.bits - 1}:0] {signal.bus};")
        return signal

    def instance(
        self, layer: str, module: Module, inputs: Mapping[str, str], output: str, time: int
    ) -> None:
        """Place a module.

        Args:
            layer: what it is counted under.
            module: what to place.
            inputs: wires by port.
            output: wires of its port `y`.
            time: cycle in which its inputs become valid.
        """
        self.modules[module.name] = module
        self.instances[layer, module.name] += 1
        wires = {"clk": "clk", **inputs}
        for port, offset in module.enables.items():
            self._taps.add(time + offset)
            wires[port] = f"tap{time + offset}"
        if module.phase_bits:
            self._taps.add(time)
            self._phases.add((time, module.phase_bits))
            wires["phase"] = f"phase{time}_{module.phase_bits}"
        listed = ", ".join(f".{port}({wire})" for port, wire in (*wires.items(), ("y", output)))
        number = sum(self.instances.values())
        self._lines.append(f"{module.name} u{number} ({listed});")

    def each_row(
        self, layer: str, module: Module, given: Signal, features: int, kind: FixedType
    ) -> Signal:
        """Place a module with port `x` on every row of a signal."""
        made = self.wires(layer, given.rows, features, kind, given.time + module.latency)
        for row in range(given.rows):
            self.instance(layer, module, {"x": given.row(row)}, made.row(row), given.time)
        return made

    def at(self, signal: Signal, time: int) -> Signal:
        """The same numbers, valid in a later cycle; kept in holding registers."""
        if signal.time == time:
            return signal
        key = (signal.bus, time)
        if key not in self._held:
            module = hold(signal.row_bits, time - signal.time, self.interval)
            name = f"{signal.bus.partition('_')[2]}_at{time}"
            made = self.wires(name, signal.rows, signal.features, signal.type, time)
            for row in range(signal.rows):
                self.instance("hold", module, {"x": signal.row(row)}, made.row(row), signal.time)
            self._held[key] = made
        return self._held[key]

    def together(self, *signals: Signal) -> list[Signal]:
        """All signals at the time of the latest."""
        time = max(signal.time for signal in signals)
        return [self.at(signal, time) for signal in signals]

    def reshaped(self, signal: Signal, rows: int, features: int) -> Signal:
        """The same wires as another shape."""
        return replace(signal, rows=rows, features=features)

    def rows_of(self, name: str, parts: list[Signal]) -> Signal:
        """Rows of all parts side by side; parts are valid at one time."""
        rows, features = parts[0].rows, sum(part.features for part in parts)
        made = self.wires(name, rows, features, parts[0].type, parts[0].time)
        for row in range(rows):
            joined = ", ".join(part.row(row) for part in reversed(parts))
            self._lines.append(f"assign {made.row(row)} = {{{joined}}};")
        return made

    def finish(self, output: Signal) -> str:
        """The whole network in Verilog: all modules and the top `network`.

        Ports: clk, rst, valid_in, the inputs; valid_out, out. Inputs stand still for
        `interval` cycles from valid_in on, and so does the output from valid_out on.
        """
        self.output = output
        control = self._control(output.time)
        self.modules[control.name] = control
        self.instances["control", control.name] += 1
        ports = [f"input wire [{s.bits - 1}:0] {s.bus}" for s in self.inputs]
        head = ["input wire clk", "input wire rst", "input wire valid_in", *ports]
        head += ["output wire valid_out", f"output wire [{output.bits - 1}:0] out"]
        body = [*self._control_wires(control, output.time), *self._lines]
        body += [f"assign out = {output.bus};", f"assign valid_out = tap{output.time};"]
        texts = [module.text for module in self.modules.values()]
        inside = "\n  ".join(body)
        top = f"module {TOP} (\n  {', '.join(head)}\n);\n  {inside}\nendmodule\n"
        return "\n".join([*texts, top])

    def _control(self, latency: int) -> Module:
        """One shift register that follows valid data, and the phase counters."""
        code = Code()
        code.lines.append(f"reg [{latency}:1] follow = 0;")
        code.lines.append(f"wire [{latency}:0] valid = {{follow, start}};")
        code.lines.append(
            f"always @(posedge clk) follow <= rst ? {latency}'d0 : valid[{latency - 1}:0];"
        )
        parts = [f"valid[{tap}]" for tap in self._tap_list(latency)]
        for time, bits in sorted(self._phases):
            count = code.name("count")
            code.lines.append(f"reg [{bits - 1}:0] {count};")
            current = code.name("phase")
            code.lines.append(
                f"wire [{bits - 1}:0] {current} = valid[{time}] ? {bits}'d0 : {count};"
            )
            code.lines.append(f"always @(posedge clk) {count} <= {current} + {bits}'d1;")
            parts.append(current)
        width = len(self._tap_list(latency)) + sum(bits for _, bits in self._phases)
        value = f"{{{', '.join(reversed(parts))}}}"
        return code.module("control", [Port("rst", 1), Port("start", 1)], (width, value), 0)

    def _tap_list(self, latency: int) -> list[int]:
        return sorted({*self._taps, latency})

    def _control_wires(self, control: Module, latency: int) -> list[str]:
        names = [(f"tap{tap}", 1) for tap in self._tap_list(latency)]
        names += [(f"phase{time}_{bits}", bits) for time, bits in sorted(self._phases)]
        declared = [f"wire [{bits - 1}:0] {name};" for name, bits in names]
        joined = ", ".join(name for name, _ in reversed(names))
        placed = (
            f"{control.name} control (.clk(clk), .rst(rst), .start(valid_in), .y({{{joined}}}));"
        )
        return [*declared, placed]
