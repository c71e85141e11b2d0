"""Tiny Keras networks of every layer family, in shapes and settings of their own.

`NETWORKS` names them without Keras, so that tests can be collected; `write` needs it. Weights are
seeded, biases and statistics are not trivial. `REFUSED` says which of them hls4ml cannot do
rightly, and what the refusal says.
"""

import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.network import Network

SAMPLES = 48

Shape = tuple[int, ...]
Build = Callable[..., Any]
"""Makes the outputs from Keras's layers and the inputs."""


@dataclass(frozen=True)
class Entry:
    """A network.

    Args:
        shapes: of the inputs.
        build: makes the output or outputs from Keras's layers and the inputs.
        reach: inputs lie between its negative and itself, or are row numbers below it.
        indices: whether inputs are whole numbers from 0.
        deviation: standard deviation of every row of the inputs; 0 for any.
    """

    shapes: Sequence[Shape]
    build: Build
    reach: float = 2.0
    indices: bool = False
    deviation: float = 0.0


def _row(*stack: Callable[[Any], Any]) -> Build:
    """Layers one after the other; each is made from Keras's layers when it is needed."""

    def build(layers: Any, tensor: Any) -> Any:
        for make in stack:
            tensor = make(layers)(tensor)
        return tensor

    return build


def _dense(n: int, activation: str | None = None) -> Callable[[Any], Any]:
    return lambda layers: layers.Dense(n, activation)


def _layer(kind: str, *given: Any, **more: Any) -> Callable[[Any], Any]:
    return lambda layers: getattr(layers, kind)(*given, **more)


FLAT = _layer("Flatten")


def _sequence(*stack: Callable[[Any], Any], shape: Shape = (9, 4)) -> Entry:
    return Entry([shape], _row(*stack, FLAT, _dense(3)))


def _image(*stack: Callable[[Any], Any], shape: Shape = (7, 6, 3)) -> Entry:
    return Entry([shape], _row(*stack, FLAT, _dense(2)))


def _recurrent(*stack: Callable[[Any], Any], shape: Shape = (5, 3)) -> Entry:
    return Entry([shape], _row(*stack, _dense(2)), reach=1.0)


def _function(make: Callable[[Any], Any], reach: float = 3.0) -> Entry:
    return Entry([(7,)], _row(_dense(6), make, _dense(2)), reach)


def _merged(kind: str, **more: Any) -> Entry:
    def build(layers: Any, one: Any, other: Any) -> Any:
        pair = [layers.Dense(4)(one), layers.Dense(4, "relu")(other)]
        return layers.Dense(2)(getattr(layers, kind)(**more)(pair))

    return Entry([(5,), (3,)], build)


def _joined(axis: int, shape: Shape) -> Entry:
    def build(layers: Any, tensor: Any) -> Any:
        parts = [layers.Dense(shape[-1])(tensor), tensor]
        return layers.Dense(2)(layers.Flatten()(layers.Concatenate(axis=axis)(parts)))

    return Entry([shape], build)


def _shared(layers: Any, one: Any, other: Any) -> Any:
    twice = layers.Dense(4, "tanh")
    return layers.Dense(2)(layers.Subtract()([twice(one), twice(other)]))


def _shared_convolution(layers: Any, one: Any, other: Any) -> Any:
    twice = layers.Conv1D(3, 2, padding="same", activation="relu")
    joined = layers.Add()([twice(one), twice(other)])
    return layers.Dense(2)(layers.GlobalAveragePooling1D()(joined))


def _nested(layers: Any, tensor: Any) -> Any:
    import keras

    inside = keras.Input((4,))
    inner = keras.Model(inside, layers.Dense(4)(layers.Dense(3, "relu")(inside)))
    deep = keras.Sequential([keras.Input((4,)), inner, layers.ReLU()])
    return layers.Dense(2)(layers.Add()([deep(tensor), deep(layers.Dense(4)(tensor))]))


def _two_heads(layers: Any, tensor: Any) -> Any:
    hidden = layers.Dense(6, "relu")(tensor)
    return [layers.Dense(3, "softmax")(hidden), layers.Dense(2)(hidden)]


