"""Look-up tables whose steps are too coarse for the values that a layer looks up.

One entry stands for all numbers of a step. How much a function changes within the steps that are
used is measured on the values themselves: a coarse table that is only read where its function is
flat does no harm.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BOUND = 0.25
"""Largest error that is not told; hls4ml's own default tables are off by up to 0.2.

The inverses of sums from 1 come from an ap_fixed<18, 8> by 1024 entries: 1 / 1 for 1 / 1.2499.
"""

_FINE = 0.125
"""Steps up to this are not measured: no function here changes by more than twice its input."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class CoarseTable:
    """A table that is off by more than `BOUND`.

    Args:
        step: distance of the inputs of two entries.
        error: largest error of a value that was looked up.
    """

    step: float
    error: float


def coarse(
    step: float,
    function: Callable[[Values], NDArray[Any]],
    inputs: Values,
    cut: Callable[[Values], Values],
) -> CoarseTable | None:
    """Return what a table's step costs; None where it is within `BOUND`.

    Args:
        step: distance of the inputs of two entries.
        function: the exact function.
        inputs: the numbers that were looked up.
        cut: returns for every number the input of the entry that stands for it.
    """
    if step <= _FINE or not inputs.size:
        return None
    error = float(np.abs(function(inputs) - function(cut(inputs))).max())
    return CoarseTable(step, error) if error > BOUND else None
