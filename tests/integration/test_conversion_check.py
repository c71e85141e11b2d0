"""Conversions are right or refused: QKeras' quantisers, and mends of hls4ml taken out again."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hls4ml.model.optimizer.passes.bn_fuse import FuseBatchNormalization
from hls4ml.model.optimizer.passes.linear import MergeLinearActivation
from late import Late

from backends.hls4ml.csim import compiled, run_library
from backends.modelgraph import optimizer_passes, qkeras
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.effective import effective
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.job_graph import Converted
from backends.modelgraph.settings import Settings
from dse.contracts.errors import EvaluationError, FailureKind

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:'(delimitedList|parseString)' deprecated"),
]
"""Keras reads its own variables so; QKeras parses the text of a quantiser so."""

nets: Any = Late("quantised_layers")

EXACT = [
    "quantized_bits(5, 1, alpha=1)",
    "quantized_bits(5, 1, 1, alpha=1)",
    "quantized_bits(4, 0, keep_negative=0, alpha=1)",
    "quantized_bits(4, 2, 1, keep_negative=0, alpha=1)",
    "quantized_bits(3, -1, alpha=1)",
    "quantized_bits(5, 6, alpha=1)",
    "quantized_relu(4, 1)",
    "quantized_relu(1, 0)",
    "quantized_tanh(5)",
    "quantized_tanh(3, symmetric=True)",
]


def bittrue(model: Any, given: np.ndarray, folder: Path, **settings: Any) -> np.ndarray:
    network = nets.checked_network(model, [given])
    assert network.warnings == ()
    return evaluate(build_graph(network, Settings(**settings), folder)[0], [given]).outputs


@pytest.mark.parametrize("place", ["between", "first", "built_in"])
@pytest.mark.parametrize("activation", EXACT)
def test_quantisers_are_exact_wherever_they_stand(
    activation: str, place: str, tmp_path: Path
) -> None:
    model, given = getattr(nets, place)(activation), nets.values(4)
    expected = model.predict(given, verbose=0)
    assert np.array_equal(bittrue(model, given, tmp_path), expected)
    assert len(np.unique(expected)) > 5


def test_values_that_take_too_many_bits_are_refused() -> None:
    with pytest.raises(EvaluationError, match=r"values from .* to .*e\+31 need \d+ bits") as caught:
        nets.checked_network(nets.between(EXACT[0]), [nets.values(4) * np.float32(3e30)])
    assert "scale the inputs" in caught.value.hint


def test_a_layer_may_be_read_quantised_and_as_it_is(tmp_path: Path) -> None:
    model, given = nets.two_readers(), nets.values(4)
    found = bittrue(model, given, tmp_path, total_bits=32, integer_bits=10)
    assert np.array_equal(found, model.predict(given, verbose=0))


def test_the_compiled_firmware_keeps_the_cast_too(tmp_path: Path) -> None:
    model, given = nets.between("quantized_bits(5, 1, alpha=1)"), nets.values(4)
    graph, _ = build_graph(nets.checked_network(model, [given]), Settings(), tmp_path / "project")
    write_project(graph)
    library = compiled(tmp_path / "project", tmp_path / "cache", tmp_path / "log")
    assert np.array_equal(run_library(library, graph, [given]), model.predict(given, verbose=0))


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_a_table_before_a_quantiser_costs_its_last_bit_at_most(
    activation: str, tmp_path: Path
) -> None:
    model, given = nets.after_table(activation), nets.values(4)
    found = bittrue(model, given, tmp_path, total_bits=24, integer_bits=8, table_size=65536)
    expected = model.predict(given, verbose=0)
    assert np.mean(found == expected) > 0.6  # the others: the table is near a tie
    assert np.abs(found - expected).max() < 0.5


def test_weights_with_a_folded_normalisation_are_exact(tmp_path: Path) -> None:
    model, given = nets.folded(), nets.values(4)
    assert np.array_equal(bittrue(model, given, tmp_path), model.predict(given, verbose=0))


REFUSED = [
    ("binary(alpha=1)", "binary"),
    ("ternary(alpha=1)", "ternary"),
    ("quantized_sigmoid(5)", "quantized_sigmoid"),
    ("quantized_tanh(5, use_real_tanh=True)", "real tanh"),
    ("quantized_relu(4, 1, negative_slope=0.25)", "negative_slope"),
    ("quantized_relu(4, 1, use_sigmoid=1)", "use_sigmoid"),
    ("quantized_relu(4, 1, relu_upper_bound=1.3, is_quantized_clip=False)", "relu_upper_bound"),
    ("quantized_relu(4, 1, use_stochastic_rounding=True)", "at random"),
    ("quantized_bits(4, 1, alpha=1, use_stochastic_rounding=True)", "at random"),
    ("quantized_bits(4, 1, alpha=1, qnoise_factor=0.5)", "qnoise_factor=0.5"),
    ("quantized_bits(4, 1, alpha=0.5)", "alpha=0.5"),
    ("quantized_bits(4, 1, alpha='auto_po2')", "alpha=auto_po2"),
    ("quantized_bits(1, 0, alpha=1)", "1 bit"),
    ("quantized_po2(4)", "quantized_po2"),
    ("hard_tanh", "hard_tanh"),
]


@pytest.mark.parametrize(("activation", "says"), REFUSED)
def test_what_is_no_cast_is_refused_by_layer_and_attribute(activation: str, says: str) -> None:
    with pytest.raises(EvaluationError, match=r"layer 'act' \(QActivation\)") as caught:
        nets.checked_network(nets.between(activation), [nets.values(4)])
    assert says in caught.value.message
    assert caught.value.kind is FailureKind.INVALID_POINT
    assert caught.value.hint.startswith(("use", "set", "quantise", "leave"))


def test_a_lost_cast_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    merge = optimizer_passes.MergeUntypedLinearActivation
    monkeypatch.setattr(merge, "match", MergeLinearActivation.match)
    with pytest.raises(EvaluationError, match=r"'act' .* is lost in the conversion") as caught:
        nets.checked_network(nets.between("quantized_bits(5, 1, alpha=1)"), [nets.values(4)])
    assert caught.value.kind is FailureKind.CONVERSION


@pytest.mark.parametrize("kind", ["fixed<5,2,TRN,SAT>", "fixed<5,2,RND_CONV,WRAP>",
                                  "ufixed<5,2,RND_CONV,SAT>", "fixed<6,2,RND_CONV,SAT>",
                                  "fixed<5,3,RND_CONV,SAT>"])  # fmt: skip
@pytest.mark.parametrize("place", ["between", "first"])
def test_a_wrong_type_of_a_quantiser_is_found(
    kind: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(qkeras._ACTIVATIONS, "quantized_bits", lambda *_: ("linear", kind))  # noqa: SLF001
    with pytest.raises(EvaluationError, match="is converted wrongly"):
        nets.checked_network(
            getattr(nets, place)("quantized_bits(5, 1, alpha=1)"), [nets.values(4)]
        )


WRONG = [
    ("simple_rnn", FailureKind.CONVERSION, r"'odd' \(SimpleRNN\): hls4ml reads it, but"),
    ("gelu", FailureKind.INVALID_POINT, r"code of odd \(gelu\) does not compile"),
]


@pytest.mark.parametrize(("kind", "failure", "says"), WRONG)
def test_what_hls4ml_itself_gets_wrong_is_refused(
    kind: str, failure: FailureKind, says: str
) -> None:
    model, given = nets.float_network(kind)
    with pytest.raises(EvaluationError, match=says) as caught:
        nets.checked_network(model, [given])
    assert caught.value.kind is failure


RIGHT = (
    "softmax", "softmax_rows", "relu_layer", "clipped", "hard_sigmoid", "hard_tanh", "repeated",
    "by_row", "names", "normalised", "normalised_rows",
)  # fmt: skip


@pytest.mark.parametrize("kind", RIGHT)
def test_what_hls4ml_gets_right_passes(kind: str, tmp_path: Path) -> None:
    model, given = nets.float_network(kind)
    found = bittrue(model, given, tmp_path, total_bits=32, integer_bits=10, table_size=65536)
    expected = model.predict(given, verbose=0)
    assert np.abs(found - expected).max() < 0.05 * max(1.0, np.abs(expected).max())


def test_a_normalisation_folded_into_quantised_weights_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model, given = nets.normalised(), nets.values(4)
    found = bittrue(model, given, tmp_path, total_bits=32, integer_bits=10)
    assert np.abs(found - model.predict(given, verbose=0)).max() < 0.01
    fuse = optimizer_passes.FuseFloatBatchNormalization
    monkeypatch.setattr(fuse, "match", FuseBatchNormalization.match)
    with pytest.raises(EvaluationError, match=r"with 'norm' merged into it, is converted wrongly"):
        nets.checked_network(model, [given])


def test_merged_layers_are_listed_with_what_became_of_their_type(tmp_path: Path) -> None:
    model, given = nets.float_network("normalised")
    network = nets.checked_network(model, [given])
    settings = Settings(granularity="name", layer_precision={"odd": {"result": "fixed<9,3>"}})
    graph, _ = build_graph(network, settings, tmp_path)
    layers: Any = effective(Converted(network, graph, settings, ()), hardware=True)["layers"]
    odd = layers["odd"]
    assert odd["effective"]["class"] == "BatchNormalization"
    assert odd["effective"]["merged_into"] == "Before"
    assert odd["effective"]["result"] == layers["Before"]["effective"]["result"]
    assert "9,3" in odd["requested"]["result"]
    assert {"Before", "before"} <= set(layers)  # own names, which differ in case alone