def _heads_of_an_image(layers: Any, tensor: Any) -> Any:
    pixels = layers.Conv2D(2, 3, activation="relu")(tensor)
    hidden = layers.Dense(5, "relu")(layers.Flatten()(pixels))
    return [layers.Dense(3)(hidden), layers.Dense(1, "sigmoid")(hidden), pixels]


def _residual(layers: Any, tensor: Any) -> Any:
    inside = layers.Conv2D(3, 3, padding="same")(tensor)
    after = layers.ReLU()(layers.Add()([layers.BatchNormalization()(inside), tensor]))
    return layers.Dense(2)(layers.GlobalMaxPooling2D()(after))


def _deep_sets(layers: Any, tensor: Any) -> Any:
    each = layers.Dense(4, "relu")(layers.Dense(6, "relu")(tensor))
    return layers.Dense(3, "softmax")(layers.GlobalAveragePooling1D()(each))


def _attention(layers: Any, tensor: Any) -> Any:
    found = layers.MultiHeadAttention(2, 3)(tensor, tensor)
    return layers.Dense(2)(layers.Flatten()(found))


def _attention_to_another(layers: Any, query: Any, value: Any) -> Any:
    attention = layers.MultiHeadAttention(3, 4, value_dim=2, output_shape=5)
    return layers.Dense(2)(layers.Flatten()(attention(query, value)))


def _attention_to_keys(layers: Any, query: Any, key: Any, value: Any) -> Any:
    attention = layers.MultiHeadAttention(1, 2, use_bias=False, dropout=0.5)
    return attention(key=key, value=value, query=query)


def _attention_with(**settings: Any) -> Build:
    return lambda layers, tensor: layers.MultiHeadAttention(2, 3, **settings)(tensor, tensor)


def _attention_called(**arguments: Any) -> Build:
    def build(layers: Any, tensor: Any) -> Any:
        made = layers.MultiHeadAttention(2, 3)(tensor, tensor, **arguments)
        return made[0] if isinstance(made, tuple) else made

    return build


def _attention_to_words(layers: Any, tensor: Any) -> Any:
    words = layers.Embedding(5, 4, mask_zero=True)(tensor)
    return layers.MultiHeadAttention(2, 3)(words, words)


def _grouped_attention(layers: Any, tensor: Any) -> Any:
    return layers.GroupQueryAttention(3, 4, 2)(tensor, tensor)


def _transformer(layers: Any, tensor: Any) -> Any:
    normal = layers.LayerNormalization()(tensor)
    tensor = layers.Add()([tensor, layers.MultiHeadAttention(2, 3)(normal, normal)])
    inside = layers.Dense(6)(layers.Dense(8, "relu")(tensor))
    pooled = layers.GlobalAveragePooling1D()(layers.Add()([tensor, inside]))
    return layers.Dense(3, "softmax")(pooled)


def _masked_softmax(layers: Any, tensor: Any) -> Any:
    return layers.Softmax()(tensor, mask=np.arange(5) < 3)


def _dot(layers: Any, tensor: Any) -> Any:
    pair = [layers.Dense(3)(tensor), layers.Dense(3, "relu")(tensor)]
    return layers.Dense(2)(layers.Dot(axes=1)(pair))


def _joined_three(layers: Any, tensor: Any) -> Any:
    parts = [layers.Dense(n, "relu")(tensor) for n in (2, 3, 4)]
    return layers.Dense(2)(layers.Concatenate()(parts))


def _added_three(layers: Any, tensor: Any) -> Any:
    parts = [layers.Dense(3)(tensor) for _ in range(3)]
    return layers.Dense(2)(layers.Add()(parts))


def _trained(kind: str, bits: int, *more: Any, **settings: Any) -> Callable[[Any], Any]:
    """A layer of QKeras with weights of some bits."""

    def make(_: Any) -> Any:
        import qkeras

        quantiser = qkeras.quantized_bits(bits, 0, alpha=1)
        kernel = "depthwise_quantizer" if kind.startswith("QDepthwise") else "kernel_quantizer"
        quantisers = {kernel: quantiser, "bias_quantizer": qkeras.quantized_bits(bits, 1, alpha=1)}
        return getattr(qkeras, kind)(*more, **quantisers, **settings)

    return make


