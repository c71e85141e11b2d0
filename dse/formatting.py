"""Format numbers, times and sizes for people.

QuantiPhy formats SI prefixes. It and humanize do not cover the rest: neither rounds to
significant digits and keeps whole numbers whole, and humanize writes durations in words and down
to the last second ("3 hours, 2 minutes and 5 seconds").
"""

import json
from collections.abc import Mapping, Sequence
from math import floor, isfinite, log10
from typing import Any

_MINUTE_S = 60.0


def number(value: float, unit: str = "") -> str:
    """Return a number with four significant digits.

    Whole numbers, and all from ten thousand, keep every digit before the decimal point.
    """
    # a double has 15 significant digits, so larger numbers are written as 1e+15
    is_whole = float(value).is_integer() or abs(value) >= 1e4
    text = f"{value:,.0f}" if is_whole and abs(value) < 1e15 else f"{value:,.4g}"
    return f"{text} {unit}".strip()


def exact(value: float) -> str:
    """Return a number with up to ten digits: one that people chose is told from those beside it."""
    return f"{value:,.10g}"


def between(low: float, high: float, unit: str = "") -> str:
    """Return a range in words, such as ``2.5 to 4 ms``; an infinite end is left out."""
    ends = [exact(end) for end in (low, high) if isfinite(end)]
    words = "at most " if not isfinite(low) else "at least " if not isfinite(high) else ""
    return f"{words}{' to '.join(ends)} {unit}".strip()


TIMES_NS = {"ps": 1e-3, "ns": 1.0, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9}
"""Nanoseconds of the units in which people write times, with both signs that look like a micro."""

_READ = ("s", "ms", "µs")
"""Units in which long times are read, the longest first."""
_CIRCUIT_NS = 1e4
"""Latencies of circuits, below 10 µs, stay in nanoseconds."""


def readable_time(value: float, unit: str) -> tuple[float, str]:
    """Return the divisor and the unit in which a value is best read; only nanoseconds change."""
    if unit != "ns" or not abs(value) >= _CIRCUIT_NS:
        return 1.0, unit
    return next((TIMES_NS[name], name) for name in _READ if abs(value) >= TIMES_NS[name])


def interval(low: float, high: float, value: float | None = None) -> str:
    """Return the ends of an interval to the digit in which they differ, such as ``[0.987, 0.991]``.

    Rounding moves no end by more than a sixth of the interval. Each end keeps a significant
    digit of its own, and further digits where `value` would fall out of the interval otherwise.

    Args:
        low: lower end.
        high: upper end.
        value: the number whose interval it is; None if it is not shown.
    """
    if not (isfinite(high - low) and high > low):
        return f"[{number(low)}, {number(high)}]"
    place = floor(log10((high - low) / 3))
    for digit in range(place, place - _MOST_FURTHER, -1):
        low_text, shown_low = _to_digit(low, digit)
        high_text, shown_high = _to_digit(high, digit)
        if value is None or shown_low <= value <= shown_high:
            break
    return f"[{low_text}, {high_text}]"


_MOST_FURTHER = 6


def _to_digit(value: float, place: int) -> tuple[str, float]:
    """Return a number rounded to a power of ten, or to its first digit, as text and as number."""
    if not value:
        return "0", 0.0
    first = floor(log10(abs(value)))
    digit = min(place, first)
    rounded = round(value, -digit)
    if -_MOST_DECIMALS <= digit < 15:
        return f"{rounded:,.{-digit if digit < 0 else 0}f}", rounded
    text = f"{value:.{first - digit + 1}g}"
    return text, float(text)


def share(value: float) -> str:
    """Return a share of 1 with four decimals; 0 and 1 are exact, what is near them has more."""
    text = f"{value:.4f}"
    if text not in {"0.0000", "1.0000"}:
        return text
    return f"{value:.2g}" if value < 0.5 else f"{value:.8g}"


def aligned(values: Sequence[float]) -> list[str]:
    """Return the numbers of a column with the same decimals, so that their points are aligned.

    The largest has four significant digits, as by `number`. Where that would leave nothing of a
    small one, every number is written by `number` for itself.
    """
    largest = max((abs(value) for value in values), default=0.0)
    least = min((abs(value) for value in values if value), default=largest)
    is_whole = all(float(value).is_integer() for value in values)
    if is_whole or largest < _MOST_APART * least:
        decimals = 0 if is_whole or largest >= 1e4 else max(0, 3 - floor(log10(largest)))
        if largest < 1e15 and decimals <= _MOST_DECIMALS:
            return [f"{value:,.{decimals}f}" for value in values]
    return [number(value) for value in values]


_MOST_APART = 1e3  # the smallest number of a column keeps one significant digit
_MOST_DECIMALS = 8


def scaled(value: float, unit: str) -> str:
    """Return a value with three significant digits and an SI prefix, such as ``12.3 MB``.

    Args:
        value: value in `unit`.
        unit: unit without a prefix.
    """
    from quantiphy import Quantity  # its import takes 16 ms, which `dse --help` does not need

    return str(Quantity(value, unit).render(prec=2))


def elapsed(seconds: float) -> str:
    """Return a time in suitable units, such as ``480 ns``, ``1.9 s`` or ``3 min 20 s``."""
    return scaled(seconds, "s") if seconds < _MINUTE_S else duration(seconds)


def duration(seconds: float) -> str:
    """Return whole seconds in the two largest units, such as ``3 min 20 s``."""
    whole = max(0, int(seconds))
    parts = (
        (whole // 86400, "d"),
        (whole // 3600 % 24, "h"),
        (whole // 60 % 60, "min"),
        (whole % 60, "s"),
    )
    largest = next((at for at, (count, _) in enumerate(parts) if count), len(parts) - 1)
    shown = parts[largest : largest + 2]
    return " ".join(f"{count} {unit}" for count, unit in shown if count) or "0 s"


def value_text(value: Any) -> str:
    """Return a value as a study file writes it: ``null`` and ``true``, and texts without quotes."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def point_text(parameters: Mapping[str, Any]) -> str:
    """Return the parameters of a point, such as ``total_bits = 8, strategy = latency``."""
    return ", ".join(f"{name} = {value_text(value)}" for name, value in parameters.items())


def read_problem(error: Exception) -> str:
    """Return why a text file cannot be read, in words instead of the codes of Python."""
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return "it is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


def counted(count: int, thing: str) -> str:
    """Return a count with its noun, such as ``1 point`` or ``2,000 points``."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")
