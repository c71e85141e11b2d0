"""Value rules against independent float computations, with types so wide that they hardly round."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import layer_samples
import numpy as np
import pytest
from golden_designs import given, spread
from layer_networks import Layer
from layer_samples import MERGES, SAMPLES, activation, merge, softmax
from numpy.typing import NDArray

from backends.hls4ml.estimate.network_cost import layer_costs
from backends.modelgraph.builder import build_graph
from backends.modelgraph.c_math import expf, tanhf
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from backends.openhls.lower import lower
from dse.contracts.errors import EvaluationError

WIDE = Settings(40, 16, table_size=65536, table_precision="fixed<40,8>")
Floats = NDArray[Any]


def outputs(
    folder: Path, layers: list[Layer], *inputs: Floats, settings: Settings = WIDE
) -> Floats:
    """Output of the last layer; the first layers are the inputs."""
    names = [layer["name"] for layer in layers[: len(inputs)]]
    graph, _ = build_graph(Network(layers, names, [layers[-1]["name"]]), settings, folder)
    return evaluate(graph, inputs).outputs


def sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def elu(x: Floats) -> Floats:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


EXPECTED = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "relu1": lambda x: np.clip(x, 0, 1),
    "relu6": lambda x: np.clip(x, 0, 6),
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "softplus": lambda x: np.log1p(np.exp(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "elu": elu,
    "selu": lambda x: 1.05070098 * np.where(x > 0, x, 1.67326324 * elu(x)),
    "binary_tanh": lambda x: np.where(x >= 0, 1, -1),
    "ternary_tanh": lambda x: np.where(x > 0.5, 1, np.where(x > -0.5, 0, -1)),
}
X = spread(3, SAMPLES, 4, low=-7.9, high=7.9)


@pytest.mark.parametrize("name", EXPECTED)
def test_activations(name: str, tmp_path: Path) -> None:
    layer = activation("a", "Activation", name, 4, table_size=65536)
    x = X / 2 if name == "tanh" else X  # its table covers [-4, 4)
    found = outputs(tmp_path, [given("x", 4), layer], x)
    np.testing.assert_allclose(found, EXPECTED[name](x.astype(float)), atol=3e-4)


SLOPES = np.array([0.5, -0.25, 0, 2], dtype=np.float32)
PARAMETRISED = {
    "leaky": (
        ("LeakyReLU", "leakyrelu", {"activ_param": 0.3}),
        lambda x: np.where(x > 0, x, 0.3 * x),
    ),
    "threshold": (
        ("ThresholdedReLU", "thresholdedrelu", {"activ_param": 0.75}),
        lambda x: np.where(x > 0.75, x, 0),
    ),
    "elu": (
        ("ELU", "elu", {"activ_param": 1.75, "table_size": 65536}),
        lambda x: np.where(x > 0, x, 1.75 * elu(x)),
    ),
    "prelu": (("PReLU", "prelu", {"param_data": SLOPES}), lambda x: np.where(x > 0, x, SLOPES * x)),
    "sigmoid": (
        ("HardActivation", "hard_sigmoid", {}),
        lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    ),
    "tanh": (
        ("HardActivation", "hard_tanh", {"slope": 0.5}),
        lambda x: np.clip(x, -1, 1),
    ),
}


@pytest.mark.parametrize("case", PARAMETRISED)
def test_activations_with_parameters(case: str, tmp_path: Path) -> None:
    (kind, function, more), expected = PARAMETRISED[case]
    layers = [given("x", 4), activation("a", kind, function, 4, **more)]
    found = outputs(tmp_path, layers, X)
    np.testing.assert_allclose(found, expected(X.astype(float)), atol=3e-4)


OPERATIONS = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "average": lambda x, y: (x + y) / 2,
    "maximum": np.maximum,
    "minimum": np.minimum,
}


@pytest.mark.parametrize("name", MERGES)
def test_merges_are_exact(name: str, tmp_path: Path) -> None:
    y = spread(7, SAMPLES, 1, 4, low=-3, high=3)
    x = X.reshape(SAMPLES // 3, 3, 4)
    layers = [given("x", 3, 4), given("y", 1, 4), merge("m", name, "x", "y")]
    found = outputs(tmp_path, layers, x, y[: len(x)])
    np.testing.assert_array_equal(found, OPERATIONS[name](x.astype(float), y[: len(x)]))


def test_a_merge_that_the_firmware_leaves_undefined_is_refused(tmp_path: Path) -> None:
    """hls4ml takes "4" for larger than "3*4"."""
    layers = [given("x", 3, 4), given("y", 4), merge("m", "add", "x", "y")]
    with pytest.raises(EvaluationError, match=r"layer 'm' .*cannot repeat the smaller"):
        outputs(tmp_path, layers, np.zeros((2, 3, 4)), np.zeros((2, 4)))


def test_shared_slopes_are_refused(tmp_path: Path) -> None:
    layer = activation("p", "PReLU", "prelu", 4, param_data=SLOPES[:1])
    with pytest.raises(EvaluationError, match=r"layer 'p' .*shared_axes"):
        outputs(tmp_path, [given("x", 4), layer], X)


def test_an_unknown_activation_is_refused_by_its_name(tmp_path: Path) -> None:
    layer = activation("a", "Activation", "gelu", 4)
    with pytest.raises(EvaluationError, match=r"layer 'a' .*'gelu'"):
        outputs(tmp_path, [given("x", 4), layer], X)


def embedding(n_words: int) -> Layer:
    table = np.arange(n_words * 3, dtype=np.float32).reshape(n_words, 3)
    kind = {"class_name": "Embedding", "n_in": 2, "n_out": 3, "vocab_size": n_words}
    return {"name": "e", "inputs": ["x"], "embeddings_data": table, **kind}


def test_embedding(tmp_path: Path) -> None:
    index = np.array([[0, 4], [3, 1]], dtype=np.float32)
    found = outputs(tmp_path, [given("x", 2), embedding(5)], index)
    np.testing.assert_array_equal(found, index.astype(int)[:, :, None] * 3 + np.arange(3))


def test_an_index_beyond_the_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"layer 'e' .*outside 0 … 2"):
        outputs(tmp_path, [given("x", 2), embedding(3)], np.array([[0.0, 3.0]]))


def softmax_of(x: Floats, axis: int) -> Floats:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


@pytest.mark.parametrize("implementation", ["stable", "latency", "legacy"])
@pytest.mark.parametrize(("axis", "sizes"), [(2, {"n_outer": 2, "n_inner": 4}), (-1, {})])
def test_softmax_over_one_axis(
    implementation: str, axis: int, sizes: dict[str, int], tmp_path: Path
) -> None:
    """hls4ml's handler of `Activation("softmax")` gives no sizes: the last axis is meant."""
    x = spread(5, SAMPLES, 2, 3, 4, low=-0.7, high=0.7)  # sums below 8
    layer = softmax("s", "x", 24, axis=axis, implementation=implementation, **sizes)
    types = {"s": {"inv_inp": "fixed<18,4>"}}  # tables are addressed by the top bits of a type
    narrow = Settings(18, 4, table_size=4096, table_precision="fixed<24,6>", layer_precision=types)
    found = outputs(tmp_path, [given("x", 2, 3, 4), layer], x, settings=narrow)
    np.testing.assert_allclose(found, softmax_of(x.astype(float), axis=axis), atol=0.03)


