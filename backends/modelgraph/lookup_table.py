"""Look-up tables of functions, addressed by the top bits of a fixed-point number."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.fixed_point import FixedType, Tensor, fitting


@dataclass(frozen=True)
class LookupTable:
    """A look-up table: entry i is the value for all numbers whose top bits are i.

    Args:
        address: type that a number is cast to before its top bits are taken.
        entries: entries; their number is a power of two.
        kind: type of the entries.
    """

    address: FixedType
    entries: Tensor
    kind: FixedType

    @property
    def step(self) -> float:
        """Distance of the inputs of two entries."""
        return float(2.0 ** (self._rest - self.address.fractional))

    def cut(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the inputs of the entries that stand for numbers of the address type."""
        return np.floor(values / self.step) * self.step

    @property
    def _rest(self) -> int:
        """Bits of a number that do not address."""
        return self.address.width - (len(self.entries.raw) - 1).bit_length()

    def at(self, data: Tensor) -> Tensor:
        """Return the entries for numbers of the address type."""
        rest = self._rest
        raw = fitting(data.raw, 1 << self.address.width)
        # masked first: the top bits of a negative number are those of its two's complement
        rows = ((raw & ((1 << self.address.width) - 1)) >> rest).astype(np.int64)
        return Tensor(self.entries.raw[rows], self.entries.fractional)
