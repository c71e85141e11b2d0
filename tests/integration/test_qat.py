"""Quantised networks against QKeras, csim, RTL and counting; cut trainings against whole ones."""

import importlib.util
from pathlib import Path
from typing import Any

import needs
import numpy as np
import pytest
from late import Late
from numpy.typing import NDArray

from backends.hls4ml.csim import compiled, run_library
from backends.hls4ml.estimate.network_cost import layer_costs, total
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import from_keras
from backends.modelgraph.settings import Settings
from backends.openhls.lower import lower
from backends.openhls.simulate import simulate
from dse.contracts.errors import DataError, EvaluationError
from dse.contracts.metrics import Fidelity
from dse.contracts.parameters import complete
from dse.runtime.keras_model import read_model
from workloads.keras import KerasWorkload
from workloads.keras_tuning import layer_bits
from workloads.quantisation.formats import Format

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
"""Keras reads its own variables so."""

qat: Any = Late("qat")

CASES: list[tuple[str, int, int, int]] = [
    ("interaction_network", 1, 6, 6),
    ("interaction_network", 2, 4, 5),
    ("interaction_network", 2, 1, 4),
    ("interaction_network", 1, 2, 3),
    ("interaction_network", 1, 8, 8),
]


@pytest.mark.parametrize(("network", "passes", "weights", "activations"), CASES)
def test_bittrue_gives_the_numbers_of_qkeras(
    network: str, passes: int, weights: int, activations: int, tmp_path: Path
) -> None:
    model = qat.before_sigmoid(qat.twin(network, passes, weights, activations))
    expected = model.predict(qat.graphs(network), verbose=0)
    graph, _ = build_graph(from_keras(model), Settings(), tmp_path)
    assert np.array_equal(evaluate(graph, qat.graphs(network)).outputs, expected)
    assert len(np.unique(expected)) > 10


def test_a_sigmoid_between_layers_costs_no_more_than_its_table(tmp_path: Path) -> None:
    """Appendix A: the first answer is an input of the second pass."""
    model, given = qat.twin("appendix_a", 2, 6, 6), qat.graphs("appendix_a")
    expected = model.predict(given, verbose=0)
    graph, _ = build_graph(from_keras(model), Settings(), tmp_path)
    differences = np.abs(evaluate(graph, given).outputs - expected)
    assert np.median(differences) < 0.005  # of the table, at any width
    assert np.mean(differences) < 0.01
    assert np.std(expected) > 0.05


@pytest.mark.parametrize(("network", "weights"), [("interaction_network", 2), ("appendix_a", 5)])
def test_csim_and_bittrue_agree_bit_for_bit(network: str, weights: int, tmp_path: Path) -> None:
    model = qat.twin(network, 2, weights, 4)
    graph, _ = build_graph(from_keras(model), Settings(), tmp_path / "project")
    expected = evaluate(graph, qat.graphs(network)).outputs
    write_project(graph)
    library = compiled(tmp_path / "project", tmp_path / "cache", tmp_path / "log")
    assert np.array_equal(run_library(library, graph, qat.graphs(network)), expected)


@needs.simulator
@pytest.mark.parametrize(("weights", "reuse", "rows"), [(1, 4, None), (5, 1, 3)])
def test_simulated_circuits_give_the_same_bits(
    weights: int, reuse: int, rows: int | None, tmp_path: Path
) -> None:
    """Types that differ from layer to layer, binary weights among them."""
    model = qat.twin("interaction_network", 1, weights, 4)
    settings = Settings(reuse_factor=reuse, parallelization_factor=rows)
    graph, _ = build_graph(from_keras(model), settings, tmp_path)
    given = qat.graphs("interaction_network")
    circuit, text = lower(graph, rows)
    names = [variable.name for variable in graph.get_input_variables()]
    found = simulate(circuit, text, dict(zip(names, given, strict=True)), tmp_path, tmp_path)
    expected = evaluate(graph, given).outputs
    assert np.array_equal(found.outputs.reshape(expected.shape), expected)


def test_the_saved_network_is_the_same_network(tmp_path: Path) -> None:
    model = qat.twin("interaction_network", 2, 3, 4)
    model.save(tmp_path / "model.keras")
    loaded = qat.keras.saving.load_model(tmp_path / "model.keras")
    given = qat.graphs("interaction_network")
    assert np.array_equal(loaded.predict(given, verbose=0), model.predict(given, verbose=0))


