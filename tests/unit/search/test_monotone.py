"""More bits are no worse: bounds from evaluated designs, and a start that makes them tight."""

import numpy as np
import pytest

from dse.analysis.hypervolume import box_of, hypervolume
from dse.search.monotone import BoundedCosts, bounded
from dse.search.observed import Observation
from dse.search.proposals import Proposals
from dse.search.screening import Screening
from dse.search.smooth import Costs
from dse.search.told import Told
from dse.study.space import Space
from dse.study.validate import parse_study

TEXT = "workload: {name: w}\nbackends: [b]\nspace:\n" + "".join(
    f"  layers.fc{n}.bits: [4, 6, 8, 10]\n" for n in range(4)
)
SPACE = Space(parse_study(TEXT + "  reuse_factor: [1, 2, 4, 8]\n"))
WIDTHS = np.array([1, 1, 1, 1, 0])
EVERY = np.array(list(np.ndindex(4, 4, 4, 4, 4)))


def anything(points):
    """A model that knows nothing: the median is 1 everywhere."""
    return Costs(np.zeros(len(points)), np.ones(len(points)), 0.0, 0.0, 1.0)


def within(known, costs, points=EVERY, widths=WIDTHS):
    return bounded(anything(points), points, np.array(known), np.array(costs), widths)


def test_what_is_expected_below_a_cost_is_the_mean_of_draws_within_the_bounds():
    random = np.random.default_rng(0)
    model = Costs(np.array([0.2, -1.0, 0.5]), np.array([0.5, 1.0, 0.3]), 0.1, 2.0, 3.0)
    least, most = np.array([2.5, -np.inf, 4.0]), np.array([5.0, 3.0, np.inf])
    draws = 2.0 + 3.0 * (np.exp([[0.2], [-1.0], [0.5]] + np.array([[0.5], [1.0], [0.3]])
                                * random.standard_normal((3, 100_000))) - 0.1)  # fmt: skip
    draws = np.clip(draws, least[:, None], most[:, None])
    values = np.array([2.2, 3.0, 6.0, 9.0])
    mean = np.maximum(values[None, :, None] - draws[:, None], 0).mean(axis=2)
    assert BoundedCosts(model, least, most).below(values) == pytest.approx(mean, abs=0.03)


def test_bounds_hold_between_designs_with_more_bits_and_with_fewer():
    """Against the loss itself, which falls with the bits, at every design of the space."""
    loss = 10.0 * 2.0 ** -EVERY[:, :4].min(axis=1) + EVERY[:, 4]
    known = np.random.default_rng(1).choice(len(EVERY), 60, replace=False)
    found = within(EVERY[known], loss[known]).median
    for one, cost in zip(EVERY[known], loss[known], strict=True):
        same = EVERY[:, 4] == one[4]
        fewer = same & (EVERY[:, :4] <= one[:4]).all(axis=1)
        more = same & (EVERY[:, :4] >= one[:4]).all(axis=1)
        assert (found[fewer] >= cost).all()
        assert (found[more] <= cost).all()


def test_a_cost_that_rises_with_the_bits_is_bounded_the_other_way():
    found = within([(3, 3, 3, 3, 0), (1, 1, 1, 1, 0)], [9.0, 5.0]).median
    at = {tuple(rows): value for rows, value in zip(EVERY.tolist(), found, strict=True)}
    assert at[2, 2, 2, 2, 0] == 5.0  # the model says 1
    assert at[0, 1, 1, 1, 0] == 1.0
    assert at[2, 2, 2, 2, 1] == 1.0  # another reuse factor, of which nothing is known


def test_a_design_that_fewer_bits_are_better_than_bounds_nothing():
    known = [(3, 3, 3, 3, 0), (3, 3, 0, 3, 0), (0, 3, 0, 3, 0), (3, 3, 3, 0, 0)]
    found = within(known, [0.1, 8.0, 7.5, 6.0]).median
    at = {tuple(rows): value for rows, value in zip(EVERY.tolist(), found, strict=True)}
    assert at[2, 2, 0, 2, 0] == 1.0
    assert at[0, 2, 0, 2, 0] == 7.5
    assert at[2, 2, 2, 0, 0] == 6.0


