"""Which points to evaluate next: ask a sampler, never for a point that is known.

A sampler lives for one batch. It is made anew from what is known, with a seed that depends on
how much that is, so a search that was cut goes on exactly as if it had not been.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from dse.contracts.metrics import Direction
from dse.search.candidates import Rows, Unseen
from dse.search.encoding import distributions, from_trial, to_trial
from dse.search.methods import check_installed
from dse.search.optuna_compat import OPTUNA_DIRECTIONS, quiet_optuna
from dse.study.models import GUIDED, Method
from dse.study.space import Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import Study as Trials

    Fixed = dict[str, BaseDistribution]

_START_PER_AXIS: Final = 5
_POPULATION: Final = 20
_ASKS: Final = 8
"""How often a sampler may repeat itself before a neighbour of its proposal is taken."""

_VIOLATION: Final = "violation"


@dataclass(frozen=True)
class Observation:
    """What is known of a point.

    Args:
        rows: which point.
        values: one per objective; None where the evaluation failed or gave no number.
        violation: by how much it misses limits, 0 where it keeps them all.
    """

    rows: Rows
    values: tuple[float, ...] | None
    violation: float = 0.0


class Proposals:
    """Chooses points of one study.

    Args:
        space: whose points.
        method: any but grid.
        directions: of the objectives.
        seed: of all random choices.
        start: points spread evenly before a model of them is worth something; by default five
            for every axis that leaves a choice.

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
    ) -> None:
        self._space = space
        self._method = method
        self._directions = directions
        self._seed = seed
        choices = sum(len(axis.rows) > 1 for axis in space.axes)
        self._start = start or _START_PER_AXIS * choices
        check_installed(method)

    def next(self, told: Sequence[Observation], count: int) -> list[Rows]:
        """Points to evaluate next, none of which is known, all of which the space allows.

        Args:
            told: all that is known, in an order that is always the same.
            count: how many.

        Returns:
            Distinct points; fewer than `count` only where the space has no more.
        """
        random = np.random.default_rng([self._seed, len(told)])
        unseen = Unseen(self._space, (known.rows for known in told), random)
        guided = self._method in GUIDED and self._has_start(told)
        if guided:
            return list(self._asked(told, count, unseen, random))
        spread = self._method != "random"
        return list(unseen.spread(count, self._seed, len(told)) if spread else unseen.any(count))

    def _has_start(self, told: Sequence[Observation]) -> bool:
        return sum(known.values is not None for known in told) >= max(self._start, 1)

    def _asked(
        self, told: Sequence[Observation], count: int, unseen: Unseen, random: np.random.Generator
    ) -> Iterator[Rows]:
        with quiet_optuna():
            fixed = distributions(self._space)
            trials = self._trials(told, fixed, int(random.integers(2**31)))
            for _ in range(count):
                rows = self._ask(trials, fixed, unseen)
                if rows is None:
                    return
                yield rows

    def _ask(self, trials: "Trials", fixed: "Fixed", unseen: Unseen) -> Rows | None:
        """A new point by the sampler, or the nearest to what it repeats."""
        rows: Rows = ()
        for _ in range(_ASKS):
            trial = trials.ask(fixed)
            rows = from_trial(self._space, trial.params)
            if unseen.take(rows):
                return rows
        return unseen.near(rows)

    def _trials(self, told: Sequence[Observation], fixed: "Fixed", seed: int) -> "Trials":
        """What is known, as Optuna's study in memory."""
        import optuna  # slow to import

        directions = [OPTUNA_DIRECTIONS[direction] for direction in self._directions]
        sampler = _sampler(self._method, seed)
        trials = optuna.create_study(sampler=sampler, directions=directions)
        key = getattr(sampler, "_get_generation_key", None)  # where genetic samplers look
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
        """Stands for the numbers that a failed evaluation did not give, in the sampler alone."""
        columns = zip(*(known.values for known in told if known.values is not None), strict=True)
        pairs = zip(self._directions, columns, strict=True)
        return tuple(min(c) if way == "maximise" else max(c) for way, c in pairs)


def _violation(known: Observation) -> float:
    """A failure is worse than any design that misses a limit by a factor of two."""
    return 1.0 if known.values is None else known.violation


def _sampler(method: Method, seed: int) -> "BaseSampler":
    from optuna import samplers

    make: Mapping[str, Callable[[], BaseSampler]] = {
        "tpe": lambda: samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=0),
        "gp": lambda: samplers.GPSampler(seed=seed, n_startup_trials=0),
        "nsga2": lambda: samplers.NSGAIISampler(seed=seed, population_size=_POPULATION),
        "nsga3": lambda: samplers.NSGAIIISampler(seed=seed, population_size=_POPULATION),
    }
    return make[method]()
