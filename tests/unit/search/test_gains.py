"""What candidates add to a hypervolume: against moocore, and against a mean over samples."""

import numpy as np
import pytest

from dse.analysis.hypervolume import Box, hypervolume
from dse.search.boxes import dominated_boxes
from dse.search.gains import chosen, expected_gains
from dse.search.smooth import Costs

RANDOM = np.random.default_rng(0)


def below_known(costs):
    """How far candidates are below costs where their own are known."""
    return lambda values: np.maximum(values[None] - costs[:, None], 0.0)


def box(n):
    return Box((0.0,) * n, (0.95,) * n)


@pytest.mark.parametrize("n_objectives", [1, 2, 3, 4])
def test_boxes_fill_what_a_front_dominates(n_objectives):
    front = np.vstack([one := RANDOM.random((20, n_objectives)), one[:3]])  # some twice
    lower, upper = dominated_boxes(front, np.full(n_objectives, 0.95))
    volume = np.prod(upper - lower, axis=1).sum() / 0.95**n_objectives
    assert volume == pytest.approx(hypervolume(front, box(n_objectives)))
    inside = RANDOM.random((200, 1, n_objectives)) * 0.95
    times = ((lower < inside) & (inside < upper)).all(axis=2).sum(axis=1)
    dominated = (front < inside).all(axis=2).any(axis=1)
    assert (times == dominated).all()  # disjoint, too


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
def test_known_costs_add_what_they_dominate_alone(n_objectives):
    front, new = RANDOM.random((12, n_objectives)), RANDOM.random((15, n_objectives))
    before = hypervolume(front, box(n_objectives))
    added = [hypervolume(np.vstack([front, one]), box(n_objectives)) - before for one in new]
    gains = expected_gains(front, [below_known(column) for column in new.T], box(n_objectives))
    assert gains == pytest.approx(added)


def test_an_expected_gain_is_the_mean_over_what_a_candidate_may_cost():
    front = np.array([[0.2, 0.7], [0.5, 0.4]])
    offset, spread = 0.1, 0.5
    costs = [Costs(np.log([0.4, 0.5]), np.full(2, spread), offset, 0.0, 1.0) for _ in range(2)]
    exact = expected_gains(front, [one.below for one in costs], box(2))
    normal = RANDOM.standard_normal((4000, 2))
    for index, middle in enumerate((0.4, 0.5)):
        samples = middle * np.exp(spread * normal) - offset
        gains = expected_gains(front, [below_known(column) for column in samples.T], box(2))
        assert exact[index] == pytest.approx(gains.mean(), rel=0.1)


def test_a_second_choice_counts_what_the_first_leaves():
    """Of two designs that dominate the same, one is chosen; then the one that adds less alone."""
    expected = np.array([[0.1, 0.1], [0.11, 0.11], [0.05, 0.8]])
    below = [below_known(column) for column in expected.T]
    front = np.array([[0.9, 0.9]])
    found = chosen(front, below, expected, np.ones(3), box(2), lambda _: True)
    assert list(found) == [0, 2, 1]
