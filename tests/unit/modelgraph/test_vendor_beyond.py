"""Rules of the weights beyond the published layers: wider, and said to be."""

from typing import Any

import numpy as np
import pytest

from backends.modelgraph.vendor_hls.dense import predict_layer
from backends.modelgraph.vendor_hls.elementwise import softmax_of
from backends.modelgraph.vendor_hls.features import DenseLayer
from backends.modelgraph.vendor_hls.predicted import Predicted
from backends.modelgraph.vendor_hls.tools import (
    TOOLS,
    VITIS_2021,
    VITIS_2023,
    VIVADO,
    Target,
    VendorTool,
)

COUNTED = ("dsp", "bram_18k", "latency_cycles", "interval_cycles")


def layer(n_in: int, n_out: int, reuse: int, strategy: str, bits: int = 8) -> DenseLayer:
    rng = np.random.default_rng(5)
    weights = rng.integers(-(1 << (bits - 1)), 1 << (bits - 1), (n_in, n_out))
    return DenseLayer(weights, bits, 16, 16, reuse, strategy)


@pytest.mark.parametrize(
    ("tool", "inside", "outside", "said"),
    [
        (VIVADO, (64, 64, 512, "resource"), (64, 64, 4, "resource"), "reuse factor 4"),
        (VIVADO, (64, 64, 512, "resource"), (16, 64, 512, "resource"), "n_in 16"),
        (VIVADO, (32, 32, 512, "latency"), (32, 32, 7, "latency"), "reuse factor 7"),
        (VIVADO, (32, 32, 1, "resource"), (32, 300, 1, "resource"), "n_out 300"),
        (VITIS_2023, (64, 64, 2048, "resource"), (64, 64, 8, "resource"), "reuse factor 8"),
    ],
)
def test_rules_beyond_the_data_are_wider_and_say_so(
    tool: VendorTool, inside: Any, outside: Any, said: str
) -> None:
    within, beyond = (predict_layer(layer(*one), Target(tool)) for one in (inside, outside))
    for name in COUNTED:
        near, far = within[name], beyond[name]
        if isinstance(near, Predicted):
            assert near.extrapolated == ()
        if isinstance(far, Predicted):
            assert any(said in phrase for phrase in far.extrapolated), name
            assert far.low < far.value + 1e-9 < far.high, name


@pytest.mark.parametrize("tool", TOOLS.values(), ids=str)
@pytest.mark.parametrize("strategy", ["latency", "resource"])
@pytest.mark.parametrize("reuse", [1, 2, 7, 100])
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (300, 2)])
def test_no_number_outside_its_interval_whatever_the_layer(
    tool: VendorTool, strategy: str, reuse: int, shape: tuple[int, int]
) -> None:
    for bits in (2, 8, 18):
        found = predict_layer(layer(shape[0], shape[1], reuse, strategy, bits), Target(tool).rules)
        for answer in found.values():
            if isinstance(answer, Predicted):
                assert 0 <= answer.low <= answer.value <= answer.high


def test_a_softmax_of_other_sizes_is_extrapolated() -> None:
    near, far = (softmax_of(n, Target(VITIS_2021)) for n in (5, 40))
    for name in ("dsp", "bram_18k"):
        assert near[name] == Predicted.exact(5)
        other = far[name]
        assert isinstance(other, Predicted)
        assert (other.value, other.high) == (40, 80)
        assert "softmax of 40 elements" in other.extrapolated[0]
