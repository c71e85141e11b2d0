"""Count the values that overflow their type in a layer, and keep its coarse tables."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.coarse_tables import CoarseTable
from backends.modelgraph.fixed_point import FixedType, Tensor, cast, quantise


@dataclass
class CastCounter:
    """Numbers of casts in one layer.

    Args:
        casts: values converted.
        lost: values that overflowed, under ``wrapped`` or ``saturated``.
        coarse: tables too coarse for the values that were looked up, by name of the function.
    """

    casts: int = 0
    lost: dict[str, int] = field(default_factory=dict)
    coarse: dict[str, CoarseTable] = field(default_factory=dict)

    def cast(self, tensor: Tensor, to: FixedType) -> Tensor:
        """Convert a tensor to another type and count the overflows."""
        result, lost = cast(tensor, to)
        self.add(tensor.raw.size, lost, to)
        return result

    def quantise(self, values: NDArray[np.floating], to: FixedType) -> Tensor:
        """Convert floating-point numbers and count the overflows."""
        result, lost = quantise(values, to)
        self.add(values.size, lost, to)
        return result

    def looked_up(self, function: str, found: CoarseTable | None) -> None:
        """Keep a coarse table, the one with the largest error where there are several."""
        known = self.coarse.get(function)
        if found and (known is None or known.error < found.error):
            self.coarse[function] = found

    def add(self, casts: int, lost: int, to: FixedType) -> None:
        """Add casts that the caller has done itself.

        Args:
            casts: values converted.
            lost: how many of them overflowed.
            to: type they were converted to, which says how they overflow.
        """
        self.casts += casts
        if lost:
            kind = "wrapped" if to.overflow == "WRAP" else "saturated"
            self.lost[kind] = self.lost.get(kind, 0) + lost
