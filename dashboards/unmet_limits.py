"""Limits that no design meets, in words: which leaves out most, and which design comes nearest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from dashboards.build_view import BuildPageState
from dse.analysis.limits import limit_texts, values_of
from dse.formatting import counted, number


@dataclass(frozen=True)
class Held:
    """One limit, as the page words it, and how far each point is from meeting it.

    Args:
        text: such as ``LUT at most 450``.
        name: what it is about, such as ``LUT``.
        gap: 0 for a point that meets it, else its distance as a share of the span of all points
            (1 for a condition, which has no distance); NaN where the number is missing.
        values: what the limit is about; None for a condition.
        side: where a point that breaks it is, ``over`` or ``below``; empty where it may be either.
        divisor: of the values, for the unit in which the text has them.
    """

    text: str
    name: str
    gap: "pd.Series[float]"
    values: "pd.Series[float] | None" = None
    side: str = ""
    divisor: float = 1.0


@dataclass(frozen=True)
class Unmet:
    """Limits that no design meets all of.

    Args:
        text: which limit leaves out most.
        nearest: number of the design that is least far from them; None without numbers.
        lacks: what that design breaks, with its values.
    """

    text: str
    nearest: int | None
    lacks: str


def unmet(view: BuildPageState) -> Unmet | None:
    """Return what to say where no design meets all limits; None where one does.

    Raises:
        UsageError: a limit is not a number, or the condition is wrong.
    """
    held = limits_held(view)
    gaps = pd.concat([one.gap for one in held], axis=1) if held else pd.DataFrame()
    if not held or (gaps == 0).all(axis=1).any():
        return None
    known = gaps.dropna().sum(axis=1)
    if known.empty:
        return Unmet("No design has the numbers that the limits are about.", None, "")
    worst = max(held, key=lambda one: int((one.gap > 0).sum()))
    left_out = f"{int((worst.gap > 0).sum()):,} of {counted(worst.gap.count(), 'point')}"
    text = f"No design meets all limits. Most are left out by {worst.text}: {left_out}."
    nearest = int(known.index[int(known.argmin())])
    return Unmet(text, nearest, _lacks(held, nearest))


def _lacks(held: Sequence[Held], point: int) -> str:
    return "; ".join(
        f"breaks {one.text}" if one.values is None else f"{_value(one, point)}, not {one.text}"
        for one in held
        if one.gap[point] > 0
    )


def _value(one: Held, point: int) -> str:
    assert one.values is not None  # noqa: S101
    return number(float(one.values[point]) / one.divisor)


def broken(held: Sequence[Held], point: int) -> str:
    """Say which limits a point breaks, such as ``over the limit of LUT``; empty for none.

    A point without the number breaks none.
    """
    return ", ".join(_breaks(one) for one in held if one.gap[point] > 0)


def _breaks(one: Held) -> str:
    return f"{one.side} the limit of {one.name}" if one.side else f"breaks {one.name}"


def limits_held(view: BuildPageState) -> list[Held]:
    """Return the limits that are typed, the condition, and those of the study that are on.

    Raises:
        UsageError: a limit is not a number, or the condition is wrong.
    """
    return [*_typed(view), *_condition(view), *_of_study(view)]


def _typed(view: BuildPageState) -> Iterator[Held]:
    for quantity, end in view.typed:
        is_least = quantity.direction == "maximise"
        divisor, shown = view.readable[quantity.name]
        words = f"{shown.short} {'at least' if is_least else 'at most'} {number(end / divisor)}"
        values = quantity.values(view.table)
        gap = _gap(values, end if is_least else None, None if is_least else end)
        side = "below" if is_least else "over"
        yield Held(words, shown.short, gap, values, side, divisor)


def _condition(view: BuildPageState) -> Iterator[Held]:
    if text := view.condition:
        found = view.table.check(text)
        gap = pd.Series((~found.meets).astype(float), index=view.table.parameters.index)
        yield Held(f"the condition {text}", f"the condition {text}", gap)


def _of_study(view: BuildPageState) -> Iterator[Held]:
    for name, limit in view.limits.known.items():
        values = values_of(view.table, name)
        words = f"{' and '.join(limit_texts(name, limit))} (limit of the study)"
        yield Held(
            words, f"the limit of {name} of the study", _gap(values, limit.min, limit.max), values
        )


def _gap(values: "pd.Series[float]", low: float | None, high: float | None) -> "pd.Series[float]":
    span = float(values.max() - values.min()) or 1.0
    below = 0.0 if low is None else (low - values).clip(lower=0)
    above = 0.0 if high is None else (values - high).clip(lower=0)
    return (below + above + 0 * values) / span
