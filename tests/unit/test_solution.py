"""The answer to a budget, from evaluated designs."""

from dataclasses import replace

import pytest

from dse.analysis.solution import Designs
from dse.analysis.wishes import wishes_of
from dse.contracts.metrics import Fidelity
from dse.store.queries import StoredMetric, StoredPoint


def metric(name, value, backend):
    fidelity = {"bittrue": Fidelity.EMULATED, "estimate": Fidelity.ESTIMATE, "open": Fidelity.RTL}
    return StoredMetric(name, value, "", "minimise", fidelity[backend], None, None, backend, "t", 1)


def point(number, accuracy, lut, latency=100.0, made=None):
    costs = {"lut": lut, "latency_ns": latency, "ff": 1.0, "dsp": 1.0, "bram_18k": 0.0}
    found = [metric("accuracy", accuracy, "bittrue")]
    found += [metric(name, value, "estimate") for name, value in costs.items()]
    if made is not None:
        found += [metric(n, v, "open") for n, v in {**costs, "lut": made}.items()]
    return StoredPoint("s", number, {"layers.a.bits": number}, tuple(found))


def designs(*points, **given):
    wishes = wishes_of(
        given or {"accuracy": "0.9", "lut": "10000"},
        score="accuracy",
        score_direction="maximise",
        optimise=None,
        part="xc7a100t",
        clock_period_ns=5.0,
    )
    return Designs(points, wishes)


def test_the_cheapest_that_keeps_all_limits():
    found = designs(point(1, 0.95, 5000), point(2, 0.91, 3000), point(3, 0.89, 1000))
    assert found.best.number == 2


def test_circuits_correct_estimates():
    """Where circuits take twice what was estimated, so will the others."""
    found = designs(point(1, 0.95, 3000, made=6000), point(2, 0.95, 2000), point(3, 0.95, 5500))
    assert found.ratios["lut"] == 2
    assert [one.number for one in found.kept] == [2, 1]
    assert found.best.value("lut") == 4000
    assert not found.best.made


def test_what_would_have_to_give():
    found = designs(point(1, 0.95, 20000), point(2, 0.85, 3000), point(3, 0.5, 2000))
    assert not found.kept
    accuracy, lut = found.wishes.asked
    assert found.giving_up(accuracy).number == 2
    assert found.giving_up(lut).number == 1
    assert found.best.number == 2, "0.06 of the accuracy is less than 1.0 of the LUTs"


def test_the_designs_beside_it_are_a_front():
    points = [
        point(1, 0.92, 3000),
        point(2, 0.93, 3100),
        point(3, 0.91, 3200),
        point(4, 0.97, 6000),
    ]
    found = designs(*points, point(5, 0.80, 1000), point(6, 0.99, 60000))
    assert [one.number for one in found.beside(found.best)] == [5, 2, 4, 6]


def test_a_design_without_a_number_does_not_count():
    lacking = StoredPoint("s", 9, {}, (metric("accuracy", 1.0, "bittrue"),))
    found = designs(lacking, point(1, 0.95, 5000))
    assert [one.number for one in found.all] == [1]
    assert designs(lacking).best is None


def test_a_limit_of_the_figure_of_merit_alone_leaves_the_rest_free():
    found = designs(point(1, 0.95, 50000), point(2, 0.99, 60000), accuracy="0.9")
    assert found.best.number == 1
    assert found.best.missed(found.wishes.limits) == pytest.approx(0)


def test_designs_whose_circuit_could_not_be_made_are_left_out():
    points = [point(1, 0.95, 3000), point(2, 0.95, 4000), point(3, 0.95, 5000, made=5000)]
    found = Designs(points, designs().wishes, unbuildable={1})
    assert found.best.number == 2
    assert [one.number for one in found.to_make(5)] == [2]


