"""Rules for streams of layers that move values: padding, cropping, resizing, joined channels."""

from typing import Any

from backends.modelgraph.cost import no_cost
from backends.modelgraph.layers.rules import (
    RtlContext,
    StreamRules,
    every_position,
    refused,
    result_type,
)
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.stream.front import Front, Repeat, Scan
from backends.modelgraph.rtl.wiring import numbers


def _read(node: Any, name: str) -> int:
    return int(node.get_attr(name, 0) or 0)


def _extents(shape: Any) -> tuple[int, int]:
    """Return height and width of an image; a sequence has height 1."""
    height, width = [1, *(int(size) for size in shape[:-1])][-2:]
    return height, width


def _padded(node: Any) -> Front:
    """Return the front of zero padding, which inserts positions of zeros."""
    top, bottom, left, right = (
        _read(node, f"pad_{side}") for side in ("top", "bottom", "left", "right")
    )
    size = _extents(node.get_input_variable().shape)
    made = _extents(node.get_output_variable().shape)
    return Scan(size, ((top, bottom), (left, right)), windows=made)


def _cropped(node: Any) -> Front:
    """Return the front of cropping, which leaves positions out."""
    size = _extents(node.get_input_variable().shape)
    made = _extents(node.get_output_variable().shape)
    return Scan(size, skip=(_read(node, "crop_top"), _read(node, "crop_left")), windows=made)


def _resized(node: Any) -> Front:
    """Return the front of resizing, which repeats positions.

    Raises:
        EvaluationError: a size is no multiple of the one before.
    """
    size, made = (
        (_read(node, f"{when}_height") or 1, _read(node, f"{when}_width")) for when in ("in", "out")
    )
    if any(after % before for before, after in zip(size, made, strict=True)):
        hint = "use sizes that are multiples; hls4ml's firmware for streams has no others"
        raise refused(node, "open", f"cannot resize {size} to {made} in a stream", hint)
    return Repeat(size, (made[0] // size[0], made[1] // size[1]))


def _cast(node: Any, context: RtlContext) -> Signal:
    """Return a position in the result type."""
    return context.converted(node, context.given(node), result_type(node))


def _channels(node: Any) -> Front:
    """Return the front of a layer that joins channels.

    Raises:
        EvaluationError: the layer joins positions, not channels.
    """
    axis, rank = int(node.get_attr("axis")), len(node.get_output_variable().shape)
    if axis not in {-1, rank}:
        reason = f"cannot join streams along axis {axis}, only the last"
        raise refused(node, "open", reason, "use io_type: io_parallel, which has a circuit of it")
    return every_position(node)


def _joined(node: Any, context: RtlContext) -> Signal:
    """Return the channels of all inputs side by side."""
    inputs = range(len(node.inputs))
    cast = [context.converted(node, context.given(node, n), result_type(node)) for n in inputs]
    parts = context.circuit.together(*cast)
    features = sum(part.features for part in parts)
    return context.circuit.wired(node.name, parts, numbers((1, features)))


PADDING = StreamRules(front=_padded, rtl=_cast, cost=no_cost)
CROPPING = StreamRules(front=_cropped, rtl=_cast, cost=no_cost)
RESIZING = StreamRules(front=_resized, rtl=_cast, cost=no_cost)
CHANNELS = StreamRules(front=_channels, rtl=_joined, cost=no_cost)
