"""Activations, merges of tensors, and sums and products with constants."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.declared_types import TYPES
from backends.modelgraph.onnx.graph import QUANTISERS, Node
from backends.modelgraph.onnx.quantisers import activation_type
from backends.modelgraph.onnx.walk import Place, Walk, size

_PLAIN = {
    "Sigmoid": "sigmoid", "Tanh": "tanh", "Softplus": "softplus", "Softsign": "softsign",
    "Selu": "selu",
}  # fmt: skip

_CLIPPED = {1.0: "relu1", 6.0: "relu6"}
"""hls4ml's ReLU by its largest value."""

_WITH_NUMBER = {
    "LeakyRelu": ("LeakyReLU", "leakyrelu", 0.01),
    "ThresholdedRelu": ("ThresholdedReLU", "thresholdedrelu", 1.0),
    "Elu": ("ELU", "elu", 1.0),
}
"""hls4ml's layer and function, and ONNX' default of alpha."""


def plain(walk: Walk, node: Node) -> None:
    """Add an activation without parameters."""
    _activation(walk, node, node.outputs[0], {"activation": _PLAIN[node.op]})


def relu(walk: Walk, node: Node) -> None:
    """Add a ReLU, with the type of the quantiser that alone reads it, if one does."""
    output: str = node.outputs[0]
    types: dict[str, str] = {}
    reader = walk.graph.sole_reader(output)
    if reader is not None and reader.op in QUANTISERS and reader.inputs[0] == output:
        types = {"result": activation_type(walk.graph, reader)}
        walk.done.add(reader.name)
        output = reader.outputs[0]
    _activation(walk, node, output, {"activation": "relu", TYPES: types})


def quantiser(walk: Walk, node: Node) -> None:
    """Add the cast that a quantiser of activations is."""
    types = {"result": activation_type(walk.graph, node)}
    _activation(walk, node, node.outputs[0], {"activation": "linear", TYPES: types})


def with_number(walk: Walk, node: Node) -> None:
    """Add an activation with one parameter."""
    kind, name, default = _WITH_NUMBER[node.op]
    alpha = float(node.attributes.get("alpha", default))
    more = {"activation": name, "activ_param": alpha}
    _activation(walk, node, node.outputs[0], more, kind)


def hard_sigmoid(walk: Walk, node: Node) -> None:
    """Add max(0, min(1, alpha x + beta))."""
    slope, shift = (
        float(node.attributes.get(name, default))
        for name, default in (("alpha", 0.2), ("beta", 0.5))
    )
    more = {"activation": "hard_sigmoid", "slope": slope, "shift": shift}
    _activation(walk, node, node.outputs[0], more, "HardActivation")


def clip(walk: Walk, node: Node) -> None:
    """Add the activation that certain limits are: ReLU for (0, ∞), hard tanh for (-1, 1)."""
    low, high = (float(walk.limit(node, number, name)) for number, name in ((1, "min"), (2, "max")))
    if low == 0 and high >= np.finfo(np.float32).max:
        relu(walk, node)
    elif low == 0 and high in _CLIPPED:
        _activation(walk, node, node.outputs[0], {"activation": _CLIPPED[high]})
    elif (low, high) == (-1.0, 1.0):
        more = {"activation": "hard_tanh", "slope": 0.5, "shift": 0.5}
        _activation(walk, node, node.outputs[0], more, "HardActivation")
    else:
        hint = "use a ReLU, a ReLU6, or limits 0 and 1 or -1 and 1"
        raise node.refused(f"hls4ml has no limits {low:g} and {high:g}", hint)


def prelu(walk: Walk, node: Node) -> None:
    """Add a ReLU with trained slopes."""
    place, slopes = walk.place(node), walk.constant(node, 1)
    more = {"activation": "prelu", "param_data": _per_value(place, np.asarray(slopes)).copy()}
    _activation(walk, node, node.outputs[0], more, "PReLU")


def softmax(walk: Walk, node: Node) -> None:
    """Add a softmax; its axis is brought to the last place."""
    place = walk.place(node)
    rank = len(place.shape)
    axis = int(node.attributes.get("axis", -1 if walk.graph.opset >= 13 else 1))
    own = (axis if axis >= 0 else rank + 1 + axis) - 1
    if own < 0 or (walk.graph.opset < 13 and own < rank - 1):
        raise node.refused(f"its axis {axis} is not one of the sample's", "use the last axis")
    if place.order[-1] != own:
        place = walk.ordered(place, (*(a for a in place.order if a != own), own))
    built = place.built
    more = {"activation": "softmax", "axis": -1, "n_outer": size(built[:-1]), "n_inner": 1}
    walk.give(node.outputs[0], walk.add(node.name, "Softmax", [place], **more), place)


def _activation(
    walk: Walk,
    node: Node,
    output: str,
    more: Mapping[str, Any],
    class_name: str = "Activation",
) -> None:
    place = walk.place(node)
    name = walk.add(node.name, class_name, [place], n_in=size(place.built), **more)
    walk.give(output, name, place)


_MERGES = {
    "Add": "add", "Sum": "add", "Sub": "subtract", "Mul": "multiply", "Max": "maximum",
    "Min": "minimum", "Mean": "average",
}  # fmt: skip

Affine = Callable[[NDArray[Any], int], tuple[NDArray[Any] | float, NDArray[Any] | float]]

