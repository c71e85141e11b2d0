"""What is left of a report after later stages, from few published designs."""

import math

import numpy as np
import pytest
from scipy.stats import t

from backends.modelgraph.vendor_hls.predicted import Predicted, Unknown
from backends.modelgraph.vendor_hls.stages import PAIRS, Pairs, at_stage

REPORT = {
    "lut": Predicted(1000, 900, 1100),
    "ff": Predicted(500, 500, 500),
    "bram_18k": Predicted(4, 4, 4),
    "latency_cycles": Predicted(7, 6, 7),
}


@pytest.mark.parametrize("place", PAIRS)
def test_the_interval_is_that_of_the_next_design(place: tuple[str, str]) -> None:
    pairs = PAIRS[place]
    logs, n = np.log(pairs.ratios), len(pairs.ratios)
    half = t.ppf(0.95, n - 1) * logs.std(ddof=1) * math.sqrt(1 + 1 / n)
    assert pairs.spread == pytest.approx(half, rel=1e-3)
    assert math.log(pairs.ratio) == pytest.approx(logs.mean())


def test_intervals_hold_designs_that_were_left_out() -> None:
    """Each in turn, of the quantity with the most; the smallest jet tagger is the one outside."""
    ratios = PAIRS["routed", "lut"].ratios
    held = []
    for number, ratio in enumerate(ratios):
        others = ratios[:number] + ratios[number + 1 :]
        logs = np.log(others)
        half = t.ppf(0.95, len(others) - 1) * logs.std(ddof=1) * math.sqrt(1 + 1 / len(others))
        held.append(abs(math.log(ratio) - logs.mean()) <= half)
    assert sum(held) == len(ratios) - 1


def test_counts_shrink_and_intervals_widen() -> None:
    found = at_stage(REPORT, "vsynth")["lut"]
    assert isinstance(found, Predicted)
    assert found.value < 1000
    assert found.high / found.low > 1100 / 900
    assert "vsynth from 5 designs" in found.extrapolated


def test_without_a_pair_there_is_no_number_and_cycles_stay() -> None:
    found = at_stage(REPORT, "routed")
    assert isinstance(found["ff"], Unknown)
    assert isinstance(found["bram_18k"], Unknown)
    assert found["latency_cycles"] == REPORT["latency_cycles"]
    assert at_stage(REPORT, "csynth") == REPORT


def test_none_stays_none() -> None:
    none = {"bram_18k": Predicted.exact(0)}
    assert at_stage(none, "routed") == none


def test_equal_ratios_have_no_spread() -> None:
    assert Pairs((0.5, 0.5, 0.5, 0.5), "").spread == 0
