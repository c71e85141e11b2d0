"""Importance of each parameter for a metric, by Optuna's evaluators on stored points."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dse.analysis.columns import Column
from dse.contracts.errors import StudyError, UsageError
from dse.contracts.parameters import Value
from dse.search.encoding import axis_name, distribution
from dse.search.optuna_compat import OPTUNA_DIRECTIONS, quiet_optuna
from dse.store.queries import StoredPoint
from dse.study.space import Axis, row_key
from dse.study.validate import parse_study

if TYPE_CHECKING:
    from optuna import Study as Trials
    from optuna.importance import BaseImportanceEvaluator

Evaluator = Literal["fanova", "ped-anova", "mdi"]

LEAST_POINTS = 4
"""Points with the metric that an importance needs at least."""

_SEED = 1  # fixed, so that the random forests give the same importances every time


@dataclass(frozen=True)
class DependentParameters:
    """The parameters of a study that do not vary independently.

    Args:
        coupled: parameters that are computed from others.
        groups: zip groups, whose parameters advance together.
    """

    coupled: frozenset[str] = frozenset()
    groups: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(cls, source: str) -> "DependentParameters":
        """Read them from the text of a study; none if it is empty or invalid, as after imports."""
        try:
            study = parse_study(source)
        except StudyError:
            return cls()
        coupled = (name for name, domain in study.space.items() if domain.coupled is not None)
        return cls(frozenset(coupled), study.zipped)


def varying_axes(points: Sequence[StoredPoint], structure: DependentParameters) -> tuple[Axis, ...]:
    """Return an axis per parameter or zip group that all points have and that differs in them.

    Rows are the values of the points, not those of the study: a value that was never evaluated
    has no effect.

    Args:
        points: at least one.
        structure: parameters that do not vary independently.
    """
    common = [n for n in points[0].parameters if all(n in p.parameters for p in points)]
    groups = {name: group for group in structure.groups for name in group}
    own = (name for name in common if name not in structure.coupled)
    names = dict.fromkeys(groups.get(name, (name,)) for name in own)
    axes = (_axis(group, points) for group in names if set(group) <= set(common))
    return tuple(axis for axis in axes if len(axis.rows) > 1)


def _axis(names: tuple[str, ...], points: Sequence[StoredPoint]) -> Axis:
    """Return an axis of the distinct rows, sorted by the first parameter of numbers only."""
    distinct: dict[str, tuple[Value, ...]] = {}
    for row in (_row(names, point) for point in points):
        distinct.setdefault(row_key(row), row)
    rows = list(distinct.values())
    columns = (_numbers(column) for column in zip(*rows, strict=True))
    if numbers := next(filter(None, columns), None):
        rows = [rows[index] for index in sorted(range(len(rows)), key=numbers.__getitem__)]
    return Axis(names, tuple(rows))


def _numbers(column: Sequence[Value]) -> list[float]:
    """Return the column as floats; empty unless all its values are numbers."""
    numbers = [v for v in column if isinstance(v, (int, float)) and not isinstance(v, bool)]
    return [float(v) for v in numbers] if len(numbers) == len(column) else []


def _row(names: Sequence[str], point: StoredPoint) -> tuple[Value, ...]:
    return tuple(point.parameters[name] for name in names)


def importances(
    points: Sequence[StoredPoint],
    column: Column,
    axes: Sequence[Axis],
    evaluator: Evaluator,
    *,
    n_trees: int = 64,
) -> dict[str, float]:
    """Return the importance of every axis for one metric; importances sum to 1.

    Args:
        points: those without the metric are left out.
        column: the metric.
        axes: from `varying_axes`.
        evaluator: "fanova" and "mdi" give shares of the variance that a random forest explains,
            "ped-anova" what distinguishes the best tenth of the points from the others.
        n_trees: trees of that forest; the time is proportional to it.

    Returns:
        Shares by `axis_name`; empty if all points have the same value, or the evaluator gives
        no axis any importance.

    Raises:
        UsageError: fewer than `LEAST_POINTS` points have the metric.
    """
    values = [(point, m.value) for point in points if (m := column.of(point))]
    if len(values) < LEAST_POINTS:
        message = f"{len(values)} points have {column.metric} from {column.backend}"
        hint = f"importance needs at least {LEAST_POINTS} points, and many more to be reliable"
        raise UsageError(message, hint=hint)
    if len({value for _, value in values}) == 1:
        return {}
    # Among the points with the metric, some axes may have one value only. Their importance is 0;
    # Optuna's evaluators do not get them.
    moving = [axis for axis in axes if len({row_key(_row(axis.names, p)) for p, _ in values}) > 1]
    with quiet_optuna():
        found = _evaluator(evaluator, n_trees).evaluate(_trials(values, column, moving))
    still = {axis_name(axis): 0.0 for axis in axes if axis not in moving}
    total = float(sum(found.values()))
    shares = {name: float(share) / total for name, share in found.items()} if total > 0 else {}
    return shares | still if shares else {}


def _trials(
    values: Sequence[tuple[StoredPoint, float]], column: Column, axes: Sequence[Axis]
) -> "Trials":
    """Return the points as an Optuna study in memory."""
    import optuna  # slow to import

    distributions = {axis_name(axis): distribution(axis) for axis in axes}
    study = optuna.create_study(direction=OPTUNA_DIRECTIONS[column.direction])
    study.add_trials(
        optuna.trial.create_trial(
            params={axis_name(axis): axis.find(_row(axis.names, point)) for axis in axes},
            distributions=distributions,
            value=value,
        )
        for point, value in values
    )
    return study


def _evaluator(name: Evaluator, n_trees: int) -> "BaseImportanceEvaluator":
    from optuna import importance

    match name:
        case "fanova":
            return importance.FanovaImportanceEvaluator(n_trees=n_trees, seed=_SEED)
        case "ped-anova":
            return importance.PedAnovaImportanceEvaluator()
        case "mdi":
            return importance.MeanDecreaseImpurityImportanceEvaluator(n_trees=n_trees, seed=_SEED)
