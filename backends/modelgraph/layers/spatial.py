"""Rules of layers that move pixels: zero padding, cropping and resizing, io_parallel."""

from typing import Any

import numpy as np

from backends.modelgraph.fixed_point import Raw, Tensor
from backends.modelgraph.layers import moving, moving_stream
from backends.modelgraph.layers.rules import refused
from backends.modelgraph.layers.windows import images_of


def zero_padding(node: Any, raw: Raw) -> Raw:
    """Return images with zeros around them (nnet_padding.h)."""
    pads = [[_read(node, f"pad_{side}") for side in sides] for sides in _SIDES]
    return np.pad(images_of(node, Tensor(raw, 0)), ((0, 0), *pads, (0, 0)))


def cropping(node: Any, raw: Raw) -> Raw:
    """Return parts of images (nnet_cropping.h)."""
    top, left = (_read(node, f"crop_{side}") for side, _ in _SIDES)
    height, width = _read(node, "out_height", 1), _read(node, "out_width")
    return images_of(node, Tensor(raw, 0))[:, top : top + height, left : left + width]


def resize(node: Any, raw: Raw) -> Raw:
    """Return images with repeated pixels (nnet_image.h).

    Raises:
        EvaluationError: the algorithm is not ``nearest``; the firmware has no other.
    """
    if node.get_attr("algorithm") != "nearest":
        algorithm = node.get_attr("algorithm")
        hint = "hls4ml's firmware has interpolation 'nearest' only"
        raise refused(node, "bittrue", f"has no rule for interpolation '{algorithm}'", hint)
    sizes = [(_read(node, f"in_{axis}"), _read(node, f"out_{axis}")) for axis in _AXES]
    rows, columns = (_nearest(before, after) for before, after in sizes)
    return images_of(node, Tensor(raw, 0))[:, rows][:, :, columns]


_SIDES = (("top", "bottom"), ("left", "right"))
_AXES = ("height", "width")


def _nearest(before: int, after: int) -> Raw:
    """Return the pixel to take for every new one along an axis, as the firmware computes it."""
    ratio = (before << 16) // after + 1
    return np.arange(after) * ratio >> 16


def _read(node: Any, name: str, default: int = 0) -> int:
    return int(node.get_attr(name, default))


RULES = (
    moving.rules(("ZeroPadding1D", "ZeroPadding2D"), zero_padding, stream=moving_stream.PADDING),
    moving.rules(("Cropping1D", "Cropping2D"), cropping, stream=moving_stream.CROPPING),
    moving.rules(
        ("Resize",),
        resize,
        "backends.modelgraph.layers.spatial_keras",
        moving_stream.RESIZING,
    ),
)
