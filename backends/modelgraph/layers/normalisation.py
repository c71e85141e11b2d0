"""Rules of batch normalisation and of ApplyAlpha, which scales a quantised layer's output.

The firmware computes ``data * scale + bias`` exactly and casts once (nnet_batchnorm.h). In
networks with granularity "name", hls4ml moves most of them into the layer in front.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import Cost, width
from backends.modelgraph.fixed_point import Tensor, exact_product, exact_sum
from backends.modelgraph.layers.activation_circuits import constants, placed, sloped_cost
from backends.modelgraph.layers.rules import (
    LayerRules,
    RtlContext,
    StreamRules,
    every_position,
    refused,
    result_type,
)
from backends.modelgraph.layers.weighted_sum import as_written
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.exact import Constant
from backends.modelgraph.rtl.modules.functions import line, widest
from backends.modelgraph.rtl.stream.front import Front
from backends.modelgraph.rtl.verilog import signed_bits


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the scaled and shifted data in the result type."""
    (data,) = inputs
    shape = data.raw.shape[1:]
    scale, bias = (_by_channel(node, name, shape, "bittrue") for name in _NAMES)
    return counter.cast(exact_sum(exact_product(data, scale), bias), result_type(node))


_NAMES = ("scale", "bias")


def _by_channel(node: Any, name: str, shape: tuple[int, ...], walker: str) -> Tensor:
    """Return scales or biases in a shape that broadcasts to that of the data, samples aside.

    Args:
        node: the layer.
        name: of the weights.
        shape: of the data.
        walker: backend that asks, for the error.

    Raises:
        EvaluationError: there is not one number for every channel, nor one for every value.
    """
    written = as_written(node.weights[name])
    channels = int(node.get_attr("n_filt", -1))
    wanted = shape if channels == -1 else (channels,)
    if written.raw.size != math.prod(wanted) or wanted[-1] != shape[-1]:
        sizes = f"{written.raw.size} numbers in its {name} for data of shape {shape}"
        raise refused(node, walker, f"has no rule for {sizes}")
    return Tensor(written.raw.reshape(wanted), written.fractional)


def _numbers(node: Any, walker: str) -> list[Tensor]:
    """Return scales and biases, one for each channel or for each value."""
    shape = tuple(int(size) for size in node.get_output_variable().shape)
    return [_by_channel(node, name, shape, walker) for name in _NAMES]


def rtl(node: Any, context: RtlContext) -> Signal:
    """Place a multiplier by a constant and an adder for every value; return the output."""
    scales, biases = (constants(part) for part in _numbers(node, "open"))
    bits = widest(scales)
    functions = [line(a, b, bits) for a, b in zip(scales, biases, strict=True)]
    return placed(node, context, "scaled", functions)


def _front(node: Any) -> Front:
    """Return how the layer reads a stream: every position has the same scales.

    Raises:
        EvaluationError: every value has a scale of its own.
    """
    if _numbers(node, "open")[0].raw.size != int(node.get_output_variable().shape[-1]):
        raise refused(node, "open", "cannot scale every position of a stream differently")
    return every_position(node)


def cost(node: Any) -> Cost:
    """Return the cost: a multiplier by a constant and an adder for every value.

    A DSP slice has an adder of its own behind the multiplier.
    """
    scales, biases = _numbers(node, "estimate")
    by_width = {signed_bits(int(raw)): raw for raw in np.ravel(biases.raw)}
    numbers = constants(scales)
    bits = widest(numbers)
    functions = [
        line(numbers[0], Constant(int(raw), biases.fractional), bits) for raw in by_width.values()
    ]
    products, output = sloped_cost(node, scales, functions, 0), node.get_output_variable()
    without_slice = max(output.size() - products.dsp, 0)
    return replace(products, lut=products.lut + without_slice * width(output))


RULES = (
    LayerRules(
        class_names=("BatchNormalization", "ApplyAlpha"),
        value=value,
        cost=cost,
        rtl=rtl,
        stream=StreamRules(front=_front),
        keras_handlers="backends.modelgraph.layers.normalisation_keras",
    ),
)