def test_four_input_tables_are_the_luts_of_their_family():
    costs = {"lut4": 6000.0, "latency_ns": 900.0, "ff": 1.0, "dsp": 1.0, "fmax_mhz": 150.0}
    routed = [metric(name, value, "open") for name, value in costs.items()]
    own = point(1, 0.95, 3000)
    found = designs(StoredPoint("s", 1, own.parameters, (*own.metrics, *routed)))
    assert found.best.made
    assert found.best.value("lut") == 6000
    assert found.best.value("fmax_mhz") == 150


def test_circuits_are_made_of_what_may_beat_those_that_are():
    """Corrected estimates are off by a tenth."""
    made = point(1, 0.95, 5000, made=5000)
    assert [d.number for d in designs(made, point(2, 0.95, 5400)).to_make(5)] == [2]
    assert designs(made, point(2, 0.95, 5600)).to_make(5) == []


def test_a_limit_is_as_sharp_as_the_estimates_are():
    """Where circuits take 0.96 and 1.04 of their estimates, one over the limit may keep it."""
    known = [point(1, 0.95, 5000, made=4800), point(2, 0.95, 5000, made=5200)]
    over, beyond = point(3, 0.99, 10500), point(4, 0.99, 10700)
    limits = {"lut": "10000"}  # the most accurate within it
    found = designs(*known, over, beyond, **limits)
    assert found.scatter["lut"] == pytest.approx(0.04 * 2**0.5, rel=0.01)
    assert [one.number for one in found.to_make(5)] == [3]
    assert found.best.number == 1, "nothing that may miss a limit is the answer"
    safe = point(5, 0.97, 9000)
    assert [d.number for d in designs(*known, over, safe, **limits).to_make(5)] == [5, 3]
    sharp = designs(point(1, 0.95, 5000, made=5000), over, **limits)
    assert sharp.to_make(5) == [], "one circuit tells nothing about the scatter"


def test_a_design_that_nobody_wants_is_no_neighbour():
    found = designs(point(1, 0.95, 5000), point(2, 0.5, 4900), point(3, 0.8, 4800))
    assert [one.number for one in found.beside(found.best)] == [3]


def test_a_front_gains_by_designs_within_the_limits_alone():
    ends = [point(1, 0.92, 2000), point(2, 0.98, 8000)]
    before = designs(*ends)
    assert designs(*ends, point(3, 0.92, 9000)).gained_since(before) == 0, "dominated"
    assert designs(*ends, point(3, 0.89, 1000)).gained_since(before) == 0, "misses a limit"
    # spans 0.06 and 6,000, the box a twentieth larger: in its shares the new design adds
    # (0.95 - 0.92) / 0.063 of the one times (8,000 - 5,000) / 6,300 of the other
    after = designs(*ends, point(3, 0.95, 5000))
    old, new = 1.05 * 1.05 - 1, 0.25
    assert after.gained_since(before) == pytest.approx(new / (old + new))
    assert designs(point(1, 0.5, 2000)).gained_since(designs()) == 0


def test_a_front_gains_nothing_above_the_network_itself():
    lucky, ends = point(3, 0.99, 9000), [point(1, 0.92, 2000), point(2, 0.98, 8000)]
    before, after = designs(*ends), designs(*ends, lucky)
    assert after.gained_since(before) > 0
    itself = replace(before.wishes, quality=0.975)
    before, after = Designs(before.points, itself), Designs(after.points, itself)
    assert after.gained_since(before) == 0
    assert after.trades.max(axis=0).tolist() == [0.975, 9000]


def test_accuracy_above_the_network_itself_is_not_paid_for():
    found = designs(point(1, 0.98, 2000), point(2, 0.985, 9000), lut="10000")
    assert found.best.number == 2
    itself = Designs(found.points, replace(found.wishes, quality=0.975))
    assert itself.best.number == 1
    assert itself.best.value("accuracy") == 0.98, "numbers are shown as they are"
    assert itself.beside(itself.best) == []


def test_a_limit_just_above_the_network_itself_is_sought():
    wishes = designs(accuracy="0.98").wishes
    assert wishes.enough is None
    assert replace(wishes, quality=0.975).enough == 0.98
    assert replace(wishes, quality=0.985).enough == 0.985
