"""RTL and cost rules of hls4ml's convolutions, io_parallel.

A convolution is the block of a dense layer, applied to every position of its kernel: windows and
padding are wires. Positions share blocks as the rows of a dense layer do
(`parallelization_factor`). An output of a depthwise convolution reads its own channel only.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.cost import Cost
from backends.modelgraph.fixed_point import Tensor
from backends.modelgraph.layers import dense
from backends.modelgraph.layers.rules import RtlContext, StreamRules, refused
from backends.modelgraph.layers.weighted_sum import WeightedSum
from backends.modelgraph.layers.windows import Windows, images_of
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.stream.front import Front, Scan
from backends.modelgraph.rtl.wiring import Numbers, numbers


def window_elements(node: Any, walker: str) -> Numbers:
    """Return for every position the elements of the input in its window, (positions, elements).

    Elements are numbered from 1 on, channels innermost; 0 stands for padding.

    Args:
        node: a convolution.
        walker: backend that asks, for the error.

    Raises:
        EvaluationError: there are more or fewer windows than pixels in the layer's output.
    """
    elements = Tensor(numbers(node.get_input_variable().shape)[None], 0)
    found = Windows.of(node, "filt").over(images_of(node, elements))
    if math.prod(found.shape[1:3]) != math.prod(node.get_output_variable().shape[:-1]):
        raise refused(node, walker, "cannot place its kernel", "hls4ml ignores dilation")
    return np.asarray(found.reshape(math.prod(found.shape[1:3]), -1), dtype=np.int64)


def rtl(node: Any, context: RtlContext) -> Signal:
    """Place the blocks of all positions, or a few that positions share; return the output.

    Raises:
        EvaluationError: the kernel cannot be placed, or the accumulator may saturate.
    """
    return dense.placed(node, context, _windows(node, context), WeightedSum.of(node))


def depthwise_rtl(node: Any, context: RtlContext) -> Signal:
    """Place the blocks of all positions, or a few that positions share; return the output.

    Raises:
        EvaluationError: see `rtl`.
    """
    weights = WeightedSum.by_channel(node, "open")
    matrix, connected = _spread(weights.weight)
    spread = WeightedSum(matrix, weights.bias, weights.accum, weights.order)
    return dense.placed(node, context, _windows(node, context), spread, connected)


def depthwise_cost(node: Any) -> Cost:
    """Return the cost of the blocks: every output has the terms of its own channel."""
    raw = WeightedSum.by_channel(node, "estimate").weight.raw
    return dense.cost_of(node, raw, shared=False)


def _windows(node: Any, context: RtlContext) -> Signal:
    """Return the window of every position as a row of wires."""
    elements, given = window_elements(node, "open"), context.given(node)
    if (given.rows, given.features) == (1, elements.shape[1]):  # the front of a stream has it
        return given
    if np.array_equal(elements.ravel(), numbers((given.rows * given.features,))):  # 1 x 1, stride 1
        return context.circuit.reshaped(given, *elements.shape)
    return context.circuit.wired(f"{node.name}_windows", [given], elements)


def front(node: Any) -> Front:
    """Return how the layer reads its input position by position: as windows."""
    windows = Windows.of(node, "filt")
    height, width = ([1, *node.get_input_variable().shape[:-1]])[-2:]
    rows, columns = ([1, *node.get_output_variable().shape[:-1]])[-2:]
    return Scan(
        (height, width), windows.padding, windows.size, windows.stride, windows=(rows, columns)
    )


STREAM = StreamRules(front=front)


def _spread(by_channel: Tensor) -> tuple[Tensor, NDArray[np.bool_]]:
    """Return weights (terms, channels) as a matrix of one block per channel, and where it is."""
    terms, channels = by_channel.raw.shape
    matrix = np.zeros((terms, channels, channels), dtype=by_channel.raw.dtype)
    diagonal = np.arange(channels)
    matrix[:, diagonal, diagonal] = by_channel.raw
    connected = np.zeros(matrix.shape, dtype=np.bool_)
    connected[:, diagonal, diagonal] = True
    shape = (terms * channels, channels)
    return Tensor(matrix.reshape(shape), by_channel.fractional), connected.reshape(shape)