def _quantised(text: str) -> Callable[[Any], Any]:
    def make(_: Any) -> Any:
        import qkeras

        return qkeras.QActivation(text)

    return make


_RELU = _quantised("quantized_relu(5, 2)")


def _quantised_row(*stack: Callable[[Any], Any]) -> Entry:
    return Entry([(6,)], _row(*stack, _trained("QDense", 5, 2)), reach=1.0)


_L = _layer
NETWORKS: dict[str, Entry] = {
    # dense layers
    "three_dense": Entry([(9,)], _row(_dense(7, "relu"), _dense(6, "relu"), _dense(1, "sigmoid"))),
    "dense_without_bias": Entry([(5,)], _row(_L("Dense", 6, use_bias=False), _dense(3))),
    "dense_on_rows": Entry([(4, 5)], _row(_dense(3, "relu"), _dense(2))),
    "dense_on_pixels": Entry([(3, 2, 4)], _row(_dense(3, "tanh"), FLAT, _dense(2))),
    "einsum_without_bias": _sequence(_L("EinsumDense", "abc,cd->abd", (4, 3)), shape=(4, 5)),
    "einsum_over_rows": _sequence(_L("EinsumDense", "abc,bd->adc", (3, 2)), shape=(4, 2)),
    "time_distributed": Entry(
        [(4, 3)], _row(lambda layers: layers.TimeDistributed(layers.Dense(3, "relu")), FLAT)
    ),
    # normalisations
    "norm_first": Entry([(6,)], _row(_L("BatchNormalization"), _dense(4, "relu"), _dense(2))),
    "norm_behind_relu": Entry([(6,)], _row(_dense(5, "relu"), _L("BatchNormalization"), _dense(2))),
    "norm_of_convolution": _image(_L("Conv2D", 3, 3), _L("BatchNormalization"), _L("ReLU")),
    "norm_without_scale": _sequence(_L("BatchNormalization", scale=False), _L("Conv1D", 3, 2)),
    "layer_norm": Entry(
        [(4, 6)], _row(_L("LayerNormalization"), FLAT, _dense(2)), deviation=0.6
    ),
    # activations
    "relu_of_negative_slope": _function(_L("ReLU", negative_slope=0.25)),
    "relu_up_to_2": _function(_L("ReLU", max_value=2.0)),
    "leaky_relu": _function(_L("LeakyReLU", negative_slope=0.3)),
    "prelu": _function(_L("PReLU")),
    "prelu_of_channels": _image(_L("PReLU", shared_axes=[1, 2]), shape=(3, 4, 2)),
    "elu_of_half": _function(_L("ELU", alpha=0.5)),
    "selu": _function(_L("Activation", "selu"), reach=1.0),
    "softplus": _function(_L("Activation", "softplus")),
    "softsign": _function(_L("Activation", "softsign")),
    "sigmoid_between": _function(_L("Activation", "sigmoid")),
    "tanh_between": _function(_L("Activation", "tanh")),
    "softmax_of_ten": Entry([(12,)], _row(_dense(10, "softmax"))),
    "softmax_of_rows": Entry([(3, 4)], _row(_dense(5), _L("Softmax"))),
    "softmax_over_rows": Entry([(3, 4)], _row(_dense(5), _L("Softmax", axis=1))),
    "softmax_over_an_image": Entry([(2, 3, 4)], _row(_L("Softmax", axis=(3, 2)))),
    "softmax_over_two_apart": Entry([(2, 3, 4)], _row(_L("Softmax", axis=(1, 3)))),
    "softmax_masked": Entry([(5,)], _masked_softmax),
    "hard_sigmoid": _function(_L("Activation", "hard_sigmoid")),
    "gelu": _function(_L("Activation", "gelu")),
    "silu": _function(_L("Activation", "silu")),
    # convolutions
    "conv1d_strides_same": _sequence(_L("Conv1D", 3, 3, strides=2, padding="same")),
    "conv1d_causal": _sequence(_L("Conv1D", 3, 2, padding="causal", activation="relu")),
    "conv1d_dilated": _sequence(_L("Conv1D", 2, 2, dilation_rate=2)),
    "conv2d_uneven": _image(_L("Conv2D", 2, (3, 2), strides=(2, 1), padding="same")),
    "conv2d_two": _image(
        _L("Conv2D", 3, 3, activation="relu"), _L("Conv2D", 2, 2, activation="tanh")
    ),
    "conv2d_pointwise": _image(_L("Conv2D", 4, 1, activation="relu")),
    "conv1d_pointwise_strides": _sequence(_L("Conv1D", 3, 1, strides=2)),
    "depthwise1d": _sequence(_L("DepthwiseConv1D", 3, padding="same")),
    "depthwise2d_same": _image(_L("DepthwiseConv2D", 3, padding="same", activation="relu")),
    "depthwise2d_strides": _image(_L("DepthwiseConv2D", 2, strides=2)),
    "separable1d_same": _sequence(_L("SeparableConv1D", 3, 3, padding="same")),
    "separable2d_strides": _image(_L("SeparableConv2D", 2, 2, strides=2, activation="relu")),
    # pooling
    "max_pool2d_uneven": _image(_L("MaxPooling2D", (2, 3))),
    "average_pool2d_same": _image(_L("AveragePooling2D", 2, padding="same")),
    "average_pool1d": _sequence(_L("AveragePooling1D", 3)),
    "max_pool1d_strides": _sequence(_L("MaxPooling1D", 3, strides=2)),
    "global_max2d": Entry([(5, 4, 3)], _row(_L("GlobalMaxPooling2D"), _dense(2))),
    "global_max1d": Entry([(6, 3)], _row(_L("Conv1D", 4, 2), _L("GlobalMaxPooling1D"), _dense(2))),
    # shapes
    "reshape_image": _image(_L("Conv2D", 2, 2), _L("Reshape", (6, 10)), _dense(3)),
    "permute_rows": _sequence(_L("Permute", (2, 1)), _dense(3), shape=(4, 5)),
    "permute_image": _image(_L("Permute", (3, 1, 2)), shape=(3, 4, 2)),
    "repeat": Entry([(4,)], _row(_L("RepeatVector", 3), _dense(4, "relu"), FLAT, _dense(2))),
    "cropped1d": _sequence(_L("Cropping1D", (1, 2)), _L("Conv1D", 2, 2)),
    "cropped2d": _image(_L("Cropping2D", ((1, 0), (2, 1))), _L("Conv2D", 2, 2)),
    "padded1d": _sequence(_L("ZeroPadding1D", (2, 1)), _L("Conv1D", 2, 3)),
    "padded2d_uneven": _image(_L("ZeroPadding2D", ((1, 2), (0, 1))), _L("Conv2D", 2, 3)),
    "upsampled1d": _sequence(_L("UpSampling1D", 2), _dense(2), shape=(4, 3)),
    "upsampled2d_uneven": _image(_L("UpSampling2D", (2, 3)), shape=(2, 3, 2)),
    "embedded": Entry(
        [(5,)], _row(_L("Embedding", 9, 4), _dense(3, "relu"), FLAT, _dense(2)), 9, indices=True
    ),
    # merges
    "added": _merged("Add"),
    "subtracted": _merged("Subtract"),
    "multiplied": _merged("Multiply"),
    "averaged": _merged("Average"),
    "largest": _merged("Maximum"),
    "smallest": _merged("Minimum"),
    "dot": Entry([(6,)], _dot),
    "added_three": Entry([(5,)], _added_three),
    "joined_three": Entry([(5,)], _joined_three),
    "joined_rows": _joined(1, (4, 3)),
    "joined_channels": _joined(-1, (3, 4, 2)),
    "joined_columns": _joined(2, (3, 2, 2)),
    # recurrent layers
    "gru_of_sequences": _recurrent(_L("GRU", 4, return_sequences=True), _L("GRU", 3)),
    "lstm_of_sequences": _recurrent(_L("LSTM", 3, return_sequences=True), FLAT),
    "lstm_relu": _recurrent(_L("LSTM", 4, activation="relu")),
    "bidirectional_lstm": _recurrent(lambda layers: layers.Bidirectional(layers.LSTM(3))),
    "simple_rnn": _recurrent(_L("SimpleRNN", 4)),
    # graphs of layers
    "shared_dense": Entry([(4,), (4,)], _shared),
    "shared_convolution": Entry([(5, 2), (5, 2)], _shared_convolution),
    "nested_twice": Entry([(4,)], _nested),
    "two_heads": Entry([(6,)], _two_heads),
    "heads_of_an_image": Entry([(5, 5, 2)], _heads_of_an_image),
    "residual": Entry([(5, 4, 3)], _residual),
    "deep_sets": Entry([(6, 3)], _deep_sets, reach=6.0),
    "attention": Entry([(4, 6)], _attention),
    "attention_to_another": Entry([(4, 6), (3, 2)], _attention_to_another),
    "attention_to_keys": Entry([(3, 4), (2, 5), (2, 3)], _attention_to_keys),
    "attention_to_rows": Entry([(4, 6)], _attention_with(output_shape=(2, 3))),
    "attention_causal": Entry([(4, 6)], _attention_called(use_causal_mask=True)),
    "attention_masked": Entry(
        [(4, 6)], _attention_called(attention_mask=np.tri(4, dtype=bool)[None])
    ),
    "attention_with_scores": Entry([(4, 6)], _attention_called(return_attention_scores=True)),
    "attention_to_words": Entry([(4,)], _attention_to_words, 5, indices=True),
    "attention_of_pixels": Entry([(2, 3, 4)], _attention_with()),
    "attention_along_columns": Entry([(2, 3, 4)], _attention_with(attention_axes=2)),
    "attention_gated": Entry([(4, 6)], _attention_with(use_gate=True)),
    "attention_in_windows": Entry([(4, 6)], _attention_with(sliding_window=2)),
    "attention_grouped": Entry([(4, 6)], _grouped_attention),
    "transformer": Entry([(4, 6)], _transformer, deviation=0.6),
    # QKeras
    "q_dense_6_bits": _quantised_row(_trained("QDense", 6, 5), _RELU),
    "q_dense_2_bits": _quantised_row(_trained("QDense", 2, 5), _quantised("quantized_relu(3)")),
    "q_bits_between": _quantised_row(_trained("QDense", 4, 5), _quantised("quantized_bits(5, 2)")),
    "q_norm": _quantised_row(_trained("QDense", 4, 5), _L("BatchNormalization"), _RELU),
    "q_conv1d": Entry(
        [(7, 2)], _row(_trained("QConv1D", 4, 3, 3), _RELU, FLAT, _trained("QDense", 4, 2)), 1.0
    ),
    "q_depthwise2d": Entry(
        [(5, 4, 2)],
        _row(_trained("QDepthwiseConv2D", 4, 2), _RELU, FLAT, _trained("QDense", 4, 2)),
        reach=1.0,
    ),
}  # fmt: skip

