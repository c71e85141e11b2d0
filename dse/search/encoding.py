"""Encode a design space for Optuna: one whole number per axis, the index of its row.

Samplers need fewer trials where they know an order, such as that 12 bits lie between 8 and 16.
An ordered axis therefore becomes an `IntDistribution` over its rows, whatever their values are
(1, 2, 4, 8 are equally far apart), any other axis a `CategoricalDistribution`. An axis with one
row has no distribution: some samplers fail on such a distribution, others waste time on it.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from dse.contracts.parameters import Assignment, Value
from dse.study.space import Axis, Space, row_key

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


def axis_name(axis: Axis) -> str:
    """Return the name of an axis in Optuna: its parameters, joined by commas."""
    return ",".join(axis.names)


def is_ordered(axis: Axis) -> bool:
    """Whether neighbouring rows are similar, so that a sampler can learn from neighbours.

    This holds if the numbers of a parameter only rise or only fall in the order of the study;
    among zipped parameters, one such parameter is enough. Two rows are always ordered.
    """
    columns = zip(*axis.rows, strict=True)
    return len(axis.rows) <= 2 or any(_monotone(column) for column in columns)


def _monotone(column: Sequence[Value]) -> bool:
    numbers = [v for v in column if isinstance(v, (int, float)) and not isinstance(v, bool)]
    steps = [right - left for left, right in pairwise(numbers)]
    whole = len(numbers) == len(column)
    return whole and (all(step > 0 for step in steps) or all(step < 0 for step in steps))


def distribution(axis: Axis) -> "BaseDistribution":
    """Return Optuna's distribution of an axis, over the indices of its rows."""
    from optuna.distributions import (  # slow to import
        CategoricalDistribution,
        IntDistribution,
    )

    last = len(axis.rows) - 1
    return (
        IntDistribution(0, last) if is_ordered(axis) else CategoricalDistribution(range(last + 1))
    )


def distributions(space: Space) -> dict[str, "BaseDistribution"]:
    """Return Optuna's distributions by `axis_name`, for every axis with more than one row."""
    return {axis_name(axis): distribution(axis) for axis in _free(space)}


def indices(space: Space, point: Assignment) -> tuple[int, ...] | None:
    """Return the row index of a point on each axis, as `Space.at` takes them.

    Args:
        space: the space.
        point: all parameters, from a study or a database.

    Returns:
        One index per axis, including axes with one row; None if the point is not in the space.
        Constraints are not checked.
    """
    if point.keys() != set(space.names):
        return None
    found = [axis.find([point[name] for name in axis.names]) for axis in space.axes]
    rows = tuple(index for index in found if index is not None)
    if len(rows) < len(found):
        return None
    # the axes say nothing of coupled parameters, which must be as the space computes them
    same = row_key(space.at(rows).values()) == row_key(point[name] for name in space.names)
    return rows if same else None


def to_trial(space: Space, rows: Sequence[int]) -> dict[str, int]:
    """Return the parameters of an Optuna trial, as in `distributions`, from row indices."""
    pairs = zip(space.axes, rows, strict=True)
    return {axis_name(axis): row for axis, row in pairs if len(axis.rows) > 1}


def from_trial(space: Space, params: Mapping[str, int]) -> tuple[int, ...]:
    """Return the row index on each axis, as `Space.at` takes them, from a trial's parameters.

    Raises:
        KeyError: the trial lacks an axis with more than one row.
    """
    return tuple(params[axis_name(a)] if len(a.rows) > 1 else 0 for a in space.axes)


def _free(space: Space) -> Iterable[Axis]:
    return (axis for axis in space.axes if len(axis.rows) > 1)
