"""Value rules of layers side by side against the compiled firmware: not one bit may differ."""

from pathlib import Path

import layer_samples
import needs
import numpy as np
import pytest
from golden_designs import dense, given, spread
from layer_networks import both

from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings

# the inputs of the merges: node numbers, and one that cannot be negative
_MERGE_TYPES = {"index": "uint<3>", "u": "ufixed<9,5>"}
_RESOURCE = {"strategy": "resource", "overflow": "SAT"}
_RECURRENT_TYPES = {
    "x": "fixed<10,4>",
    "LSTM*": {
        "accum": "fixed<14,6,RND,SAT>",
        "result": "fixed<9,2,RND,SAT>",
        "weight": "fixed<8,2>",
        "recurrent_weight": "fixed<7,1>",
        "bias": "fixed<9,3>",
    },
    "GRU*": {"accum": "fixed<15,5>", "result": "fixed<11,2,RND_CONV,SAT>", "weight": "fixed<8,2>"},
    "mixed": {"accum": "fixed<13,5>", "result": "fixed<10,1,RND,SAT_SYM>"},
}

CASES = {
    "activations": (layer_samples.activations(0), Settings(16, 6)),
    "activations_wide_tables": (
        layer_samples.activations(1, table_size=4096),
        Settings(
            24,
            10,
            "RND_CONV",
            "SAT_SYM",
            granularity="name",
            table_size=4096,
            table_precision="fixed<44,4,RND,SAT>",
        ),
    ),
    "activations_overflow": (
        layer_samples.activations(2, table_size=32),
        Settings(8, 3, "RND", "SAT", table_size=32, table_precision="fixed<40,4>"),
    ),
    "merges": (layer_samples.merges(0), Settings(10, 4, layer_precision=_MERGE_TYPES)),
    "merges_saturate": (
        layer_samples.merges(1),
        Settings(9, 4, "RND_CONV", "SAT", granularity="name", layer_precision=_MERGE_TYPES),
    ),
    "softmaxes": (layer_samples.softmaxes(0), Settings(16, 6)),
    "softmaxes_wide_tables": (
        layer_samples.softmaxes(1),
        Settings(12, 4, "RND", "SAT_SYM", table_size=64, table_precision="fixed<40,6>"),
    ),
    "recurrents": (layer_samples.recurrents(0), Settings(16, 6)),
    "recurrents_types": (
        layer_samples.recurrents(0, 3, 4),
        Settings(12, 4, layer_precision=_RECURRENT_TYPES),
    ),
    # the product of the input has other legal reuse factors than that of the state: 5 and 4
    "recurrents_resource": (
        layer_samples.recurrents(1, 5, 4),
        Settings(9, 3, "RND", table_size=64, reuse_factor=5, **_RESOURCE),
    ),
    # 14 and 18 for an LSTM, 21 and 9 for a GRU, also where they are the directions of "mixed"
    "recurrents_few_multipliers": (
        layer_samples.recurrents(2, 7, 3),
        Settings(10, 3, granularity="name", reuse_factor=16, **_RESOURCE),
    ),
    "products": (layer_samples.products(0), Settings(16, 6)),
    "products_saturate": (
        layer_samples.products(1),
        Settings(9, 3, "TRN_ZERO", "SAT", granularity="name", table_precision="ufixed<30,8>"),
    ),
}


@needs.compiler
@pytest.mark.parametrize("case", CASES)
def test_bittrue_is_csim(case: str, tmp_path: Path) -> None:
    sample, settings = CASES[case]
    found = both(sample.network, settings, sample.inputs, tmp_path)
    np.testing.assert_array_equal(found.bittrue, found.csim)
    assert np.ptp(found.csim, axis=0).any(), "all samples have one output"


@needs.compiler
def test_inputs_of_integer_types_truncate_towards_zero(tmp_path: Path) -> None:
    """ap_int's constructor from a double makes 1 of numbers between -1/2 and 0."""
    x = spread(1, 40, 4, low=-3, high=3)
    network = Network([given("x", 4), dense("d", "x", 4, 3)], ["x"], ["d"])
    found = both(network, Settings(12, 4, layer_precision={"x": "int<4>"}), [x], tmp_path)
    np.testing.assert_array_equal(found.bittrue, found.csim)
