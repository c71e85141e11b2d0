"""Rules of layers that only move values: one function of arrays gives value and circuit.

The value rule applies the function to numbers, the RTL rule to the numbers of wires
(`backends.modelgraph.rtl.wiring`), so the two cannot differ.
"""

from collections.abc import Callable, Sequence
from typing import Any

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import Cost, casts
from backends.modelgraph.fixed_point import FixedType, Raw, Tensor
from backends.modelgraph.layers.rules import LayerRules, RtlContext, StreamRules, result_type
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.wiring import Numbers, numbers

Move = Callable[[Any, Raw], Raw]
"""Returns the values of a node's output from those of its input; first axis samples.

Values that are in no input have to be zero.
"""


def rules(
    class_names: tuple[str, ...],
    move: Move,
    keras_handlers: str = "",
    stream: StreamRules | None = None,
    *,
    same_in_streams: bool = False,
) -> LayerRules:
    """Return the rules of a layer that moves values and casts them to its result type."""

    def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
        """Return the input's values where the layer moves them, in the result type."""
        (data,) = inputs
        raw = move(node, data.raw).reshape(-1, *shape_of(node))
        return counter.cast(Tensor(raw, data.fractional), result_type(node))

    def rtl(node: Any, context: RtlContext) -> Signal:
        """Return the input's wires where the layer moves them, cast to the result type."""
        signal = context.converted(node, context.given(node), result_type(node))
        return context.circuit.wired(node.name, [signal], moved(node, move))

    return LayerRules(
        class_names=class_names,
        value=value,
        cost=cost,
        rtl=rtl,
        stream=stream,
        same_in_streams=same_in_streams,
        keras_handlers=keras_handlers,
    )


def moved(node: Any, move: Move) -> Numbers:
    """Return the numbers of the wires of a node's output, in its shape."""
    shape = [int(size) for size in node.get_input_variable().shape]
    return move(node, numbers(shape)[None]).reshape(shape_of(node))


def shape_of(node: Any) -> list[int]:
    """Return the shape of a node's output, without the batch."""
    return [int(size) for size in node.get_output_variable().shape]


def cost(node: Any) -> Cost:
    """Return the cost: that of the casts of the inputs; wires are free."""
    found = (node.get_input_variable(name) for name in node.inputs)
    result = result_type(node)
    return Cost(lut=sum(casts(v.size(), FixedType.of(v.type.precision), result) for v in found))
