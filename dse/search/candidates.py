"""Candidates: points of a space that were not evaluated yet."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from dse.study.models import MOST_VALUES
from dse.study.space import Space

Rows = tuple[int, ...]
"""A point as one row index per axis, as `Space.at` takes it."""

_TRIES: Final = 1_000
"""Attempts to find a new point by chance, before the space is enumerated."""

WALKED: Final = 10 * MOST_VALUES
"""Largest space, before constraints, that is enumerated to find its last new points."""


class CandidateGenerator:
    """Generator of points of a space, each at most once and all allowed by the constraints.

    Args:
        space: the design space.
        known: points that are never returned, such as evaluated ones.
        random: generator of all random choices.
    """

    def __init__(self, space: Space, known: Iterable[Rows], random: np.random.Generator) -> None:
        self._space = space
        self._lengths = np.array([len(axis.rows) for axis in space.axes])
        self._known = set(known)
        self._random = random

    def take(self, rows: Rows) -> bool:
        """Whether a point is new and meets the constraints; if so, it is known from now on."""
        if rows in self._known or self._space.violations(self._space.at(rows)):
            return False
        self._known.add(rows)
        return True

    def is_new(self, rows: Rows) -> bool:
        """Whether a point is not known yet."""
        return rows not in self._known

    def draw_random(self, count: int) -> Iterator[Rows]:
        """Yield `count` new points, uniformly at random; fewer where no more are found."""
        for _ in range(count):
            rows = self._random_point()
            if rows is None:
                return
            yield rows

    def draw_sobol(self, count: int, seed: int, start: int) -> Iterator[Rows]:
        """Yield new points of a scrambled Sobol sequence, which fills the space evenly.

        A point of the sequence that is known or not allowed is replaced by a near one.

        Args:
            count: number of points; fewer come where no more are found.
            seed: of the scrambling; the same for all batches of a search.
            start: index in the sequence at which this batch begins.
        """
        from scipy.stats import qmc  # slow to import

        if not len(self._lengths):
            yield from self.draw_random(count)
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
        """Return the end of a random walk from a point; None where no new point is found.

        A step goes to a neighbouring row of one axis. Walks are short at first and get one step
        longer after every eight failed tries per axis. If none of them ends on a new point, any
        new point of the space is returned.
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
        return self._random_point()

    def _random_point(self) -> Rows | None:
        """Return a new point by chance; by enumeration where chance finds none."""
        for _ in range(_TRIES):
            rows = tuple(map(int, self._random.integers(self._lengths)))
            if self.take(rows):
                return rows
        return self._first_new_point()

    def _first_new_point(self) -> Rows | None:
        """Return the first new point by enumeration; None if there is none or too many points."""
        if self._space.raw_size > WALKED:
            return None
        every = np.ndindex(*map(int, self._lengths))
        return next((rows for rows in every if self.take(rows)), None)
