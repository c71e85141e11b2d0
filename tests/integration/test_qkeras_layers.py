"""Every public layer and quantiser of QKeras: computed to the last bit, or refused by its name."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from late import Late

from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.settings import Settings
from dse.contracts.errors import EvaluationError

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation"),
    pytest.mark.filterwarnings("ignore:'(delimitedList|parseString)' deprecated"),
]
"""Keras reads its own variables so; QKeras parses the text of a quantiser so."""

nets: Any = Late("qkeras_catalogue")

CONVERTED = (
    "QActivation", "QConv1D", "QConv2D", "QConv2DBatchnorm", "QDense", "QDenseBatchnorm",
    "QDepthwiseConv2D", "QDepthwiseConv2DBatchnorm", "QSeparableConv1D", "QSeparableConv2D",
)  # fmt: skip
RECURRENT = ("QBidirectional", "QGRU", "QLSTM")
"""Converted but for the tables of their activations: `test_qkeras_recurrent`."""

REFUSED = (
    "QAdaptiveActivation", "QAveragePooling2D", "QBatchNormalization", "QConv2DTranspose",
    "QDepthwiseConv2DTranspose", "QGlobalAveragePooling2D", "QScaleShift",
    "QSeparableConv2DTranspose", "QSimpleRNN",
)  # fmt: skip
ACTIVATIONS = ("quantized_bits", "quantized_linear", "quantized_relu", "quantized_tanh")
"""Quantisers that are a cast."""

NOT_OF_WEIGHTS = ("bernoulli", "quantized_ulaw", "stochastic_binary", "stochastic_ternary")
"""Quantisers whose values are drawn, or have no common step."""

OF_WEIGHTS = (
    "binary", "quantized_bits", "quantized_hswish", "quantized_linear", "quantized_po2",
    "quantized_relu", "quantized_relu_po2", "quantized_sigmoid", "quantized_tanh", "ternary",
)  # fmt: skip
NOT_A_CAST = (
    "bernoulli", "binary", "quantized_hswish", "quantized_po2", "quantized_relu_po2",
    "quantized_sigmoid", "quantized_ulaw", "stochastic_binary", "stochastic_ternary", "ternary",
)  # fmt: skip


def test_the_catalogue_is_complete() -> None:
    assert {*CONVERTED, *RECURRENT, *REFUSED} == nets.public_layers() == set(nets.LAYERS)
    quantisers = nets.public_quantisers()
    assert {*ACTIVATIONS, *NOT_A_CAST} == quantisers == set(nets.QUANTISERS)
    assert {*OF_WEIGHTS, *NOT_OF_WEIGHTS} == quantisers


def difference(model: Any, inputs: Any, folder: Path) -> float:
    network = nets.checked_network(model, [inputs])
    wanted = np.asarray(model(inputs))
    found = evaluate(build_graph(network, Settings(), folder)[0], [inputs]).outputs
    return float(np.abs(found.reshape(wanted.shape) - wanted).max())


@pytest.mark.parametrize("name", CONVERTED)
def test_layers_give_the_numbers_of_qkeras(name: str, tmp_path: Path) -> None:
    shape, _ = nets.LAYERS[name]
    assert difference(nets.network(name), nets.values(shape), tmp_path) == 0


@pytest.mark.parametrize("name", REFUSED)
def test_other_layers_are_refused_by_name(name: str) -> None:
    with pytest.raises(EvaluationError, match=rf"layer '\w+' \({name}\)") as caught:
        nets.from_keras(nets.network(name))
    assert caught.value.hint.startswith("use")


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_quantisers_of_activations_give_the_numbers_of_qkeras(name: str, tmp_path: Path) -> None:
    assert difference(nets.activated(name), nets.values((4,)), tmp_path) == 0


@pytest.mark.parametrize("name", NOT_A_CAST)
def test_other_quantisers_of_activations_are_refused_by_name(name: str) -> None:
    with pytest.raises(EvaluationError, match=rf"layer 'q' \(QActivation\).*{name}") as caught:
        nets.from_keras(nets.activated(name))
    assert caught.value.hint


@pytest.mark.parametrize("name", OF_WEIGHTS)
def test_quantisers_of_weights_give_the_numbers_of_qkeras(name: str, tmp_path: Path) -> None:
    assert difference(nets.weighted(name), nets.values((4,)), tmp_path) == 0


@pytest.mark.parametrize("name", NOT_OF_WEIGHTS)
def test_other_quantisers_of_weights_are_refused(name: str) -> None:
    with pytest.raises(EvaluationError, match=r"layer 'q' \(QDense\)"):
        nets.from_keras(nets.weighted(name))