def test_argmax_is_one_for_the_first_of_the_largest(tmp_path: Path) -> None:
    layer = softmax("s", "x", 3, implementation="argmax")
    x = np.array([[1, 3, 3], [-1, -2, -3]], dtype=np.float32)
    found = outputs(tmp_path, [given("x", 3), layer], x)
    np.testing.assert_array_equal(found, [[0, 1, 0], [1, 0, 0]])


def weights(layer: Layer, prefix: str = "") -> tuple[Floats, ...]:
    names = ("weight", "recurrent_weight", "bias", "recurrent_bias")
    zero = np.zeros(layer[f"{prefix}bias_data"].shape)
    return tuple(np.asarray(layer.get(f"{prefix}{n}_data", zero), dtype=float) for n in names)


def lstm(x: Floats, layer: Layer, prefix: str = "") -> Floats:
    """Equations of Keras' LSTM; all states (batch, time, n)."""
    w, u, b, _ = weights(layer, prefix)
    h = c = np.zeros((len(x), len(u)))
    states = []
    for step in x.swapaxes(0, 1):
        i, f, g, o = np.split(step @ w + h @ u + b, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.stack(states, axis=1)


def gru(x: Floats, layer: Layer, prefix: str = "") -> Floats:
    """Equations of Keras' GRU with reset_after; all states (batch, time, n)."""
    w, u, b, d = weights(layer, prefix)
    h = np.zeros((len(x), len(u)))
    states = []
    for step in x.swapaxes(0, 1):
        z, r, g = np.split(step @ w + b, 3, axis=1)
        uz, ur, ug = np.split(h @ u + d, 3, axis=1)
        z, r = sigmoid(z + uz), sigmoid(r + ur)
        h = z * h + (1 - z) * np.tanh(g + r * ug)
        states.append(h)
    return np.stack(states, axis=1)


SHAPE = STEPS, N_IN, N_STATE = 5, 3, 4
SEQUENCE = spread(9, SAMPLES, STEPS, N_IN)


@pytest.mark.parametrize(("kind", "expected"), [("LSTM", lstm), ("GRU", gru)])
@pytest.mark.parametrize("all_states", [False, True])
def test_recurrent_layers(kind: str, expected: Any, all_states: bool, tmp_path: Path) -> None:
    layer = layer_samples.recurrent("r", kind, SHAPE, return_sequences=all_states)
    layers = [given("x", STEPS, N_IN), layer | {"table_size": 65536}]
    found = outputs(tmp_path, layers, SEQUENCE)
    states = expected(SEQUENCE.astype(float), layer)
    np.testing.assert_allclose(found, states if all_states else states[:, -1], atol=2e-3)


@pytest.mark.parametrize("all_states", [False, True])
def test_both_directions(all_states: bool, tmp_path: Path) -> None:
    more = {"return_sequences": all_states, "table_size": 65536}
    layer = layer_samples.bidirectional("b", ("LSTM", "GRU"), SHAPE, **more)
    found = outputs(tmp_path, [given("x", STEPS, N_IN), layer], SEQUENCE)
    x = SEQUENCE.astype(float)
    ahead, back = lstm(x, layer, "forward_"), gru(x[:, ::-1], layer, "backward_")
    parts = (ahead, back[:, ::-1]) if all_states else (ahead[:, -1], back[:, -1])
    np.testing.assert_allclose(found, np.concatenate(parts, axis=-1), atol=2e-3)


def test_an_activation_that_recurrent_layers_lack_is_refused(tmp_path: Path) -> None:
    layer = layer_samples.recurrent("r", "GRU", SHAPE, recurrent_activation="hard_sigmoid")
    with pytest.raises(EvaluationError, match=r"layer 'r' .*'hard_sigmoid'"):
        outputs(tmp_path, [given("x", STEPS, N_IN), layer], SEQUENCE)


@pytest.mark.parametrize(
    ("equation", "kernel", "shape"),
    [
        ("bc,cd->bd", (4, 5), (3, 5)),
        ("bc,cde->dbe", (4, 2, 5), (2, 3, 5)),
        ("bc,bcd->bd", (3, 4, 2), (3, 2)),
    ],
)
def test_einstein_sums_with_weights(
    equation: str, kernel: tuple[int, ...], shape: tuple[int, ...], tmp_path: Path
) -> None:
    x = spread(2, SAMPLES, 3, 4)
    layer = layer_samples.einsum_dense("e", "x", equation, ((3, 4), kernel, shape), shape)
    inputs, output = equation.split("->")
    left, right = inputs.split(",")
    expected = np.einsum(f"n{left},{right}->n{output}", x.astype(float), layer["weight_data"])
    found = outputs(tmp_path, [given("x", 3, 4), layer], x)
    np.testing.assert_allclose(found, expected + layer["bias_data"], atol=1e-5)


def test_einstein_sums_have_the_latency_strategy_whatever_is_asked_for(tmp_path: Path) -> None:
    shapes = ((3, 4), (4, 5), (3, 5))
    layers = [given("x", 3, 4), layer_samples.einsum_dense("e", "x", "bc,cd->bd", shapes)]
    network, settings = Network(layers, ["x"], ["e"]), {"strategy": "resource", "reuse_factor": 2}
    graph, warnings = build_graph(network, replace(WIDE, **settings), tmp_path)
    (node,) = (node for node in graph.get_layers() if node.class_name == "EinsumDense")
    assert node.get_attr("strategy").lower() == "latency"
    assert any("layer 'e' (EinsumDense) has the latency strategy" in text for text in warnings)
    x = spread(2, SAMPLES, 3, 4)
    assert np.array_equal(evaluate(graph, [x]).outputs, outputs(tmp_path, layers, x))


def test_einstein_sums_of_two_inputs(tmp_path: Path) -> None:
    x, y = spread(2, SAMPLES, 2, 3, 4), spread(3, SAMPLES, 3, 2, 5)
    layer = layer_samples.einsum("e", "abc,bad->adc", ((2, 3, 4), (3, 2, 5), (2, 5, 4)), "x", "y")
    found = outputs(tmp_path, [given("x", 2, 3, 4), given("y", 3, 2, 5), layer], x, y)
    np.testing.assert_allclose(found, np.einsum("nabc,nbad->nadc", x, y), atol=1e-5)


def test_layer_normalisation(tmp_path: Path) -> None:
    x = spread(4, SAMPLES, 3, 4)
    layer = layer_samples.normalisation("n", 3, 4, table_size=65536, table_range_power2=0)
    settings = Settings(40, 16, layer_precision={"n": {"table": "ufixed<40,8>"}})
    found = outputs(tmp_path, [given("x", 3, 4), layer], x, settings=settings)
    centred = x - x.mean(axis=-1, keepdims=True, dtype=float)
    normal = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-3)
    expected = normal * layer["gamma_data"] + layer["beta_data"]
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_results_of_integer_types_truncate_towards_zero(tmp_path: Path) -> None:
    """An ap_int does; an ap_fixed of the same width truncates downwards."""
    x = np.array([[-2.5, -0.75, 1.75, 3.0]], dtype=np.float32)
    layers = [given("x", 4), activation("a", "LeakyReLU", "leakyrelu", 4, activ_param=1.0)]
    for kind, expected in {"int<8>": [-2, 0, 1, 3], "fixed<8,8>": [-3, -1, 1, 3]}.items():
        settings = Settings(16, 8, layer_precision={"a": {"result": kind}})
        np.testing.assert_array_equal(outputs(tmp_path, layers, x, settings=settings), [expected])


@pytest.mark.parametrize("name", ["gelu", "silu"])
def test_an_activation_that_no_backend_has_is_refused(name: str, tmp_path: Path) -> None:
    layers = [given("x", 4), activation("a", "Activation", name, 4)]
    graph, _ = build_graph(Network(layers, ["x"], ["a"]), Settings(), tmp_path)
    with pytest.raises(EvaluationError, match=rf"layer 'a' .*estimate .*'{name}'"):
        layer_costs(graph)
    with pytest.raises(EvaluationError, match=rf"layer 'a' .*open .*'{name}'"):
        lower(graph)


def test_the_functions_of_c_are_those_of_numpy_up_to_the_last_bit() -> None:
    x = np.linspace(-8, 8, 999, dtype=np.float32)
    np.testing.assert_array_max_ulp(expf(x), np.exp(x.astype(float)).astype(np.float32), 1)
    np.testing.assert_array_max_ulp(tanhf(x), np.tanh(x.astype(float)).astype(np.float32), 2)
