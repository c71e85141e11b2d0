"""Counts of values that did not fit their type, by layer."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.fixed_point import FixedType, Tensor, cast, quantise


@dataclass
class CastCounter:
    """Casts done in one layer, and how many of them wrapped or saturated."""

    casts: int = 0
    lost: dict[str, int] = field(default_factory=dict)

    def cast(self, tensor: Tensor, to: FixedType) -> Tensor:
        """Convert and count."""
        result, lost = cast(tensor, to)
        self.add(tensor.raw.size, lost, to)
        return result

    def quantise(self, values: NDArray[np.floating], to: FixedType) -> Tensor:
        """Convert floating-point numbers and count."""
        result, lost = quantise(values, to)
        self.add(values.size, lost, to)
        return result

    def add(self, casts: int, lost: int, to: FixedType) -> None:
        """Count casts done elsewhere."""
        self.casts += casts
        if lost:
            kind = "wrapped" if to.overflow == "WRAP" else "saturated"
            self.lost[kind] = self.lost.get(kind, 0) + lost
