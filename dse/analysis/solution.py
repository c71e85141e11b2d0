"""The design that meets a budget, what lies beside it, and what a budget asks too much of.

Costs of designs whose circuit was not made yet are estimates, corrected by the ratio that the
circuits made so far have to theirs.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, log, sqrt
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.analysis.hypervolume import box_of, hypervolume
from dse.analysis.wishes import COUNTS, TIMES, Wish, Wishes
from dse.contracts.metrics import Direction, Fidelity
from dse.store.queries import StoredPoint

Floats = NDArray[np.float64]

CIRCUIT = "open"
"""Backend whose numbers are those of a circuit that was made."""

ESTIMATES = "estimate"
"""Backend whose numbers stand for it before."""

VALUES = "bittrue"
"""Backend that gives the figure of merit."""

COSTS = (*COUNTS, *TIMES)

CLOCK = "fmax_mhz"
"""What a circuit has beside costs where it was placed and routed."""

SPREAD = 0.1
"""Share by which circuits take less or more than their corrected estimates, at least."""

_WANTED = 0.25
"""Most that a neighbour misses of the limit of the figure of merit, as a share of it."""

_MARGIN = 0.05
"""Share by which a hypervolume's box is larger than the spans of designs, so that ends count."""

_SAME = {"lut4": "lut"}
"""Counts of other families under the name by which they are limited."""


@dataclass(frozen=True)
class Number:
    """One number of a design.

    Args:
        value: in the unit of its metric.
        low: lower end of the interval; None where there is none.
        high: upper end of the interval.
        fidelity: where it comes from; estimates stay estimates when they are corrected.
        tool: name and version of the tool.
    """

    value: float
    low: float | None
    high: float | None
    fidelity: Fidelity
    tool: str


@dataclass(frozen=True)
class Design:
    """A point with its numbers by metric."""

    number: int
    parameters: Mapping[str, Any]
    numbers: Mapping[str, Number]
    made: bool
    """Whether its circuit was made."""

    def value(self, metric: str) -> float:
        """Return a number; raises KeyError where the design lacks it."""
        return self.numbers[metric].value

    def missed(self, limits: Sequence[Wish]) -> float:
        """Return the sum of what it misses of limits, each as a share of the limit."""
        return sum(wish.missed(self.value(wish.metric)) for wish in limits)


