"""Look-up tables of functions, addressed by the top bits of a fixed-point number."""

from dataclasses import dataclass

import numpy as np

from backends.modelgraph.fixed_point import FixedType, Tensor, fitting


@dataclass(frozen=True)
class LookupTable:
    """A look-up table: entry i belongs to the addresses whose top bits are i.

    Args:
        address: type that a number is cast to before its top bits are taken.
        entries: raw entries.
        kind: their type.
    """

    address: FixedType
    entries: Tensor
    kind: FixedType

    def at(self, data: Tensor) -> Tensor:
        """Entries for numbers of the address type."""
        rest = self.address.width - (len(self.entries.raw) - 1).bit_length()
        raw = fitting(data.raw, 1 << self.address.width)
        rows = ((raw & ((1 << self.address.width) - 1)) >> rest).astype(np.int64)
        return Tensor(self.entries.raw[rows], self.entries.fractional)
