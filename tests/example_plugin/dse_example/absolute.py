"""Layer `Absolute` with all its rules in one file: the magnitude of every element."""

from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar

import hls4ml
import numpy as np
from hls4ml.backends.template import FunctionCallTemplate
from hls4ml.converters.keras_v3._base import KerasV3LayerHandler
from hls4ml.model.attributes import Attribute
from hls4ml.model.layers import Layer

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import Cost, width
from backends.modelgraph.fixed_point import FixedType, Tensor, fitting
from backends.modelgraph.layers.rules import LayerRules, RtlContext, result_type
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.number import Number, cast, element, pack, resized
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder


class AbsoluteHandler(KerasV3LayerHandler):
    """Converter of the Keras layer `my_layers.Absolute` to hls4ml's layer list."""

    handles: ClassVar[tuple[str, ...]] = ("my_layers.Absolute",)

    def handle(self, layer: Any, in_tensors: Any, out_tensors: Any) -> dict[str, Any]:
        return {"class_name": "Absolute", "n_in": int(np.prod(in_tensors[0].shape[1:]))}


class HlsAbsolute(Layer):
    """Node of hls4ml's model graph; its output has the shape of its input."""

    _expected_attributes: ClassVar[list[Attribute]] = [Attribute("n_in")]

    def initialize(self) -> None:
        self.add_output_variable(list(self.get_input_variable().shape))


class _Call(FunctionCallTemplate):
    """Firmware of the layer: one line of C++ in the top function, without a header of its own."""

    def __init__(self) -> None:
        super().__init__(HlsAbsolute, include_header=[])

    def format(self, node: Any) -> str:
        given, made = node.get_input_variable().name, node.get_output_variable().name
        return (
            f"for (unsigned i = 0; i < {node.get_attr('n_in')}; i++) "
            # no `?:`, whose branches would have two types: -x is a bit wider than x
            f"if ({given}[i] < 0) {made}[i] = -{given}[i]; else {made}[i] = {given}[i];"
        )


@cache  # hls4ml raises an error if a layer is registered twice
def set_up() -> None:
    """Register the layer with hls4ml."""
    hls4ml.model.layers.register_layer("Absolute", HlsAbsolute)
    for name in ("Vivado", "Vitis"):
        hls4ml.backends.get_backend(name).register_template(_Call)


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the layer's outputs, bit for bit as the firmware computes them."""
    (data,) = inputs
    raw = fitting(data.raw, data.magnitude + 1)  # the negative of -2**n needs one bit more
    return counter.cast(Tensor(np.abs(raw), data.fractional), result_type(node))


def cost(node: Any) -> Cost:
    """Return the estimated cost: an adder, to negate, and a register per element."""
    output = node.get_output_variable()
    bits = output.size() * width(output)
    return Cost(lut=bits, ff=bits, depth=1)


def _module(count: int, given: FixedType, to: FixedType) -> Module:
    """Write a Verilog module for `count` elements with a latency of one cycle."""
    code = VerilogBuilder()
    done = []
    for index in range(count):
        x = element(code, "x", index, given)
        wide = resized(code, x, x.bits + 1)
        sign = f"{wide.name}[{wide.bits - 1}]"
        magnitude = code.wire(wide.bits, f"{sign} ? -{wide.name} : {wide.name}")
        done.append(cast(code, Number(magnitude, wide.bits, wide.fractional), to))
    y = code.register(count * to.width, pack(done, to), "y")
    return code.module("absolute", [Port("x", count * given.width)], (count * to.width, y), 1)


def rtl(node: Any, context: RtlContext) -> Signal:
    """Add the layer to the circuit: the module is applied to every row of the input."""
    given, result = context.given(node), result_type(node)
    module = _module(given.features, given.type, result)
    return context.circuit.each_row(node.name, module, given, (given.features, result))


RULES = (
    LayerRules(
        class_names=("HlsAbsolute",),
        value=value,
        cost=cost,
        rtl=rtl,
        set_up=set_up,
        keras_handlers=__name__,
    ),
)