REFUSED = {
    "gelu": "hls4ml's code of activation.* does not compile",
    "silu": "hls4ml's code of activation.* does not compile",
    "relu_up_to_2": r"\(ReLU\) has max_value 2.*hls4ml's firmware",
    "conv1d_dilated": r"\(Conv1D\) has dilation_rate.*hls4ml's firmware",
    "simple_rnn": r"\(SimpleRNN\): hls4ml reads it, but has no firmware for it",
    "softmax_over_two_apart": r"\(Softmax\) has axis \[1, 3\].*axes that are neighbours",
    "softmax_masked": r"\(Softmax\) has a mask.*without masks",
    "attention_causal": r"\(MultiHeadAttention\) has use_causal_mask.*without masks",
    "attention_masked": r"\(MultiHeadAttention\) has attention_mask.*without masks",
    "attention_with_scores": r"\(MultiHeadAttention\) has return_attention_scores",
    "attention_to_words": r"\(MultiHeadAttention\) has a mask of its query and .*without masks",
    "attention_of_pixels": r"\(MultiHeadAttention\) has 2 axes of positions",
    "attention_along_columns": r"\(MultiHeadAttention\) has 2 axes of positions",
    "attention_gated": r"\(MultiHeadAttention\) has use_gate",
    "attention_in_windows": r"\(MultiHeadAttention\) has sliding_window",
    "attention_grouped": r"cannot convert layer '.*' \(GroupedQueryAttention\)",
}
"""Networks whose conversion is refused, with what the refusal says."""


