"""Points of a space that are not known yet."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from dse.study.models import MOST_VALUES
from dse.study.space import Space

Rows = tuple[int, ...]
"""A point as one row index per axis, as `Space.at` takes it."""

_TRIES: Final = 1_000
"""Random points that may be known before the space is walked."""

WALKED: Final = 10 * MOST_VALUES
"""Points of a space that is walked to find the last unknown ones."""


class Unseen:
    """Gives out points of a space, each at most once.

    Args:
        space: whose points.
        known: those that are not given out.
        random: the source of chance.
    """

    def __init__(self, space: Space, known: Iterable[Rows], random: np.random.Generator) -> None:
        self._space = space
        self._lengths = np.array([len(axis.rows) for axis in space.axes])
        self._known = set(known)
        self._random = random

    def take(self, rows: Rows) -> bool:
        """Whether a point is new and allowed; if so it is given out."""
        if rows in self._known or self._space.violations(self._space.at(rows)):
            return False
        self._known.add(rows)
        return True

    def any(self, count: int) -> Iterator[Rows]:
        """New points anywhere."""
        for _ in range(count):
            rows = self._one()
            if rows is None:
                return
            yield rows

    def spread(self, count: int, seed: int, start: int) -> Iterator[Rows]:
        """New points of a scrambled Sobol sequence, going on at its `start`-th."""
        from scipy.stats import qmc  # slow to import

        if not len(self._lengths):
            yield from self.any(count)
            return
        sobol = qmc.Sobol(len(self._lengths), scramble=True, rng=np.random.default_rng(seed))
        if start:
            sobol.fast_forward(start)
        for _ in range(count):
            unit = sobol.random(1)[0]
            rows = tuple(map(int, np.minimum(unit * self._lengths, self._lengths - 1)))
            found = rows if self.take(rows) else self.near(rows)
            if found is None:
                return
            yield found

    def near(self, rows: Rows) -> Rows | None:
        """A new point with few steps between it and another one; None where there is none.

        Steps go to neighbouring rows of an axis; the more tries are in vain, the more steps.
        """
        start = np.array(rows)
        for tries in range(_TRIES if rows else 0):
            moved = start.copy()
            for _ in range(1 + tries // (8 * len(rows))):
                axis = self._random.integers(len(rows))
                step = self._random.choice((-1, 1))
                moved[axis] = np.clip(moved[axis] + step, 0, self._lengths[axis] - 1)
            found = tuple(map(int, moved))
            if self.take(found):
                return found
        return self._one()

    def _one(self) -> Rows | None:
        for _ in range(_TRIES):
            rows = tuple(map(int, self._random.integers(self._lengths)))
            if self.take(rows):
                return rows
        return self._last()

    def _last(self) -> Rows | None:
        """By walking through all; None for a space too large for that."""
        if self._space.raw_size > WALKED:
            return None
        every = np.ndindex(*map(int, self._lengths))
        return next((rows for rows in every if self.take(rows)), None)
