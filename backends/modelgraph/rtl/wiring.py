"""Wires of layers that only move values, found by moving the wires' numbers.

Elements of a tensor lie on a bus row by row, the last axis fastest, whatever its shape. So the
function that moves the values of such a layer also says how to connect it: applied to the numbers
of the input's elements, it gives the number of the element that goes to each place of the output.

Example:
    >>> numbers((2, 3)).T
    array([[1, 4],
           [2, 5],
           [3, 6]])
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.rtl.verilog import listed

Numbers = NDArray[np.int64]
"""Numbers of elements; 0 stands for a constant zero, which padding inserts."""


def numbers(shape: Sequence[int], first: int = 1) -> Numbers:
    """Return the numbers of a tensor's elements, in its shape.

    Args:
        shape: axes of the tensor, without the batch.
        first: number of its first element; above 1 for further inputs of a layer.
    """
    return np.arange(first, first + math.prod(shape)).reshape(shape)


def concatenation(buses: Sequence[tuple[str, int]], chosen: Numbers, width: int) -> str:
    """Return the Verilog concatenation of chosen elements, the first in the lowest bits.

    Args:
        buses: name and number of elements of every bus; their elements are numbered from 1 on,
            bus after bus.
        chosen: numbers of the elements.
        width: bits of an element.
    """
    flat = np.asarray(chosen, dtype=np.int64).ravel()
    last = np.cumsum([elements for _, elements in buses])
    bus_of = np.where(flat == 0, -1, np.searchsorted(last, flat))
    # a run is a part select: consecutive elements of one bus, or zeros
    step = np.where(bus_of[1:] < 0, 0, 1)
    breaks = (np.diff(flat) != step) | (np.diff(bus_of) != 0)
    starts = [0, *(np.flatnonzero(breaks) + 1).tolist()]
    parts = []
    for start, end in zip(starts, [*starts[1:], len(flat)], strict=True):
        bits = (end - start) * width
        if bus_of[start] < 0:
            parts.append(f"{bits}'d0")
            continue
        name, elements = buses[bus_of[start]]
        low = int(flat[start] - 1 - last[bus_of[start]] + elements) * width
        parts.append(f"{name}[{low + bits - 1}:{low}]")
    return f"{{{listed(parts[::-1])}}}"
