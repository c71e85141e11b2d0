"""Corrections against functions that are known."""

import random

import pytest

from dse.contracts.metrics import Fidelity
from dse.search.corrections import LEAST_POINTS, corrections
from dse.search.importance import DependentParameters, varying_axes
from dse.store.queries import StoredMetric, StoredPoint


def metric(name, value, backend, fidelity, number):
    return StoredMetric(
        name=name,
        value=value,
        unit="",
        direction="minimise",
        fidelity=fidelity,
        low=None,
        high=None,
        backend=backend,
        tool="t",
        evaluation_id=number,
    )


def points(count, expensive, *, known=None, cheap=lambda bits, reuse: 100.0 * bits + reuse):
    """Points of two parameters; `expensive` of (cheap number, bits, reuse) for the first known."""
    found = []
    for number in range(count):
        bits, reuse = 4 + number % 9, 2 ** (number % 5)
        low = cheap(bits, reuse)
        metrics = [metric("lut", low, "estimate", Fidelity.ESTIMATE, number)]
        if known is None or number < known:
            high = expensive(low, bits, reuse)
            metrics.append(metric("lut", high, "open", Fidelity.RTL, number))
        parameters = {"bits": bits, "reuse": reuse}
        found.append(StoredPoint("s", number, parameters, tuple(metrics)))
    return found


def learn(some):
    return corrections(some, varying_axes(some, DependentParameters()), {})


def test_a_constant_factor_is_found_as_one():
    (found,) = learn(points(20, lambda low, *_: 0.5 * low, known=12))
    assert (found.cheap.backend, found.expensive.backend, found.n_both) == ("estimate", "open", 12)
    assert (found.relative, found.model) == (True, "constant")
    assert found.error_before == pytest.approx(1.0), "twice the expensive number"
    assert found.error_after == pytest.approx(0.0, abs=1e-9)
    assert [p.point.number for p in found.predictions] == list(range(12, 20))
    for p in found.predictions:
        assert p.value == pytest.approx(0.5 * p.cheap)
        assert p.low == pytest.approx(p.high)


def test_a_factor_that_depends_on_the_design():
    def factor(low, bits, reuse):
        return low * (0.5 + 0.1 * bits)

    (found,) = learn(points(45, factor, known=30))
    assert found.model == "parameters"
    assert found.error_after < 0.05 < found.error_before
    for p in found.predictions:
        true = factor(p.cheap, p.point.parameters["bits"], 0)
        assert p.value == pytest.approx(true, rel=0.15)
        assert p.low < p.value < p.high


def test_the_error_is_that_of_points_not_seen():
    """Noise cannot be learned: the stated error is about what new points really miss."""
    noise = random.Random(3)
    table = [noise.uniform(0.5, 2.0) for _ in range(400)]

    def noisy(low, *_):
        noisy.n += 1
        return low * table[noisy.n]

    noisy.n = -1
    (found,) = learn(points(200, noisy, known=100))
    missed = sorted(abs(p.value / (p.cheap * table[p.point.number]) - 1) for p in found.predictions)
    assert found.error_after == pytest.approx(missed[50], rel=0.35)
    inside = sum(p.low <= p.cheap * table[p.point.number] <= p.high for p in found.predictions)
    assert 0.8 <= inside / 100 <= 0.99


def test_numbers_below_zero_are_corrected_by_a_difference():
    some = points(12, lambda low, *_: low - 5.0, known=8, cheap=lambda bits, _: bits - 8.0)
    (found,) = learn(some)
    assert not found.relative
    assert found.error_before == pytest.approx(5.0)
    assert all(p.value == pytest.approx(p.cheap - 5) for p in found.predictions)


def test_too_few_points_teach_nothing():
    assert learn(points(20, lambda low, *_: low, known=LEAST_POINTS - 1)) == []
    assert len(learn(points(20, lambda low, *_: low, known=LEAST_POINTS))) == 1


def test_one_fidelity_is_not_corrected_to_itself():
    def both(number):
        names = ("open", "other")
        return tuple(metric("lut", number + 1.0, name, Fidelity.RTL, number) for name in names)

    some = [StoredPoint("s", number, {"a": number}, both(number)) for number in range(10)]
    assert learn(some) == []
