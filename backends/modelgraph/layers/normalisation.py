"""Value rule of batch normalisation and of ApplyAlpha, which scales a quantised layer's output.

The firmware computes ``data * scale + bias`` exactly and casts once (nnet_batchnorm.h). In
networks with granularity "name", hls4ml moves most of them into the layer in front.
"""

from collections.abc import Sequence
from typing import Any

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.fixed_point import Tensor, exact_product, exact_sum
from backends.modelgraph.layers.rules import LayerRules, refused, result_type
from backends.modelgraph.layers.weighted_sum import as_written


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the scaled and shifted data in the result type.

    Raises:
        EvaluationError: there is not one scale for each channel.
    """
    (data,) = inputs
    scale, bias = (as_written(node.weights[name]) for name in ("scale", "bias"))
    channels = data.raw.shape[-1]
    if not scale.raw.size == bias.raw.size == channels:
        sizes = f"{scale.raw.size} scales and {bias.raw.size} biases for {channels} channels"
        raise refused(node, "bittrue", f"has no rule for {sizes}")
    scaled = exact_product(data, Tensor(scale.raw.ravel(), scale.fractional))
    total = exact_sum(scaled, Tensor(bias.raw.ravel(), bias.fractional))
    return counter.cast(total, result_type(node))


RULES = (LayerRules(class_names=("BatchNormalization", "ApplyAlpha"), value=value),)
