"""Verilog modules named by their content, and a builder for the code of one.

Timing contract of every module: data at its inputs is stable for `interval` cycles from the
cycle in which it becomes valid, and data at its outputs is stable for `interval` cycles from
`latency` cycles later. `interval` is that of the whole network (`Circuit.interval`). No module
has a valid or ready signal of its own; its enables are taps of one shift register.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dse.runtime.cache import digest


@dataclass(frozen=True)
class Module:
    """A Verilog module.

    Args:
        name: kind and a digest of the content, so that equal modules have equal names.
        text: the Verilog source.
        latency: cycles from valid inputs to valid outputs; 0 for logic without registers.
        enables: ports that need a pulse, each with its cycle after the inputs became valid.
        phase_bits: width of the port `phase`, which counts 0 … interval - 1; 0 for none.
    """

    name: str
    text: str
    latency: int
    enables: Mapping[str, int] = field(default_factory=dict)
    phase_bits: int = 0


@dataclass(frozen=True)
class Port:
    """An input or output of a module."""

    name: str
    bits: int


class VerilogBuilder:
    """The body of a module under construction, with unique names."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._count = 0

    def name(self, stem: str = "v") -> str:
        """Return a name that is not used yet."""
        self._count += 1
        return f"{stem}{self._count}"

    def wire(self, bits: int, expression: str, stem: str = "v") -> str:
        """Declare a signed wire with the value of an expression, and return its name."""
        name = self.name(stem)
        self.lines.append(f"wire signed [{bits - 1}:0] {name} = {expression};")
        return name

    def register(self, bits: int, following: str, stem: str = "r", enable: str = "") -> str:
        """Declare a signed register, and return its name.

        Args:
            bits: width.
            following: expression that it takes at a rising edge of the clock.
            stem: first part of its name.
            enable: port without which it keeps its value; empty to take every edge.
        """
        name = self.name(stem)
        condition = f"if ({enable}) " if enable else ""
        self.lines.append(f"reg signed [{bits - 1}:0] {name};")
        self.lines.append(f"always @(posedge clk) {condition}{name} <= {following};")
        return name

    def delayed(self, bits: int, value: str, cycles: int) -> str:
        """Return the name of a value delayed by some cycles, with a register for each."""
        for _ in range(cycles):
            value = self.register(bits, value, "d")
        return value

    def module(
        self,
        kind: str,
        inputs: list[Port],
        output: tuple[int, str],
        latency: int,
        enables: Mapping[str, int] | None = None,
        phase_bits: int = 0,
    ) -> Module:
        """Return the finished module.

        Args:
            kind: first part of its name.
            inputs: data ports, besides clock, phase and enables.
            output: width and expression of the port `y`.
            latency: see `Module`.
            enables: see `Module`.
            phase_bits: see `Module`.
        """
        enables = enables or {}
        ports = ["input wire clk"]
        if phase_bits:
            ports.append(f"input wire [{phase_bits - 1}:0] phase")
        ports += [f"input wire {name}" for name in enables]
        ports += [f"input wire [{port.bits - 1}:0] {port.name}" for port in inputs]
        bits, value = output
        ports.append(f"output wire [{bits - 1}:0] y")
        body = "\n  ".join([*self.lines, f"assign y = {value};"])
        named = _named(kind, ports, body)
        return replace(named, latency=latency, enables=dict(enables), phase_bits=phase_bits)


def ports_module(
    kind: str,
    code: VerilogBuilder,
    inputs: Sequence[tuple[str, int]],
    outputs: Sequence[tuple[str, int, str]],
) -> Module:
    """Return a module with several outputs, which needs no pulses: the modules of streams.

    Args:
        kind: first part of its name.
        code: its body.
        inputs: name and width of the input ports besides the clock.
        outputs: name, width and expression of the output ports.
    """
    ports = ["input wire clk", *(f"input wire [{bits - 1}:0] {name}" for name, bits in inputs)]
    ports += [f"output wire [{bits - 1}:0] {name}" for name, bits, _ in outputs]
    body = [*code.lines, *(f"assign {name} = {value};" for name, _, value in outputs)]
    return _named(kind, ports, "\n  ".join(body))


def _named(kind: str, ports: Sequence[str], body: str) -> Module:
    """Return a module that is named by its content, without timing."""
    # 12 hexadecimal digits: 48 bits, unique enough for the modules of one network
    name = f"{kind}_{digest(list(ports), body)[:12]}"
    # Keeps Verilator from inlining: it then compiles a module once, not once per instance
    kept = "/*verilator no_inline_module*/"
    text = f"module {name} (\n  {', '.join(ports)}\n); {kept}\n  {body}\nendmodule\n"
    return Module(name, text, 0)


ITEMS_PER_LINE = 1024
"""Verilator 5.006 takes at most 40000 tokens on a line."""


def listed(items: Sequence[str], separator: str = ", ") -> str:
    """Return items with separators, on as many lines as tools can read."""
    starts = range(0, len(items), ITEMS_PER_LINE)
    lines = [separator.join(items[start : start + ITEMS_PER_LINE]) for start in starts]
    return f"{separator}\n".join(lines)


def constant(value: int, bits: int) -> str:
    """Return a signed literal in two's complement.

    Written as bits, because Verilog reads ``-8'sd128`` as the negation of ``8'sd128``, which is
    -128 already.
    """
    return f"{bits}'sh{value & ((1 << bits) - 1):x}"


def signed_bits(*values: int) -> int:
    """Return the bits of the narrowest two's complement number that holds all values."""
    return 1 + max((value if value >= 0 else -value - 1).bit_length() for value in values)