@pytest.mark.parametrize(
    "kind",
    [Format(1, 0), Format(1, -2), Format(2, 1), Format(4, 2), Format(8, -1), Format(6, 0, False),
     Format(5, 3, False)],
)  # fmt: skip
def test_qkeras_rounds_like_the_format(kind: Format) -> None:
    values = np.linspace(-9, 9, 1441, dtype=np.float32)  # with many ties
    found = qat.keras.ops.convert_to_numpy(
        kind.quantiser()(qat.keras.ops.convert_to_tensor(values))
    )
    assert np.array_equal(found, kind.rounded(values))


def test_a_scale_that_hardware_cannot_have_is_refused_by_name() -> None:
    from qkeras import QDense, quantized_bits  # imports TensorFlow

    given = qat.keras.layers.Input((3,))
    odd = QDense(2, kernel_quantizer=quantized_bits(4, 0, alpha=0.3), name="odd")(given)
    with pytest.raises(EvaluationError, match="no power of two"):
        from_keras(qat.keras.Model(given, odd))


def test_magnitude_masks_remove_the_smallest() -> None:
    weights = np.array([[0.1, -3.0], [0.0, 2.0], [-0.2, 0.1]])
    assert qat.magnitude_mask(weights, 0.5).tolist() == [[0, 1], [0, 1], [1, 0]]
    assert qat.magnitude_mask(weights, 0.0).all()
    random = np.random.default_rng(2).normal(size=(8, 8))
    assert qat.magnitude_mask(random, 0.3).sum() == 64 - 19


def quiet(text: str) -> None:
    del text


@pytest.mark.parametrize("bits", [None, 4])
def test_pruned_weights_are_zero_after_training_and_free(bits: int | None, tmp_path: Path) -> None:
    luts = {}
    for sparsity in (0.0, 0.6):
        model, x, y = qat.classifier()
        bits_of = None if bits is None else lambda _, b=bits: qat.LayerBits(b, b)
        made, _ = qat.tune(model, [x], y, qat.tuning(bits_of=bits_of, sparsity=sparsity), quiet)
        network = from_keras(made)
        zeros = [np.mean(layer["weight_data"] == 0) for layer in network.layers
                 if layer["class_name"] == "Dense"]  # fmt: skip
        assert min(zeros) >= sparsity
        graph, _ = build_graph(network, Settings(), tmp_path)
        cost = total(graph, layer_costs(graph))
        luts[sparsity] = cost.lut + 100 * cost.dsp
    assert luts[0.6] < 0.7 * luts[0.0]


@pytest.mark.parametrize("kind", ["conv2d", "conv1d", "depthwise", "separable1d"])
def test_convolutions_are_trained_with_few_bits(kind: str, tmp_path: Path) -> None:
    bits = qat.LayerBits(3, 5)
    losses = {}
    for epochs in (0, 12):
        model, x, y = qat.images(kind)
        tuning = qat.tuning(
            bits_of=lambda _: bits,
            sparsity=0.5,
            loss="mse",
            settings=qat.FitSettings(epochs, 32, 12, 1),
        )
        made, formats = qat.tune(model, [x], y, tuning, quiet)
        losses[epochs] = made.evaluate(x, y, verbose=0)
    # the networks of single channels are too small to learn much
    assert losses[12] < (0.9 if kind.startswith("conv") else 0.95) * losses[0]
    weights = {"depthwise_kernel", "pointwise_kernel"} if kind == "separable1d" else {"kernel"}
    assert {"x", "first", "first/bias", *(f"first/{name}" for name in weights)} <= set(formats)
    network = from_keras(made)
    for layer in network.layers:
        if "weight_data" in layer:
            assert np.mean(layer["weight_data"] == 0) >= 0.5
            assert len(np.unique(layer["weight_data"])) <= 8
    graph, _ = build_graph(network, Settings(), tmp_path)
    assert np.array_equal(evaluate(graph, [x]).outputs, made.predict(x, verbose=0))


def test_a_normalisation_keeps_its_averages() -> None:
    model, x, y = qat.images("norm")
    bits = qat.LayerBits(12, 12)
    tuning = qat.tuning(bits_of=lambda _: bits, settings=qat.FitSettings(0, 32, 1, 1), loss="mse")
    expected = model.predict(x, verbose=0)
    made, _ = qat.tune(model, [x], y, tuning, quiet)
    assert np.abs(made.predict(x, verbose=0) - expected).max() < 0.05
    assert np.std(expected) > 0.2


