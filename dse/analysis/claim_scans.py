"""Tests of claims on several points together: trends, ratios and published curves."""

from itertools import pairwise
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from dse.analysis.claims import Follows, Ratio, Trend
from dse.analysis.evidence import (
    Compared,
    Evidence,
    all_of,
    interval_text,
    is_within,
    untested,
)
from dse.analysis.reference_models import Curve, Figure
from dse.analysis.samples import Key, Sample
from dse.contracts.errors import UsageError
from dse.formatting import number
from dse.study.expressions import Expression


def trend(test: Trend, sample: Sample) -> Evidence:
    """Test how the values change with a parameter, between points equal in all others."""
    if test.along not in sample.parameters:
        return untested(f"the study has no parameter {test.along}")
    scans = [scan for scan in _scans(sample, test.along) if len(scan) > 1]
    if not scans:
        return untested(f"fewer than two values of {test.along} at equal other ones")
    steps = tuple(step for scan in scans for step in _steps(test, sample, scan))
    ends = [_ends_agree(test, scan) for scan in scans]
    holds = all(step.agrees for step in steps) and all(ends)
    return Evidence(
        "holds" if holds else "shape" if all(ends) else "fails",
        _scans_text(sample, scans),
        _trend_text(steps, ends),
        steps,
    )


def _trend_text(steps: tuple[Compared, ...], ends: list[bool]) -> str:
    """Return how many steps agree, and how many scans do where small steps add up against it."""
    text = all_of(steps, "steps not against it")
    return text if all(ends) else f"{text}; from first to last {sum(ends)} of {len(ends)}"


Scan = list[tuple[int, float]]
"""Number and value of each point, in the order of a parameter."""


def _scans(sample: Sample, along: str) -> list[Scan]:
    """Return one scan along a parameter for each group of points equal in all others."""
    x, keys, values = sample.parameter(along), sample.keys([along]), sample.values
    found: dict[Key, Scan] = {}
    for point in sorted(x, key=lambda one: x[one]):
        found.setdefault(keys[point], []).append((point, values[point]))
    return list(found.values())


def _change(first: float, last: float) -> float:
    return (last - first) / abs(first) if first else float(np.sign(last - first))


def _agrees(test: Trend, change: float) -> bool:
    """Whether a relative change does not go against the direction."""
    upwards = test.direction in {"rises", "not_falls"}
    return change >= -test.tolerance if upwards else change <= test.tolerance


def _ends_agree(test: Trend, scan: Scan) -> bool:
    change = _change(scan[0][1], scan[-1][1])
    must_change = test.direction in {"rises", "falls"}
    return _agrees(test, change) and (not must_change or abs(change) > test.tolerance)


def _steps(test: Trend, sample: Sample, scan: Scan) -> list[Compared]:
    """Return the relative change to each point from the one before it."""
    return [
        Compared(point, sample.label(point), change, None, _agrees(test, change))
        for (_, first), (point, last) in pairwise(scan)
        for change in [_change(first, last)]
    ]


def _scans_text(sample: Sample, scans: list[Scan]) -> str:
    unit = sample.column.unit
    ends = [
        f"{interval_text([scan[0][1]], unit)} → {interval_text([scan[-1][1]], unit)}"
        for scan in scans[:3]
    ]
    return "; ".join(ends) + ("; …" if len(scans) > len(ends) else "")


def ratio(test: Ratio, sample: Sample) -> Evidence:
    """Test whether the ratios of pairs of numbers lie in a range."""
    below = sample.in_column(test.other) if test.other else sample
    pairs = _pairs(test, sample, below)
    if not pairs:
        return untested("no two points to divide, equal but for the condition")
    compared = tuple(
        Compared(point, sample.label(point), found, None, is_within(found, test.low, test.high))
        for point, found in pairs
    )
    ratios = [one.measured for one in compared]
    holds = all(one.agrees for one in compared)
    same_side = _side(test) != 0 and all(np.sign(log(r)) == _side(test) for r in ratios if r > 0)
    return Evidence(
        "holds" if holds else "shape" if same_side else "fails",
        f"ratio {interval_text(ratios)}",
        all_of(compared, "in the range"),
        compared,
    )


def _side(test: Ratio) -> int:
    """Return on which side of 1 the whole range lies, 1 above and -1 below; 0 for neither."""
    if test.low is not None and test.low > 1:
        return 1
    return -1 if test.high is not None and test.high < 1 else 0


