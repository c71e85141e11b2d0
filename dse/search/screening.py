"""A start for spaces of few axes: each width alone at its least, all others at their most.

The design tells what the width is worth, and as more bits are no worse, it is no worse than any
other with that width at its least: one evaluation bounds them all. In large spaces `layerwise` has
another start, which takes sensitivities around the best design so far.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dse.search.candidates import Rows
from dse.search.observed import KnownObjectives
from dse.search.told import Told
from dse.search.widths import widths_of
from dse.study.space import Space

Points = NDArray[np.int_]


class Screening:
    """Designs of one width at its least each, all others at their most.

    Axes of other parameters stand at their last row. Those that no evaluation tells anything of,
    such as a reuse factor whose costs are known, stand where chance has it, so that costs differ.

    Args:
        space: the design space.
        told: what is known.
        known: gives objectives that need no evaluation; None where all do.
    """

    def __init__(self, space: Space, told: Told, known: KnownObjectives | None) -> None:
        self._space = space
        self._lengths = np.array([len(axis.rows) for axis in space.axes])
        widths = widths_of(space.axes)
        self._most = np.where(widths < 0, 0, self._lengths - 1)
        self._least = np.where(widths < 0, self._lengths - 1, 0)
        self._free = [int(axis) for axis in np.flatnonzero(self._lengths > 1)]
        self._widths = [int(axis) for axis in np.flatnonzero(widths)]
        self._seen = np.vstack([told.rows, told.failed])
        self._idle = self._same_evaluation(known) if known and self._widths else []

    def next(self, seed: int) -> Iterator[Rows]:
        """Yield the designs that are not evaluated yet.

        Args:
            seed: of the axes that stand where chance has it; the same for all batches.
        """
        random = np.random.default_rng(seed)
        drawn = random.integers(self._lengths, size=(len(self._lengths), len(self._lengths)))
        for axis in self._widths:
            least = self._most.copy()
            least[self._idle] = drawn[axis, self._idle]
            least[axis] = self._least[axis]
            if axis not in self._idle and not self._is_screened(least):
                yield tuple(map(int, least))

    def _same_evaluation(self, known: KnownObjectives) -> list[int]:
        """Return axes of which all rows need the evaluation of the design with most of all."""
        if self._space.violations(self._space.at(tuple(map(int, self._most)))):
            return []
        others = {axis: self._others(axis) for axis in self._free}
        tables = {axis: known(rows) for axis, rows in others.items() if rows}
        own = known([tuple(map(int, self._most))])
        needed = np.isnan(np.vstack([own, *tables.values()])).any(axis=0)
        # a row that was evaluated itself is known too, but seldom the same
        return [axis for axis, table in tables.items() if (table == own)[:, needed].all()]

    def _others(self, axis: int) -> list[Rows]:
        """Return the allowed designs with most of all but one axis."""
        others = np.tile(self._most, (int(self._lengths[axis]) - 1, 1))
        others[:, axis] = np.delete(np.arange(self._lengths[axis]), self._most[axis])
        designs = [tuple(map(int, rows)) for rows in others]
        return [rows for rows in designs if not self._space.violations(self._space.at(rows))]

    def _is_screened(self, design: Points) -> bool:
        counted = np.setdiff1d(np.arange(len(design)), self._idle)
        return bool((self._seen[:, counted] == design[counted]).all(axis=1).any())
