"""Rules of pooling in streams (nnet_pooling_stream.h), whose values are not those of io_parallel.

Every number is cast to the accumulator type before it is compared or added, and the numbers of a
window are combined in a tree; both matter where the accumulator is narrower than the input.
"""

import math
from typing import Any

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import Cost, dsp_slices
from backends.modelgraph.fixed_point import FixedType, Tensor, exact_sum
from backends.modelgraph.layers.rules import (
    RtlContext,
    StreamRules,
    refused,
    result_type,
    type_of,
)
from backends.modelgraph.layers.windows import Windows
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.modules.stream_pooling import (
    PoolSpec,
    finish_pool,
    pool,
    split,
)
from backends.modelgraph.rtl.modules.trees import levels
from backends.modelgraph.rtl.stream.front import Front, Scan, Whole
from backends.modelgraph.rtl.stream.reduce import reduce
from backends.modelgraph.rtl.verilog import Module
from backends.modelgraph.rtl.wiring import numbers


def largest(node: Any, pools: Tensor, counter: CastCounter) -> Tensor:
    """Return the maxima of pools (samples, rows, columns, pixels, channels), in accum_t."""
    cast = counter.cast(pools, type_of(node, "accum_t"))
    return Tensor(cast.raw.max(axis=3), cast.fractional)


def total(node: Any, pools: Tensor, counter: CastCounter) -> Tensor:
    """Return the sums of pools (samples, rows, columns, pixels, channels), in accum_t.

    Those of windows are added in a tree, those of whole images one by one.
    """
    cast = counter.cast(pools, type_of(node, "accum_t"))
    parts = [Tensor(cast.raw[:, :, :, i], cast.fractional) for i in range(cast.raw.shape[3])]
    if node.class_name.startswith("Global"):
        made = parts[0]
        for part in parts[1:]:
            made = counter.cast(exact_sum(made, part), type_of(node, "accum_t"))
        return made
    return _tree(node, parts, counter)


def _tree(node: Any, parts: list[Tensor], counter: CastCounter) -> Tensor:
    if len(parts) == 1:
        return parts[0]
    middle = split(len(parts))
    left, right = (_tree(node, half, counter) for half in (parts[:middle], parts[middle:]))
    return counter.cast(exact_sum(left, right), type_of(node, "accum_t"))


def refuse_unstreamed(node: Any, walker: str) -> None:
    """Refuse what hls4ml's streamed pooling ends on with an assertion.

    Raises:
        EvaluationError: pools overlap, leave pixels out or reach into padding.
    """
    if node.class_name.startswith("Global"):
        return
    windows = Windows.of(node, "pool")
    stride = windows.stride
    if windows.size != stride and not node.class_name.endswith("1D"):
        hint = "hls4ml's streamed pooling has strides equal to the size of its pools only"
        raise refused(node, walker, f"has no rule for strides {stride} in a stream", hint)
    if any(any(pair) for pair in windows.padding):
        hint = "hls4ml's streamed pooling has no padding; use padding: valid"
        raise refused(node, walker, "has no rule for padding of pools in a stream", hint)


def _spec(node: Any, given: FixedType, count: int) -> PoolSpec:
    is_largest = str(node.get_attr("pool_op")) == "Max"
    return PoolSpec(count, is_largest, given, type_of(node, "accum_t"), result_type(node))


def _window_front(node: Any) -> Front:
    refuse_unstreamed(node, "open")
    windows = Windows.of(node, "pool")
    height, width = ([1, *node.get_input_variable().shape[:-1]])[-2:]
    rows, columns = ([1, *node.get_output_variable().shape[:-1]])[-2:]
    return Scan((height, width), kernel=windows.size, stride=windows.stride,
                windows=(rows, columns))  # fmt: skip


def _window_rtl(node: Any, context: RtlContext) -> Signal:
    """Place one pool for every channel."""
    given, circuit = context.given(node), context.circuit
    channels = int(node.get_output_variable().shape[-1])
    count = given.features // channels
    # the window has the channels of a pixel side by side; a pool has the pixels of a channel
    index = numbers((count, channels)).T
    by_channel = circuit.wired(f"{node.name}_pools", [given], index)
    spec = _spec(node, given.type, count)
    made = circuit.each_row(node.name, pool(spec), by_channel, (1, spec.result))
    return circuit.reshaped(made, 1, channels)


def _whole_front(node: Any) -> Front:
    return Whole(math.prod(node.get_input_variable().shape[:-1]))


def _whole_module(node: Any, given: FixedType, channels: int) -> tuple[Module, FixedType]:
    spec = _spec(node, given, math.prod(node.get_input_variable().shape[:-1]))
    return reduce(spec, channels), spec.accum


def _whole_rtl(node: Any, context: RtlContext) -> Signal:
    """Place what turns the accumulator of every channel into the result."""
    given, circuit = context.given(node), context.circuit
    count = math.prod(node.get_input_variable().shape[:-1])
    spec = _spec(node, given.type, count)
    single = circuit.reshaped(given, given.features, 1)
    made = circuit.each_row(node.name, finish_pool(spec), single, (1, spec.result))
    return circuit.reshaped(made, 1, given.features)


def _window_cost(node: Any) -> Cost:
    """Return the cost of a tree of comparisons or additions for every channel."""
    count = math.prod(Windows.of(node, "pool").size)
    return _pool_cost(node, count, count - 1, levels(count))


def _whole_cost(node: Any) -> Cost:
    """Return the cost of an accumulator for every channel."""
    return _pool_cost(node, math.prod(node.get_input_variable().shape[:-1]), 1, 0)


def _pool_cost(node: Any, count: int, operations: int, depth: int) -> Cost:
    """Return the cost of pools of `count` numbers, one for every channel.

    A comparison and its multiplexer take two look-up tables per bit, an addition one. A mean of a
    number that is no power of two is a product with the reciprocal.
    """
    channels, bits = int(node.get_output_variable().shape[-1]), type_of(node, "accum_t").width
    result = result_type(node).width
    is_largest = str(node.get_attr("pool_op")) == "Max"
    lut, dsp = float(operations * bits * (2 if is_largest else 1)), 0
    if not is_largest and count > 1:
        depth += 1
        factor = bits + 1 if count & (count - 1) else 1
        dsp = dsp_slices(bits + 1, factor)
        lut += 2 * bits + (0 if dsp or factor == 1 else bits * factor)
    ff = operations * bits + result + (bits if depth > levels(operations + 1) else 0)
    return Cost(lut=channels * lut, ff=channels * ff, dsp=channels * dsp, depth=depth + 1)


WINDOWS = StreamRules(front=_window_front, rtl=_window_rtl, cost=_window_cost)
WHOLE = StreamRules(front=_whole_front, rtl=_whole_rtl, module=_whole_module, cost=_whole_cost)
