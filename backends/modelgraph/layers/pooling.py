"""Rules of hls4ml's pooling of sequences and images, io_parallel (nnet_pooling.h)."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import Cost, constant_products, width
from backends.modelgraph.fixed_point import FixedType, Raw, Tensor, exact_sum, fitting
from backends.modelgraph.layers import pooling_stream
from backends.modelgraph.layers.rules import (
    LayerRules,
    RtlContext,
    is_streamed,
    refused,
    result_type,
    type_of,
)
from backends.modelgraph.layers.windows import Windows, images_of, shaped_as_output
from backends.modelgraph.nodes import is_integer
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.modules.pools import PoolSpec, largest_pixel, mean_pixel
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.modelgraph.rtl.verilog import Module
from backends.modelgraph.rtl.wiring import Numbers, numbers


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
        EvaluationError: see `_check_mean`.
    """
    _check_mean(node, "bittrue")
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


def _check_mean(node: Any, walker: str) -> None:
    """Refuse means in an ap_int.

    C++ divides a negative one by the unsigned number of pixels as if it were a large positive one.
    """
    if is_integer(node, "accum_t"):
        reason = f"has no rule for means in {node.types['accum_t'].precision}"
        raise refused(node, walker, reason, "use fixed<W, W>, which divides negative numbers")


def _result(node: Any, pooled: Tensor, counter: CastCounter) -> Tensor:
    """Return values (samples, rows, columns, channels) in the result type and output's shape."""
    return shaped_as_output(node, counter.cast(pooled, result_type(node)))


def _pools(node: Any) -> Numbers:
    """Return the pixels of every output element, (elements, pixels); 0 for padding."""
    shape = [int(size) for size in node.get_input_variable().shape]
    images = images_of(node, Tensor(numbers(shape)[None], 0))
    if node.class_name.startswith("Global"):
        windows = images.reshape(1, 1, 1, -1, images.shape[-1])
    else:
        windows = Windows.of(node, "pool").over(images)
    return np.asarray(windows[0].swapaxes(-1, -2).reshape(-1, windows.shape[3]), dtype=np.int64)


def rtl(node: Any, context: RtlContext) -> Signal:
    """Place a module for every output element, by its number of pixels; return the output."""
    pools, circuit, given = _pools(node), context.circuit, context.given(node)
    pixels, parts, places = (pools > 0).sum(axis=1), [], []
    for count in sorted(set(pixels.tolist())):
        mine = np.flatnonzero(pixels == count)
        chosen = pools[mine][pools[mine] > 0].reshape(len(mine), count)
        name = node.name if len(mine) == len(pools) else f"{node.name}_of{count}"
        windows = circuit.wired(f"{name}_windows", [given], chosen)
        module = _module(node, circuit.pipeline, given.type, count, pools.shape[1])
        parts.append(circuit.each_row(name, module, windows, (1, result_type(node))))
        places.append(mine)
    shape = [int(size) for size in node.get_output_variable().shape]
    if len(parts) == 1:
        return circuit.reshaped(parts[0], math.prod(shape[:-1]), shape[-1])
    order = np.argsort(np.concatenate(places)) + 1
    return circuit.wired(node.name, circuit.together(*parts), order.reshape(shape))


def _module(node: Any, pipeline: Pipeline, given: FixedType, count: int, size: int) -> Module:
    """Return the module of a window.

    Args:
        node: the layer.
        pipeline: where the family wants registers.
        given: type of the pixels.
        count: pixels of the window that are not padding.
        size: pixels with padding.
    """
    spec = PoolSpec(count, given, type_of(node, "accum_t"), result_type(node), pipeline)
    if node.get_attr("pool_op") == "Max":
        padded = count < size and not given.signed
        return largest_pixel(spec, _lowest(given) if padded else None)
    _check_mean(node, "open")
    return mean_pixel(spec, size if node.get_attr("count_pad", False) else count)


def cost(node: Any) -> Cost:
    """Return the cost: a tree of comparisons or of adders for every output element.

    A mean is a product with a constant too, unless the number of pixels is a power of two.
    """
    output, pools = node.get_output_variable(), _pools(node)
    pixels, bits = (pools > 0).sum(axis=1), width(node.get_input_variable())
    given, size = FixedType.of(node.get_input_variable().type.precision), pools.shape[1]
    counts = {int(count) for count in pixels}
    depth = max(_module(node, DSP48E1, given, count, size).latency for count in counts)
    nodes, register = int((pixels - 1).sum()), output.size() * width(output)
    if node.get_attr("pool_op") == "Max":
        return Cost(lut=1.5 * nodes * bits, ff=nodes * bits + register, depth=depth)
    accum = type_of(node, "accum_t").width
    means = [_division(accum, int(count)) for count in pixels]
    return Cost(
        lut=nodes * accum + sum(mean.lut for mean in means),
        ff=nodes * accum + sum(mean.ff for mean in means) + register,
        dsp=sum(mean.dsp for mean in means),
        depth=depth,
    )


def _division(bits: int, divisor: int) -> Cost:
    """Return the cost of a division by a constant (`backends.modelgraph.rtl.path.quotient`)."""
    shift = (divisor - 1).bit_length()
    if divisor == 1 << shift:
        return Cost(lut=bits, ff=bits)
    product = constant_products(bits + 1, [(1 << (bits + shift)) // divisor + 1])
    return replace(product, lut=product.lut + 2 * bits, ff=product.ff + 2 * bits)


RULES = (
    LayerRules(
        class_names=("Pooling1D", "Pooling2D"),
        value=value,
        cost=cost,
        rtl=rtl,
        stream=pooling_stream.WINDOWS,
    ),
    LayerRules(
        class_names=("GlobalPooling1D", "GlobalPooling2D"),
        value=whole_image,
        cost=cost,
        rtl=rtl,
        stream=pooling_stream.WHOLE,
    ),
)