def write(folder: Path, names: Iterable[str]) -> None:
    """Write the models as `NAME/model.keras`; needs Keras."""
    import keras

    for name in names:
        entry = NETWORKS[name]
        seed = sum(map(ord, name))
        keras.utils.set_random_seed(seed)
        inputs = [keras.Input(shape) for shape in entry.shapes]
        model = keras.Model(
            inputs if len(inputs) > 1 else inputs[0], entry.build(keras.layers, *inputs)
        )
        _randomise(model, np.random.default_rng(seed))
        (folder / name).mkdir(parents=True)
        model.save(folder / name / "model.keras")


def _randomise(model: Any, rng: np.random.Generator) -> None:
    """Give biases, slopes and statistics values that are not trivial."""
    for variable in model.weights:
        if variable.path.endswith(("bias", "beta", "moving_mean", "alpha")):
            variable.assign(rng.uniform(-0.3, 0.3, variable.shape))
        elif variable.path.endswith(("gamma", "moving_variance")):
            variable.assign(rng.uniform(0.6, 1.4, variable.shape))


def inputs_of(name: str) -> list[NDArray[np.float32]]:
    """Inputs of a network, one array per input."""
    entry = NETWORKS[name]
    rng = np.random.default_rng(len(name))
    shapes = [(SAMPLES, *shape) for shape in entry.shapes]
    if entry.indices:
        return [rng.integers(0, int(entry.reach), shape).astype(np.float32) for shape in shapes]
    arrays = [rng.uniform(-entry.reach, entry.reach, shape).astype(np.float32) for shape in shapes]
    if entry.deviation:
        arrays = [entry.deviation * array / array.std(axis=-1, keepdims=True) for array in arrays]
    return arrays


