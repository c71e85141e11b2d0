"""Lines as a picture: how many run through every pixel, and of which mean colour."""

import base64
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboards.png import SIGNATURE, chunk

ROWS, COLUMNS = 320, 96
"""Pixels of the height, and of the width between two axes."""
_FAINTEST, _CONTRAST = 0.06, 1.6
"""Opacity of a single line where many are drawn; power of the logarithm of the density."""

Floats = NDArray[np.float64]


def between(left: Floats, right: Floats, shade: Floats) -> tuple[Floats, Floats]:
    """Return the density of straight lines between two axes.

    Lines with the same ends, to a pixel, are counted before they are drawn, so that the time hardly
    depends on their number.

    Args:
        left: positions from 0 to 1 on the left axis, (n,).
        right: those on the right one, (n,).
        shade: number from 0 to 1 of every line, (n,).

    Returns:
        Number of lines and sum of their shades at every pixel, (ROWS, COLUMNS); row 0 is the
        lowest.
    """
    start, end = (np.clip(p * ROWS, 0, ROWS - 1).astype(np.int64) for p in (left, right))
    ends = start * ROWS + end
    number = np.bincount(ends, minlength=ROWS**2)
    shades = np.bincount(ends, weights=shade, minlength=ROWS**2)
    (drawn,) = np.nonzero(number)
    first, last = np.divmod(drawn, ROWS)
    counts, sums = np.zeros((ROWS, COLUMNS)), np.zeros((ROWS, COLUMNS))
    for column, share in enumerate((np.arange(COLUMNS) + 0.5) / COLUMNS):
        row = np.rint(first + (last - first) * share).astype(np.int64)
        counts[:, column] = np.bincount(row, weights=number[drawn], minlength=ROWS)
        sums[:, column] = np.bincount(row, weights=shades[drawn], minlength=ROWS)
    return counts, sums


@dataclass(frozen=True)
class Layer:
    """Lines of one kind.

    Args:
        positions: of every line on every axis, (n_lines, n_axes).
        shade: number from 0 to 1 of every line, (n_lines,).
        colours: red, green and blue from 0 to 255 for shades from 0 to 1, (n_colours, 3).
        opacity: of the densest pixel between two axes.
    """

    positions: Floats
    shade: Floats
    colours: Floats
    opacity: float = 1.0

    def painted(self) -> Floats:
        """Return red, green, blue and opacity from 0 to 1; row 0 is the lowest.

        Returns:
            Shape (ROWS, COLUMNS * (n_axes - 1), 4).
        """
        pairs = zip(self.positions.T[:-1], self.positions.T[1:], strict=True)
        parts = [between(left, right, self.shade) for left, right in pairs]
        return np.hstack([_painted(*part, self.colours, self.opacity) for part in parts])


def picture(layers: Sequence[Layer]) -> str:
    """Return the picture of lines through all axes as the address of a PNG.

    Args:
        layers: lines of several kinds, the lowest first.
    """
    found, *others = [layer.painted() for layer in layers]
    for upper in others:
        found = _over(upper, found)
    pixels = np.rint(found * (255 / np.array([255, 255, 255, 1]))).astype(np.uint8)
    return _address(pixels[::-1])


def _over(upper: Floats, lower: Floats) -> Floats:
    """Return two layers as one (Porter and Duff 1984, "over")."""
    top, below = upper[..., 3:], lower[..., 3:] * (1 - upper[..., 3:])
    opacity = top + below
    paint = (upper[..., :3] * top + lower[..., :3] * below) / np.where(opacity > 0, opacity, 1)
    return np.concatenate([paint, opacity], axis=-1)


def _painted(counts: Floats, sums: Floats, colours: Floats, opacity: float) -> Floats:
    mean = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    paint = colours[np.clip(mean * (len(colours) - 1), 0, len(colours) - 1).astype(np.int64)]
    thick = (np.log1p(counts) / np.log1p(max(counts.max(), 1.0))) ** _CONTRAST
    alpha = np.where(counts > 0, opacity * (_FAINTEST + (1 - _FAINTEST) * thick), 0)
    return np.dstack([paint, alpha])


def _address(pixels: NDArray[np.uint8]) -> str:
    """Return pixels, (height, width, 4), as a PNG (W3C, PNG specification, third edition)."""
    height, width, _ = pixels.shape
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)  # 8 bits, red green blue opacity
    lines = np.hstack([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)])
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    file = SIGNATURE + b"".join(chunk(*part) for part in parts)
    return "data:image/png;base64," + base64.b64encode(file).decode()
