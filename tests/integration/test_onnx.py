"""Networks in ONNX and QONNX: what dse computes is what onnxruntime computes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_networks import Maker, array, cnn, mlp, quantised_mlp
from onnx_operations import OPERATIONS, embedding

from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.onnx.read import checked_model
from backends.modelgraph.settings import Settings
from dse.contracts.errors import EvaluationError
from dse.runtime.onnx_runner import OnnxRunner, outputs_of

WIDE = Settings(36, 10, table_size=65536, table_precision="fixed<36,10>")


def computed(network: Network, inputs: Any, folder: Path, settings: Settings = WIDE) -> Any:
    return evaluate(build_graph(network, settings, folder)[0], inputs).outputs


def expected(model: Any, inputs: Any, output: str | None = None) -> Any:
    return OnnxRunner(model, outputs_of(model, output)).run(inputs)[0]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_gives_what_onnxruntime_gives(name: str, tmp_path: Path) -> None:
    model = OPERATIONS[name]()
    inputs = [np.round(a * 256) / 256 for a in array(model)]
    network = checked_model(model, inputs)
    assert network.warnings == ()
    wanted = expected(model, inputs)
    found = computed(network, inputs, tmp_path).reshape(wanted.shape)
    np.testing.assert_allclose(found, wanted, atol=6e-3)


@pytest.mark.parametrize("samples", ["N", 1])
def test_a_cnn_with_channels_first(samples: Any, tmp_path: Path) -> None:
    model = cnn(samples)
    inputs = array(model)
    network = checked_model(model, inputs)
    kinds = [layer["class_name"] for layer in network.layers]
    assert kinds.count("Transpose") == 1  # of the input: the dense layer's weights do the rest
    np.testing.assert_allclose(
        computed(network, inputs, tmp_path), expected(model, inputs), atol=1e-4
    )


def test_a_quantised_network_is_equal_in_every_bit(tmp_path: Path) -> None:
    model = quantised_mlp()
    inputs = array(model, 500)
    network = checked_model(model, inputs)
    found = computed(network, inputs, tmp_path, Settings())
    np.testing.assert_array_equal(found, expected(model, inputs))


def test_layers_keep_the_names_of_the_file() -> None:
    model = mlp()
    network = checked_model(model, array(model))
    names = [layer.get("own_name", layer["name"]) for layer in network.layers]
    assert names == ["x", "/fc1/Gemm", "/act/Relu", "/fc2/Gemm", "Softmax"]


def test_one_of_several_outputs(tmp_path: Path) -> None:
    make = Maker([4])
    hidden = make.op("Relu", make.op("MatMul", "x", make.random(4, 5)))
    first = make.op("MatMul", hidden, make.random(5, 2), name="classes")
    other = make.op("MatMul", hidden, make.random(5, 1), name="energy")
    model = make.model(first, other)
    inputs = array(model)
    network = checked_model(model, inputs, other)
    assert "classes" not in {layer["name"] for layer in network.layers}
    np.testing.assert_allclose(
        computed(network, inputs, tmp_path), expected(model, inputs, other), atol=1e-4
    )
    both = checked_model(model, inputs, other, every=True)
    graph, _ = build_graph(both, WIDE, tmp_path)
    for found, name in zip(evaluate(graph, inputs).every, (other, first), strict=True):
        np.testing.assert_allclose(found, expected(model, inputs, name), atol=1e-4)
    with pytest.raises(EvaluationError, match=rf"2 outputs \({first}, {other}\)"):
        checked_model(model, inputs)


def test_an_embedding(tmp_path: Path) -> None:
    model = embedding()
    inputs = [np.random.default_rng(1).integers(0, 6, (40, 3))]
    network = checked_model(model, inputs)
    np.testing.assert_allclose(
        computed(network, inputs, tmp_path), expected(model, inputs), atol=1e-4
    )


def test_two_inputs(tmp_path: Path) -> None:
    make = Maker([4], [3])
    joined = make.op("Concat", "x_0", "x_1", axis=1)
    model = make.model(make.op("MatMul", joined, make.random(7, 2)))
    inputs = array(model)
    network = checked_model(model, inputs)
    assert network.inputs == ["x_0", "x_1"]
    np.testing.assert_allclose(
        computed(network, inputs, tmp_path), expected(model, inputs), atol=1e-4
    )


def refused(name: str) -> Any:
    """A network with something that cannot be converted."""
    make = Maker([3, 8, 6])
    image = {
        "groups": lambda: make.op("Conv", "x", make.random(6, 1, 3, 3), group=3),
        "dilation": lambda: make.op("Conv", "x", make.random(2, 3, 3, 3), dilations=[2, 1]),
        "ceil": lambda: make.op("MaxPool", "x", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
        "operation": lambda: make.op("Cos", "x"),
        "normalisation": lambda: make.op("LayerNormalization", "x", make.random(6)),
        "known operation": lambda: make.op("Erf", "x"),
        "limits": lambda: make.op("Clip", "x", *map(make.constant, np.float32([0, 5]))),
        "attention": lambda: make.op("MatMul", "x", make.op("Transpose", "x", perm=[0, 1, 3, 2])),
        "samples": lambda: make.op("Reshape", "x", make.constant(np.array([-1, 6]))),
        "scale": lambda: make.quant("x", 0.3),
        "zero point": lambda: make.quant("x", 0.25, zero=3.0),
        "scale of weights": lambda: make.op("Conv", "x", make.quant(make.random(2, 3, 1, 1), 0.3)),
        "rounding": lambda: make.quant("x", mode="CEIL"),
        "bipolar": lambda: make.op(
            "BipolarQuant", "x", make.constant(np.float32(1)), domain="qonnx.custom_op.general"
        ),
    }
    return make.model(image[name]())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("groups", r"'Conv' \(Conv\): it has 3 groups of 1 channels"),
        ("dilation", r"no dilation \[2, 1\]"),
        ("ceil", "beyond the padding"),
        ("operation", r"'Cos' \(Cos\): dse has no conversion"),
        ("normalisation", "off by percents"),
        ("known operation", r"'Erf' \(Erf\): hls4ml has no GELU"),
        ("limits", "no limits 0 and 5"),
        ("attention", "two computed tensors"),
        ("samples", "between samples"),
        ("scale", r"its scale \(0.3\) is no power of two"),
        ("zero point", r"its zero point \(3\) is not 0"),
        ("scale of weights", "no power of two"),
        ("rounding", "no cast rounds as CEIL"),
        ("bipolar", "no cast"),
    ],
)
def test_what_cannot_be_converted_is_refused_by_name(name: str, says: str) -> None:
    model = refused(name)
    with pytest.raises(EvaluationError, match=says) as caught:
        checked_model(model, array(model))
    assert caught.value.hint


def test_a_wrong_conversion_is_found() -> None:
    """The check is not blind: onnxruntime computes another network."""
    from backends.modelgraph.conversion_check import check_conversion
    from backends.modelgraph.onnx.read import onnx_outputs, read_model

    model, other = mlp(), mlp()
    weights = other.graph.initializer[0]
    weights.raw_data = (np.frombuffer(weights.raw_data, np.float32) * 1.1).tobytes()
    inputs = array(model)
    network, places = read_model(model, outputs_of(model, None))
    wanted = onnx_outputs(other, places, inputs)
    with pytest.raises(EvaluationError, match=r"layer '/fc1/Gemm'.* is converted wrongly"):
        check_conversion(network, {"x": inputs[0]}, wanted)


def test_inputs_of_another_shape_name_both() -> None:
    model = mlp()
    with pytest.raises(EvaluationError, match="shape 5, the network takes 6"):
        checked_model(model, [np.zeros((8, 5), np.float32)])


def test_axes_without_a_length_are_refused() -> None:
    model = mlp()
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "features"
    with pytest.raises(EvaluationError, match="axis 1 of the input 'x' has no fixed length"):
        checked_model(model, [np.zeros((8, 6), np.float32)])


def test_quantize_and_dequantize_linear_are_quantisers() -> None:
    """The other form in which Brevitas and PyTorch export."""
    make = Maker([6])
    scale, zero = make.constant(np.float32(0.125)), make.constant(np.int8(0))
    low = make.op("QuantizeLinear", "x", scale, zero)
    data = make.op("DequantizeLinear", low, scale, zero)
    model = make.model(make.op("MatMul", data, make.random(6, 2)))
    inputs = array(model)
    network = checked_model(model, inputs)
    assert network.layers[1]["own_types"] == {"result": "fixed<8,5,RND_CONV,SAT>"}