def convert(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Make networks, convert them with the check, and save their layer lists.

    Runs in a process of its own, because it loads TensorFlow.

    Returns:
        What refusals say, by network; networks that are not there are converted.
    """
    write(folder, names)
    return _converted(folder, {name: inputs_of(name) for name in names})


def convert_written(folder: Path, tool: Path) -> dict[str, str]:
    """Let a script write networks, `NAME.keras` and `NAME.npz`, and convert them; see `convert`."""
    subprocess.run([sys.executable, tool, folder], check=True, capture_output=True)
    inputs = {}
    for file in sorted(folder.glob("*.keras")):
        with np.load(file.with_suffix(".npz")) as arrays:
            inputs[file.stem] = [arrays[key] for key in sorted(arrays) if key.startswith("x")]
        (folder / file.stem).mkdir()
        file.rename(folder / file.stem / "model.keras")
    return _converted(folder, inputs)


def _converted(folder: Path, inputs: dict[str, list[NDArray[Any]]]) -> dict[str, str]:
    import qkeras  # noqa: F401  (Keras then knows its layers)

    from backends.modelgraph.extraction import checked_network
    from dse.contracts.errors import EvaluationError
    from dse.runtime.keras_model import read_model

    refused = {}
    for name, given in inputs.items():
        try:
            network = checked_network(read_model(folder / name / "model.keras"), given)
            network.save(folder / name)
            np.savez(folder / name / "inputs.npz", *given)
        except EvaluationError as error:
            refused[name] = f"{error.message}; {error.hint}"
    return refused


def load(folder: Path, name: str) -> Network:
    """Return a converted network."""
    return Network.load(folder / name)


def given(folder: Path, name: str) -> list[NDArray[np.float32]]:
    """Return the inputs of a converted network, one array per input."""
    with np.load(folder / name / "inputs.npz") as arrays:
        return [arrays[key] for key in arrays.files]
