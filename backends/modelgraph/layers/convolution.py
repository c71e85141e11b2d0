"""Rules of hls4ml's convolutions of sequences and images, io_parallel; their values are here.

The firmware copies every window of the image into a row (im2col) and multiplies the row by the
weights as a dense layer does (nnet_conv1d_latency.h, nnet_conv2d_resource.h, …). Padding is
zero. A separable convolution becomes a depthwise one and a pointwise one.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.fixed_point import Raw, Tensor
from backends.modelgraph.layers import convolution_circuit, dense, depthwise_hls4ml
from backends.modelgraph.layers.rules import LayerRules, refused, result_type
from backends.modelgraph.layers.weighted_sum import CHUNK_ROWS, WeightedSum
from backends.modelgraph.layers.windows import Windows, images_of, shaped_as_output


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the sums over all positions and channels of the windows, in the result type."""
    weights, (data,) = WeightedSum.of(node), inputs
    totals = [
        weights.totals(Tensor(rows.reshape(len(rows), -1), data.fractional), counter)
        for rows in _rows(node, data)
    ]
    return _result(node, totals, counter)


def depthwise(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the sums over the positions of the windows, of every channel, in the result type."""
    weights, (data,) = WeightedSum.by_channel(node, "bittrue"), inputs
    totals = [weights.totals(Tensor(rows, data.fractional), counter) for rows in _rows(node, data)]
    return _result(node, totals, counter)


def _rows(node: Any, data: Tensor) -> Iterator[Raw]:
    """Yield windows (n_rows, positions, channels) of some samples at a time.

    Raises:
        EvaluationError: there are more or fewer windows than pixels in the layer's output.
    """
    windows, images = Windows.of(node, "filt"), images_of(node, data)
    pixels = math.prod(node.get_output_variable().shape[:-1])
    step = max(CHUNK_ROWS // pixels, 1)
    for start in range(0, max(len(images), 1), step):
        found = windows.over(images[start : start + step])
        if math.prod(found.shape[1:3]) != pixels:
            raise refused(node, "bittrue", "cannot place its kernel", "hls4ml ignores dilation")
        yield found.reshape(-1, *found.shape[3:])


def _result(node: Any, totals: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return accumulators (n_rows, n_out) in the result type and in the output's shape."""
    raw = np.concatenate([part.raw for part in totals])
    output = counter.cast(Tensor(raw, totals[0].fractional), result_type(node))
    return shaped_as_output(node, output)


RULES = (
    LayerRules(
        class_names=("Conv1D", "Conv2D", "Conv2DBatchnorm", "PointwiseConv1D", "PointwiseConv2D"),
        value=value,
        cost=dense.cost,
        rtl=convolution_circuit.rtl,
        stream=convolution_circuit.STREAM,
        interval=dense.interval,
        keras_handlers="backends.modelgraph.layers.convolution_keras",
    ),
    LayerRules(
        class_names=("DepthwiseConv1D", "DepthwiseConv2D"),
        value=depthwise,
        cost=convolution_circuit.depthwise_cost,
        rtl=convolution_circuit.depthwise_rtl,
        stream=convolution_circuit.STREAM,
        interval=dense.interval,
        set_up=depthwise_hls4ml.register,
        keras_handlers="backends.modelgraph.qkeras_convolutions",
    ),
)
