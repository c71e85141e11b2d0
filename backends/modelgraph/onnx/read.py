"""Read an ONNX network as hls4ml's layer list, and check it against onnxruntime."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.chains import chained
from backends.modelgraph.conversion_check import check_conversion, compared_rows, on_grid
from backends.modelgraph.names import OWN_NAME, legal_names
from backends.modelgraph.network import Network, check_size
from backends.modelgraph.onnx import (
    dense,
    elementwise,
    patterns,
    recurrent,
    reductions,
    shapes,
    slices,
    unconvertible,
    windows,
)
from backends.modelgraph.onnx.graph import Node, cleaned
from backends.modelgraph.onnx.walk import Place, Walk
from dse.contracts.workload import Prepared
from dse.runtime.onnx_file import input_values, read_onnx
from dse.runtime.onnx_runner import OnnxRunner, outputs_of
from dse.runtime.outputs import builds_all

OPERATIONS: Mapping[str, Callable[[Walk, Node], None]] = {
    **dense.OPERATIONS,
    **elementwise.OPERATIONS,
    **windows.OPERATIONS,
    **shapes.OPERATIONS,
    **recurrent.OPERATIONS,
    **slices.OPERATIONS,
    **reductions.OPERATIONS,
    **patterns.OPERATIONS,
}
"""What adds the layers of each operation of ONNX."""


def checked_onnx(prepared: Prepared) -> Network:
    """Return the converted network, compared with onnxruntime on the evaluation set.

    Raises:
        EvaluationError: an operation cannot be converted, or is converted wrongly.
    """
    model, scored = read_onnx(prepared.model_path), prepared.manifest.get("output")
    return checked_model(model, prepared.inputs, scored, every=builds_all(prepared.manifest))


def checked_model(
    model: Any, inputs: Sequence[NDArray[Any]], output: object = None, *, every: bool = False
) -> Network:
    """Convert an ONNX model, and compare the network with it on some of the given samples.

    Args:
        model: the `onnx.ModelProto`.
        inputs: one array per input, first axis samples.
        output: name of the output that is scored; None for the only one.
        every: whether the other outputs are built too.

    Raises:
        EvaluationError: an operation cannot be converted, or is converted wrongly.
    """
    outputs = outputs_of(model, output)
    network, places = read_model(model, outputs if every else outputs[:1])
    rows = compared_rows(inputs)
    given = [on_grid(np.asarray(array)[rows]) for array in inputs]
    expected = onnx_outputs(model, places, given)
    return check_conversion(network, dict(zip(network.inputs, given, strict=True)), expected)


def read_model(model: Any, outputs: Sequence[str]) -> tuple[Network, dict[str, Place]]:
    """Return the network, and by layer where its output is in the model: order and tensor.

    Args:
        model: the `onnx.ModelProto`.
        outputs: names of the outputs, the scored one first.

    Raises:
        EvaluationError: an operation cannot be converted; the message names it.
    """
    check_size(sum(math.prod(tensor.dims) for tensor in model.graph.initializer))
    graph = cleaned(model, outputs)
    walk = Walk(graph)
    for name in graph.inputs:
        shape = list(walk.shape(name))
        walk.give(name, walk.add(name, "InputLayer", [], input_shape=shape))
    for node in graph.nodes:
        if node.name not in walk.done and walk.weights(node.outputs[0]) is None:
            _convert(walk, node)
    last = [walk.ordered(walk.places[output]).layer for output in outputs]
    return _network(walk, list(dict.fromkeys(last)))


def _convert(walk: Walk, node: Node) -> None:
    """Add the layers of an operation.

    Raises:
        EvaluationError: it cannot be converted.
    """
    try:
        _operation(node)(walk, node)
    except (KeyError, IndexError, ValueError) as error:  # what onnx.checker would find
        reason = f"an attribute or an input is not as ONNX defines it ({error!r})"
        hint = "check the file with onnx.checker.check_model(file, full_check=True)"
        raise node.refused(reason, hint) from error


def _operation(node: Node) -> Callable[[Walk, Node], None]:
    found = OPERATIONS.get(node.op)
    if found is None:
        raise node.refused(*unconvertible.reason(node.op))
    return found


def _network(walk: Walk, last: Sequence[str]) -> tuple[Network, dict[str, Place]]:
    """Return the layers under legal names, and places and tensors by these names."""
    layers = chained(walk.layers)
    legal = legal_names(layer["name"] for layer in layers)
    entries = [_entry(layer, legal) for layer in layers]
    given, made = ([legal[name] for name in names] for names in (walk.graph.inputs, last))
    return Network(entries, given, made), {legal[name]: found for name, found in walk.given.items()}


def _entry(layer: Mapping[str, Any], legal: Mapping[str, str]) -> dict[str, Any]:
    entry = {key: value for key, value in layer.items() if key != "output_keras_tensor_names"}
    entry["name"] = legal[layer["name"]]
    entry["inputs"] = [legal[name] for name in layer["inputs"]]
    return entry if entry["name"] == layer["name"] else entry | {OWN_NAME: layer["name"]}


def onnx_outputs(
    model: Any, places: Mapping[str, Place], inputs: Sequence[NDArray[Any]]
) -> dict[str, NDArray[np.float64]]:
    """Return what onnxruntime computes for every layer, in the order of the layer.

    Args:
        model: the `onnx.ModelProto`.
        places: order and tensor of the layers, from `read_model`.
        inputs: one array per input, first axis samples.
    """
    given = dict(zip((value.name for value in input_values(model)), inputs, strict=True))
    samples = {place.tensor: place.samples for place in places.values()}
    names = sorted(samples.keys() - given.keys())
    made = OnnxRunner(model, names).run(inputs, samples) if names else []
    found = dict(zip(names, made, strict=True)) | given
    return {
        layer: place.arranged(np.asarray(found[place.tensor], np.float64))
        for layer, place in places.items()
    }
