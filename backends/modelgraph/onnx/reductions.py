"""Means, maxima and sums over any axes."""

from collections.abc import Sequence

import numpy as np

from backends.modelgraph.declared_types import TYPES
from backends.modelgraph.onnx.graph import Node
from backends.modelgraph.onnx.walk import Place, Walk, bare, size
from backends.modelgraph.onnx.windows import whole, whole_entry

_POOLS = {"ReduceMean": "Average", "ReduceMax": "Max"}


def reduction(walk: Walk, node: Node) -> None:
    """Add a pooling over all values along some axes, or a sum.

    Raises:
        EvaluationError: samples are joined, or nothing is left.
    """
    place = walk.place(node)
    axes = _axes(walk, node, len(place.shape))
    if axes == tuple(range(1, len(place.shape))) and len(axes) in {1, 2} and node.op in _POOLS:
        whole(walk, node, _POOLS[node.op])  # over all pixels
        return
    tensor, kept = node.outputs[0], tuple(a for a in range(len(place.shape)) if a not in axes)
    if not walk.shape(tensor):
        raise node.refused("its output has no axis but that of samples", "give keepdims=1")
    add = _pooled if node.op in _POOLS else _summed
    layer, made = add(walk, node, place, axes, kept)
    order = kept or axes[:1]
    shape = [place.shape[axis] for axis in kept] or [1]
    layer = walk.reshaped(f"{node.name}_reshape", layer, made, shape)
    short = len(walk.shape(tensor)) < len(place.shape)
    walk.put(Place(tensor, layer, walk.shape(tensor), tuple(range(len(shape))) if short else order))


def _pooled(
    walk: Walk, node: Node, place: Place, axes: Sequence[int], kept: Sequence[int]
) -> tuple[str, list[int]]:
    """Add a pooling over rows of the kept values; return its name and shape."""
    place = walk.ordered(place, (*axes, *kept))
    rows, columns = (size([place.shape[a] for a in part]) for part in (axes, kept))
    layer = walk.reshaped(f"{node.name}_rows", place.layer, place.built, [rows, columns])
    entry = whole_entry([rows], columns)
    data = bare(layer, [rows, columns])
    return walk.add(node.name, f"Global{_POOLS[node.op]}Pooling1D", [data], **entry), [columns]


def _summed(
    walk: Walk, node: Node, place: Place, axes: Sequence[int], kept: Sequence[int]
) -> tuple[str, list[int]]:
    """Add a dense layer of ones, which sums exactly; return its name and shape."""
    place = walk.ordered(place, (*kept, *axes))
    rows, terms = (size([place.shape[a] for a in part]) for part in (kept, axes))
    shape = [rows, terms] if kept else [terms]
    layer = walk.reshaped(f"{node.name}_rows", place.layer, place.built, shape)
    entry = {
        "data_format": "channels_last",
        "n_in": terms,
        "n_out": 1,
        "use_bias": False,
        "weight_data": np.ones((terms, 1), np.float32),
        "bias_data": None,
        TYPES: {"weight": "ufixed<1,1>"},
    }
    name = walk.add(node.name, "Dense", [bare(layer, shape)], **entry)
    return name, [*shape[:-1], 1]


def _axes(walk: Walk, node: Node, rank: int) -> tuple[int, ...]:
    """Return the axes that a reduction is over, without that of samples."""
    given = node.attributes.get("axes")
    axes = walk.constant(node, 1) if given is None else given
    found = sorted(int(axis) % (rank + 1) for axis in (np.ravel(axes) if axes is not None else ()))
    if not found or found[0] == 0:
        raise node.refused("it joins samples", "give the axes, without the first one")
    return tuple(axis - 1 for axis in found)


OPERATIONS = dict.fromkeys((*_POOLS, "ReduceSum"), reduction)
