"""Weights and activations of recurrent layers, as the firmware uses them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from backends.modelgraph.layers.rules import refused, type_of
from backends.modelgraph.layers.weighted_sum import WeightedSum, as_written

ACTIVATIONS = ("relu", "sigmoid", "tanh")
"""Activations that hls4ml has for recurrent layers (nnet_recr_activations.h)."""


def matrix(node: Any, prefix: str) -> WeightedSum:
    """Read a kernel and its bias.

    The resource strategy stores a kernel transposed, and adds the products in another order
    where its reuse factor is at most the number of inputs (see `weighted_sum`).

    Args:
        node: the layer.
        prefix: of the product: empty, ``recurrent_``, ``forward_``, ``forward_recurrent_`` …
    """
    weights, biases = (node.weights[f"{prefix}{kind}"] for kind in ("weight", "bias"))
    data = np.asarray(weights.data, dtype=np.float64)
    kernel = data.T if node.get_attr("_weights_transposed", False) else data
    order: Sequence[int] = range(len(kernel))
    if node.get_attr("strategy") == "resource":
        reuse = int(node.get_attr(f"{prefix}reuse_factor"))
        if reuse <= len(kernel):  # else the firmware adds in order
            order = [i for first in range(reuse) for i in range(first, len(kernel), reuse)]
    accum = type_of(node, "accum_t")
    return WeightedSum(as_written(weights, kernel), as_written(biases), accum, order)


def activation_of(node: Any, attribute: str, walker: str) -> str:
    """Return the name of an activation of a recurrent layer.

    Raises:
        EvaluationError: hls4ml has no such activation for recurrent layers.
    """
    name = str(node.get_attr(attribute))
    if name not in ACTIVATIONS:
        reason = f"has no rule for the activation '{name}' in a recurrent layer"
        raise refused(node, walker, reason, f"hls4ml has {', '.join(ACTIVATIONS)}")
    return name
