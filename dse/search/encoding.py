"""A design space as Optuna sees it: one whole number per axis, the index of its row.

Samplers gain from order: that 12 bits lie between 8 and 16 is worth many trials. So an axis in
order is an `IntDistribution` over its rows, whatever their values are (1, 2, 4, 8 are equally
far apart), and any other axis is a `CategoricalDistribution` over them. An axis with one row
leaves nothing to choose and has no distribution: some samplers fail on those, others waste
time on them.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from dse.contracts.parameters import Assignment, Value
from dse.study.space import Axis, Space, row_key

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


def axis_name(axis: Axis) -> str:
    """What Optuna calls an axis: its parameters, joined by commas."""
    return ",".join(axis.names)


def is_ordered(axis: Axis) -> bool:
    """Whether neighbouring rows are alike, so that a sampler may learn from neighbours.

    They are where a parameter's numbers only rise or only fall, as written in the study; with
    zipped parameters one such is enough. Two rows are always in order.
    """
    columns = zip(*axis.rows, strict=True)
    return len(axis.rows) <= 2 or any(_monotone(column) for column in columns)


def _monotone(column: Sequence[Value]) -> bool:
    numbers = [v for v in column if isinstance(v, (int, float)) and not isinstance(v, bool)]
    steps = [right - left for left, right in pairwise(numbers)]
    whole = len(numbers) == len(column)
    return whole and (all(step > 0 for step in steps) or all(step < 0 for step in steps))


def distribution(axis: Axis) -> "BaseDistribution":
    """Optuna's distribution of an axis, over the indices of its rows."""
    from optuna.distributions import (  # slow to import
        CategoricalDistribution,
        IntDistribution,
    )

    last = len(axis.rows) - 1
    return (
        IntDistribution(0, last) if is_ordered(axis) else CategoricalDistribution(range(last + 1))
    )


def distributions(space: Space) -> dict[str, "BaseDistribution"]:
    """Optuna's distributions by `axis_name`, of every axis that leaves a choice."""
    return {axis_name(axis): distribution(axis) for axis in _free(space)}


def indices(space: Space, point: Assignment) -> tuple[int, ...] | None:
    """Row index of a point on each axis, as `Space.at` takes them.

    Args:
        space: the space.
        point: all parameters of the space, as a study or a database has them.

    Returns:
        One index per axis, also of those with one row; None where the point is not of this
        space. Constraints do not matter.
    """
    if point.keys() != set(space.names):
        return None
    found = [axis.find([point[name] for name in axis.names]) for axis in space.axes]
    rows = tuple(index for index in found if index is not None)
    if len(rows) < len(found):
        return None
    same = row_key(space.at(rows).values()) == row_key(point[name] for name in space.names)
    return rows if same else None


def to_trial(space: Space, rows: Sequence[int]) -> dict[str, int]:
    """Parameters of an Optuna trial for one row index per axis; fits `distributions`."""
    pairs = zip(space.axes, rows, strict=True)
    return {axis_name(axis): row for axis, row in pairs if len(axis.rows) > 1}


def from_trial(space: Space, params: Mapping[str, int]) -> tuple[int, ...]:
    """Row index on each axis, as `Space.at` takes them, of a trial's parameters.

    Raises:
        KeyError: the trial has no value for an axis that leaves a choice.
    """
    return tuple(params[axis_name(a)] if len(a.rows) > 1 else 0 for a in space.axes)


def _free(space: Space) -> Iterable[Axis]:
    return (axis for axis in space.axes if len(axis.rows) > 1)
