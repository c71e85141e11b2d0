"""Conditions such as ``total_bits <= 16 and open.lut < 1e5`` on columns of points.

The command line and the dashboard share these rules. A parameter that is null is a value: equal
to null, unequal to all others, and neither above nor below any. A point that lacks a metric which
the condition names does not meet the condition.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dse.contracts.errors import UsageError
from dse.study.expressions import NULL, Expression, ExpressionError, Threshold

Mask = NDArray[np.bool_]
Columns = Mapping[str, "pd.Series[Any]"]


@dataclass(frozen=True)
class ConditionResult:
    """Outcome of a condition for every point.

    Args:
        meets: whether the condition holds, (n_points,).
        unknown: whether the point lacks a metric that the condition names, (n_points,); the
            condition does not hold for these.
    """

    meets: Mask
    unknown: Mask


@dataclass(frozen=True)
class NamedColumn:
    """The values of a name in a condition, one per point, and whether they are a metric's."""

    values: "pd.Series[Any]"
    is_metric: bool


def check(condition: str, column: Callable[[str], NamedColumn], count: int) -> ConditionResult:
    """Evaluate a condition for every point.

    Args:
        condition: text of the expression.
        column: returns the values of a name; raises `UsageError` for an unknown one.
        count: number of points.

    Raises:
        UsageError: the condition is no valid expression, names something unknown, or its value
            is neither true nor false.
    """
    expression = _parsed(condition)
    if text := _unquoted(expression, column):
        message = f"'{text}' is compared with text, but without quotes it is a name"
        raise UsageError(message, where=condition, hint=f'write "{text}" in quotes')
    named = {name: _named(name, column, condition) for name in sorted(expression.names)}
    unknown = np.zeros(count, dtype=np.bool_)
    for one in named.values():
        if one.is_metric:
            unknown |= one.values.isna().to_numpy()
    columns = {name: one.values for name, one in named.items()}
    # Comparisons of names with numbers, joined by "and", run on whole arrays.
    if expression.thresholds is not None and all(map(_is_numeric, columns.values())):
        return ConditionResult(_within(columns, expression.thresholds), unknown)
    return ConditionResult(_one_by_one(expression, columns, ~unknown), unknown)


_ONE_EQUALS = re.compile(r"(?<![=<>!])=(?!=)")
_EFFECTIVE = re.compile(r"\s*effective\s*(=|!=)")


def _parsed(condition: str) -> Expression:
    try:
        return Expression.parse(condition)
    except ExpressionError as error:
        message, hint = f"cannot be read: {error.reason}", error.allowed
        if _EFFECTIVE.match(condition):
            message = "the built design is compared with the requested one only"
            hint = "legal: effective=requested and effective!=requested"
        elif _ONE_EQUALS.search(condition):
            message, hint = "'=' is no comparison", "use ==, such as total_bits == 8"
        raise UsageError(message, where=condition, hint=hint) from error


def _unquoted(expression: Expression, column: Callable[[str], NamedColumn]) -> str:
    """Return a name that is compared with a parameter of texts but is none; empty for none.

    It may be unknown, or the name of a metric: ``latency`` is both a strategy and a metric.
    """
    for pair in expression.compared:
        for name, other in (pair, pair[::-1]):
            if _holds_text(_found(name, column)):
                found = _found(other, column)
                if found is None or found.is_metric:
                    return other
    return ""


def _found(name: str, column: Callable[[str], NamedColumn]) -> NamedColumn | None:
    try:
        return column(name)
    except UsageError:
        return None


def _holds_text(found: NamedColumn | None) -> bool:
    if found is None or found.is_metric:
        return False
    return not _is_numeric(found.values) and any(isinstance(v, str) for v in found.values)


def _named(name: str, column: Callable[[str], NamedColumn], condition: str) -> NamedColumn:
    try:
        return column(name)
    except UsageError as error:
        raise UsageError(error.message, where=condition, hint=error.hint) from error


def _is_numeric(values: "pd.Series[Any]") -> bool:
    return values.dtype.kind in "if"


def _within(columns: Columns, thresholds: Sequence[Threshold]) -> Mask:
    """Evaluate simple thresholds on arrays, with the same result as `_one_by_one`."""
    found = np.ones(len(next(iter(columns.values()))), dtype=np.bool_)
    for one in thresholds:
        found &= one.compare(columns[one.name].to_numpy(), one.number)
    return found


def _one_by_one(expression: Expression, columns: Columns, known: Mask) -> Mask:
    """Evaluate an expression for each point in `known`; false for all others."""
    found = np.zeros(len(known), dtype=np.bool_)
    values = [[NULL if v is None else v for v in c[known].tolist()] for c in columns.values()]
    rows = zip(*values, strict=True) if values else iter([()] * int(known.sum()))
    found[known] = [_holds(expression, dict(zip(columns, row, strict=True))) for row in rows]
    return found


def _holds(expression: Expression, values: Mapping[str, Any]) -> bool:
    try:
        holds = expression.evaluate(values)
    except ExpressionError as error:
        if NULL in values.values():  # arithmetic with null has no result: the condition is not met
            return False
        message = f"cannot be computed: {error.reason}"
        raise UsageError(message, where=expression.text) from error
    if not isinstance(holds, bool):
        shown = "null" if holds is None else repr(holds)
        hint = "compare, such as total_bits <= 16"
        raise UsageError(f"gives {shown}, not true or false", where=expression.text, hint=hint)
    return holds
