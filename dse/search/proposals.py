"""Propose the points to evaluate next, by a sampler, and never a point that is known.

A sampler is used for one batch. The next batch builds a new one from all observations, with a
seed that depends on their number, so an interrupted search continues exactly as it would have.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from dse.contracts.metrics import Direction
from dse.search.candidates import CandidateGenerator, Rows
from dse.search.encoding import distributions, from_trial, to_trial
from dse.search.layerwise import Layerwise
from dse.search.methods import check_installed
from dse.search.observed import KnownObjectives, Observation
from dse.search.optuna_compat import OPTUNA_DIRECTIONS, quiet_optuna
from dse.study.models import GUIDED, Method
from dse.study.space import Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import Study as Trials

    Fixed = dict[str, BaseDistribution]

_START_PER_AXIS: Final = 5
"""Evenly spread points per axis before the sampler; with fewer, some seeds got stuck."""

_POPULATION: Final = 20
"""Points of a generation of the genetic samplers, where Optuna's default is 50."""

_ASKS: Final = 8
"""Proposals to ask for, while they are known points, before a neighbour of one is taken.

Optuna's samplers repeat themselves: 13 to 33 % of 400 trials on a space of 13,650 points.
"""

_VIOLATION: Final = "violation"
"""Name of the one constraint that Optuna gets: the sum of all limits' violations."""


class Proposals:
    """The proposals of one search.

    Args:
        space: the design space.
        method: any method but grid.
        directions: directions of the objectives.
        seed: of all random choices.
        start: number of evenly spread points with results before the sampler takes over; by
            default five per axis with more than one row.
        known: gives objectives that need no evaluation; only the method layerwise asks it.

    Raises:
        ToolMissingError: the method needs a package that is not installed.
    """

    def __init__(
        self,
        space: Space,
        method: Method,
        directions: Sequence[Direction],
        seed: int,
        start: int | None = None,
        known: KnownObjectives | None = None,
    ) -> None:
        self._space = space
        self._known = known
        self._method = method
        self._directions = directions
        self._seed = seed
        choices = sum(len(axis.rows) > 1 for axis in space.axes)
        self._start = start or _START_PER_AXIS * choices
        check_installed(method)

    def next(self, told: Sequence[Observation], count: int) -> list[Rows]:
        """Return the points to evaluate next: new, distinct, and allowed by the constraints.

        Args:
            told: all observations so far, always in the same order: it affects the result.
            count: number of points.

        Returns:
            Points as row indices; fewer than `count` only if no more new points are found.
        """
        random = np.random.default_rng([self._seed, len(told)])
        candidates = CandidateGenerator(self._space, (known.rows for known in told), random)
        if self._method == "layerwise":
            chosen = Layerwise(self._space, self._directions, told, candidates, random, self._known)
            return list(chosen.next(count, self._seed, len(told)))
        guided = self._method in GUIDED and self._has_start(told)
        if guided:
            return list(self._ask_all(told, count, candidates, random))
        if self._method == "random":
            return list(candidates.draw_random(count))
        return list(candidates.draw_sobol(count, self._seed, len(told)))

    def _has_start(self, told: Sequence[Observation]) -> bool:
        """Whether enough points have results to fit a model to."""
        return sum(known.values is not None for known in told) >= max(self._start, 1)

    def _ask_all(
        self,
        told: Sequence[Observation],
        count: int,
        candidates: CandidateGenerator,
        random: np.random.Generator,
    ) -> Iterator[Rows]:
        """Yield `count` points of the sampler; fewer if no more new points are found."""
        with quiet_optuna():
            fixed = distributions(self._space)
            trials = self._trials(told, fixed, int(random.integers(2**31)))
            for _ in range(count):
                rows = self._ask(trials, fixed, candidates)
                if rows is None:
                    return
                yield rows

    def _ask(self, trials: "Trials", fixed: "Fixed", candidates: CandidateGenerator) -> Rows | None:
        """Return a new point of the sampler, or one near a known point that it repeats."""
        rows: Rows = ()
        for _ in range(_ASKS):
            trial = trials.ask(fixed)
            rows = from_trial(self._space, trial.params)
            if candidates.take(rows):
                return rows
        return candidates.near(rows)

    def _trials(self, told: Sequence[Observation], fixed: "Fixed", seed: int) -> "Trials":
        """Return the observations as an Optuna study in memory.

        Optuna's samplers ignore failed trials and would ask for points like them again, so a
        failure becomes a complete trial with the worst known values and a violated constraint.
        """
        import optuna  # slow to import

        directions = [OPTUNA_DIRECTIONS[direction] for direction in self._directions]
        sampler = _sampler(self._method, seed)
        trials = optuna.create_study(sampler=sampler, directions=directions)
        # Genetic samplers choose parents by the generation in a trial's system attributes. Trials
        # that are added have none, so it is set here, by the sampler's own (private) key.
        key = getattr(sampler, "_get_generation_key", None)
        worst = self._worst(told)
        limited = any(known.values is None or known.violation for known in told)
        trials.add_trials(
            optuna.trial.create_trial(
                params=to_trial(self._space, known.rows),
                distributions=fixed,
                values=list(worst if known.values is None else known.values),
                constraints={_VIOLATION: _violation(known)} if limited else None,
                system_attrs={key(): number // _POPULATION} if key else None,
            )
            for number, known in enumerate(told)
        )
        return trials

    def _worst(self, told: Sequence[Observation]) -> tuple[float, ...]:
        """Return the worst value of each objective, which the sampler gets for failed points."""
        columns = zip(*(known.values for known in told if known.values is not None), strict=True)
        pairs = zip(self._directions, columns, strict=True)
        return tuple(min(c) if way == "maximise" else max(c) for way, c in pairs)


def _violation(known: Observation) -> float:
    """Return the violation of a point; a failure counts like a limit exceeded by 100 %."""
    return 1.0 if known.values is None else known.violation


def _sampler(method: Method, seed: int) -> "BaseSampler":
    """Return the sampler of a method, without random trials of its own at the start."""
    from optuna import samplers

    # multivariate: TPE then models parameters together, and repeats points less than half as often
    make: Mapping[str, Callable[[], BaseSampler]] = {
        "tpe": lambda: samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=0),
        "gp": lambda: samplers.GPSampler(seed=seed, n_startup_trials=0),
        "nsga2": lambda: samplers.NSGAIISampler(seed=seed, population_size=_POPULATION),
        "nsga3": lambda: samplers.NSGAIIISampler(seed=seed, population_size=_POPULATION),
    }
    return make[method]()