_AFFINE: dict[str, Affine] = {
    "Add": lambda constant, _: (1.0, constant),
    "Sum": lambda constant, _: (1.0, constant),
    "Sub": lambda constant, number: (1.0, -constant) if number == 1 else (-1.0, constant),
    "Mul": lambda constant, _: (constant, 0.0),
    "Div": lambda constant, _: (1.0 / constant, 0.0),
}
"""Scale and bias by an operation, its constant and the number of that input."""


def merge(walk: Walk, node: Node) -> None:
    """Add a merge of tensors, or the scaling by a constant that it is."""
    fixed = [n for n, name in enumerate(node.inputs) if name not in walk.places]
    if fixed:
        _affine(walk, node, fixed[0])
        return
    if node.op not in _MERGES:
        raise node.refused("hls4ml has no quotient of two computed tensors")
    first, *others = (walk.place(node, number) for number in range(len(node.inputs)))
    places = _alike(walk, [first, *others])
    like = max(places, key=lambda place: size(place.shape))
    shape = [walk.shape(node.outputs[0])[axis] for axis in like.order]
    name = walk.add(node.name, "Merge", places, op=_MERGES[node.op], output_shape=shape)
    walk.give(node.outputs[0], name, like)


def _alike(walk: Walk, places: list[Place]) -> list[Place]:
    """Return places whose axes have one order: that of the first, or that of ONNX."""
    if any(len(place.shape) != len(places[0].shape) for place in places):
        return [walk.ordered(place) for place in places]
    return [walk.ordered(place, places[0].order) for place in places]


def _affine(walk: Walk, node: Node, number: int) -> None:
    """Add a normalisation that multiplies by a constant or adds it."""
    constant = walk.weights(node.inputs[number])
    zero_over = node.op == "Div" and number == 0
    if len(node.inputs) != 2 or node.op not in _AFFINE or constant is None or zero_over:
        raise node.refused("hls4ml has this operation for two computed tensors only")
    scale, bias = _AFFINE[node.op](np.asarray(constant.values, np.float64), number)
    place = walk.place(node, 1 - number)
    if walk.shape(node.outputs[0]) != place.shape:
        raise node.refused("its constant makes the tensor larger")
    walk.give(node.outputs[0], scaled(walk, node.name, place, scale, bias), place)


def scaled(
    walk: Walk,
    name: str,
    place: Place,
    scale: NDArray[Any] | float,
    bias: NDArray[Any] | float,
) -> str:
    """Add a normalisation that multiplies and adds; return its name.

    Args:
        walk: the walk.
        name: name of the layer.
        place: its input.
        scale: factors that fit the tensor in ONNX.
        bias: summands that fit it.
    """
    factors, summands = (_per_value(place, np.asarray(part, np.float64)) for part in (scale, bias))
    built = place.built
    channels = len(built) > 1 and all(map(_same_rows, (factors, summands)))
    if channels:
        factors, summands = (part.reshape(-1, built[-1])[0] for part in (factors, summands))
    n_in = size(built)
    return walk.add(
        name,
        "BatchNormalization",
        [place],
        n_in=n_in,
        n_out=n_in,
        n_filt=built[-1] if channels else -1,
        epsilon=0.0,
        use_gamma=True,
        use_beta=True,
        gamma_data=factors.ravel().astype(np.float32),
        beta_data=summands.ravel().astype(np.float32),
        mean_data=np.zeros(factors.size, np.float32),
        variance_data=np.ones(factors.size, np.float32),
    )


def _per_value(place: Place, constant: NDArray[Any]) -> NDArray[Any]:
    """Return a constant of ONNX for every value, in the order of a place."""
    if constant.ndim > len(place.shape):  # an axis of samples, of length 1
        constant = constant.reshape(constant.shape[constant.ndim - len(place.shape) :])
    arranged: NDArray[Any] = place.arranged(np.broadcast_to(constant, place.shape)[None])[0]
    return arranged


def _same_rows(values: NDArray[Any]) -> bool:
    rows = values.reshape(-1, values.shape[-1])
    return bool((rows == rows[0]).all())


def normalisation(walk: Walk, node: Node) -> None:
    """Add a batch normalisation; the channels are brought to the last place."""
    place = walk.place(node)
    gamma, beta, mean, variance = (
        np.asarray(walk.constant(node, number), np.float64) for number in range(1, 5)
    )
    if node.attributes.get("training_mode", 0):
        raise node.refused("it is in training mode", "call model.eval() before the export")
    place = walk.channels_last(place) if len(place.shape) > 1 else place
    scale = gamma / np.sqrt(variance + float(node.attributes.get("epsilon", 1e-5)))
    axes = (-1, *(1 for _ in place.shape[1:]))
    bias = beta - mean * scale
    name = scaled(walk, node.name, place, scale.reshape(axes), bias.reshape(axes))
    walk.give(node.outputs[0], name, place)


OPERATIONS = {
    **dict.fromkeys(_PLAIN, plain),
    **dict.fromkeys(_WITH_NUMBER, with_number),
    **dict.fromkeys({*_MERGES, *_AFFINE}, merge),
    **dict.fromkeys(QUANTISERS, quantiser),
    "Relu": relu,
    "HardSigmoid": hard_sigmoid,
    "Clip": clip,
    "PRelu": prelu,
    "Softmax": softmax,
    "BatchNormalization": normalisation,
}
