"""Modules of a recurrent cell: what happens to the states after the products of a time step.

Elements are computed side by side. A module's inputs may become valid one after the other; all
stay valid until the time step ends (`rtl.recurrence`).
"""

from collections.abc import Callable, Mapping

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.exact import ONE, delayed, known, times, total
from backends.modelgraph.rtl.number import Number, cast, element, pack
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder, constant

Exact = tuple[Number, int]
"""An exact value, and the cycles that it takes."""


def gate_sums(count: int, accum: FixedType) -> Module:
    """Return a module of the sums of both products of a time step: `a`, `b` → `y`."""
    ports = {"a": accum, "b": accum}
    return _elements("gates", count, ports, accum, lambda code, a, b: (total(code, a, b), 0))


def lstm_memory(count: int, accum: FixedType, state: FixedType) -> Module:
    """Return a module of an LSTM's cell state: `fresh`, `enter`, `memory`, `forget` → `y`."""
    ports = {"fresh": accum, "enter": accum, "memory": state, "forget": accum}
    return _elements("memory", count, ports, state, _sum_of_products)


def lstm_output(count: int, accum: FixedType, state: FixedType) -> Module:
    """Return a module of an LSTM's output, without a register: `leave`, `active` → `y`."""
    ports = {"leave": accum, "active": accum}
    return _elements("output", count, ports, state, times, registered=False)


def gru_candidate(count: int, accum: FixedType) -> Module:
    """Return a module of the argument of a GRU's new values: `x`, `reset`, `u` → `y`.

    The product with the reset gate is cast before it is added.
    """

    def argument(code: VerilogBuilder, x: Number, reset: Number, u: Number) -> Exact:
        exact, cycles = times(code, reset, u)
        return total(code, x, cast(code, exact, accum)), cycles

    ports = {"x": accum, "reset": accum, "u": accum}
    return _elements("candidate", count, ports, accum, argument)


def gru_state(count: int, accum: FixedType, state: FixedType) -> Module:
    """Return a module of a GRU's state, without a register: `fresh`, `update`, `hidden` → `y`."""

    def mixed(code: VerilogBuilder, fresh: Number, update: Number, hidden: Number) -> Exact:
        rest = total(code, known(code, ONE), update, "-")
        return _sum_of_products(code, fresh, rest, hidden, update)

    ports = {"fresh": accum, "update": accum, "hidden": state}
    return _elements("state", count, ports, state, mixed, registered=False)


def from_zero(bits: int, step_bits: int) -> Module:
    """Return a module of a state that is zero in the first time step: `x`, `step` → `y`."""
    code = VerilogBuilder()
    y = code.wire(bits, f"(step == {step_bits}'d0) ? {constant(0, bits)} : x")
    return code.module("from_zero", [Port("x", bits), Port("step", step_bits)], (bits, y), 0)


def _sum_of_products(code: VerilogBuilder, a: Number, b: Number, c: Number, d: Number) -> Exact:
    """Return a * b + c * d."""
    made = [times(code, a, b), times(code, c, d)]
    cycles = max(took for _, took in made)
    first, second = (delayed(code, exact, cycles - took) for exact, took in made)
    return total(code, first, second), cycles


def _elements(
    kind: str,
    count: int,
    ports: Mapping[str, FixedType],
    to: FixedType,
    function: Callable[..., Exact],
    *,
    registered: bool = True,
) -> Module:
    """Return a module that applies a function to every element of its ports, and casts."""
    code, found, cycles = VerilogBuilder(), [], 0
    for i in range(count):
        numbers = [element(code, port, i, given) for port, given in ports.items()]
        exact, cycles = function(code, *numbers)
        found.append(cast(code, exact, to))
    bits = count * to.width
    y = pack(found, to)
    if registered:
        y, cycles = code.register(bits, y, "y"), cycles + 1
    inputs = [Port(port, count * given.width) for port, given in ports.items()]
    return code.module(kind, inputs, (bits, y), cycles)