class Designs:
    """The evaluated designs of a budget.

    Args:
        points: of the study.
        wishes: what is wanted.
        unbuildable: numbers of points whose circuit could not be made; they are left out.
    """

    def __init__(
        self, points: Sequence[StoredPoint], wishes: Wishes, unbuildable: Collection[int] = ()
    ) -> None:
        self.points, self.wishes, self._unbuildable = points, wishes, unbuildable

    @cached_property
    def ratios(self) -> Mapping[str, float]:
        """By metric, what circuits take of what was estimated; 1 where that is not known."""
        return {name: median(found) if found else 1.0 for name, found in self._shares.items()}

    @cached_property
    def scatter(self) -> Mapping[str, float]:
        """Standard deviation of circuits about their corrected estimates, in logarithms, by metric.

        Metrics of which fewer than two circuits are known are not among them.
        """
        steps = {
            name: [log(share / self.ratios[name]) for share in found if share]
            for name, found in self._shares.items()
            if self.ratios[name]
        }
        return {
            name: sqrt(sum(step**2 for step in found) / (len(found) - 1))
            for name, found in steps.items()
            if len(found) > 1
        }

    @cached_property
    def _shares(self) -> Mapping[str, list[float]]:
        """By metric, what each circuit takes of what was estimated for it."""
        found = {}
        for metric in COSTS:
            pairs = [(_own(p, CIRCUIT, metric), _own(p, ESTIMATES, metric)) for p in self.points]
            both = [(made.value, told.value) for made, told in pairs if made and told]
            found[metric] = [made / told for made, told in both if told]
        return found

    @cached_property
    def all(self) -> list[Design]:
        """Every design that has all numbers that count."""
        needed = {self.wishes.goal, self.wishes.score, *(w.metric for w in self.wishes.limits)}
        points = (point for point in self.points if point.number not in self._unbuildable)
        found = [self._design(point) for point in points]
        return [one for one in found if needed <= one.numbers.keys()]

    def _design(self, point: StoredPoint) -> Design:
        numbers = {}
        if (score := _own(point, VALUES, self.wishes.score)) is not None:
            numbers[self.wishes.score] = score
        for metric in COSTS:
            made, told = _own(point, CIRCUIT, metric), _own(point, ESTIMATES, metric)
            if made is not None:
                numbers[metric] = made
            elif told is not None:
                numbers[metric] = _times(told, self.ratios[metric], whole=metric in COUNTS)
        if (clock := _own(point, CIRCUIT, CLOCK)) is not None:
            numbers[CLOCK] = clock
        is_made = any(one.backend == CIRCUIT for one in point.metrics)
        return Design(point.number, point.parameters, numbers, is_made)

    @cached_property
    def kept(self) -> list[Design]:
        """Designs that keep all limits, the best first."""
        good = [one for one in self.all if one.missed(self.wishes.limits) == 0]
        return sorted(good, key=self.rank)

    def rank(self, design: Design) -> tuple[float, ...]:
        """Return a sort key: the goal, then the figure of merit, then LUTs and latency."""
        score = self._sign * self.credited(design, self.wishes.score)
        goal = self.credited(design, self.wishes.goal)
        goal *= 1 if self.wishes.direction == "minimise" else -1
        rest = (design.value(name) for name in ("lut", "latency_ns") if name in design.numbers)
        return (goal, score, *rest, design.number)

    def credited(self, design: Design, metric: str) -> float:
        """Return a number of a design; of the figure of merit, no more than is enough."""
        value = design.value(metric)
        return self.wishes.credited(value) if metric == self.wishes.score else value

    @cached_property
    def closest(self) -> list[Design]:
        """All designs, those first that miss the limits least."""
        return sorted(self.all, key=lambda one: (one.missed(self.wishes.limits), *self.rank(one)))

    def to_make(self, most: int) -> list[Design]:
        """Return the best designs that are not made yet and may beat those that are.

        Where some keep all limits, those come first that do so by their corrected estimates, then
        those that miss one by less than its standard deviation. Where none does, the closest.
        """
        pool = self.kept or self.closest
        made = next((one for one in pool if one.made), None)
        unmade = [one for one in (*pool, *(self._nearly if self.kept else ())) if not one.made]
        return [one for one in unmade if made is None or self._may_beat(one, made)][:most]

    @cached_property
    def _nearly(self) -> list[Design]:
        """Designs that miss a limit, but whose circuit may keep them all, the best first."""
        limits = self.wishes.limits
        eased = [(wish, exp(-self.scatter.get(wish.metric, 0.0))) for wish in limits]
        found = [
            one
            for one in self.all
            if one.missed(limits) > 0
            and not any(wish.missed(one.value(wish.metric) * share) for wish, share in eased)
        ]
        return sorted(found, key=self.rank)

    def _may_beat(self, one: Design, made: Design) -> bool:
        """Whether the circuit of a design may be better than one that was made."""
        limits, goal = self.wishes.limits, self.wishes.goal
        if not self.kept:
            return (one.missed(limits), self.rank(one)) < (made.missed(limits), self.rank(made))
        if goal not in COSTS:
            return self.rank(one) < self.rank(made)
        least = min(1 - SPREAD, exp(-self.scatter.get(goal, 0.0)))
        return one.value(goal) * least < made.value(goal)

    @property
    def best(self) -> Design | None:
        """The design to build, or the closest where none keeps all limits."""
        return self.kept[0] if self.kept else next(iter(self.closest), None)

    def gained_since(self, before: "Designs") -> float:
        """Return which share of the hypervolume of `trades` others of the same wishes lack.

        It is 0 where no design keeps all limits.
        """
        if not len(self.trades):
            return 0.0
        directions: tuple[Direction, ...] = (self.wishes.score_direction, "minimise")
        box = box_of(self.trades, directions, margin=_MARGIN)
        whole = hypervolume(self.trades, box)
        return 1 - hypervolume(before.trades, box) / whole if whole else 0.0

    @cached_property
    def trades(self) -> Floats:
        """Figure of merit and cost of the designs that keep all limits, (n_designs, 2).

        Of the figure of merit no more counts than is enough.
        """
        names = (self.wishes.score, self.wishes.cost)
        known = [one for one in self.kept if names[1] in one.numbers]
        pairs = [[self.credited(one, name) for name in names] for one in known]
        return np.array(pairs, dtype=np.float64).reshape(-1, 2)

    def giving_up(self, wish: Wish) -> Design | None:
        """Return the design that keeps all limits but one, and misses that least."""
        others = [one for one in self.wishes.limits if one is not wish]
        good = [one for one in self.all if one.missed(others) == 0]
        key = lambda one: (wish.missed(one.value(wish.metric)), *self.rank(one))  # noqa: E731
        return min(good, key=key, default=None)

    def beside(self, best: Design, most: int = 5) -> list[Design]:
        """Return the nearest other designs of the trade of the figure of merit against the cost.

        They keep all limits but those of these two, no design is better in both, and none misses
        the limit of the figure of merit by more than a quarter: nobody wants those.
        """
        cost = self.wishes.cost
        free = {cost, self.wishes.score}
        others = [w for w in self.wishes.limits if w.metric not in free or w.implied]
        wanted = [w for w in self.wishes.limits if w.metric == self.wishes.score]
        pool = [
            one
            for one in self.all
            if one.missed(others) == 0 and cost in one.numbers and one.missed(wanted) <= _WANTED
        ]
        score = self.wishes.score
        losses = {one.number: self._sign * self.credited(one, score) for one in pool}
        front, reached = [], float("inf")
        for one in sorted(pool, key=lambda d: (d.value(cost), losses[d.number])):
            if losses[one.number] < reached:
                reached = losses[one.number]
                front.append(one)
        rest = [one for one in front if one.number != best.number]
        nearest = sorted(rest, key=lambda d: abs(d.value(cost) / (best.value(cost) or 1) - 1))
        return sorted(nearest[:most], key=lambda d: d.value(cost))

    @property
    def _sign(self) -> int:
        return 1 if self.wishes.score_direction == "minimise" else -1


def _own(point: StoredPoint, backend: str, metric: str) -> Number | None:
    for one in point.metrics:
        if one.backend == backend and _SAME.get(one.name, one.name) == metric:
            return Number(one.value, one.low, one.high, one.fidelity, one.tool)
    return None


def _times(told: Number, ratio: float, *, whole: bool) -> Number:
    """Return an estimate corrected by a ratio; counts stay whole."""
    low, high = (None if end is None else ratio * end for end in (told.low, told.high))
    value = float(round(ratio * told.value)) if whole else ratio * told.value
    return Number(value, low, high, told.fidelity, told.tool)
