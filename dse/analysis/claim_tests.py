"""Tests of claims on the values of single points: equality, ranges, published values."""

from math import log

import numpy as np

from dse.analysis.claims import Between, Equals, EqualsParameter, Value
from dse.analysis.evidence import (
    Compared,
    Evidence,
    all_of,
    interval_text,
    is_within,
    some,
    untested,
)
from dse.analysis.intervals import central_95
from dse.analysis.samples import Sample
from dse.analysis.stored_columns import Replicas
from dse.formatting import number


def between(test: Between, sample: Sample) -> Evidence:
    """Test whether all values lie in a range."""
    compared = tuple(
        Compared(point, sample.label(point), value, None, is_within(value, test.low, test.high))
        for point, value in sample.values.items()
    )
    return Evidence(
        "holds" if all(one.agrees for one in compared) else "fails",
        interval_text(list(sample.values.values()), sample.column.unit),
        all_of(compared, "in the range"),
        compared,
    )


def value(test: Value, sample: Sample) -> Evidence:
    """Test whether all values are within a factor of a published one."""
    unit = sample.column.unit
    compared = tuple(
        Compared(
            point,
            sample.label(point),
            found,
            test.value,
            found > 0 and abs(log(found / test.value)) <= log(test.factor),
        )
        for point, found in sample.values.items()
    )
    ratios = [one.measured / test.value for one in compared]
    holds = all(one.agrees for one in compared)
    within = "within" if holds else "not within"
    return Evidence(
        "holds" if holds else "fails",
        interval_text(list(sample.values.values()), unit),
        f"ratio {interval_text(ratios)}, {within} a factor of {number(test.factor)}",
        compared,
    )


def equals_parameter(test: EqualsParameter, sample: Sample) -> Evidence:
    """Test whether all values equal those of a parameter."""
    if test.parameter not in sample.parameters:
        return untested(f"the study has no parameter {test.parameter}")
    wanted = sample.parameter(test.parameter)
    compared = tuple(
        Compared(point, sample.label(point), found, wanted[point], found == wanted[point])
        for point, found in sample.values.items()
        if point in wanted
    )
    if not compared:
        return untested(f"{test.parameter} is no number at these points")
    return Evidence(
        "holds" if all(one.agrees for one in compared) else "fails",
        interval_text(list(sample.values.values()), sample.column.unit),
        all_of(compared, "equal"),
        compared,
    )


def equals(test: Equals, sample: Sample) -> Evidence:
    """Test whether each value equals another metric of its point, within their uncertainty."""
    other = sample.in_column(test.other)
    both = [point for point in sample.index if point in other.values]
    if not both:
        return untested(f"no point has {test.other} too")
    mine, theirs = sample.replicas, other.replicas
    rows = [
        (point, *_difference(sample, other, point, mine.get(point), theirs.get(point)))
        for point in both
    ]
    compared = tuple(
        Compared(point, sample.label(point), middle, 0.0, low <= 0 <= high)
        for point, middle, low, high, _ in rows
    )
    far = [
        f"{sample.label(point)}: {middle:+.2g} [{low:+.2g}, {high:+.2g}]"
        for point, middle, low, high, _ in rows
        if not low <= 0 <= high
    ]
    close = all(abs(one.measured) <= test.tolerance for one in compared)
    holds, kind = all(one.agrees for one in compared), rows[0][-1]
    return Evidence(
        "holds" if holds else "shape" if close else "fails",
        f"{interval_text([sample.values[point] for point in both])}, "
        f"{test.other} {interval_text([other.values[point] for point in both])}",
        f"{kind}: equal at {len(both) - len(far)} of {len(both)}"
        + (f"; different at {some(far)}" if far else ""),
        compared,
    )


def _difference(
    sample: Sample, other: Sample, point: int, mine: Replicas | None, theirs: Replicas | None
) -> tuple[float, float, float, str]:
    """Return the difference of two metrics of a point, its 95 % interval, and how it was found."""
    mine_is, low, high = sample.interval(point)
    other_is, other_low, other_high = other.interval(point)
    middle = mine_is - other_is
    if mine is not None and theirs is not None and len(mine) == len(theirs):
        # replica i of both resampled the same groups (see `dse.analysis.roc`), so they subtract
        return middle, *central_95(mine - theirs), "paired bootstrap"
    if not np.isnan([low, high, other_low, other_high]).any():
        return middle, low - other_high, high - other_low, "overlap of 95 % intervals"
    return middle, middle, middle, "equal numbers"
