"""Parts of tensors: Slice, Split and Gather, as hls4ml's Cropping1D; and Gather as an embedding."""

from dataclasses import replace
from typing import Any

import numpy as np

from backends.modelgraph.declared_types import TYPES
from backends.modelgraph.onnx.graph import Node
from backends.modelgraph.onnx.recurrent import last_step
from backends.modelgraph.onnx.walk import Place, Walk, bare, size

_NEIGHBOURS = "take neighbouring values, in their order"


def cut(walk: Walk, node: Node) -> None:
    """Add a part of a tensor along one axis or several.

    Raises:
        EvaluationError: values between those that are taken are left out, or samples are.
    """
    place = walk.anywhere(node)
    for axis, start, stop, step in _limits(walk, node, len(place.full)):
        first, last, stride = slice(start, stop, step).indices(place.full[axis])
        if stride != 1 and len(range(first, last, stride)) != 1:
            raise node.refused(f"it takes every value number {stride}", _NEIGHBOURS)
        own = _own_axis(place, axis)
        if own is not None:
            place = _part(walk, node, place, own, (first, max(last, first)))
    _give(walk, node, node.outputs[0], place)


def _limits(walk: Walk, node: Node, rank: int) -> list[tuple[int, int, int, int]]:
    """Return axis, start, stop and step of every axis that is cut."""
    given = [walk.constant(node, number) for number in range(1, 5)]
    if given[0] is None:  # attributes, in old versions
        given = [node.attributes.get(name) for name in ("starts", "ends", "axes", "steps")]
    starts, stops = (np.ravel(part).astype(int).tolist() for part in given[:2])  # type: ignore[arg-type]
    axes = range(len(starts)) if given[2] is None else np.ravel(given[2]).astype(int)
    steps = [1 for _ in starts] if given[3] is None else np.ravel(given[3]).astype(int).tolist()
    return list(zip((int(a) % rank for a in axes), starts, stops, steps, strict=True))


def split(walk: Walk, node: Node) -> None:
    """Add the parts of a tensor that the network reads."""
    place = walk.anywhere(node)
    full = int(node.attributes.get("axis", 0)) % len(place.full)
    own = _own_axis(place, full)
    if own is None:
        raise node.refused("it splits the samples", "keep the first axis as it is")
    first = 0
    for tensor in node.outputs:
        length = walk.graph.shapes[tensor][full]
        if tensor in walk.graph.outputs or walk.graph.readers(tensor):
            part = _part(walk, node, place, own, (first, first + length))
            _give(walk, node, tensor, part)
        first += length


def gather(walk: Walk, node: Node) -> None:
    """Add the part of a tensor that constant numbers name, or an embedding.

    Raises:
        EvaluationError: the numbers are not neighbours, or samples are taken.
    """
    if node.inputs[0] not in walk.places:
        _embedding(walk, node)
        return
    place, numbers = walk.anywhere(node), walk.constant(node, 1)
    full = int(node.attributes.get("axis", 0)) % len(place.full)
    own = _own_axis(place, full)
    if numbers is None or own is None or numbers.ndim > 1:
        raise node.refused("it takes samples, or values in another arrangement", _NEIGHBOURS)
    length = place.shape[own]
    wanted = [int(number) % length for number in np.ravel(numbers)]
    if wanted != list(range(wanted[0], wanted[0] + len(wanted))):
        raise node.refused(f"it takes the values {wanted}", _NEIGHBOURS)
    last = numbers.ndim == 0 and own == 0 and wanted == [length - 1]
    if last and length > 1 and last_step(walk, node, place):
        one = replace(place, shape=(1, *place.shape[1:]), order=place.order[1:])
        walk.put(replace(_without(one, own), tensor=node.outputs[0]))
        return
    limits = (wanted[0], wanted[0] + len(wanted))
    _give(walk, node, node.outputs[0], _part(walk, node, place, own, limits, keep=numbers.ndim > 0))


def _give(walk: Walk, node: Node, tensor: str, place: Place) -> None:
    """Note where a tensor is; it is compared where a layer of its own gives it."""
    walk.places[tensor] = made = replace(place, tensor=tensor)
    if place.layer != walk.anywhere(node).layer:
        walk.note(made)


def _own_axis(place: Place, axis: int) -> int | None:
    """Return the number of an axis without that of samples; None for that of samples."""
    return None if axis == place.samples else axis - (axis > place.samples)


def _without(place: Place, axis: int) -> Place:
    """Return a place without an axis of length 1 that its layer does not have."""
    order = tuple(a - (a > axis) for a in place.order)
    shape = (*place.shape[:axis], *place.shape[axis + 1 :])
    return replace(place, shape=shape, order=order, samples=place.samples - (axis < place.samples))


def _part(
    walk: Walk, node: Node, place: Place, axis: int, limits: tuple[int, int], *, keep: bool = True
) -> Place:
    """Add the values of a place between two numbers along an axis.

    Args:
        walk: the walk.
        node: the operation.
        place: its input.
        axis: number of the axis, without that of samples.
        limits: the first number, and the one behind the last.
        keep: whether the axis stays where one value is taken.
    """
    count, length = limits[1] - limits[0], place.shape[axis]
    if count < 1:
        raise node.refused("it takes no values at all", _NEIGHBOURS)
    if count == length and (keep or axis not in place.order):
        return place if keep else _without(place, axis)
    others = tuple(a for a in range(len(place.shape)) if a != axis)
    if not (others or keep):
        raise node.refused("its output has no axis but that of samples", "keep one: x[:, 0:1]")
    place = walk.ordered(place, (axis, *others))
    rest = [place.shape[a] for a in others]
    layer = walk.reshaped(f"{node.name}_reshape", place.layer, place.built, [length, size(rest)])
    if count < length:
        layer = _cropped(walk, node, layer, (length, size(rest)), limits)
    layer = walk.reshaped(
        f"{node.name}_reshape", layer, [count, size(rest)], [count, *rest] if keep else rest
    )
    shape = tuple(count if a == axis else s for a, s in enumerate(place.shape))
    made = replace(place, tensor="", layer=layer, shape=shape)
    return made if keep else _without(replace(made, order=others), axis)


def _cropped(
    walk: Walk, node: Node, layer: str, shape: tuple[int, int], limits: tuple[int, int]
) -> str:
    """Add a cropping of rows; return its name."""
    (first, last), (length, channels) = limits, shape
    entry = {
        "crop_left": first,
        "crop_right": length - last,
        "in_width": length,
        "out_width": last - first,
        "n_chan": channels,
        "data_format": "channels_last",
    }
    return walk.add(node.name, "Cropping1D", [bare(layer, shape)], **entry)


def _embedding(walk: Walk, node: Node) -> None:
    """Add a table whose rows the inputs name.

    Raises:
        EvaluationError: the table is computed, or its columns are named.
    """
    table, place = walk.weights(node.inputs[0]), walk.place(node, 1)
    if table is None or table.values.ndim != 2 or int(node.attributes.get("axis", 0)):
        raise node.refused("it takes no rows of a constant table")
    if len(place.shape) != 1:
        raise node.refused("hls4ml has embeddings of vectors only", "flatten the numbers")
    rows, n_out = table.values.shape
    entry: dict[str, Any] = {
        "n_in": place.shape[0],
        "vocab_size": rows,
        "n_out": n_out,
        "embeddings_data": np.asarray(table.values, np.float32),
        TYPES: table.types("embeddings"),
    }
    walk.give(node.outputs[0], walk.add(node.name, "Embedding", [place], **entry))


OPERATIONS = {"Slice": cut, "Split": split, "Gather": gather}
