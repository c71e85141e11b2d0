"""Modules of a recurrent cell: what happens to the states after the products of a time step.

Elements are computed side by side. A module's inputs may become valid one after the other; all
stay valid until the time step ends (`rtl.recurrence`).
"""

from collections.abc import Callable, Mapping

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.exact import ONE, known
from backends.modelgraph.rtl.number import Number, element, pack
from backends.modelgraph.rtl.path import Path, together
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder, constant


def gate_sums(count: int, accum: FixedType) -> Module:
    """Return a module of the sums of both products of a time step: `a`, `b` → `y`."""
    return _elements("gates", count, {"a": accum, "b": accum}, accum, Path.sum)


def lstm_memory(count: int, accum: FixedType, state: FixedType) -> Module:
    """Return a module of an LSTM's cell state: `fresh`, `enter`, `memory`, `forget` → `y`."""
    ports = {"fresh": accum, "enter": accum, "memory": state, "forget": accum}
    return _elements("memory", count, ports, state, _sum_of_products)


def lstm_output(count: int, accum: FixedType, state: FixedType) -> Module:
    """Return a module of an LSTM's output, without a register: `leave`, `active` → `y`."""
    ports = {"leave": accum, "active": accum}
    return _elements("output", count, ports, state, Path.product, registered=False)


def gru_candidate(count: int, accum: FixedType) -> Module:
    """Return a module of the argument of a GRU's new values: `x`, `reset`, `u` → `y`.

    The product with the reset gate is cast before it is added.
    """

    def argument(path: Path, x: Number, reset: Number, u: Number) -> Number:
        kept = path.cast(path.product(reset, u), accum)
        return path.sum(x, kept)

    ports = {"x": accum, "reset": accum, "u": accum}
    return _elements("candidate", count, ports, accum, argument)


def gru_state(count: int, accum: FixedType, state: FixedType) -> Module:
    """Return a module of a GRU's state, without a register: `fresh`, `update`, `hidden` → `y`."""

    def mixed(path: Path, fresh: Number, update: Number, hidden: Number) -> Number:
        rest = path.sum(known(path.code, ONE), update, "-")
        return _sum_of_products(path, fresh, rest, hidden, update)

    ports = {"fresh": accum, "update": accum, "hidden": state}
    return _elements("state", count, ports, state, mixed, registered=False)


def from_zero(bits: int, step_bits: int) -> Module:
    """Return a module of a state that is zero in the first time step: `x`, `step` → `y`."""
    code = VerilogBuilder()
    y = code.wire(bits, f"(step == {step_bits}'d0) ? {constant(0, bits)} : x")
    return code.module("from_zero", [Port("x", bits), Port("step", step_bits)], (bits, y), 0)


def _sum_of_products(path: Path, *factors: Number) -> Number:
    """Return the product of the first two of four numbers plus that of the other two.

    The inputs of the module are stable, so a product may begin later than the other.
    """
    other = Path(path.code, path.pipeline)
    first, second = path.product(*factors[:2]), other.product(*factors[2:])
    path.cycles = max(path.cycles, other.cycles)
    return path.sum(first, second)


def _elements(
    kind: str,
    count: int,
    ports: Mapping[str, FixedType],
    to: FixedType,
    function: Callable[..., Number],
    *,
    registered: bool = True,
) -> Module:
    """Return a module that applies a function to every element of its ports, and casts."""
    code, made = VerilogBuilder(), []
    for i in range(count):
        path = Path(code)
        numbers = [element(code, port, i, given) for port, given in ports.items()]
        made.append((path, path.cast(function(path, *numbers), to)))
    found, cycles = together(code, made)
    bits = count * to.width
    y = pack(found, to)
    if registered:
        y, cycles = code.register(bits, y, "y"), cycles + 1
    inputs = [Port(port, count * given.width) for port, given in ports.items()]
    return code.module(kind, inputs, (bits, y), cycles)
