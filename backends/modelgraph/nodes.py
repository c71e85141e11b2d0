"""What the nodes of a ModelGraph say about themselves: weights, types and reuse factor."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_WEIGHTED = (
    "Dense", "Conv1D", "Conv2D", "PointwiseConv1D", "PointwiseConv2D", "DepthwiseConv1D",
    "DepthwiseConv2D",
)  # fmt: skip

_DIRECTIONS = {"LSTM": ("",), "GRU": ("",), "Bidirectional": ("forward_", "backward_")}


def is_weighted(layer: Any) -> bool:
    """Whether a layer of the ModelGraph multiplies by weights."""
    return layer.class_name in _WEIGHTED


def reuse_factors(layer: Any) -> dict[str, int]:
    """Return the reuse factors of a layer's products by hls4ml's names; empty without weights.

    A recurrent layer has one for the kernel and one for the recurrent kernel, in each direction.
    """
    sides = _DIRECTIONS.get(layer.class_name, ())
    names = [f"{side}{part}reuse_factor" for side in sides for part in ("", "recurrent_")]
    if is_weighted(layer):
        names = ["reuse_factor"]
    return {name: int(layer.get_attr(name)) for name in names}


def effective_reuse_factors(layer: Any) -> dict[str, int]:
    """Return the reuse factors of a layer's products, each at most the number of its products."""
    return {
        name: min(factor, int(layer.weights[name.replace("reuse_factor", "weight")].data.size))
        for name, factor in reuse_factors(layer).items()
    }


def weight_matrix(layer: Any) -> NDArray[np.float64]:
    """Return a layer's weights as (n_in, n_out).

    hls4ml stores those of the resource strategy transposed (pass ApplyResourceStrategy).
    """
    data = np.asarray(layer.weights["weight"].data, dtype=np.float64)
    if layer.get_attr("_weights_transposed", False):
        return data.reshape(data.shape[0], -1).T
    return data.reshape(-1, data.shape[-1])


def effective_reuse(layer: Any) -> int:
    """Return the reuse factor of a layer with weights, at most its number of products.

    One multiplier that computes all products is the most that can be shared.
    """
    return min(int(layer.get_attr("reuse_factor")), int(weight_matrix(layer).size))


def types_of(layer: Any) -> dict[str, str]:
    """Return a layer's resolved types by short name: result, weight, bias, accum, table."""
    return {name.removesuffix("_t"): str(kind.precision) for name, kind in layer.types.items()}


def weights_of(layer: Any) -> dict[str, NDArray[np.float64]]:
    """Return a layer's weights by name, before their types round them.

    hls4ml keeps values apart from rounded ones for trainable weights only.
    """
    found = {name: getattr(w, "data_unquantized", w.data) for name, w in layer.weights.items()}
    return {name: np.asarray(data, dtype=np.float64) for name, data in found.items()}


def is_integer(layer: Any, name: str) -> bool:
    """Whether a type of a layer, such as ``accum_t``, is C++'s ap_int and not ap_fixed."""
    from hls4ml.model.types import FixedPrecisionType

    return not isinstance(layer.types[name].precision, FixedPrecisionType)


def is_relu(node: Any) -> bool:
    """Whether a node is a ReLU activation without settings of its own."""
    return bool(node.class_name == "Activation" and node.get_attr("activation") == "relu")


def sole_reader(node: Any) -> Any:
    """Return the only node that reads a node's output; None where there are others."""
    graph, output = node.model, node.outputs[0]
    readers = [other for other in graph.get_layers() if output in other.inputs]
    return readers[0] if len(readers) == 1 and output not in graph.outputs else None


def relu_behind(node: Any) -> Any:
    """Return the ReLU that is the only reader of a layer's output; None without one."""
    reader = sole_reader(node)
    return reader if reader is not None and is_relu(reader) else None
