"""Value rules of layers that move pixels: zero padding, cropping and resizing, io_parallel."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.fixed_point import Raw, Tensor
from backends.modelgraph.layers import moving_stream
from backends.modelgraph.layers.rules import LayerRules, refused, result_type
from backends.modelgraph.layers.windows import images_of, shaped_as_output


def zero_padding(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the image with zeros around it, in the result type (nnet_padding.h)."""
    (data,) = inputs
    pads = [[_read(node, f"pad_{side}") for side in sides] for sides in _SIDES]
    return _moved(node, data, np.pad(images_of(node, data), ((0, 0), *pads, (0, 0))), counter)


def cropping(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return a part of the image, in the result type (nnet_cropping.h)."""
    (data,) = inputs
    top, left = (_read(node, f"crop_{side}") for side, _ in _SIDES)
    height, width = _read(node, "out_height", 1), _read(node, "out_width")
    cropped = images_of(node, data)[:, top : top + height, left : left + width]
    return _moved(node, data, cropped, counter)


def resize(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the image with repeated pixels, in the result type (nnet_image.h).

    Raises:
        EvaluationError: the algorithm is not ``nearest``; the firmware has no other.
    """
    (data,) = inputs
    if node.get_attr("algorithm") != "nearest":
        algorithm = node.get_attr("algorithm")
        hint = "hls4ml's firmware has interpolation 'nearest' only"
        raise refused(node, "bittrue", f"has no rule for interpolation '{algorithm}'", hint)
    images = images_of(node, data)
    sizes = [(_read(node, f"in_{axis}"), _read(node, f"out_{axis}")) for axis in _AXES]
    rows, columns = (_nearest(before, after) for before, after in sizes)
    return _moved(node, data, images[:, rows][:, :, columns], counter)


_SIDES = (("top", "bottom"), ("left", "right"))
_AXES = ("height", "width")


def _nearest(before: int, after: int) -> Raw:
    """Return the pixel to take for every new one along an axis, as the firmware computes it."""
    ratio = (before << 16) // after + 1
    return np.arange(after) * ratio >> 16


def _read(node: Any, name: str, default: int = 0) -> int:
    return int(node.get_attr(name, default))


def _moved(node: Any, data: Tensor, images: Raw, counter: CastCounter) -> Tensor:
    """Return images in the result type and in the output's shape."""
    output = counter.cast(Tensor(images, data.fractional), result_type(node))
    return shaped_as_output(node, output)


RULES = (
    LayerRules(
        class_names=("ZeroPadding1D", "ZeroPadding2D"),
        value=zero_padding,
        stream=moving_stream.PADDING,
    ),
    LayerRules(
        class_names=("Cropping1D", "Cropping2D"), value=cropping, stream=moving_stream.CROPPING
    ),
    LayerRules(
        class_names=("Resize",),
        value=resize,
        keras_handlers="backends.modelgraph.layers.spatial_keras",
    ),
)
