"""Operations of ONNX that only move values, and those that do nothing in hardware."""

from dataclasses import replace

import numpy as np

from backends.modelgraph.onnx.graph import Node
from backends.modelgraph.onnx.walk import Place, Walk, size

_DENSE = ("Gemm", "MatMul")


def unchanged(walk: Walk, node: Node) -> None:
    """Give the input on: an identity, a dropout in inference, a cast between numbers."""
    walk.places[node.outputs[0]] = replace(walk.anywhere(node), tensor=node.outputs[0])


def reshape(walk: Walk, node: Node) -> None:
    """Add a reshaping.

    Where dense layers alone read a flat image, no value is moved: their weights take its order.

    Raises:
        EvaluationError: samples would be mixed.
    """
    place, tensor = walk.anywhere(node), node.outputs[0]
    if place.samples:
        _around_samples(walk, node, place)
        return
    target = walk.shape(tensor)
    if walk.graph.shapes[tensor][:1] != (1,) or size(target) != size(place.shape):
        raise node.refused("it moves values between samples", "keep the first axis as it is")
    if target == place.shape:
        walk.places[tensor] = replace(place, tensor=tensor)
        return
    scattered = _scattered(place)
    if scattered is not None and not _into_dense(walk, tensor, target):
        place, scattered = walk.ordered(place), None
    name = walk.add(node.name, "Reshape", [place], target_shape=list(target))
    walk.put(Place(tensor, name, target, tuple(range(len(target))), scattered))


def _scattered(place: Place) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]] | None":
    """Return the numbers in ONNX of a place's values; None where the order is that of ONNX."""
    numbers = place.arranged(np.arange(size(place.shape), dtype=np.int64)[None])[0].ravel()
    return numbers if (np.diff(numbers) != 1).any() else None


def _into_dense(walk: Walk, tensor: str, target: tuple[int, ...]) -> bool:
    """Whether a flat tensor goes into dense layers alone."""
    readers = walk.graph.readers(tensor)
    dense = all(
        reader.op in _DENSE
        and reader.inputs[0] == tensor
        and walk.weights(reader.inputs[1]) is not None
        for reader in readers
    )
    return len(target) == 1 and dense and tensor not in walk.graph.outputs


def transpose(walk: Walk, node: Node) -> None:
    """Note another order of axes; no value moves until an operation needs it."""
    place, tensor = walk.anywhere(node), node.outputs[0]
    rank = len(place.full)
    perm = [int(axis) for axis in node.attributes.get("perm", range(rank)[::-1])]
    own = [axis - (axis > place.samples) for axis in perm if axis != place.samples]
    made = replace(
        place,
        tensor=tensor,
        shape=tuple(place.shape[axis] for axis in own),
        order=tuple(own.index(axis) for axis in place.order),
        samples=perm.index(place.samples),
    )
    walk.places[tensor] = made


def _around_samples(walk: Walk, node: Node, place: Place) -> None:
    """Add a reshaping of a tensor whose samples are not along its first axis.

    Raises:
        EvaluationError: samples would be mixed, or it cannot be told where they are.
    """
    tensor, full = node.outputs[0], walk.graph.shapes[node.outputs[0]]
    before = size(place.full[: place.samples])
    found = [n for n, s in enumerate(full) if s == 1 and size(full[:n]) == before]
    if len(found) != 1:
        hint = "put the samples first: batch_first=True in PyTorch"
        raise node.refused("it moves values between samples, or may do so", hint)
    target = tuple(length for axis, length in enumerate(full) if axis != found[0])
    order = _renumbered(place, target)
    if order is None:
        place = walk.ordered(place)
        name = walk.add(node.name, "Reshape", [place], target_shape=list(target))
        walk.put(Place(tensor, name, target, tuple(range(len(target))), samples=found[0]))
    else:
        made = replace(place, tensor=tensor, shape=target, order=order, samples=found[0])
        walk.places[tensor] = made


def _renumbered(place: Place, target: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the order of axes in a shape that lacks or adds axes of length 1; else None."""
    old, new = (
        [axis for axis, length in enumerate(shape) if length > 1] for shape in (place.shape, target)
    )
    if [place.shape[axis] for axis in old] != [target[axis] for axis in new]:
        return None
    return (
        tuple(new[old.index(axis)] for axis in place.order) if set(place.order) <= {*old} else None
    )


def concatenation(walk: Walk, node: Node) -> None:
    """Add a concatenation; all inputs take the order of the first."""
    first = walk.place(node)
    places = [
        walk.ordered(walk.place(node, number), first.order) for number in range(len(node.inputs))
    ]
    rank = len(first.shape)
    axis = int(node.attributes["axis"])
    own = (axis if axis >= 0 else rank + 1 + axis) - 1
    if own < 0:
        raise node.refused("it joins samples", "keep the first axis as it is")
    built = places[0].order.index(own)
    shape = [walk.shape(node.outputs[0])[a] for a in places[0].order]
    more = {"axis": built + 1, "op": f"Concatenate{rank}d", "output_shape": shape}
    name = walk.add(node.name, "Concatenate", places, **more)
    walk.give(node.outputs[0], name, places[0])


OPERATIONS = {
    **dict.fromkeys(("Identity", "Dropout", "Cast"), unchanged),
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze"), reshape),
    "Transpose": transpose,
    "Concat": concatenation,
}
