"""Write merges of many tensors as chains of merges of two, which is all that hls4ml has."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from dse.contracts.errors import EvaluationError, FailureKind

_ASSOCIATIVE = ("add", "multiply", "maximum", "minimum")

Layer = dict[str, Any]


def chained(layers: Sequence[Layer]) -> list[Layer]:
    """Return a layer list in which every merge and concatenation has two inputs.

    The first two inputs are merged first, then the result with the third, and so on. The last
    merge keeps the layer's name; those before are called ``<name>_part1``, ``<name>_part2``, …

    Raises:
        EvaluationError: a merge of more than two tensors is no chain of merges of two.
    """
    return [part for layer in layers for part in _parts(layer)]


def _parts(layer: Layer) -> Iterator[Layer]:
    kind, inputs = layer["class_name"], layer.get("inputs", ())
    if kind not in {"Merge", "Concatenate"} or len(inputs) <= 2:
        yield layer
        return
    if kind == "Merge" and layer["op"] not in _ASSOCIATIVE:
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"layer '{layer['name']}' ({layer['op']}) has {len(inputs)} inputs",
            hint="hls4ml has it for two; use Add and scale the weights of the next layer",
        )
    source, shape = inputs[0], list(layer["input_shape"][0])
    last = len(inputs) - 1
    for number, (other, given) in enumerate(
        zip(inputs[1:], layer["input_shape"][1:], strict=True), start=1
    ):
        name = layer["name"] if number == last else f"{layer['name']}_part{number}"
        both = [shape, list(given)]
        shape = _shape(layer, both)
        part = {"name": name, "inputs": [source, other], "input_shape": both}
        # no tensor of Keras is a part's output
        part |= {"output_keras_tensor_names": []} if number < last else {}
        yield layer | part | {"output_shape": shape}
        source = name


def _shape(layer: Mapping[str, Any], shapes: Sequence[Sequence[int]]) -> list[int]:
    """Return the shape of two tensors merged, without the batch."""
    first, second = shapes
    if layer["class_name"] == "Merge":
        return list(np.broadcast_shapes(tuple(first), tuple(second)))
    axis = layer["axis"] - (layer["axis"] > 0)  # positive axes count the batch
    joined = list(first)
    joined[axis] += second[axis]
    return joined
