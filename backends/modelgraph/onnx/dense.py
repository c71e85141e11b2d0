"""Dense layers of ONNX: Gemm, and MatMul by a constant with the sum of biases behind it."""

from typing import Any

import numpy as np

from backends.modelgraph.declared_types import TYPES
from backends.modelgraph.onnx.graph import Node
from backends.modelgraph.onnx.quantisers import Weights
from backends.modelgraph.onnx.walk import Walk

_COMPUTED = "it multiplies two computed tensors, which only attention does"


def gemm(walk: Walk, node: Node) -> None:
    """Add the dense layer of a general matrix product, alpha x W + beta b."""
    kernel = walk.weights(node.inputs[1])
    if kernel is None or node.attributes.get("transA", 0):
        raise node.refused(_COMPUTED)
    if node.attributes.get("transB", 0):
        kernel = Weights(kernel.values.T, kernel.kind)
    bias = walk.bias(node)
    kernel = _scaled(node, kernel, "alpha")
    _add(walk, node, kernel, bias and _scaled(node, bias, "beta"), node.outputs[0])


def _scaled(node: Node, weights: Weights, name: str) -> Weights:
    factor = float(node.attributes.get(name, 1.0))
    if factor == 1.0:
        return weights
    if weights.kind is not None:
        raise node.refused(f"its {name} {factor:g} scales quantised weights", f"give {name}=1")
    return Weights(weights.values * factor)


def matmul(walk: Walk, node: Node) -> None:
    """Add the dense layer of a matrix product by a constant."""
    kernel = walk.weights(node.inputs[1])
    if kernel is None or node.inputs[0] not in walk.places:
        raise node.refused(_COMPUTED)
    if kernel.values.ndim != 2:
        raise node.refused(f"its matrix has {kernel.values.ndim} axes, not 2")
    bias, output = biases_behind(walk, node, kernel.values.shape[1])
    _add(walk, node, kernel, bias, output)


def biases_behind(walk: Walk, node: Node, n_out: int) -> tuple[Weights | None, str]:
    """Return the biases that the only reader of a node adds, and the tensor after them.

    That reader is then done.
    """
    tensor = node.outputs[0]
    reader = walk.graph.sole_reader(tensor)
    if reader is None or reader.op != "Add":
        return None, tensor
    other = reader.inputs[1 - reader.inputs.index(tensor)]
    bias = walk.weights(other)
    if bias is None or bias.values.shape != (n_out,):
        return None, tensor
    walk.done.add(reader.name)
    return bias, reader.outputs[0]


def _add(walk: Walk, node: Node, kernel: Weights, bias: Weights | None, output: str) -> None:
    """Add a dense layer; its weights take the order in which the values come."""
    place, values = walk.place(node), np.asarray(kernel.values, np.float32)
    if place.scattered is None:
        place = walk.ordered(place)
    else:
        values = values[place.scattered]
    types = kernel.types("weight") | ({} if bias is None else bias.types("bias"))
    entry: dict[str, Any] = {
        "data_format": "channels_last",
        "n_in": values.shape[0],
        "n_out": values.shape[1],
        "use_bias": bias is not None,
        "weight_data": values,
        "bias_data": None if bias is None else _vector(node, bias, values.shape[1]),
        TYPES: types,
    }
    walk.give(output, walk.add(node.name, "Dense", [place], **entry))


def _vector(node: Node, bias: Weights, n_out: int) -> Any:
    """Return biases, one per output; one for all is repeated."""
    flat = np.asarray(bias.values, np.float32).ravel()
    if flat.size not in {1, n_out}:
        raise node.refused(f"its biases have shape {bias.values.shape}, not ({n_out},)")
    return np.broadcast_to(flat, (n_out,)).copy()


OPERATIONS = {"Gemm": gemm, "MatMul": matmul}
