"""How a streamed layer reads its input: which positions it takes, and when it has enough.

A position (a pixel with all its channels) arrives at a time. A front takes positions one by one,
padding in between, and starts the layer's circuit whenever it has what one output needs.
"""

import math
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]


class Front(Protocol):
    """Positions of one inference in the order in which a layer takes them."""

    @property
    def inside(self) -> Flags:
        """Whether a position comes from the input; the others are padding."""

    @property
    def fires(self) -> Flags:
        """Whether the layer's circuit starts behind a position."""


@dataclass(frozen=True)
class Positions:
    """Every position by itself: activations, normalisations, dense layers on every position.

    Args:
        count: positions of one inference.
    """

    count: int

    @property
    def inside(self) -> Flags:
        """All of them."""
        return np.ones(self.count, dtype=np.bool_)

    @property
    def fires(self) -> Flags:
        """Behind every one."""
        return np.ones(self.count, dtype=np.bool_)


@dataclass(frozen=True)
class Whole:
    """All positions of an inference at once: what reads a flattened image, global pooling.

    Args:
        count: positions of one inference.
    """

    count: int

    @property
    def inside(self) -> Flags:
        """All of them."""
        return np.ones(self.count, dtype=np.bool_)

    @property
    def fires(self) -> Flags:
        """Behind the last one."""
        return np.asarray(np.arange(self.count) == self.count - 1)


Pair = tuple[int, int]


@dataclass(frozen=True)
class Repeat:
    """Every position several times, then the row once more from a memory: resizing an image.

    Sequences are images of height 1.

    Args:
        size: height and width of the image.
        factors: how often a row, and a position in it, is given.
    """

    size: Pair
    factors: Pair

    @property
    def inside(self) -> Flags:
        """The first of every position's copies; the others come from the memory."""
        (height, width), (down, across) = self.size, self.factors
        first = np.arange(width * across) % across == 0
        row = np.concatenate([first, np.zeros(width * across * (down - 1), dtype=np.bool_)])
        return np.asarray(np.tile(row, height))

    @property
    def fires(self) -> Flags:
        """Behind every one."""
        return np.ones(math.prod(self.size) * math.prod(self.factors), dtype=np.bool_)


@dataclass(frozen=True)
class Scan:
    """Windows that slide over an image with padding: convolutions, pooling, padding, cropping.

    Sequences are images of height 1.

    Args:
        size: height and width of the image, without padding.
        pads: rows and columns of zeros (before, after): above and below, left and right.
        kernel: height and width of the windows.
        stride: steps between two windows, down and to the right.
        skip: rows and columns before the first window.
        windows: rows and columns of windows.
    """

    size: Pair
    pads: tuple[Pair, Pair] = ((0, 0), (0, 0))
    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    skip: Pair = (0, 0)
    windows: Pair = field(kw_only=True)

    @property
    def padded(self) -> Pair:
        """Height and width with padding."""
        height, width = (n + sum(pad) for n, pad in zip(self.size, self.pads, strict=True))
        return height, width

    def hits(self, axis: int) -> Flags:
        """Whether a window ends in a row (axis 0) or column (axis 1)."""
        first = self.skip[axis] + self.kernel[axis] - 1
        place = np.arange(self.padded[axis]) - first
        step, count = self.stride[axis], self.windows[axis]
        return np.asarray((place >= 0) & (place % step == 0) & (place < step * count))

    def real(self, axis: int) -> Flags:
        """Whether a row (axis 0) or column (axis 1) is not padding."""
        place = np.arange(self.padded[axis]) - self.pads[axis][0]
        return np.asarray((place >= 0) & (place < self.size[axis]))

    @property
    def inside(self) -> Flags:
        """Those of the image itself."""
        return np.logical_and.outer(self.real(0), self.real(1)).ravel()

    @property
    def fires(self) -> Flags:
        """Where a window is complete."""
        return np.logical_and.outer(self.hits(0), self.hits(1)).ravel()
