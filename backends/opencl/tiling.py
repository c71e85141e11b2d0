"""Tiles of the matrix kernel: sizes of work-groups, work-items and vectors."""

from dataclasses import dataclass, replace
from math import gcd

VECTORS = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Tiling:
    """Sizes of the kernel `dense` in `matmul.cl`.

    Args:
        tile_m: rows (edges, nodes) that a work-group computes.
        tile_n: columns (neurons) that a work-group computes.
        tile_k: depth of a tile in local memory.
        work_m: rows that a work-item computes.
        work_n: columns that a work-item computes.
        vector: columns in one vector operation.
        staged: whether tiles are copied to local memory first.
    """

    tile_m: int
    tile_n: int
    tile_k: int
    work_m: int
    work_n: int
    vector: int
    staged: bool

    def mistake(self) -> str:
        """Return what is not legal about the sizes; empty where they are legal."""
        pairs = {"tile_m": "work_m", "tile_n": "work_n", "work_n": "vector"}
        for whole, part in pairs.items():
            if getattr(self, whole) % getattr(self, part):
                values = f"{whole} = {getattr(self, whole)}, {part} = {getattr(self, part)}"
                return f"{whole} must be a multiple of {part}: {values}"
        return ""

    @property
    def group(self) -> tuple[int, int]:
        """Work-items of a work-group: (along columns, along rows)."""
        return self.tile_n // self.work_n, self.tile_m // self.work_m

    @property
    def local_numbers(self) -> int:
        """Count of numbers that a work-group keeps in local memory."""
        return self.tile_k * (self.tile_m + self.tile_n) if self.staged else 0

    def for_columns(self, columns: int) -> "Tiling":
        """Return the tiling for a layer with `columns` neurons.

        A layer of at most half a tile gets tiles of the next power of two: columns are padded to
        whole tiles, so a wide tile would mostly compute padding.
        """
        if 2 * columns > self.tile_n:
            return self
        tile_n = 1
        while tile_n < columns:
            tile_n *= 2
        work_n = gcd(self.work_n, tile_n)
        return replace(self, tile_n=tile_n, work_n=work_n, vector=gcd(self.vector, work_n))

    def options(self) -> list[str]:
        """Return the compiler options that define the kernel's macros."""
        sizes = ("tile_m", "tile_n", "tile_k", "work_m", "work_n", "vector")
        given = [f"-D{name.upper()}={getattr(self, name)}" for name in sizes]
        return [*given, *(["-DSTAGED"] if self.staged else [])]


CACHED = Tiling(tile_m=6, tile_n=64, tile_k=16, work_m=6, work_n=64, vector=16, staged=False)
"""For processors: one work-item per work-group, no local memory, because caches do its work.

6 x 64 float sums fill 24 of the 32 registers of AVX-512; weights and input take 5 more."""

STAGED = Tiling(tile_m=64, tile_n=64, tile_k=16, work_m=4, work_n=4, vector=4, staged=True)
"""For devices with local memory: 16 x 16 work-items a group, and 8 KiB of local memory in float."""


def round_up(number: int, step: int) -> int:
    """Return the smallest multiple of `step` that is not below `number`."""
    return -(-number // step) * step
