"""What the method layerwise is made of: models of sums, their optimum, and what it finds."""

import itertools

import numpy as np
import pytest

from dse.analysis.hypervolume import box_of, hypervolume
from dse.search.additive import AdditiveModel, Likeness
from dse.search.candidates import CandidateGenerator
from dse.search.knapsack import best_rows
from dse.search.observed import Observation
from dse.search.proposals import Proposals
from dse.study.space import Space
from dse.study.validate import parse_study

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("seed", range(5))
def test_the_optimum_is_that_of_brute_force(seed):
    random = np.random.default_rng(seed)
    cost, used = (list(random.random((4, 3))) for _ in range(2))
    budget = 1.1 * sum(table.mean() for table in used)
    found = best_rows(cost, [used], [budget])
    points = itertools.product(range(3), repeat=4)
    legal = [p for p in points if sum(used[a][r] for a, r in enumerate(p)) <= budget]
    worth = {p: sum(cost[a][r] for a, r in enumerate(p)) for p in legal}
    assert worth[found] <= 1.01 * min(worth.values())


def test_no_point_within_the_budget():
    assert best_rows([np.ones(3)], [[np.ones(3)]], [0.5]) is None


def test_a_sum_is_learnt_from_few_points():
    """Of 10^6 points of a sum over six axes, 60 tell all."""
    lengths = [10] * 6
    curves = np.array([np.linspace(0, 1 + axis, 10) ** 2 for axis in range(6)])

    def total(points):
        return curves[np.arange(6), points].sum(axis=1)

    known, new = RANDOM.integers(0, 10, (60, 6)), RANDOM.integers(0, 10, (300, 6))
    alike = Likeness(lengths, [True] * 6, known)
    model = AdditiveModel(alike, total(known))
    mean, spread = model.predict(alike.at(new))
    assert np.corrcoef(mean, total(new))[0, 1] > 0.97
    assert (spread > 0).all()
    at_known, _ = model.predict(alike.at(known))
    assert np.abs(at_known - total(known)).max() < 0.1 * np.ptp(total(known))
    tables = model.tables()
    assert all(np.corrcoef(t, c)[0, 1] > 0.9 for t, c in zip(tables[2:], curves[2:], strict=True))


LAYERS = 5
TEXT = "workload: {name: w}\nbackends: [b]\nspace:\n" + "".join(
    f"  layers.fc{n}.bits: {{range: {{start: 2, stop: 13}}}}\n" for n in range(LAYERS)
)
SPACE = Space(parse_study(TEXT))
NEEDED = np.array([3, 9, 4, 6, 8])
"""Bits from which on a layer loses nothing."""

WEIGHT = np.array([5, 1, 8, 2, 1.0])


def outcome(rows):
    """Cost, a sum; and the loss, of which each bit too few doubles a layer's share."""
    bits = np.array(rows) + 2
    loss = (2.0 ** np.clip(NEEDED - bits, 0, None) - 1).sum() / 10
    return float(WEIGHT @ bits), float(loss)


def least_cost(method, count, seed):
    """Least cost among the designs that lose at most 0.1."""
    proposals, known = Proposals(SPACE, method, ("minimise",), seed), []
    while len(known) < count:
        for rows in proposals.next(known, 8):
            cost, loss = outcome(rows)
            margin = (loss - 0.1) / 0.1
            known.append(Observation(rows, (cost,), max(margin, 0.0), (margin,)))
    return min((one.values[0] for one in known if not one.violation), default=np.inf)


def test_the_cheapest_design_of_many_layers_is_found():
    """Of 250,000 designs, in 128: one layer may have a bit less, best the one that costs most."""
    best = float(WEIGHT @ NEEDED) - WEIGHT.max()
    assert least_cost("layerwise", 128, 0) <= 1.03 * best


def coupled(rows):
    """Cost that is no sum over axes: of multipliers, which take the bits of two layers."""
    bits = np.array(rows) + 2.0
    return float((WEIGHT * bits * np.roll(bits, 1)).sum())


def least_coupled(seed, asked=None):
    """Least cost of 96 designs; the sizes of what is asked at once go to `asked`, if given."""

    def given(points):
        asked.append(len(points))
        return np.array([[coupled(rows)] for rows in points])

    told = None if asked is None else given
    proposals, known = Proposals(SPACE, "layerwise", ("minimise",), seed, known=told), []
    while len(known) < 96:
        for rows in proposals.next(known, 8):
            margin = (outcome(rows)[1] - 0.1) / 0.1
            known.append(Observation(rows, (coupled(rows),), max(margin, 0.0), (margin,)))
    return min(one.values[0] for one in known if not one.violation)


def test_costs_that_are_known_are_asked_for_where_they_promise_most():
    asked = []
    told = [least_coupled(seed, asked) for seed in range(4)]
    assert np.mean(told) < np.mean([least_coupled(seed) for seed in range(4)])
    assert 8 <= max(asked) <= 64


def batch_by_sums(count, given):
    """A batch of designs for which a search of SPACE draws none by chance."""
    known = []
    while len(known) < 40:  # alike layers, one changed at a time, and a first batch by sums
        start = Proposals(SPACE, "layerwise", ("minimise",), 0).next(known, 20)
        known += [Observation(rows, (coupled(rows),)) for rows in start]
    proposals = Proposals(SPACE, "layerwise", ("minimise",), 0, known=given)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CandidateGenerator, "draw_random", lambda *_: iter(()))
        return proposals.next(known, count)


def test_a_large_batch_has_candidates_to_choose_from():
    found = batch_by_sums(100, lambda points: np.array([[coupled(rows)] for rows in points]))
    assert len(found) == 100


