"""Value rules of hls4ml's pooling of sequences and images, io_parallel (nnet_pooling.h)."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.fixed_point import FixedType, Raw, Tensor, exact_sum, fitting
from backends.modelgraph.layers import pooling_stream
from backends.modelgraph.layers.rules import (
    LayerRules,
    is_streamed,
    refused,
    result_type,
    type_of,
)
from backends.modelgraph.layers.windows import Windows, images_of, shaped_as_output
from backends.modelgraph.nodes import is_integer


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the largest or the mean value of every window, in the result type."""
    if is_streamed(node):
        pooling_stream.refuse_unstreamed(node, "bittrue")
    (data,) = inputs
    windows, images = Windows.of(node, "pool"), images_of(node, data)
    if node.get_attr("pool_op") == "Max":
        fill = _lowest(FixedType.of(node.get_input_variable().type.precision))
        wide = fitting(images, max(data.magnitude, abs(fill)))
        return _largest(node, Tensor(windows.over(wide, fill), data.fractional), counter)
    pixels = windows.real_pixels(images)
    if node.get_attr("count_pad", False):
        pixels = np.full_like(pixels, math.prod(windows.size))
    return _mean(node, Tensor(windows.over(images), data.fractional), pixels, counter)


def whole_image(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the largest or the mean value of every channel, in the result type."""
    (data,) = inputs
    images = images_of(node, data)
    n_samples, height, width, channels = images.shape
    pools = Tensor(images.reshape(n_samples, 1, 1, -1, channels), data.fractional)
    if node.get_attr("pool_op") == "Max":
        return _largest(node, pools, counter)
    return _mean(node, pools, np.array([[height * width]]), counter)


def _lowest(to: FixedType) -> int:
    """Return the raw value of padding for a maximum: only the highest bit is set.

    That is the lowest number of a signed type, but the middle of an unsigned one: hls4ml's
    maximum at the border of unsigned data is then too large.
    """
    highest_bit = 1 << (to.width - 1)
    return -highest_bit if to.signed else highest_bit


def _largest(node: Any, pools: Tensor, counter: CastCounter) -> Tensor:
    """Return the maxima of pools (samples, rows, columns, pixels, channels)."""
    if is_streamed(node):
        return _result(node, pooling_stream.largest(node, pools, counter), counter)
    maxima = Tensor(pools.raw.max(axis=3), pools.fractional)
    return _result(node, counter.cast(maxima, type_of(node, "accum_t")), counter)


def _mean(node: Any, pools: Tensor, pixels: Raw, counter: CastCounter) -> Tensor:
    """Return the means of pools (samples, rows, columns, pixels, channels).

    The sum is cast to the accumulator type after every addition; the quotient is that of
    integers, rounded toward zero, whatever the rounding mode of the type.

    Args:
        node: the layer.
        pools: pixels in the order in which they are added, zeros for padding.
        pixels: numbers of pixels to divide by, (rows, columns).
        counter: counts the casts.

    Raises:
        EvaluationError: the accumulator is an ap_int. C++ divides a negative one by the unsigned
            number of pixels as if it were a large positive one.
    """
    if is_integer(node, "accum_t"):
        reason = f"has no rule for means in {node.types['accum_t'].precision}"
        raise refused(node, "bittrue", reason, "use fixed<W, W>, which divides negative numbers")
    accum = type_of(node, "accum_t")
    if is_streamed(node):
        total = pooling_stream.total(node, pools, counter)
    else:
        total = _sum(pools, accum, counter)
    floor, rest = np.divmod(total.raw, pixels[:, :, None])
    quotient = floor + ((total.raw < 0) & (rest != 0))
    return _result(node, Tensor(quotient, accum.fractional), counter)


def _sum(pools: Tensor, accum: FixedType, counter: CastCounter) -> Tensor:
    """Return the sums of pools, cast to the accumulator type after every addition."""
    total = Tensor(np.zeros_like(pools.raw[:, :, :, 0]), accum.fractional)
    for pixel in range(pools.raw.shape[3]):
        term = Tensor(pools.raw[:, :, :, pixel], pools.fractional)
        total = counter.cast(exact_sum(total, term), accum)
    return total


def _result(node: Any, pooled: Tensor, counter: CastCounter) -> Tensor:
    """Return values (samples, rows, columns, channels) in the result type and output's shape."""
    return shaped_as_output(node, counter.cast(pooled, result_type(node)))


RULES = (
    LayerRules(class_names=("Pooling1D", "Pooling2D"), value=value, stream=pooling_stream.WINDOWS),
    LayerRules(
        class_names=("GlobalPooling1D", "GlobalPooling2D"),
        value=whole_image,
        stream=pooling_stream.WHOLE,
    ),
)
