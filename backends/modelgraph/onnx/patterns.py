"""Activations that exporters write as several operations, or that are several layers here."""

from dataclasses import replace

import numpy as np

from backends.modelgraph.onnx.graph import Node
from backends.modelgraph.onnx.walk import Walk, size

_NO_ABS = ("hls4ml has no absolute value", "use ReLU(x) + ReLU(-x)")


def hard_swish(walk: Walk, node: Node) -> None:
    """Add x max(0, min(1, x / 6 + 1 / 2)): a hard sigmoid, and a product."""
    place = walk.place(node)
    more = {"activation": "hard_sigmoid", "slope": 1 / 6, "shift": 0.5}
    n_in = size(place.built)
    gate = walk.add(f"{node.name}_gate", "HardActivation", [place], n_in=n_in, **more)
    both = [place, replace(place, layer=gate)]
    name = walk.add(node.name, "Merge", both, op="multiply", output_shape=place.built)
    walk.give(node.outputs[0], name, place)


def softsign(walk: Walk, node: Node) -> None:
    """Add x / (1 + |x|), which PyTorch exports by its three operations.

    Raises:
        EvaluationError: the absolute value is used for something else.
    """
    data, size_of = node.inputs[0], node.outputs[0]
    added = walk.graph.sole_reader(size_of)
    divided = walk.graph.sole_reader(added.outputs[0]) if added else None
    if added is None or divided is None or not _adds_one(walk, added, size_of):
        raise node.refused(*_NO_ABS)
    if divided.op != "Div" or divided.inputs != (data, added.outputs[0]):
        raise node.refused(*_NO_ABS)
    walk.done |= {added.name, divided.name}
    place = walk.place(node)
    name = walk.add(node.name, "Activation", [place], n_in=size(place.built), activation="softsign")
    walk.give(divided.outputs[0], name, place)


def _adds_one(walk: Walk, node: Node, tensor: str) -> bool:
    one = walk.weights(node.inputs[node.inputs[0] == tensor]) if node.op == "Add" else None
    return one is not None and bool(np.all(one.values == 1))


def greater(walk: Walk, node: Node) -> None:
    """Pass by the comparison from which on PyTorch takes x for its softplus.

    Raises:
        EvaluationError: it is used for something else.
    """
    chosen = walk.graph.sole_reader(node.outputs[0])
    if chosen is None or not _is_softplus(walk, chosen):
        raise node.refused("hls4ml has no comparison of values")


def choice(walk: Walk, node: Node) -> None:
    """Give on the softplus, which for large values is x to all digits.

    Raises:
        EvaluationError: something else is chosen.
    """
    if not _is_softplus(walk, node):
        raise node.refused("hls4ml has no choice between values")
    walk.places[node.outputs[0]] = walk.place(node, 2)


def _is_softplus(walk: Walk, node: Node) -> bool:
    """Whether a choice takes x where it is larger than a number from 15 on, else softplus(x)."""
    if node.op != "Where":
        return False
    test, large, small = node.inputs
    compared, made = (walk.graph.producers.get(name) for name in (test, small))
    if compared is None or made is None or (compared.op, made.op) != ("Greater", "Softplus"):
        return False
    limit = walk.weights(compared.inputs[1])
    same = compared.inputs[0] == made.inputs[0] == large
    return same and limit is not None and bool(np.all(limit.values >= _LARGE))


_LARGE = 15.0
"""From here on softplus(x) - x is below 2**-21."""

OPERATIONS = {"HardSwish": hard_swish, "Abs": softsign, "Greater": greater, "Where": choice}