def test_without_widths_or_a_direction_the_model_stays_as_it_is():
    for known, costs, widths in (
        ([(3, 3, 3, 3, 0), (0, 0, 0, 0, 0)], [0.1, 8.0], 0 * WIDTHS),
        ([(3, 3, 3, 3, 0), (0, 0, 0, 0, 1)], [0.1, 8.0], WIDTHS),
    ):
        assert isinstance(within(known, costs, widths=widths), Costs)


def test_costs_that_have_nothing_to_do_with_the_bits_are_not_bounded():
    random = np.random.default_rng(1)
    known = EVERY[random.choice(len(EVERY), 30, replace=False)]
    assert isinstance(within(known, random.uniform(size=30)), Costs)


def accuracy(rows):
    """As good as the weakest layer, and by chance with the least bits in the third."""
    shares = np.array(
        [(0.9, 0.97, 0.99, 1), (0.6, 0.9, 0.99, 1), (0, 0.1, 0.97, 1), (0.5, 1, 1, 1)]
    )
    return 0.5 + 0.49 * float(shares[np.arange(4), list(rows[:4])].min())


def costs_of(rows):
    bits = np.array(rows[:4]) * 2 + 4
    reuse = 2.0 ** rows[4]
    return 5 * reuse, float(bits @ (1, 2, 4, 8) * 10 / reuse + 30 * bits.sum())


def outcome(rows):
    return (accuracy(rows), *costs_of(rows))


class Lookup:
    """What needs no evaluation: costs, and accuracies of the same bits."""

    def __init__(self):
        self.told = {}

    def __call__(self, points):
        return np.array([(self.told.get(rows[:4], np.nan), *costs_of(rows)) for rows in points])


DIRECTIONS = ("maximise", "minimise", "minimise")


def searched(count, seed):
    lookup, known = Lookup(), []
    proposals = Proposals(SPACE, "layerwise", DIRECTIONS, seed, known=lookup)
    while len(known) < count:
        (rows,) = proposals.next(known, 1)
        known.append(Observation(rows, outcome(rows)))
        lookup.told[rows[:4]] = accuracy(rows)
    return known


def test_a_network_as_good_as_its_weakest_layer_is_learnt_from_20_designs():
    """Without the start and the bounds these designs have 93.7 %."""
    table = np.array([outcome(tuple(rows)) for rows in EVERY.tolist()])
    box = box_of(table, DIRECTIONS)
    found = hypervolume(np.array([one.values for one in searched(20, 0)]), box)
    assert found > 0.97 * hypervolume(table, box)


def told(*designs):
    return Told.of([Observation(rows, outcome(rows)) for rows in designs], DIRECTIONS, 5)


def screened(lookup, *designs):
    return list(Screening(SPACE, told(*designs), lookup).next(0))


def test_every_width_is_at_its_least_once_with_all_others_at_their_most():
    lookup = Lookup()
    lookup.told[3, 3, 3, 3] = 0.99
    found = screened(lookup, (3, 3, 3, 3, 3))
    assert [rows[:4] for rows in found] == [
        (0, 3, 3, 3),
        (3, 0, 3, 3),
        (3, 3, 0, 3),
        (3, 3, 3, 0),
    ]
    assert len({rows[4] for rows in found}) > 1  # costs are known at every reuse factor
    lookup.told[found[1][:4]] = accuracy(found[1])
    assert screened(lookup, (3, 3, 3, 3, 3), found[1]) == [found[0], *found[2:]]


def test_a_width_whose_numbers_fall_is_at_its_most_in_its_first_row():
    text = (
        "workload: {name: w}\nbackends: [b]\nspace:\n"
        "  layers.a.bits: [4, 6, 8]\n  layers.b.bits: [8, 6, 4]\n  reuse_factor: [1, 2]\n"
    )
    nothing = Told.of([], DIRECTIONS, 3)
    found = list(Screening(Space(parse_study(text)), nothing, None).next(0))
    assert found == [(0, 0, 1), (2, 2, 1)]


def test_where_nothing_is_known_of_others_all_axes_stand_at_their_last_row():
    assert screened(None) == [tuple(3 * (i != axis) for i in range(5)) for axis in range(4)]
