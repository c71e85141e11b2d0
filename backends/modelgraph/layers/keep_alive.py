"""Rules of `dse.layers.KeepAlive`: its first input, with what makes the second kept in the circuit.

The second input feeds nothing, so that every tool would drop it, and all that only it needs.
`keep_alive_hls4ml` registers the layer with hls4ml.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import no_cost
from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.kernel_plan import KernelStep
from backends.modelgraph.layers.keep_alive_hls4ml import register
from backends.modelgraph.layers.rules import (
    KernelContext,
    KernelRules,
    LayerRules,
    RtlContext,
    result_type,
)
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.modules.elementwise import unread

_BIT = FixedType(1, 1, signed=False)


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the first input in the result type."""
    return counter.cast(inputs[0], result_type(node))


def rtl(node: Any, context: RtlContext) -> Signal:
    """Return the first input, valid once the second is, whose wires no tool may remove.

    The layers behind wait for both, as they do for a block of the drawing that ends there.
    """
    first, second = context.given(node, 0), context.given(node, 1)
    given = context.converted(node, first, result_type(node))
    held, kept = context.circuit.together(given, second)
    context.circuit.each_row(f"{node.name}_unread", unread(kept.row_bits), kept, (1, _BIT))
    return held


def _kernels(layer: Mapping[str, Any], context: KernelContext) -> list[KernelStep]:
    """Make the output an alias of the first input; the kernels of the second have run by then."""
    context.alias(layer["name"], context.source(layer["inputs"][0]))
    return []


RULES = (
    LayerRules(
        class_names=("HlsKeepAlive",),
        value=value,
        cost=no_cost,
        rtl=rtl,
        set_up=register,
        keras_handlers="backends.modelgraph.layers.keep_alive_keras",
        kernels=KernelRules(
            class_names=("KeepAlive",),
            steps=_kernels,
            features=lambda layer, context: context.features(layer["inputs"][0]),
        ),
    ),
)