SIDES = {"": "", "forward_": "forward_layer", "backward_": "backward_layer"}
"""Attribute of a layer in both directions, by the start of the names of its weights."""


_ALONE = [pytest.param(kind, marks=pytest.mark.slow) for kind in ("gru", "lstm")]


@pytest.mark.parametrize("kind", ["both", *_ALONE])
def test_recurrent_layers_are_trained_with_few_bits(kind: str, tmp_path: Path) -> None:
    losses = {}
    for epochs in (0, 12):
        model, x, y = qat.images(kind)
        tuning = qat.tuning(
            bits_of=lambda _: qat.LayerBits(3, 6),
            sparsity=0.25,
            loss="mse",
            learning_rate=1e-2,
            settings=qat.FitSettings(epochs, 32, 12, 1),
        )
        made, formats = qat.tune(model, [x], y, tuning, quiet)
        losses[epochs] = made.evaluate(x, y, verbose=0)
    assert losses[12] < 0.9 * losses[0]
    starts = ["forward_", "backward_"] if kind == "both" else [""]
    weights = ("kernel", "recurrent_kernel")
    assert {"x", "first"} | {f"first/{s}{n}" for s in starts for n in weights} <= set(formats)
    made.save(tmp_path / "model.keras")
    loaded = read_model(tmp_path / "model.keras")
    expected = made.predict(x, verbose=0)
    assert np.array_equal(loaded.predict(x, verbose=0), expected)
    graph, _ = build_graph(from_keras(loaded), Settings(24, 8, table_size=8192), tmp_path)
    for start in starts:
        layer = made.get_layer("first")
        side = getattr(layer, SIDES[start]) if start else layer
        _compare_cell(graph, side.cell, formats, start)
    differences = np.abs(evaluate(graph, [x]).outputs - expected)
    assert np.mean(differences) < 0.005, "of the tables"
    assert np.std(expected) > 0.1


def _compare_cell(graph: Any, cell: Any, formats: dict[str, Format], start: str) -> None:
    """Compare all weights of the layer 'first' with the trained ones, as the format rounds them."""
    (node,) = (node for node in graph.get_layers() if node.name == "first")
    names = {"kernel": "weight", "recurrent_kernel": "recurrent_weight"}
    for name, converted in names.items():
        wanted, weights = formats[f"first/{start}{name}"], node.weights[f"{start}{converted}"]
        assert np.array_equal(weights.data, wanted.rounded(getattr(cell, name).numpy()))
        assert np.mean(weights.data == 0) >= 0.25
        assert (weights.type.precision.width, weights.type.precision.integer) == (
            wanted.bits,
            wanted.integer,
        )
    if cell.use_bias:
        names = (f"{start}bias", f"{start}recurrent_bias")
        found = np.stack([node.weights[name].data for name in names])
        assert np.array_equal(found, formats[f"first/{start}bias"].rounded(cell.bias.numpy()))


def test_recurrent_weights_are_pruned() -> None:
    model, x, y = qat.images("simple")
    made, _ = qat.tune(model, [x], y, qat.tuning(sparsity=0.5, loss="mse"), quiet)
    first = made.get_layer("first")
    for kernel in (first.cell.kernel, first.cell.recurrent_kernel):
        assert np.mean(kernel.numpy() == 0) >= 0.5


def test_weights_that_would_stay_in_float_are_refused() -> None:
    model, x, y = qat.images("simple")
    tuning = qat.tuning(bits_of=lambda _: qat.LayerBits(4, 4))
    with pytest.raises(EvaluationError, match=r"layer 'first' \(SimpleRNN\) has no twin") as caught:
        qat.tune(model, [x], y, tuning, quiet)
    assert "training: float" in caught.value.hint


def test_binary_weights_cannot_be_pruned() -> None:
    model, x, y = qat.classifier()
    with pytest.raises(EvaluationError, match="binary weights cannot be zero"):
        qat.tune(
            model, [x], y, qat.tuning(bits_of=lambda _: qat.LayerBits(1, 4), sparsity=0.5), quiet
        )


