"""The points of a study as Optuna's trials."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from dse.analysis.comparison import Comparison, compare
from dse.analysis.convergence import order
from dse.analysis.points import Points
from dse.contracts.errors import UsageError
from dse.search.importance import DependentParameters, varying_axes
from dse.search.optuna_distributions import real_distribution, shown
from dse.store.queries import Results, StoredPoint, StudySummary


@dataclass(frozen=True)
class Trials:
    """What is written for one study.

    Args:
        summary: the study.
        compared: its objectives, and the points that have them all.
        trials: of all evaluated points in the order in which they were; a point without all
            objectives has failed.
        n_missing: points that are not evaluated yet, which have no trial.
    """

    summary: StudySummary
    compared: Comparison
    trials: tuple[FrozenTrial, ...]
    n_missing: int

    @property
    def n_failed(self) -> int:
        """Trials without values."""
        return len(self.trials) - len(self.compared.numbers)


def trials_of(results: Results, summary: StudySummary) -> Trials:
    """The trials of a study.

    Raises:
        UsageError: it has no objectives, or no point has one.
    """
    if not summary.objectives:
        hint = "name them in the study file: objectives: [auc, lut]"
        raise UsageError("a study in Optuna needs objectives", where=summary.name, hint=hint)
    engine = Points(results, summary.name)
    points = engine.records()
    columns = [engine.column(name) for name in summary.objectives]
    compared = compare(engine, columns, engine.select(()))
    reasons = _reasons(results, summary.name)
    make = _TrialBuilder(
        compared, points, _most_needed(engine), DependentParameters.of(results.source(summary.name))
    )
    by_number = {point.number: point for point in points}
    backends = {column.backend for column in compared.columns}
    ordered = [number for _, number in order(results.finishes(summary.name), backends)]
    there = [n for n in ordered if n in by_number]  # others came meanwhile
    trials = tuple(make.trial(by_number[n], reasons.get(n, {})) for n in there)
    return Trials(summary, compared, trials, len(points) - len(trials))


def _reasons(results: Results, study: str) -> dict[int, dict[str, str]]:
    """Why evaluations failed, by point and backend."""
    found: dict[int, dict[str, str]] = {}
    for group in results.failures(study):
        for number in group.points:
            found.setdefault(number, {})[group.backend] = f"{group.kind}: {group.message}"
    return found


def _most_needed(engine: Points) -> dict[int, float]:
    """Percent of its part that each point needs of what it needs most, where that is known."""
    most = 100 * engine.loads.max(axis=1).dropna()
    pairs = zip(most.index.tolist(), most.tolist(), strict=True)
    return {number: share for number, share in pairs if isfinite(share)}


class _TrialBuilder:
    """Makes trials of one study, which have the same parameters and distributions."""

    def __init__(
        self,
        compared: Comparison,
        points: Sequence[StoredPoint],
        needed: Mapping[int, float],
        structure: DependentParameters,
    ) -> None:
        self._objectives = {(c.metric, c.backend, c.fidelity) for c in compared.columns}
        self._values = dict(zip(compared.numbers, compared.values.tolist(), strict=True))
        axes = varying_axes(points, structure)
        columns = (
            (name, [row[index] for row in axis.rows])
            for axis in axes
            for index, name in enumerate(axis.names)
        )
        self._distributions = {name: real_distribution(v) for name, v in columns}
        self._needed = needed if any(share > 100 for share in needed.values()) else {}

    def trial(self, point: StoredPoint, failures: Mapping[str, str]) -> FrozenTrial:
        """One point; a point that lacks an objective is a failed trial."""
        values = self._values.get(point.number)
        names = self._distributions
        return optuna.trial.create_trial(
            state=TrialState.FAIL if values is None else TrialState.COMPLETE,
            values=values,
            params={name: shown(point.parameters[name]) for name in names},
            distributions=names,
            user_attrs=dict(self._attributes(point))
            | {f"failure of {backend}": text for backend, text in failures.items()},
            system_attrs=self._constraints(point),
        )

    def _constraints(self, point: StoredPoint) -> dict[str, Any]:
        """Percent above the whole part, where a design of the study is larger than its part."""
        needed = self._needed.get(point.number)
        return {} if needed is None else {"constraints": [needed - 100]}

    def _attributes(self, point: StoredPoint) -> Iterator[tuple[str, Any]]:
        yield "point", point.number
        for name, value in point.parameters.items():
            if name not in self._distributions:
                yield name, value
        for m in point.metrics:
            if (m.name, m.backend, m.fidelity) not in self._objectives:
                unit = f", {m.unit}" if m.unit else ""
                yield f"{m.name} ({m.fidelity} from {m.backend}{unit})", m.value
        for backend, tool in {m.backend: m.tool for m in point.metrics}.items():
            yield f"tool of {backend}", tool
