"""Convert the points of a study to Optuna trials."""

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
class StudyTrials:
    """The trials of one study.

    Args:
        summary: the study.
        compared: its objectives, with the points that have them all.
        trials: one per evaluated point, in the order of evaluation; a point that lacks an
            objective is a failed trial.
        n_missing: points without a trial, which are not evaluated yet.
    """

    summary: StudySummary
    compared: Comparison
    trials: tuple[FrozenTrial, ...]
    n_missing: int

    @property
    def n_failed(self) -> int:
        """Number of failed trials."""
        return len(self.trials) - len(self.compared.numbers)


def trials_of(results: Results, summary: StudySummary) -> StudyTrials:
    """Return the trials of a study.

    Raises:
        UsageError: the study has no objectives, or no point has a metric of one.
    """
    if not summary.objectives:
        hint = "name them in the study file: objectives: [auc, lut]"
        raise UsageError("an Optuna study needs objectives", where=summary.name, hint=hint)
    engine = Points(results, summary.name)
    points = engine.records()
    columns = [engine.column(name) for name in summary.objectives]
    compared = compare(engine, columns, engine.select(()))
    reasons = _reasons(results, summary.name)
    make = _TrialBuilder(
        compared,
        points,
        _highest_loads(engine),
        DependentParameters.of(results.source(summary.name)),
    )
    by_number = {point.number: point for point in points}
    backends = {column.backend for column in compared.columns}
    ordered = [number for _, number in order(results.finishes(summary.name), backends)]
    there = [
        n for n in ordered if n in by_number
    ]  # a running study may have gained points since they were read
    trials = tuple(make.trial(by_number[n], reasons.get(n, {})) for n in there)
    return StudyTrials(summary, compared, trials, len(points) - len(trials))


def _reasons(results: Results, study: str) -> dict[int, dict[str, str]]:
    """Return why evaluations failed, by number of the point and backend."""
    found: dict[int, dict[str, str]] = {}
    for group in results.failures(study):
        for number in group.points:
            found.setdefault(number, {})[group.backend] = f"{group.kind}: {group.message}"
    return found


def _highest_loads(engine: Points) -> dict[int, float]:
    """Return each point's highest load of its part in percent, where it is known and finite."""
    most = 100 * engine.loads.max(axis=1).dropna()
    pairs = zip(most.index.tolist(), most.tolist(), strict=True)
    return {number: share for number, share in pairs if isfinite(share)}


class _TrialBuilder:
    """Builder of the trials of one study, which share parameters and distributions."""

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
        # optuna-dashboard marks infeasible trials; without any, constraints would only be noise
        self._needed = needed if any(share > 100 for share in needed.values()) else {}

    def trial(self, point: StoredPoint, failures: Mapping[str, str]) -> FrozenTrial:
        """Return the trial of a point; it is a failed one if the point lacks an objective."""
        values = self._values.get(point.number)
        names = self._distributions
        return optuna.trial.create_trial(
            state=TrialState.FAIL if values is None else TrialState.COMPLETE,
            values=values,
            params={name: shown(point.parameters[name]) for name in names},
            distributions=names,
            user_attrs=dict(self._attributes(point))
            | {f"failure of {backend}": text for backend, text in failures.items()},
            system_attrs=self._constraints(point),  # where optuna-dashboard reads constraints
        )

    def _constraints(self, point: StoredPoint) -> dict[str, Any]:
        """Return by how many percent the point exceeds its part; above 0 is infeasible to Optuna.

        Empty where no design of the study exceeds its part.
        """
        needed = self._needed.get(point.number)
        return {} if needed is None else {"constraints": [needed - 100]}

    def _attributes(self, point: StoredPoint) -> Iterator[tuple[str, Any]]:
        """Yield user attributes: number, constant parameters, other metrics, and tools."""
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