def test_training_helps_where_rounding_alone_does_not() -> None:
    losses = {}
    trained, x, y = qat.classifier()
    trained.compile(optimizer=qat.keras.optimizers.Adam(1e-2), loss="binary_crossentropy")
    qat.fit(trained, [x], y, qat.FitSettings(40, 32, 40, 1), quiet)
    bits = qat.LayerBits(2, 3)
    for epochs in (0, 30):
        settings = qat.FitSettings(epochs, 32, 30, 1)
        made, _ = qat.tune(
            trained, [x], y, qat.tuning(bits_of=lambda _: bits, settings=settings), quiet
        )
        losses[epochs] = made.evaluate(x, y, verbose=0)
    assert losses[30] < 0.9 * losses[0]


class CutError(Exception):
    """Stands for a kill."""


@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize("epochs_before", [1, 3])
def test_a_cut_training_ends_where_a_whole_one_does(
    epochs_before: int, damaged: bool, tmp_path: Path
) -> None:
    def run(checkpoint: Path | None, cut_after: int | None) -> list[NDArray[Any]]:
        model, x, y = qat.classifier()
        model.compile(optimizer=qat.keras.optimizers.Adam(1e-2), loss="binary_crossentropy")
        told = []

        def progress(text: str) -> None:
            told.append(text)
            if cut_after is not None and len(told) > cut_after:
                raise CutError

        own = checkpoint and qat.Checkpoint(checkpoint)
        qat.fit(model, [x], y, qat.FitSettings(6, 32, 2, 9), progress, checkpoint=own)
        return list(model.get_weights())

    checkpoint = tmp_path / "state.npz"
    whole = run(None, None)
    with pytest.raises(CutError):
        run(checkpoint, epochs_before)
    assert checkpoint.exists()
    if damaged:
        content = bytearray(checkpoint.read_bytes())
        content[len(content) // 2] ^= 4
        checkpoint.write_bytes(content)
    resumed = run(checkpoint, None)
    assert all(np.array_equal(a, b) for a, b in zip(whole, resumed, strict=True))
    assert not checkpoint.exists(), "a finished training leaves nothing behind"


def test_a_longer_training_goes_on_from_a_shorter_one(tmp_path: Path) -> None:
    """It ends at the weights that it has alone; one shorter than all others starts anew."""

    def run(epochs: int, ends: Path | None) -> tuple[list[NDArray[Any]], int]:
        model, x, y = qat.classifier()
        model.compile(optimizer=qat.keras.optimizers.Adam(1e-2), loss="binary_crossentropy")
        told: list[str] = []
        checkpoint = qat.Checkpoint(tmp_path / "state.npz", ends)
        settings = qat.FitSettings(epochs, 32, 4, 9)
        qat.fit(model, [x], y, settings, told.append, checkpoint=checkpoint)
        return list(model.get_weights()), len(told)

    for epochs, new in ((3, 3), (7, 4), (5, 2), (2, 2)):
        alone, _ = run(epochs, None)
        found, trained = run(epochs, tmp_path / "ends")
        assert trained == new
        assert all(np.array_equal(a, b) for a, b in zip(alone, found, strict=True))


def test_a_loss_that_is_not_finite_is_a_failure() -> None:
    model, x, y = qat.classifier()
    model.compile(optimizer=qat.keras.optimizers.SGD(1e30), loss="mse")
    x[0] = 1e30
    with pytest.raises(EvaluationError, match="diverged"):
        qat.fit(model, [x], y, qat.FitSettings(3, 32, 3, 1), quiet)


JETS = Path(__file__).parents[2] / "studies" / "jets"


@pytest.fixture(scope="module")
def jets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The jet classifier with its test set and a small train set."""
    folder = tmp_path_factory.mktemp("jets")
    for name in ("model.keras", "test.npz"):
        (folder / name).write_bytes((JETS / name).read_bytes())
    spec = importlib.util.spec_from_file_location("make_jets", JETS / "make.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    features, classes = make.jets(np.random.default_rng(8), 6_000)
    np.savez(folder / "train.npz", x=features, y=classes)
    return folder


def prepared(folder: Path, out: Path, **given: Any) -> tuple[Any, Any, KerasWorkload]:
    """The prepared jet classifier, and its network."""
    workload = KerasWorkload(folder)
    workload.cache = out / "cache"
    out.mkdir(parents=True, exist_ok=True)
    asked = complete(workload.parameters, {"train_set": "train.npz", "max_samples": 800, **given})
    found = workload.prepare(asked, out, quiet)
    return found, qat.keras.saving.load_model(out / "model.keras", compile=False), workload


def test_anyones_network_is_trained_with_few_bits(jets: Path, tmp_path: Path) -> None:
    bits = {"training": "qat", "weight_bits": 3, "activation_bits": 5, "finetune_epochs": 4}
    accuracies = {}
    for epochs in (0, 4):
        given = {**bits, "finetune_epochs": epochs}
        found, model, workload = prepared(jets, tmp_path / str(epochs), **given)
        graph, _ = build_graph(from_keras(model), Settings(), tmp_path / f"graph{epochs}")
        outputs = evaluate(graph, found.inputs).outputs
        (metric,) = workload.score(found, outputs, Fidelity.EMULATED)
        accuracies[epochs] = metric.value
    assert accuracies[4] > 0.93
    assert accuracies[4] > accuracies[0] + 0.01
    assert found.manifest["custom_modules"] == ["qkeras"]


def test_quantisation_after_training_is_where_training_with_few_bits_begins(
    jets: Path, tmp_path: Path
) -> None:
    bits = {"weight_bits": 3, "activation_bits": 5}
    found, rounded, _ = prepared(jets, tmp_path / "ptq", training="ptq", **bits)
    _, begun, _ = prepared(jets, tmp_path / "qat", training="qat", finetune_epochs=0, **bits)
    for one, other in zip(rounded.get_weights(), begun.get_weights(), strict=True):
        assert np.array_equal(one, other)
    assert found.manifest["custom_modules"] == ["qkeras"]


def test_bits_of_single_layers(jets: Path, tmp_path: Path) -> None:
    layers = {"dense_1": {"weights": 2}, "dense*": 6}
    _, model, _ = prepared(jets, tmp_path, training="qat", layer_bits=layers, finetune_epochs=0)
    network = from_keras(model)
    levels = {
        layer["name"]: len(np.unique(layer["weight_data"]))
        for layer in network.layers
        if layer["class_name"] == "Dense"
    }
    assert levels.pop("dense_1") == 3, "ternary"
    assert all(8 < count <= 64 for count in levels.values()), "6 bits"


def test_a_layer_that_is_not_there_is_named(jets: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no layer matches 'fc1'") as caught:
        prepared(jets, tmp_path, training="qat", layer_bits={"fc1": 4}, finetune_epochs=0)
    assert "dense_1" in caught.value.hint


@pytest.mark.parametrize("order", [1, -1])
def test_the_name_of_a_layer_beats_every_pattern(order: int) -> None:
    given = dict([("dense_*", 2), ("dense_1", 8), ("[d]ense_*", 3), ("dense_?", 4)][::order])
    parameters = complete(KerasWorkload.parameters, {"training": "qat", "layer_bits": given})
    bits_of = layer_bits(parameters)
    assert [bits_of(name).weights for name in ("dense_1", "dense_2", "other")] == [8, 3, 8]


WRONG = [
    ({"x": np.ones((8, 12)), "y": np.eye(5)[[0] * 8]}, "the network takes"),
    ({"x_0": np.ones((8, 16)), "x_1": np.ones((8, 16)), "y": np.eye(5)[[0] * 8]}, "inputs of"),
    ({"x": np.ones((8, 16)), "y": np.eye(7)[[0] * 8]}, "the network has 5 outputs"),
]


@pytest.mark.parametrize(("arrays", "says"), WRONG)
def test_samples_of_another_shape_are_refused(
    arrays: dict[str, Any], says: str, jets: Path, tmp_path: Path
) -> None:
    for name in ("model.keras", "test.npz"):
        (tmp_path / name).write_bytes((jets / name).read_bytes())
    np.savez(tmp_path / "train.npz", **arrays)
    with pytest.raises(EvaluationError, match=says):
        prepared(tmp_path, tmp_path / "out", sparsity=0.5)


def test_a_loss_that_keras_does_not_know(jets: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Keras has no loss 'nope'"):
        prepared(jets, tmp_path, sparsity=0.5, loss="nope")


def test_pruning_alone_leaves_the_rest_in_float(jets: Path, tmp_path: Path) -> None:
    _, model, _ = prepared(jets, tmp_path, sparsity=0.5, finetune_epochs=1)
    kernels = [layer.kernel.numpy() for layer in model.layers if hasattr(layer, "kernel")]
    assert all(np.mean(kernel == 0) >= 0.5 for kernel in kernels)
    assert len(np.unique(kernels[0])) > 300