def _pairs(test: Ratio, sample: Sample, below: Sample) -> list[tuple[int, float]]:
    """Return the ratio of each point that has a number to divide by, which is not zero."""
    divisors = below.values
    if test.base is not None:
        named = sorted(Expression.parse(test.base).names)
        base = Sample.of(sample.points, below.column, test.base)
        by_key = {key: base.values[point] for point, key in base.keys(named).items()}
        keys = sample.keys(named)
        divisors = {point: by_key[key] for point, key in keys.items() if key in by_key}
    return [
        (point, found / divisors[point])
        for point, found in sample.values.items()
        if divisors.get(point)
    ]


def follows(test: Follows, sample: Sample, figure: Figure) -> Evidence:
    """Test whether the values follow a published curve, as they are or in their shape."""
    curve = figure.curve(test.curve)
    if curve is None:  # the reader of reference files refuses such a claim
        raise UsageError(f"figure '{figure.key}' has no curve '{test.curve}'")
    met = _met(sample, figure, curve)
    if not met:
        return untested(f"no point at a published {figure.x}")
    offs = np.array([_off(test, y, target, curve.uncertainty) for _, y, target in met])
    limit, shape = _limits(test)
    compared = tuple(
        Compared(point, sample.label(point), y, target, bool(abs(off) <= limit))
        for (point, y, target), off in zip(met, offs, strict=True)
    )
    holds = all(one.agrees for one in compared)
    is_shape = len({one.published for one in compared}) > 1 and bool(
        (abs(offs - offs.mean()) <= shape).all()
    )
    return Evidence(
        "holds" if holds else "shape" if is_shape else "fails",
        interval_text([one.measured for one in compared], sample.column.unit),
        _follows_text(test, offs, len(met)),
        compared,
    )


def _met(sample: Sample, figure: Figure, curve: Curve) -> list[tuple[int, float, float]]:
    """Return number, value and published value of each point that the curve has a value for."""
    chosen = Sample.of(sample.points, sample.column, curve.where).values
    in_parameter = figure.x in sample.parameters
    x = sample.parameter(figure.x) if in_parameter else sample.in_column(figure.x).values
    targets = {point: _at(curve, x[point], exactly=in_parameter) for point in x if point in chosen}
    return [
        (point, sample.values[point], target)
        for point, target in targets.items()
        if target is not None and point in sample.values
    ]


def _at(curve: Curve, x: float, *, exactly: bool) -> float | None:
    """Return the curve's value at x; between two points that of the line through them.

    A metric on the horizontal axis never has the published values exactly, a parameter does.
    """
    xs, ys = (np.array(axis) for axis in zip(*sorted(curve.points), strict=True))
    if exactly:
        near = np.flatnonzero(np.isclose(xs, x, rtol=1e-9))
        return float(ys[near[0]]) if len(near) else None
    if not xs[0] <= x <= xs[-1]:
        return None
    if xs[0] > 0 and ys.min() > 0:  # times and sizes are straight lines in logarithms
        return float(np.exp(np.interp(log(x), np.log(xs), np.log(ys))))
    return float(np.interp(x, xs, ys))


def _off(test: Follows, measured: float, published: float, uncertainty: float) -> float:
    """Return how far a value is from a published one, after its uncertainty is taken off."""
    nearest = min(max(measured, published - uncertainty), published + uncertainty)
    if test.scale == "difference":
        return measured - nearest
    return log(measured / nearest) if measured > 0 and nearest > 0 else float("inf")


def _limits(test: Follows) -> tuple[float, float]:
    if test.scale == "difference":
        return test.within, test.shape
    return log(test.within), log(test.shape)


def _follows_text(test: Follows, offs: NDArray[np.float64], n: int) -> str:
    spread = float(abs(offs - offs.mean()).max())
    points = f"{n} point{'s' if n > 1 else ''}"
    if test.scale == "difference":
        text = f"difference {interval_text(offs.tolist())} at {points}"
        return f"{text}, {number(spread)} without the mean (shape: {number(test.shape)})"
    text = f"ratio {interval_text(np.exp(offs).tolist())} at {points}"
    return f"{text}, {number(exp(spread))} without the mean (shape: {number(test.shape)})"
