"""Windows that kernels and pools slide over images.

Sequences are images of height 1, so that one- and two-dimensional layers share their rules.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from backends.modelgraph.fixed_point import Raw, Tensor
from backends.modelgraph.layers.rules import refused

_SEQUENCE = 3
"""Axes of a batch of sequences: samples, width, channels."""


@dataclass(frozen=True)
class Windows:
    """Windows of one size over padded images.

    Args:
        size: height and width.
        stride: steps between two windows, down and to the right.
        padding: rows and columns added (before, after): above and below, left and right.
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[tuple[int, int], tuple[int, int]]

    @classmethod
    def of(cls, node: Any, kind: str) -> "Windows":
        """Read the windows of a layer of the ModelGraph.

        Args:
            node: convolution or pooling, of sequences or of images.
            kind: prefix of the attributes with the size: ``filt`` or ``pool``.
        """

        def read(name: str, default: int) -> int:
            return int(node.get_attr(name, default))

        return cls(
            (read(f"{kind}_height", 1), read(f"{kind}_width", 1)),
            (read("stride_height", 1), read("stride_width", 1)),
            (
                (read("pad_top", 0), read("pad_bottom", 0)),
                (read("pad_left", 0), read("pad_right", 0)),
            ),
        )

    def over(self, images: Raw, fill: int = 0) -> Raw:
        """Return the windows (samples, rows, columns, positions in the window, channels).

        Args:
            images: raw values (samples, height, width, channels).
            fill: raw value of the padding; has to fit the dtype.
        """
        padded = np.pad(images, ((0, 0), *self.padding, (0, 0)), constant_values=fill)
        views = np.lib.stride_tricks.sliding_window_view(padded, self.size, axis=(1, 2))
        down, right = self.stride
        ordered = np.moveaxis(views[:, ::down, ::right], 3, -1)  # channels last, as in the firmware
        return ordered.reshape(*ordered.shape[:3], -1, images.shape[-1])

    def real_pixels(self, images: Raw) -> Raw:
        """Return how many pixels of every window are not padding, (rows, columns)."""
        ones = np.ones((1, *images.shape[1:3], 1), dtype=np.int64)
        return np.asarray(self.over(ones)[0, :, :, :, 0].sum(axis=-1))


def images_of(node: Any, tensor: Tensor) -> Raw:
    """Return the raw values of a node's input as images (samples, height, width, channels).

    Raises:
        EvaluationError: the data of the node are in another order.
    """
    if node.get_attr("data_format", "channels_last") != "channels_last":
        raise refused(node, "bittrue", "has no rule for data_format channels_first")
    raw = tensor.raw
    return raw[:, None] if raw.ndim == _SEQUENCE else raw


def shaped_as_output(node: Any, tensor: Tensor) -> Tensor:
    """Return a tensor, first axis samples, in the shape of a node's output."""
    shape = node.get_output_variable().shape
    return Tensor(tensor.raw.reshape(-1, *shape), tensor.fractional)
