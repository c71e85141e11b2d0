"""Pieces of Verilog: modules with a name that tells their content, and code being written.

Timing contract of every module: data at its inputs is stable from the cycle it becomes
valid for `interval` cycles, and so is data at its outputs, `latency` cycles later. No
module has a valid or ready signal of its own; enables are taps of one shift register.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dse.runtime.cache import digest


@dataclass(frozen=True)
class Module:
    """A Verilog module.

    Args:
        name: kind and a digest of the content, so equal hardware has equal names.
        text: the Verilog source.
        latency: cycles from valid inputs to valid outputs; 0 for logic without registers.
        enables: ports that want a pulse, with the cycle after the inputs became valid.
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
    """The body of a module while it is written; hands out names."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._count = 0

    def name(self, stem: str = "v") -> str:
        """A name that is not used yet."""
        self._count += 1
        return f"{stem}{self._count}"

    def wire(self, bits: int, expression: str, stem: str = "v") -> str:
        """A signed wire with this value."""
        name = self.name(stem)
        self.lines.append(f"wire signed [{bits - 1}:0] {name} = {expression};")
        return name

    def register(self, bits: int, following: str, stem: str = "r", enable: str = "") -> str:
        """A signed register that takes `following` at every clock edge, or when enabled."""
        name = self.name(stem)
        condition = f"if ({enable}) " if enable else ""
        self.lines.append(f"reg signed [{bits - 1}:0] {name};")
        self.lines.append(f"always @(posedge clk) {condition}{name} <= {following};")
        return name

    def delayed(self, bits: int, value: str, cycles: int) -> str:
        """`value` some cycles later."""
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
        """Close the module.

        Args:
            kind: first part of its name.
            inputs: data ports, besides clock, phase and enables.
            output: bits and value of the port `y`.
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
        name = f"{kind}_{digest(ports, body)[:12]}"
        # Verilator then compiles a module once, not once per instance
        kept = "/*verilator no_inline_module*/"
        text = f"module {name} (\n  {', '.join(ports)}\n); {kept}\n  {body}\nendmodule\n"
        return Module(name, text, latency, dict(enables), phase_bits)


def constant(value: int, bits: int) -> str:
    """A signed literal; written as bits, because a minus sign binds differently in Verilog."""
    return f"{bits}'sh{value & ((1 << bits) - 1):x}"


def signed_bits(*values: int) -> int:
    """Bits a two's complement number needs to hold all of these."""
    return 1 + max((value if value >= 0 else -value - 1).bit_length() for value in values)
