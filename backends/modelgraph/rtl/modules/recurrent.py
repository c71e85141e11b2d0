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
    return _elements("memory", count, ports, state, lambda c, *x: _sum_of_products(c, state, *x))


def lstm_output(count: int, accum: FixedType, state: FixedType) -> Module:
    """Return a module of an LSTM's output, without a register: `leave`, `active` → `y`."""
    ports = {"leave": accum, "active": accum}
    return _elements("output", count, ports, state, times, registered=False)


def gru_candidate(count: int, accum: FixedType) -> Module:
    """Return a module of the argument of a GRU's new values: `x`, `reset`, `u` → `y`.

    The product with the reset gate is cast before it is added; a register stands behind a cast
    that takes logic.
    """
    more = _takes_logic(accum)

    def argument(code: VerilogBuilder, x: Number, reset: Number, u: Number) -> Exact:
        exact, cycles = times(code, reset, u)
        kept = delayed(code, cast(code, exact, accum), more)
        return total(code, x, kept), cycles + more

    ports = {"x": accum, "reset": accum, "u": accum}
    return _elements("candidate", count, ports, accum, argument)


def gru_state(count: int, accum: FixedType, state: FixedType) -> Module:
    """Return a module of a GRU's state, without a register: `fresh`, `update`, `hidden` → `y`."""

    def mixed(code: VerilogBuilder, fresh: Number, update: Number, hidden: Number) -> Exact:
        rest = total(code, known(code, ONE), update, "-")
        return _sum_of_products(code, state, fresh, rest, hidden, update)

    ports = {"fresh": accum, "update": accum, "hidden": state}
    return _elements("state", count, ports, state, mixed, registered=False)


def from_zero(bits: int, step_bits: int) -> Module:
    """Return a module of a state that is zero in the first time step: `x`, `step` → `y`."""
    code = VerilogBuilder()
    y = code.wire(bits, f"(step == {step_bits}'d0) ? {constant(0, bits)} : x")
    return code.module("from_zero", [Port("x", bits), Port("step", step_bits)], (bits, y), 0)


def _sum_of_products(code: VerilogBuilder, to: FixedType, *factors: Number) -> Exact:
    """Return the product of the first two numbers plus that of the other two.

    Args:
        code: module to write to.
        to: type that the sum will be cast to; a register stands before a cast that takes logic.
        factors: four numbers.
    """
    made = [times(code, *factors[:2]), times(code, *factors[2:])]
    cycles = max(took for _, took in made)
    first, second = (delayed(code, exact, cycles - took) for exact, took in made)
    more = _takes_logic(to)
    return delayed(code, total(code, first, second), more), cycles + more


def _takes_logic(to: FixedType) -> int:
    """Return 1 where a cast to a type may round or saturate, else 0: it is wires then."""
    return int((to.rounding, to.overflow) != ("TRN", "WRAP"))


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
