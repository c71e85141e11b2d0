"""Designs near known ones: along one axis, by exchanges of two, and changed by chance."""

from collections.abc import Iterator, Sequence
from itertools import chain, combinations, permutations

import numpy as np
from numpy.typing import NDArray

from dse.search.candidates import Rows
from dse.study.space import Axis

Points = NDArray[np.int_]


class Neighbours:
    """Neighbours of points that are given as row indices.

    Args:
        lengths: rows of every axis.
        ordered: by axis, whether neighbouring rows are alike.
        groups: axes of one kind, such as the reuse factors of all layers; every axis with more
            than one row is in one group.
        random: of changes by chance.
    """

    def __init__(
        self,
        lengths: Points,
        ordered: Sequence[bool],
        groups: Sequence[Sequence[int]],
        random: np.random.Generator,
    ) -> None:
        self._lengths, self._ordered, self._groups = lengths, ordered, groups
        self._random = random
        self._free = np.array(sorted(chain(*groups)), dtype=int)

    def along_axes(self, start: Points) -> Iterator[Rows]:
        """Yield points that differ in one axis, by any number of rows.

        Where a width does not matter over many rows, a step of one promises nothing.
        """
        for axis in self._free:
            for row in range(self._lengths[axis]):
                if row != start[axis]:
                    yield from self._legal(start, {axis: row - start[axis]})

    def exchanges(self, start: Points) -> Iterator[Rows]:
        """Yield points with one row more on an axis and one less on another of its kind.

        What is limited in sum, such as a latency by the reuse factors, stays about as it is.
        """
        for group in self._groups:
            for more, less in permutations(group, 2):
                yield from self._legal(start, {more: 1, less: -1})

    def _legal(self, start: Points, steps: dict[int, int]) -> Iterator[Rows]:
        rows = start.copy()
        for axis, step in steps.items():
            rows[axis] += step
            if not 0 <= rows[axis] < self._lengths[axis]:
                return
        yield tuple(map(int, rows))

    def by_chance(self, known: Points, count: int) -> Iterator[Rows]:
        """Yield points made from known ones, (n_known, n_axes), by changes of up to four axes."""
        for _ in range(count):
            rows = self._random.choice(known).copy()
            if self._random.random() < 0.25:  # some axes of another point
                other = self._random.choice(known)
                rows = np.where(self._random.random(len(rows)) < 0.5, rows, other)
            for axis in self._random.choice(self._free, size=self._random.integers(1, 5)):
                rows[axis] = self._moved(int(axis), int(rows[axis]))
            yield tuple(map(int, rows))

    def _moved(self, axis: int, row: int) -> int:
        last = int(self._lengths[axis]) - 1
        if not self._ordered[axis] or self._random.random() < 0.15:
            return int(self._random.integers(0, last + 1))
        step = int(self._random.choice((-2, -1, -1, 1, 1, 2)))
        return int(np.clip(row + step, 0, last))


def swaps(axes: Sequence[Axis], widths: Points, start: Points) -> Iterator[Rows]:
    """Yield points in which two widths have each other's bits, where both may.

    What multiplies a by b bits also multiplies b by a. Such designs cost about the same, but a step
    from one towards the other costs more or computes worse.

    Args:
        axes: of the space.
        widths: by axis 0 where it is none of bits.
        start: a point as row indices, (n_axes,).
    """
    for one, two in combinations(np.flatnonzero(widths).tolist(), 2):
        own, other = axes[one].rows[start[one]], axes[two].rows[start[two]]
        if own == other:
            continue
        to_one, to_two = axes[one].find(other), axes[two].find(own)
        if to_one is not None and to_two is not None:
            rows = start.copy()
            rows[one], rows[two] = to_one, to_two
            yield tuple(map(int, rows))
