"""Ranges that people type, such as ``8..12``, ``8 to 12``, ``>= 8``, and rows within them."""

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import inf, isfinite

import pandas as pd

from dashboards.quantities import is_numeric
from dse.contracts.errors import UsageError
from dse.formatting import exact

Ranges = Mapping[str, Sequence[str]]
"""By name of a column: texts of ranges of numbers, or the chosen texts themselves."""
Range = tuple[float, float]

_DIGITS = 4
_BETWEEN = re.compile(r"(.*?)(?:\.\.|\bto\b|–)(.*)", re.IGNORECASE)
_BOUND = re.compile(r"(<=|>=|<|>|≤|≥)(.*)")


_HINT = "write 8..12, 8 to 12, >= 8, ..12 or one number"


def parsed(text: str) -> Range:
    """Return the ends of a range; an end that is left out is infinite.

    Raises:
        UsageError: it is no range.
    """
    between, bound = _BETWEEN.fullmatch(text.strip()), _BOUND.fullmatch(text.strip())
    try:
        if between:
            low, high = (_end(part, end) for part, end in zip(between.groups(), (-inf, inf)))  # noqa: B905
        elif bound:
            end = _end(bound[2], inf)
            low, high = (-inf, end) if bound[1] in {"<", "<=", "≤"} else (end, inf)
        else:
            low = high = _end(text, inf)
    except ValueError:
        low, high = inf, -inf
    if isfinite(low) and isfinite(high) and low > high:
        raise UsageError(f"the range {text[:40]} ends below its start", hint=_HINT)
    if not low <= high or low == inf or (low, high) == (-inf, inf):
        raise UsageError(f"not a range: {text[:40]}", hint=_HINT)
    return low, high


def _end(text: str, left_out: float) -> float:
    """Return a finite number, or `left_out` for an empty text.

    Raises:
        ValueError: it is neither.
    """
    if not text.strip():
        return left_out
    found = float(text.replace(",", "").replace("\u2009", ""))
    if not isfinite(found):
        raise ValueError(text)
    return found


def within(frame: pd.DataFrame, ranges: Ranges) -> "pd.Series[bool]":
    """Return which rows are in the ranges of all columns; names without a column are ignored.

    Raises:
        UsageError: a range of numbers is none.
    """
    mask = pd.Series(True, index=frame.index)
    for name, texts in ranges.items():
        if name in frame and texts:
            mask &= _inside(frame[name], texts)
    return mask


def _inside(column: "pd.Series[float] | pd.Series[str]", texts: Sequence[str]) -> "pd.Series[bool]":
    if not is_numeric(column):
        return column.astype(str).isin(list(texts))
    inside = [column.between(*parsed(text)) for text in texts]
    return pd.concat(inside, axis=1).any(axis=1)


def written(low: float, high: float) -> str:
    """Return a range with as many digits as a drag on a screen has; it holds both ends."""
    return f"{rounded(low, ROUND_FLOOR)}..{rounded(high, ROUND_CEILING)}"


def inside(low: float, high: float) -> str:
    """Return a range for people, rounded inwards so that values meet what is read off it."""
    ends = rounded(low, ROUND_CEILING), rounded(high, ROUND_FLOOR)
    return " to ".join(exact(float(end)) for end in ends)


def rounded(value: float, towards: str) -> str:
    """Return a number with four significant digits.

    Args:
        value: number.
        towards: `ROUND_FLOOR`, `ROUND_CEILING` or another mode of `decimal`.
    """
    exact = Decimal(repr(value))
    if not exact:
        return "0"
    last = Decimal(1).scaleb(exact.adjusted() - _DIGITS + 1)
    return f"{float(exact.quantize(last, rounding=towards)):.{_DIGITS + 1}g}"
