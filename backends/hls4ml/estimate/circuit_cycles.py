"""Cycles of layers without weights: those of their circuits, each built for itself.

Where such a layer has registers follows from its types, rounding and overflow (`rtl.path`), for
which there is no formula.
"""

import math
from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from backends.modelgraph.cost import Cost, network_interval
from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.layers.rules import RtlRule
from backends.modelgraph.nodes import types_of
from backends.modelgraph.rtl.circuit import Circuit, Rows, Signal
from backends.modelgraph.rtl.modules.elementwise import convert
from dse.contracts.errors import EvaluationError


class OneLayer:
    """The `RtlContext` of a layer alone: its inputs are ports, all valid in cycle 0."""

    def __init__(self) -> None:
        self.circuit = Circuit(network_interval())
        self.rows: Rows | None = None

    def given(self, node: Any, number: int = 0) -> Signal:
        """Return an input port in the type of the layer's input."""
        variable = node.get_input_variable(node.inputs[number])
        shape = [int(size) for size in variable.shape]
        kind = FixedType.of(variable.type.precision)
        return Signal(f"in_{number}", math.prod(shape[:-1]), shape[-1], kind, 0)

    def converted(self, node: Any, signal: Signal, kind: FixedType) -> Signal:
        """Return a signal cast to another type."""
        if signal.type == kind:
            return signal
        module = convert(signal.features, signal.type, kind, pipeline=self.circuit.pipeline)
        return self.circuit.each_row(node.name, module, signal, (signal.features, kind))

    def set(self, node: Any, signal: Signal) -> None:
        """Take the output of another node, which nothing reads here."""


_KNOWN: dict[Hashable, int | None] = {}
"""Cycles by `_settings`: searches ask for thousands of networks with the same activations."""


def _settings(node: Any) -> Hashable:
    """Return all that the circuit of a layer without numbers of its own depends on."""
    inputs = [node.get_input_variable(name) for name in node.inputs]
    given = [(tuple(map(int, each.shape)), str(each.type.precision)) for each in inputs]
    simple = [(n, v) for n, v in node.attributes.items() if isinstance(v, bool | int | float | str)]
    types = sorted(types_of(node).items())
    return (node.class_name, network_interval(), *given, *types, *sorted(simple))


def _built(node: Any, rtl: RtlRule) -> int | None:
    """Return the cycles of a layer's circuit; None where `open` refuses the layer."""
    try:
        return rtl(node, OneLayer()).time
    except EvaluationError:
        return None


def _cycles(node: Any, rtl: RtlRule) -> int | None:
    """Return the cycles of a layer's circuit, which is built once for equal layers."""
    if node.weights:
        return _built(node, rtl)
    key = _settings(node)
    if key not in _KNOWN:
        _KNOWN[key] = _built(node, rtl)
    return _KNOWN[key]


def with_cycles_of_circuit(cost: Cost, node: Any, rtl: RtlRule) -> Cost:
    """Return a cost with the cycles of the layer's circuit, and the registers of further ones.

    A layer that `open` refuses keeps the cycles of its formula.

    Args:
        cost: by formulas.
        node: the layer.
        rtl: its rule for `open`.
    """
    cycles = _cycles(node, rtl)
    if cycles is None:
        return cost
    variable = node.get_output_variable()
    bits = variable.size() * variable.type.precision.width
    return replace(cost, depth=cycles, ff=cost.ff + max(cycles - cost.depth, 0) * bits)
