"""Which axes of a space are widths: numbers of bits, of which more are never worse but for luck."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dse.study.space import Axis


def widths_of(axes: Sequence[Axis]) -> NDArray[np.int_]:
    """Return by axis 1 where it is of bits, -1 where they fall with the rows, else 0.

    More integer bits of the same width are fewer of the fraction, and no axis of bits. Nor is one
    that is alone: what fewer bits do along one axis the models learn from its other rows.
    """
    found = np.array([_rising(axis) if _is_width(axis) else 0 for axis in axes], dtype=np.int_)
    return found if np.count_nonzero(found) > 1 else np.zeros_like(found)


def _is_width(axis: Axis) -> bool:
    items = [name.rpartition(".")[2] for name in axis.names]
    return all(item.endswith("bits") and item != "integer_bits" for item in items)


def _rising(axis: Axis) -> int:
    """Return 1 where all numbers rise, -1 where all fall, and 0 otherwise."""
    pairs = [both for rows in pairwise(axis.rows) for both in zip(*rows, strict=True)]
    numbers = [(a, b) for a, b in pairs if isinstance(a, int) and isinstance(b, int)]
    steps = {(b > a) - (b < a) for a, b in numbers}
    return steps.pop() if len(steps) == 1 and len(numbers) == len(pairs) else 0
