"""The method `layerwise`: for spaces whose metrics are nearly sums over axes, as over layers.

First come designs in which all layers are alike, then one layer at a time is changed around the
best of them, which gives its sensitivity. From then on each batch fits additive models to all
results, solves them within the budgets between known designs of the front, and changes designs of
the front in a few axes. Of these candidates it takes those whose predicted numbers add most to
the hypervolume, once the best of them are asked for what needs no evaluation, such as the costs by
formula: these are no exact sums. As all methods, it has no state but the observations and the seed.

Where a space has few axes and all its designs can be looked at, sums are not needed: fewer designs
come first, each width is put alone to its first row, and then each batch is chosen among all others
by smooth models of the objectives and the hypervolume that a design is expected to add. Objectives
that need no evaluation are asked for of all designs; the others are bounded by evaluated designs
with more bits and with fewer.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from dse.analysis.hypervolume import Box, box_of
from dse.contracts.metrics import Direction
from dse.search.additive import Alike
from dse.search.candidates import CandidateGenerator, Rows
from dse.search.encoding import is_ordered
from dse.search.gains import chosen, expected_gains, worth_of_any
from dse.search.given import Given
from dse.search.monotone import bounded
from dse.search.neighbours import Neighbours, swaps
from dse.search.observed import KnownObjectives, Observation
from dse.search.screening import Screening
from dse.search.smooth import KnownCosts, Modelled, SmoothModel
from dse.search.sums import Sums
from dse.search.told import Told, all_minimised, signs_of
from dse.search.widths import widths_of
from dse.study.space import Space

Floats = NDArray[np.float64]
Points = NDArray[np.int_]

_ALIKE = 5
"""Designs at the start per group of axes that move together."""

_ALIKE_OF_FEW = 2
"""The same, in a space whose every design is looked at."""

_FEW_AXES, _FEW_DESIGNS = 12, 10_000
"""Size of a space, before constraints, whose every design is looked at."""

_ASKED = 5_000
"""Designs at most whose objectives are asked for where that needs no evaluation."""

_SHORTLIST, ASKED_PER_DESIGN = 64, 8
"""The same in a large space, at least and per design of a batch: what promises most by sums."""

_TRIALS = 16
"""Of those, how many are asked about whatever sums say of them."""

_LATEST_OF_FEW = 200
"""Observations that smooth models are fitted to, whose time grows with the cube of it."""

_STEPS = 2
"""Other rows of every axis that its sensitivity is taken from."""

_STEPPED = 6
"""Designs of the front whose neighbours are all candidates, per batch."""

_POOL = 160
"""Candidates by changes of known designs, per batch."""

_SOLVED = 6
"""Candidates by integer programmes, per batch."""


class Layerwise:
    """Proposals of one batch.

    Args:
        space: the design space.
        directions: of the objectives, the most important first.
        told: all observations.
        candidates: what is new and allowed.
        random: of all random choices of this batch.
        known: gives objectives that need no evaluation; None where all do.
    """

    def __init__(
        self,
        space: Space,
        directions: Sequence[Direction],
        told: Sequence[Observation],
        candidates: CandidateGenerator,
        random: np.random.Generator,
        known: KnownObjectives | None = None,
    ) -> None:
        self._space, self._candidates, self._random = space, candidates, random
        self._known, self._signs = known, signs_of(directions)
        self._lengths = np.array([len(axis.rows) for axis in space.axes])
        self._free = np.flatnonzero(self._lengths > 1)
        self._ordered = [is_ordered(axis) for axis in space.axes]
        self._ordered_free = [self._ordered[axis] for axis in self._free]
        self._told = Told.of(told, directions, len(space.axes))
        self._sums = Sums(self._told, self._lengths, self._ordered, self._free, random)
        self._few = len(self._free) <= _FEW_AXES and space.raw_size <= _FEW_DESIGNS
        self._groups = self._of_one_kind()
        self._widths = widths_of(space.axes)

    def next(self, count: int, seed: int, n_told: int) -> Iterator[Rows]:
        """Yield new points.

        Args:
            count: number of points; fewer where no more are found.
            seed: of the first points, the same for all batches.
            n_told: observations so far, those without values included.
        """
        left = count
        planned = self._first(seed, n_told) if len(self._free) else iter(())
        for rows in planned:
            if not left:
                return
            if self._candidates.take(rows):
                left -= 1
                yield rows
        for rows in self._guided(left) if left else ():
            left -= 1
            yield rows
        yield from self._candidates.draw_random(left)

    # -- the start: alike designs, then one axis at a time

    def _first(self, seed: int, n_told: int) -> Iterator[Rows]:
        """Yield designs with alike layers, then one axis at a time is changed.

        In large spaces that is done around the best of the first, when they have results.
        """
        yield from (alike := list(self._alike(seed)))
        if self._few:
            yield from Screening(self._space, self._told, self._known).next(seed)
        elif n_told >= len(alike) and len(self._told.rows):
            yield from self._one_at_a_time({*alike})

    def _alike(self, seed: int) -> Iterator[Rows]:
        """Yield designs in which every group of axes stands at one share of its length."""
        from scipy.stats import qmc  # slow to import

        groups = list(self._groups.values())
        sobol = qmc.Sobol(len(groups), scramble=True, rng=np.random.default_rng(seed))
        count = (_ALIKE_OF_FEW if self._few else _ALIKE) * len(groups)
        shares = sobol.random_base2(int(np.ceil(np.log2(count))))
        for corner in (np.ones(len(groups)) - 1e-9, *shares[:count]):
            rows = np.zeros(len(self._lengths), dtype=int)
            for share, axes in zip(corner, groups, strict=True):
                rows[axes] = (share * self._lengths[axes]).astype(int)
            yield tuple(map(int, rows))

    def _of_one_kind(self) -> dict[str, list[int]]:
        """Return the axes that move together by their kind, such as all bits."""
        groups: dict[str, list[int]] = {}
        for index in self._free:
            kind = self._space.axes[index].names[0].rpartition(".")[2]
            groups.setdefault(kind, []).append(int(index))
        return groups

    def _one_at_a_time(self, start: set[Rows]) -> Iterator[Rows]:
        """Yield changes of single axes around the best of the first designs."""
        first = [i for i, rows in enumerate(map(tuple, self._told.rows.tolist())) if rows in start]
        if not first:
            return
        order = np.lexsort((self._told.costs[first, -1], self._told.costs[first, 0]))
        reference = self._told.rows[first[order[0]]]
        for axis in self._free:
            last = int(self._lengths[axis]) - 1
            steps = np.rint(np.linspace(0, last, _STEPS + 2)).astype(int)
            others = [int(row) for row in dict.fromkeys(steps) if row != reference[axis]]
            for row in others[-_STEPS:] if reference[axis] == 0 else others[:_STEPS]:
                changed = reference.copy()
                changed[axis] = row
                yield tuple(map(int, changed))

    # -- from then on: models

    def _guided(self, count: int) -> Iterator[Rows]:
        """Yield the candidates with the largest predicted gain; none while little is known."""
        if len(self._told.rows) < 4 or not len(self._free) or not self._told.costs.shape[1]:
            return
        pool = self._allowed(self._every() if self._few else self._near_front())
        if not pool:
            return
        given = self._given(pool) if self._few else self._shortlist(pool, count)
        if not given.pool:  # all are refused
            return
        points = np.array(given.pool)[:, self._free]
        alike = self._sums.likeness.at(points)
        chance = self._sums.chance(alike, points)
        costs = self._smooth(given, points) if self._few else self._summed(given, alike)
        yield from self._best(given, costs, chance, count)

    def _allowed(self, proposed: Iterable[Rows]) -> list[Rows]:
        """Return the designs that are new and meet the constraints, each once."""
        new = [rows for rows in dict.fromkeys(proposed) if self._candidates.is_new(rows)]
        return [rows for rows in new if not self._space.violations(self._space.at(rows))]

    # -- many axes: sums, and for the most promising candidates what is known at once

    def _shortlist(self, pool: list[Rows], count: int) -> Given:
        """Return the candidates that promise most, with what is known at once.

        Those that are refused are replaced by the next. All are returned where nothing is known.
        """
        every = Given.of(pool, None, self._signs)
        if self._known is None or not (self._told.violations == 0).any():
            return every
        by_sums = [pool[index] for index in self._ranked(every)]
        ranked = list(dict.fromkeys([*self._trials(), *by_sums]))
        size = max(_SHORTLIST, ASKED_PER_DESIGN * count)
        for end in range(size, len(ranked) + size, size):
            given = Given.of(ranked[:end], self._known, self._signs)
            if len(given.pool) >= count:
                break
        nothing = bool(given.pool) and np.isnan(given.costs).all()
        return every if nothing else given

    def _trials(self) -> list[Rows]:
        """Return candidates that are asked about whatever sums say of them.

        They exchange reuse factors or widths of one of the designs to start from, which computes
        about as well then, at about the same costs: sums cannot tell which costs less.
        """
        start = self._random.choice(self._told.rows[self._told.front])
        reuse = self._groups.get("reuse_factor", [])
        near = Neighbours(self._lengths, self._ordered, [reuse], self._random)
        exchanged = swaps(self._space.axes, self._widths, start)
        found = self._allowed(chain(near.exchanges(start), exchanged))
        return [found[index] for index in self._random.permutation(len(found))[:_TRIALS]]

    def _ranked(self, given: Given) -> Points:
        """Return the order of candidates by the expected gains of all of them."""
        points = np.array(given.pool)[:, self._free]
        alike = self._sums.likeness.at(points)
        below = [one.below for one in self._sums.costs(alike)]
        gains = expected_gains(self._front, below, self._box(given))
        worth = _share(self._sums.chance(alike, points)) * (gains + worth_of_any(gains))
        return np.argsort(-worth, kind="stable")

    def _summed(self, given: Given, alike: Alike) -> list[Modelled]:
        """Return by objective what candidates cost: as it is known, or by sums."""
        return [
            KnownCosts(costs, model)
            for costs, model in zip(given.costs.T, self._sums.costs(alike), strict=True)
        ]

    # -- few axes: every design is a candidate

    def _every(self) -> Iterator[Rows]:
        return (tuple(map(int, rows)) for rows in np.ndindex(*map(int, self._lengths)))

    def _given(self, pool: list[Rows]) -> Given:
        """Return what is known of candidates; of too many nothing is asked."""
        asks = len(pool) <= _ASKED
        return Given.of(pool, self._known if asks else None, self._signs)

    def _smooth(self, given: Given, points: Points) -> list[Modelled]:
        """Return by objective what candidates cost: as it is known, or by a model."""
        known = self._sums.known[:_LATEST_OF_FEW]
        told = self._told.costs[known].T
        return [
            self._modelled(costs, points, known, own)
            if np.isnan(costs).any()
            else KnownCosts(costs)
            for costs, own in zip(given.costs.T, told, strict=True)
        ]

    def _modelled(self, costs: Floats, points: Points, known: Points, told: Floats) -> Modelled:
        """Return one objective of candidates by a model, within bounds, where it is not known."""
        rows = self._told.rows[known][:, self._free]
        lengths = self._lengths[self._free].tolist()
        model = SmoothModel(lengths, self._ordered_free, rows, told).at(points)
        there = ~np.isnan(costs)
        # what needs no evaluation tells of others as much as what was evaluated
        evidence = np.vstack([rows, points[there]]), np.concatenate([told, costs[there]])
        widths = self._widths[self._free]
        within = bounded(model, points, *evidence, widths)
        return KnownCosts(costs, within) if there.any() else within

    def _best(
        self,
        given: Given,
        costs: Sequence[Modelled],
        chance: Floats,
        count: int,
    ) -> Iterator[Rows]:
        """Yield the candidates with the largest expected gain, or the likeliest to keep limits."""
        pool = given.pool

        def take(index: int) -> bool:
            return self._candidates.take(pool[index])

        if (self._told.violations == 0).any():
            expected = np.stack([one.median for one in costs], axis=1)
            below = [one.below for one in costs]
            found = chosen(self._front, below, expected, _share(chance), self._box(given), take)
        else:
            found = filter(take, map(int, np.argsort(-chance, kind="stable")))
        yield from (pool[index] for index in islice(found, count))

    def _near_front(self) -> Iterator[Rows]:
        """Yield candidates from sums and from designs of the front."""
        yield from self._sums.optima(_SOLVED)
        near = Neighbours(self._lengths, self._ordered, [*self._groups.values()], self._random)
        front = self._told.rows[self._told.front]
        for start in self._random.permutation(front)[:_STEPPED]:
            yield from near.along_axes(start)
            yield from near.exchanges(start)
            yield from swaps(self._space.axes, self._widths, start)
        yield from near.by_chance(front, _POOL)

    @cached_property
    def _front(self) -> Floats:
        """Costs of the designs to start from, (n_designs, n_objectives)."""
        return self._told.costs[self._told.front]

    def _box(self, given: Given) -> Box:
        """Return the box in which gains are measured."""
        told = self._told.costs[self._told.violations == 0]
        costs = given.reach(told if len(told) > 2 else self._told.costs)
        return box_of(costs, all_minimised(costs), margin=0.05)


def _share(chance: Floats) -> Floats:
    """Return the chance to keep all limits from its logarithm."""
    return np.asarray(np.exp(np.maximum(chance, -30.0)))
