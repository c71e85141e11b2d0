"""Conditions such as ``total_bits <= 16 and open.lut < 1e5`` on columns of points.

One meaning for the command line and the dashboard: a parameter that is null is a value (equal to
null, different from all others, in no order with any), and a point that lacks a metric which the
condition names does not meet it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dse.contracts.errors import UsageError
from dse.study.expressions import NULL, Expression, Threshold

Mask = NDArray[np.bool_]
Columns = Mapping[str, "pd.Series[Any]"]


@dataclass(frozen=True)
class Checked:
    """Points against a condition.

    Args:
        meets: those that it holds for.
        unknown: those that lack a metric it names, for which it does not hold.
    """

    meets: Mask
    unknown: Mask


@dataclass(frozen=True)
class NamedColumn:
    """What a condition calls by a name: values by point, and whether they are a metric's."""

    values: "pd.Series[Any]"
    is_metric: bool


def check(condition: str, column: Callable[[str], NamedColumn], count: int) -> Checked:
    """Try a condition on every point.

    Args:
        condition: the text.
        column: gives the values of a name.
        count: how many points there are.

    Raises:
        UsageError: it cannot be read, or gives no truth value.
    """
    try:
        expression = Expression.parse(condition)
    except ValueError as error:
        raise UsageError(str(error), where=condition) from error
    named = {name: _named(name, column, condition) for name in sorted(expression.names)}
    unknown = np.zeros(count, dtype=np.bool_)
    for one in named.values():
        if one.is_metric:
            unknown |= one.values.isna().to_numpy()
    columns = {name: one.values for name, one in named.items()}
    if expression.thresholds is not None and all(map(_is_numeric, columns.values())):
        return Checked(_within(columns, expression.thresholds), unknown)
    return Checked(_one_by_one(expression, columns, ~unknown), unknown)


def _named(name: str, column: Callable[[str], NamedColumn], condition: str) -> NamedColumn:
    try:
        return column(name)
    except UsageError as error:
        raise UsageError(error.message, where=condition, hint=error.hint) from error


def _is_numeric(values: "pd.Series[Any]") -> bool:
    return values.dtype.kind in "if"


def _within(columns: Columns, thresholds: Sequence[Threshold]) -> Mask:
    """The same as one point after the other, for a million of them at once."""
    found = np.ones(len(next(iter(columns.values()))), dtype=np.bool_)
    for one in thresholds:
        found &= one.compare(columns[one.name].to_numpy(), one.number)
    return found


def _one_by_one(expression: Expression, columns: Columns, known: Mask) -> Mask:
    found = np.zeros(len(known), dtype=np.bool_)
    values = [[NULL if v is None else v for v in c[known].tolist()] for c in columns.values()]
    rows = zip(*values, strict=True) if values else iter([()] * int(known.sum()))
    found[known] = [_holds(expression, dict(zip(columns, row, strict=True))) for row in rows]
    return found


def _holds(expression: Expression, values: Mapping[str, Any]) -> bool:
    try:
        holds = expression.evaluate(values)
    except ValueError as error:
        if NULL in values.values():  # there is no arithmetic with null
            return False
        raise UsageError(str(error), where=expression.text) from error
    if not isinstance(holds, bool):
        hint = "compare, such as total_bits <= 16"
        raise UsageError(f"gives {holds!r}, not true or false", where=expression.text, hint=hint)
    return holds
