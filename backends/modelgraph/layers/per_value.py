"""Rules of hls4ml's quantiser with a type for every value, as HGQ2 trains it.

Source: the code that hls4ml generates for it, backends/fpga/passes/hgq_proxy_model.py. Types of the
layers between are hls4ml's own: wide enough to lose nothing (its pass ``bit_exact``).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import Cost, casts
from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.layers.rules import LayerRules, RtlContext, result_type
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.number import Number, element, pack
from backends.modelgraph.rtl.path import Path, together
from backends.modelgraph.rtl.pipeline import Pipeline
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder, constant


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return every value cast to its own type, in the result type; one of 0 bits is 0."""
    (data,), result = inputs, result_type(node)
    flat = data.raw.reshape(len(data.raw), -1)
    made = np.zeros_like(flat)
    for kind, places in _types(node, data.raw.shape[1:]):
        own = counter.cast(Tensor(flat[:, places], data.fractional), kind)
        made[:, places] = counter.cast(own, result).raw
    return Tensor(made.reshape(data.raw.shape), result.fractional)


def _types(node: Any, shape: tuple[int, ...]) -> Iterator[tuple[FixedType, NDArray[np.bool_]]]:
    """Yield the types of a node's values, without those of 0 bits, and where each one is.

    Args:
        node: the quantiser; its masks hold sign, bits and integer bits (sign included).
        shape: of its values, without samples.
    """
    masks = (np.asarray(mask) for mask in node.mask_kbi)
    whole = (m.reshape(m.shape[1:]) if m.ndim > 1 else m for m in masks)
    table = np.stack([np.broadcast_to(mask, shape).ravel() for mask in whole])
    for signed, bits, integer in np.unique(table, axis=1).T.tolist():
        if bits > 0:
            kind = FixedType(bits, integer, bool(signed), node.RND, node.SAT)
            yield kind, np.equal(table.T, [signed, bits, integer]).all(axis=1)


def rtl(node: Any, context: RtlContext) -> Signal:
    """Place one module with a cast for every value, and return the output."""
    given, result = context.given(node), result_type(node)
    single = context.circuit.reshaped(given, 1, given.rows * given.features)
    kinds = dict(_by_place(node))
    every = [kinds.get(i) for i in range(single.features)]
    module = _each_cast(every, given.type, result, context.circuit.pipeline)
    made = context.circuit.each_row(node.name, module, single, (single.features, result))
    return context.circuit.reshaped(made, given.rows, given.features)


def _each_cast(
    kinds: Sequence[FixedType | None], given: FixedType, result: FixedType, pipeline: Pipeline
) -> Module:
    """Return a module that casts every number to its type, then to the result's.

    It has registers only where casts take logic.

    Args:
        kinds: type of every number; None for one of 0 bits, which is 0.
        given: type of the numbers.
        result: type of the output.
        pipeline: where the family wants registers.
    """
    code, found = VerilogBuilder(), []
    zero = Number(code.wire(result.width, constant(0, result.width)), result.width, 0)
    for i, kind in enumerate(kinds):
        path, made = Path(code, pipeline), zero
        if kind is not None:
            own = path.cast(element(code, "x", i, given), kind)
            made = path.end(path.cast(own, result))
        found.append((path, made))
    done, latency = together(code, found)
    packed = len(kinds) * result.width, pack(done, result)
    return code.module("casts", [Port("x", len(kinds) * given.width)], packed, latency)


def cost(node: Any) -> Cost:
    """Return the cost: that of the cast of every value."""
    given = FixedType.of(node.get_input_variable().type.precision)
    result = result_type(node)
    return Cost(lut=sum(casts(1, given, k) + casts(1, k, result) for _, k in _by_place(node)))


def _by_place(node: Any) -> Iterator[tuple[int, FixedType]]:
    """Yield the number of every value that is not of 0 bits, with its type."""
    shape = tuple(int(size) for size in node.get_output_variable().shape)
    for kind, places in _types(node, shape):
        yield from ((int(place), kind) for place in np.flatnonzero(places))


RULES = (LayerRules(class_names=("FixedPointQuantizer",), value=value, cost=cost, rtl=rtl),)
