"""Value rule of batch normalisation and of ApplyAlpha, which scales a quantised layer's output.

The firmware computes ``data * scale + bias`` exactly and casts once (nnet_batchnorm.h). In
networks with granularity "name", hls4ml moves most of them into the layer in front.
"""

import math
from collections.abc import Sequence
from typing import Any

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.fixed_point import Tensor, exact_product, exact_sum
from backends.modelgraph.layers.rules import LayerRules, refused, result_type
from backends.modelgraph.layers.weighted_sum import as_written


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the scaled and shifted data in the result type."""
    (data,) = inputs
    scale, bias = (_by_channel(node, name, data.raw.shape[1:]) for name in ("scale", "bias"))
    return counter.cast(exact_sum(exact_product(data, scale), bias), result_type(node))


def _by_channel(node: Any, name: str, shape: tuple[int, ...]) -> Tensor:
    """Return scales or biases in a shape that broadcasts to that of the data, samples aside.

    Raises:
        EvaluationError: there is not one number for every channel, nor one for every value.
    """
    written = as_written(node.weights[name])
    channels = int(node.get_attr("n_filt", -1))
    wanted = shape if channels == -1 else (channels,)
    if written.raw.size != math.prod(wanted) or wanted[-1] != shape[-1]:
        sizes = f"{written.raw.size} numbers in its {name} for data of shape {shape}"
        raise refused(node, "bittrue", f"has no rule for {sizes}")
    return Tensor(written.raw.reshape(wanted), written.fractional)


RULES = (
    LayerRules(
        class_names=("BatchNormalization", "ApplyAlpha"),
        value=value,
        keras_handlers="backends.modelgraph.layers.normalisation_keras",
    ),
)
