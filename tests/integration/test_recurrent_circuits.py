"""Recurrent layers as circuits: simulated RTL against the arithmetic; csim confirms that elsewhere.

Layers stand side by side or one behind the other, so that one simulation tests several cells, each
with an interval of its own.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import layer_samples
import needs
import numpy as np
import pytest
from golden_designs import dense, given, spread
from layer_networks import Branch, Layer, side_by_side

from backends.hls4ml.estimate.network_cost import layer_costs, total
from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from backends.openhls.lower import lower
from backends.openhls.simulate import Simulated, simulate
from dse.contracts.errors import EvaluationError

STEPS, N_IN, N_STATE = 4, 3, 2
SHAPE = STEPS, N_IN, N_STATE
SAMPLES = 12


def recurrent(name: str, kind: str, **more: Any) -> Layer:
    return layer_samples.recurrent(name, kind, SHAPE, **more)


def families() -> Network:
    """Cells of all kinds, with all states or the last, in one or both directions."""
    both = layer_samples.bidirectional("both", ("LSTM", "GRU"), SHAPE, return_sequences=True)
    other = {"activation": "relu", "recurrent_activation": "tanh"}
    branches = [
        Branch([recurrent("lstm", "LSTM")], (N_STATE,)),
        Branch([recurrent("gru", "GRU", return_sequences=True)], (STEPS, N_STATE)),
        Branch([recurrent("lstm_other", "LSTM", return_sequences=True, **other)], (STEPS, N_STATE)),
        Branch([recurrent("gru_other", "GRU", **other)], (N_STATE,)),
        Branch([both], (STEPS, 2 * N_STATE)),
    ]
    return side_by_side([given("x", STEPS, N_IN)], branches)


def stacked() -> Network:
    """An LSTM that reads the states of a GRU, one in both directions on it, and a dense layer."""
    second = layer_samples.recurrent("second", "LSTM", (STEPS, N_STATE, 3), return_sequences=True)
    third = layer_samples.bidirectional(
        "third", ("GRU", "LSTM"), (STEPS, 3, 2), return_sequences=False
    )
    layers = [
        given("x", STEPS, N_IN),
        recurrent("first", "GRU", return_sequences=True),
        second | {"inputs": ["first"]},
        third | {"inputs": ["second"]},
        dense("end", "third", 4, 2),
    ]
    return Network(layers, ["x"], ["end"])


_TYPES = {
    "x": "ufixed<7,3>",
    "lstm*": {"accum": "fixed<14,6,RND>", "result": "fixed<9,2,RND,SAT>", "weight": "fixed<8,2>"},
    "gru*": {"accum": "fixed<20,9,TRN,SAT>", "result": "fixed<10,2,RND_CONV,SAT_SYM>"},
    "both": {"accum": "fixed<27,9>", "result": "fixed<19,2>"},  # products take several slices
}
CASES = {
    "families": (families(), Settings(16, 6)),
    "types": (families(), Settings(12, 4, table_size=64, layer_precision=_TYPES, reuse_factor=3)),
    "stacked_few_multipliers": (
        stacked(),
        Settings(9, 3, "RND_ZERO", strategy="resource", reuse_factor=100),
    ),
}


def simulated(network: Network, settings: Settings, folder: Path) -> tuple[Simulated, Any]:
    """Simulate a network, compare its outputs with the arithmetic, and return its graph too."""
    steps = network.layers[0]["input_shape"][0]
    x = spread(3, SAMPLES, steps, N_IN) * 2
    graph, _ = build_graph(network, settings, folder / "project")
    expected = evaluate(graph, [x]).outputs
    circuit, text = lower(graph)
    found = simulate(circuit, text, {"x": x}, folder, folder / "cache")
    np.testing.assert_array_equal(found.outputs, expected.reshape(found.outputs.shape))
    assert np.ptp(expected, axis=0).any()
    return found, graph


@needs.simulator
@pytest.mark.parametrize("case", CASES)
def test_rtl_gives_the_values_in_the_estimated_cycles(case: str, tmp_path: Path) -> None:
    found, graph = simulated(*CASES[case], tmp_path)
    costs = layer_costs(graph)
    assert found.interval_cycles == total(graph, costs).interval
    if case == "families":
        # product of 2 states 1, level of adders 1, result 1; sums 1; gates 3; memory 2; its tanh
        # 3; output 1; register 1. The first step waits for its inputs and a level of adders more
        assert costs["lstm"].interval == STEPS * (1 + 1 + 1 + 1 + 3 + 2 + 3 + 1 + 1)
        assert costs["lstm"].depth == costs["lstm"].interval + 1 + 1
    if case.startswith("stacked"):
        assert found.latency_cycles == total(graph, costs).depth


@needs.simulator
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize(
    ("rounding", "overflow"),
    [("TRN", "WRAP"), ("TRN_ZERO", "SAT"), ("RND_INF", "SAT_ZERO"), ("RND_CONV", "SAT_SYM")],
)
@pytest.mark.parametrize("reuse", [1, 6])
@pytest.mark.parametrize("steps", [1, 5])
def test_rtl_gives_the_values_in_all_formats(
    kind: str, rounding: str, overflow: str, reuse: int, steps: int, tmp_path: Path
) -> None:
    layer = layer_samples.recurrent("r", kind, (steps, N_IN, 4), return_sequences=reuse > 1)
    modes = f"{rounding},{overflow}"
    types = {"r": {"accum": f"fixed<21,9,{modes}>", "result": f"fixed<10,1,{modes}>"}}
    settings = Settings(13, 4, rounding, reuse_factor=reuse, layer_precision=types)
    found, graph = simulated(Network([given("x", steps, N_IN), layer], ["x"], ["r"]), settings,
                             tmp_path)  # fmt: skip
    cost = layer_costs(graph)["r"]
    assert (found.interval_cycles, found.latency_cycles) == (cost.interval, cost.depth)


def lowered(layers: Sequence[Layer], settings: Settings, folder: Path) -> Any:
    network = Network([given("x", STEPS, N_IN), *layers], ["x"], [layers[-1]["name"]])
    return lower(build_graph(network, settings, folder)[0])


def test_an_accumulator_that_may_saturate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"'r' \(LSTM\).* accumulator .* may saturate") as e:
        lowered([recurrent("r", "LSTM")], Settings(8, 2, overflow="SAT"), tmp_path)
    assert "layer_precision: {r: {accum" in e.value.hint


def test_multipliers_are_shared_up_to_one_for_each_product(tmp_path: Path) -> None:
    """Each step waits for a kernel that is used more often than the loop over a state is long."""
    layer = layer_samples.recurrent("r", "GRU", (STEPS, N_IN, 8))
    settings = Settings(12, 4, strategy="resource", reuse_factor=10_000)
    circuit, _ = lowered([layer], settings, tmp_path)
    assert circuit.interval > STEPS * 8 * 24  # all products of a step, one after the other
