"""The process of the smooth models: its slopes, and what it learns of axes."""

import numpy as np
import pytest

from dse.search.process import Process, Shape

RANDOM = np.random.default_rng(1)
POINTS = RANDOM.random((40, 3))


def values(points):
    """Changes fast near the start of the first axis, and not at all along the last."""
    return np.exp(-12 * points[:, 0]) + 0.3 * points[:, 1]


def fitted(bent):
    start = Shape.usual(3, bent)
    return Process(POINTS, values(POINTS), start, fitted=False)


def test_slopes_are_those_of_the_loss():
    shape = Shape(RANDOM.normal(0, 0.5, 3 + 2 + 2), (0, 2), 3)
    process = Process(POINTS, values(POINTS), shape, fitted=True)
    _, slope = process.loss_at(shape.numbers, shape)
    steps = 1e-6 * np.eye(len(slope))
    pairs = [
        (process.loss_at(shape.numbers + s, shape)[0], process.loss_at(shape.numbers - s, shape)[0])
        for s in steps
    ]
    assert slope == pytest.approx([(up - down) / 2e-6 for up, down in pairs], rel=1e-3, abs=1e-3)


def test_an_axis_without_effect_is_told_apart():
    process = fitted((0, 1, 2))
    assert process.shape.numbers[2] > process.shape.numbers[0] + 3
    moved = POINTS.copy()
    moved[:, 2] = 1 - moved[:, 2]
    _, spread = process.predict(moved)
    assert spread.max() < 0.02 * values(POINTS).std()


def test_a_bent_axis_is_predicted_better():
    new = RANDOM.random((300, 3))
    errors = [np.abs(fitted(b).predict(new)[0] - values(new)).max() for b in ((0,), ())]
    assert errors[0] < 0.5 * errors[1]
