"""Tiles of the matrix kernel: how work is cut into work-groups, work-items and vectors."""

from dataclasses import dataclass, replace
from math import gcd

VECTORS = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Tiling:
    """Sizes of the kernel `dense`.

    Args:
        tile_m: rows (edges, nodes) of a work-group.
        tile_n: columns (neurons) of a work-group.
        tile_k: depth of a tile in local memory.
        work_m: rows of a work-item.
        work_n: columns of a work-item.
        vector: numbers in a vector, of a work-item's columns.
        staged: whether tiles go through local memory.
    """

    tile_m: int
    tile_n: int
    tile_k: int
    work_m: int
    work_n: int
    vector: int
    staged: bool

    def mistake(self) -> str:
        """What is not legal; empty for nothing."""
        pairs = {"tile_m": "work_m", "tile_n": "work_n", "work_n": "vector"}
        for whole, part in pairs.items():
            if getattr(self, whole) % getattr(self, part):
                values = f"{whole} = {getattr(self, whole)}, {part} = {getattr(self, part)}"
                return f"{whole} must be a multiple of {part}: {values}"
        return ""

    @property
    def group(self) -> tuple[int, int]:
        """Work-items of a work-group, along columns and rows."""
        return self.tile_n // self.work_n, self.tile_m // self.work_m

    @property
    def local_numbers(self) -> int:
        """Numbers that a work-group keeps in local memory."""
        return self.tile_k * (self.tile_m + self.tile_n) if self.staged else 0

    def for_columns(self, columns: int) -> "Tiling":
        """The same for a layer; one that is narrower than a tile gets narrower tiles."""
        if 2 * columns > self.tile_n:
            return self
        tile_n = 1
        while tile_n < columns:
            tile_n *= 2
        work_n = gcd(self.work_n, tile_n)
        return replace(self, tile_n=tile_n, work_n=work_n, vector=gcd(self.vector, work_n))

    def options(self) -> list[str]:
        """As the kernel's macros."""
        sizes = ("tile_m", "tile_n", "tile_k", "work_m", "work_n", "vector")
        given = [f"-D{name.upper()}={getattr(self, name)}" for name in sizes]
        return [*given, *(["-DSTAGED"] if self.staged else [])]


CACHED = Tiling(tile_m=6, tile_n=64, tile_k=16, work_m=6, work_n=64, vector=16, staged=False)
"""For processors: one work-item per work-group, registers full, caches in local memory's place."""

STAGED = Tiling(tile_m=64, tile_n=64, tile_k=16, work_m=4, work_n=4, vector=4, staged=True)
"""For devices with local memory."""


def round_up(number: int, step: int) -> int:
    """The next multiple of `step`."""
    return -(-number // step) * step
