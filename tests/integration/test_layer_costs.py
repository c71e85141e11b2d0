"""Estimated costs of single layers against the cells that Yosys counts in their circuits."""

from collections.abc import Callable
from pathlib import Path

import image_layers
import layer_samples as samples
import needs
import numpy as np
import pytest
from golden_designs import dense, given, spread

from backends.hls4ml.estimate.network_cost import layer_costs
from backends.modelgraph.builder import build_graph
from backends.modelgraph.cost import multipliers
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from backends.modelgraph.slice_rules import RULES
from backends.modelgraph.vendor_hls.tools import NEWEST
from backends.openhls.lower import lower
from backends.openhls.yosys import Counts, count

pytestmark = needs.synthesis

Layer = samples.Layer
IMAGE, ROWS = (4, 4, 2), (3, 4)


def activation(kind: str, function: str, **more: object) -> Callable[[], Layer]:
    return lambda: samples.activation("odd", kind, function, 4, **more)


def pool(kind: str, size: int) -> Callable[[], Layer]:
    sliding = {"size": (size, size), "stride": (1, 1) if size > 2 else (2, 2)}
    return lambda: image_layers.pooling("odd", "x", IMAGE, kind=kind, **sliding)[0]  # type: ignore[arg-type]


def embedding() -> Layer:
    table = {"n_in": 4, "n_out": 3, "vocab_size": 64, "embeddings_data": spread(1, 64, 3)}
    return {"name": "odd", "class_name": "Embedding", "inputs": ["x"], **table}


def normalisation() -> Layer:
    return image_layers.normalisation("odd", "x", IMAGE, np.random.default_rng(1))


def einsum() -> Layer:
    return samples.einsum_dense("odd", "x", "bc,cd->bd", (ROWS, (4, 5), (3, 5)), (5,))


LAYERS: dict[str, tuple[Callable[[], Layer], tuple[int, ...]]] = {
    "hard_tanh": (activation("HardActivation", "hard_tanh", slope=0.3), (4,)),
    "maximum": (lambda: samples.merge("odd", "maximum", "x", "y"), (4,)),
    "average_3x3": (pool("Average", 3), IMAGE),
}

SLOW_LAYERS: dict[str, tuple[Callable[[], Layer], tuple[int, ...]]] = {
    "relu6": (activation("Activation", "relu6"), (4,)),
    "ternary_tanh": (activation("Activation", "ternary_tanh"), (4,)),
    "threshold": (activation("ThresholdedReLU", "thresholdedrelu", activ_param=0.75), (4,)),
    "leaky": (activation("LeakyReLU", "leakyrelu", activ_param=0.3), (4,)),
    "elu": (activation("ELU", "elu", activ_param=1.75), (4,)),
    "selu": (activation("Activation", "selu"), (4,)),
    "softplus": (activation("Activation", "softplus"), (4,)),
    "prelu": (activation("PReLU", "prelu", param_data=spread(1, 4)), (4,)),
    "average": (lambda: samples.merge("odd", "average", "x", "y"), (4,)),
    "multiply": (lambda: samples.merge("odd", "multiply", "x", "y"), (4,)),
    "embedding": (embedding, (4,)),
    "normalisation": (normalisation, IMAGE),
    "max_2x2": (pool("Max", 2), IMAGE),
    "max_3x3": (pool("Max", 3), IMAGE),
    "average_2x2": (pool("Average", 2), IMAGE),
    "einsum_dense": (einsum, ROWS),
    "lstm": (lambda: samples.recurrent("odd", "LSTM", (3, 4, 3)), ROWS),
    "gru": (lambda: samples.recurrent("odd", "GRU", (3, 4, 3)), ROWS),
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def compare(make: Callable[[], Layer], shape: tuple[int, ...], folder: Path, cache: Path) -> None:
    layer = make()
    network = Network([*(given(name, *shape) for name in layer["inputs"]), layer],
                      layer["inputs"], ["odd"])  # fmt: skip
    graph, _ = build_graph(network, Settings(16, 6), folder)
    cost, (circuit, _) = layer_costs(graph)["odd"], lower(graph)
    counted = [
        count(circuit.modules[module], NEWEST.name, cache) * number
        for (name, module), number in circuit.instances.items()
        if name not in {"hold", "control"}
    ]
    total = sum(counted, Counts())
    assert cost.dsp == total.dsp
    assert cost.bram_18k == total.bram_18k
    assert total.ff / 2 <= cost.ff <= 2 * total.ff
    lut = total.lut + total.srl
    assert lut / 2 <= cost.lut <= 2 * lut
    assert cost.depth == circuit.latency


@pytest.mark.parametrize("layer", LAYERS)
def test_costs_are_within_a_factor_of_two(layer: str, tmp_path: Path, cache: Path) -> None:
    compare(*LAYERS[layer], tmp_path, cache)


@pytest.mark.slow
@pytest.mark.parametrize("layer", SLOW_LAYERS)
def test_more_costs_are_within_a_factor_of_two(layer: str, tmp_path: Path, cache: Path) -> None:
    compare(*SLOW_LAYERS[layer], tmp_path, cache)


_MORE = {
    name: (activation("Activation", name), (4,))
    for name in ("relu", "relu1", "binary_tanh", "sigmoid", "tanh", "softsign")
}


@pytest.mark.parametrize("width", [8, 16, 24])
def test_cycles_of_what_rounds_and_saturates_are_those_of_the_circuit(
    width: int, tmp_path: Path
) -> None:
    settings = Settings(width, width // 3, rounding="RND_CONV", overflow="SAT")
    layers = {**LAYERS, **SLOW_LAYERS, **_MORE}
    differing = {}
    for name in layers.keys() - {"einsum_dense", "lstm", "gru"}:  # their sums may saturate
        make, shape = layers[name]
        layer = make()
        inputs = [given(each, *shape) for each in layer["inputs"]]
        network = Network([*inputs, layer], layer["inputs"], ["odd"])
        graph, _ = build_graph(network, settings, tmp_path / name)
        estimated, built = layer_costs(graph)["odd"].depth, lower(graph)[0].latency
        if estimated != built:
            differing[name] = estimated, built
    assert differing == {}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("reuse", [1, 4])
def test_narrow_weights_take_slices_by_the_same_rule(
    rule: str, reuse: int, tmp_path: Path, cache: Path
) -> None:
    network = Network([given("x", 6), dense("d", "x", 6, 4)], ["x"], ["d"])
    graph, _ = build_graph(network, Settings(12, 8, reuse_factor=reuse), tmp_path)
    with multipliers(rule):
        cost = layer_costs(graph)["d"]
    circuit, _ = lower(graph)
    found = sum(
        count(circuit.modules[module], rule, cache).dsp * number
        for (name, module), number in circuit.instances.items()
        if name == "d"
    )
    assert cost.dsp == found
    assert found or rule != "yosys"