def test_what_is_refused_makes_room_for_the_next():
    def given(points):
        return np.array([[np.inf if rows[1] < 9 else coupled(rows)] for rows in points])

    found = batch_by_sums(8, given)
    assert len(found) == 8
    assert all(rows[1] >= 9 for rows in found)


def test_where_all_is_refused_none_of_it_is_proposed():
    assert not batch_by_sums(8, lambda points: np.full((len(points), 1), np.inf))


def test_a_small_space_is_searched_to_its_end_though_the_rest_is_refused():
    def given(points):
        known = costs_alone(points)
        known[[rows[2] >= 2 for rows in points], 1] = np.inf
        return known

    proposals, known = Proposals(FEW, "layerwise", ("minimise", "minimise"), 0, known=given), []
    while found := proposals.next(known, 86):
        known += [Observation(rows, trade_off(rows)) for rows in found]
    assert len({one.rows for one in known}) == 344


def test_where_nothing_is_known_all_candidates_count():
    unknown = batch_by_sums(8, lambda points: np.full((len(points), 1), np.nan))
    assert unknown == batch_by_sums(8, None)


def test_a_batch_is_as_large_as_asked_for():
    proposals = Proposals(SPACE, "layerwise", ("minimise",), 3)
    first = proposals.next([], 70)
    assert len(first) == len(set(first)) == 70
    known = [Observation(rows, outcome(rows)[:1]) for rows in first]
    assert len(proposals.next(known, 9)) == 9


FEW = Space(
    parse_study(
        "workload: {name: w}\nbackends: [b]\nspace:\n"
        "  total_bits: {range: {start: 4, stop: 15}}\n"
        "  integer_bits: {range: {start: 1, stop: 8}}\n"
        "  reuse_factor: [1, 2, 4, 8]\n"
        "constraints: [integer_bits <= total_bits]\n"
    )
)
"""344 designs of 384: four bits have no more than four integer bits, and so on."""


def trade_off(rows):
    """Loss, to which the scarcer kind of bits counts, and a cost: neither is a sum over axes."""
    point = FEW.at(rows)
    fraction = point["total_bits"] - point["integer_bits"]
    loss = 2.0 ** -min(fraction, 2 * point["integer_bits"])
    cost = point["total_bits"] ** 2 / point["reuse_factor"] + 5 * point["reuse_factor"]
    return loss, cost


def share_found(method, count, seed, given=None):
    """Share of the whole space's hypervolume among designs chosen two at a time."""
    proposals, known = Proposals(FEW, method, ("minimise", "minimise"), seed, known=given), []
    while len(known) < count:
        known += [Observation(rows, trade_off(rows)) for rows in proposals.next(known, 2)]
    assert len({one.rows for one in known}) == len(known)
    every = [rows for rows in np.ndindex(12, 8, 4) if not FEW.violations(FEW.at(rows))]
    assert {one.rows for one in known} <= set(every)
    table = np.array([trade_off(rows) for rows in every])
    box = box_of(table, ("minimise", "minimise"))
    return hypervolume(np.array([one.values for one in known]), box) / hypervolume(table, box)


@pytest.mark.parametrize("seed", range(3))
def test_the_front_of_a_small_space_is_found_in_a_tenth_of_it(seed):
    assert share_found("layerwise", 36, seed) > 0.99
    assert share_found("random", 36, seed) < 0.99


def costs_alone(points):
    """The cost of points, which needs no evaluation; the loss does."""
    return np.array([(np.nan, trade_off(rows)[1]) for rows in points])


def test_costs_that_are_known_save_evaluations():
    """Eight designs with them find more than eight without, and almost all there is."""
    told, untold = (
        [share_found("layerwise", 8, seed, given) for seed in range(3)]
        for given in (costs_alone, None)
    )
    assert np.mean(told) > np.mean(untold) + 0.03
    assert min(told) > 0.9


def test_designs_that_are_known_to_be_refused_are_not_proposed():
    """Reuse factor 8 has no cost: no design of it comes after the start."""

    def given(points):
        known = costs_alone(points)
        known[[rows[2] == 3 for rows in points], 1] = np.inf
        return known

    proposals, known = Proposals(FEW, "layerwise", ("minimise", "minimise"), 0, known=given), []
    while len(known) < 30:
        known += [Observation(rows, trade_off(rows)) for rows in proposals.next(known, 2)]
    assert any(one.rows[2] == 3 for one in known[:8])
    assert all(one.rows[2] != 3 for one in known[8:])


REUSED = Space(
    parse_study(
        "workload: {name: w}\nbackends: [b]\nspace:\n"
        + "".join(f"  layers.fc{n}.reuse_factor: [1, 2, 4, 8, 16]\n" for n in range(14))
    )
)
STEEP = (2, 5)
"""Layers whose reuse factors cost the most, but nothing in one exchange."""


def exchanged(rows):
    """Cost of reuse factors: the farther from 4 the higher, but for one exchange of two layers."""
    away = np.array(rows) - 2
    up, down = STEEP
    sizes = np.where(np.isin(np.arange(14), STEEP), 50.0, 1.0 + np.arange(14) / 14)
    lucky = away[up] == 1 and away[down] == -1
    return 1.0 if lucky else 10.0 + float((sizes * away**2).sum())


@pytest.mark.parametrize("seed", range(3))
def test_exchanges_of_reuse_factors_are_asked_about_whatever_sums_say(seed):
    def given(points):
        return np.array([[exchanged(rows)] for rows in points])

    proposals, known = Proposals(REUSED, "layerwise", ("minimise",), seed, known=given), []
    known += [Observation((2,) * 14, (exchanged((2,) * 14),))]
    for _ in range(20):
        known += [Observation(rows, (exchanged(rows),)) for rows in proposals.next(known, 8)]
    assert min(one.values[0] for one in known) == 1.0
