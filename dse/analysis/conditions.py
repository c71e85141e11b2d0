"""Conditions such as ``total_bits <= 16 and lut < 1e5`` on the columns of a table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dse.contracts.errors import UsageError
from dse.study.expressions import EvaluationLimit, Expression

Mask = NDArray[np.bool_]


def meeting(condition: str, column: Callable[[str], "pd.Series[Any]"], count: int) -> Mask:
    """Which rows meet it; those that lack a number of it do not.

    Args:
        condition: the text.
        column: gives the values of a name.
        count: how many rows there are.

    Raises:
        UsageError: it cannot be read, or gives no truth value.
    """
    try:
        expression = Expression.parse(condition)
    except ValueError as error:
        raise UsageError(str(error), where=condition) from error
    names = sorted(expression.names)
    columns = {name: column(name) for name in names}
    if expression.limits is not None and all(map(_is_numeric, columns.values())):
        return _within(columns, expression.limits)
    rows: list[Sequence[Any]] = list(zip(*(c.tolist() for c in columns.values()), strict=True))
    if not names:
        rows = [()] * count
    return np.array([_holds(expression, names, row) for row in rows], dtype=np.bool_)


def _is_numeric(values: "pd.Series[Any]") -> bool:
    return values.dtype.kind in "if"


def _within(columns: Mapping[str, "pd.Series[Any]"], limits: Sequence[EvaluationLimit]) -> Mask:
    """The same as one point after the other, for a million of them at once."""
    found = np.ones(len(next(iter(columns.values()))), dtype=np.bool_)
    for limit in limits:
        found &= limit.compare(columns[limit.name].to_numpy(), limit.number)
    return found


def _holds(expression: Expression, names: Sequence[str], row: Sequence[Any]) -> bool:
    if any(value is None or value != value for value in row):  # noqa: PLR0124  (NaN)
        return False
    try:
        holds = expression.evaluate(dict(zip(names, row, strict=True)))
    except ValueError as error:
        raise UsageError(str(error), where=expression.text) from error
    if not isinstance(holds, bool):
        hint = "compare, such as total_bits <= 16"
        raise UsageError(f"gives {holds!r}, not true or false", where=expression.text, hint=hint)
    return holds
