"""Layers side by side, one network for each family, with their inputs.

Weights and inputs come from `golden_designs.spread`, equal on every machine. A seed chooses the
weights, the inputs and some shapes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import image_layers
import numpy as np
import random_images
from golden_designs import dense, given, spread
from layer_networks import Branch, Layer, flattened, side_by_side
from numpy.typing import NDArray

from backends.modelgraph.network import Network

SAMPLES = 60
FUNCTIONS = (
    "linear", "relu", "relu1", "relu6", "sigmoid", "tanh", "softplus", "softsign", "elu", "selu",
    "binary_tanh", "ternary_tanh",
)  # fmt: skip
MERGES = ("add", "subtract", "multiply", "average", "maximum", "minimum")
SOFTMAXES = ("stable", "latency", "legacy", "argmax")


@dataclass(frozen=True)
class Sample:
    """A network and its inputs."""

    network: Network
    inputs: Sequence[NDArray[Any]]


def activation(name: str, kind: str, function: str, n_in: int, **more: Any) -> Layer:
    return {
        "name": name,
        "class_name": kind,
        "activation": function,
        "n_in": n_in,
        "inputs": ["x"],
        "input_shape": [[n_in]],
        **more,
    }


def merge(name: str, op: str, *inputs: str) -> Layer:
    return {"name": name, "class_name": "Merge", "op": op, "inputs": list(inputs)}


def concatenate(name: str, axis: int, rank: int, *inputs: str) -> Layer:
    kind = {"class_name": "Concatenate", "op": f"Concatenate{rank}d", "axis": axis}
    return {"name": name, "inputs": list(inputs), **kind}


def transpose(name: str, source: str, *axes: int) -> Layer:
    return {"name": name, "class_name": "Transpose", "perm": list(axes), "inputs": [source]}


def softmax(name: str, source: str, n_in: int, **more: Any) -> Layer:
    kind = {"class_name": "Softmax", "activation": "softmax", "axis": -1}
    return {"name": name, "n_in": n_in, "inputs": [source], **kind, **more}


def shared(seed: int) -> Sample:
    """Dense layers one after another, whose multipliers serve several outputs in turn."""
    sizes = (6, 9, 4, 7)
    layers = [
        dense(f"dense{n}", f"dense{n - 1}" if n else "x", *pair)
        for n, pair in enumerate(pairwise(sizes))
    ]
    network = Network([given("x", sizes[0]), *layers], ["x"], [layers[-1]["name"]])
    return Sample(network, [spread(seed, SAMPLES, sizes[0]) * 2])


def activations(seed: int, **table: Any) -> Sample:
    """Every activation; keys such as `table_size` are given to those with tables."""
    n = 3 + seed % 4
    layers = [activation(f"f_{name}", "Activation", name, n, **table) for name in FUNCTIONS]
    layers += [
        activation("leaky", "LeakyReLU", "leakyrelu", n, activ_param=0.3),
        activation("rising", "LeakyReLU", "leaky_relu", n, activ_param=-0.3),
        activation("threshold", "ThresholdedReLU", "thresholdedrelu", n, activ_param=0.75),
        activation("elu_alpha", "ELU", "elu", n, activ_param=1.75, **table),
        activation("prelu", "PReLU", "prelu", n, param_data=spread(seed, n, low=-0.5, high=0.5)),
        activation("sigmoid", "HardActivation", "hard_sigmoid", n),
        activation("steep", "HardActivation", "hard_tanh", n, slope=0.5),
    ]
    x = np.concatenate([spread(seed, SAMPLES, n, low=-2, high=2), spread(seed, 40, n) * 12])
    return Sample(side_by_side([given("x", n)], [Branch([layer], (n,)) for layer in layers]), [x])


def merges(seed: int) -> Sample:
    """Merges, also of an unsigned and of a smaller input, and layers that only move values."""
    a, b = 2 + seed % 3, 3 + seed % 2
    image, rows = (2, a, b), (a, b)
    u = activation("u", "Activation", "relu", a * b) | {"inputs": ["y"]}
    branches = [Branch([merge(op, op, "x", "y")], rows) for op in MERGES]
    branches += [Branch([u, merge("u_average", "average", "x", "u")], rows)]
    branches += [Branch([merge(f"u_{op}", op, "u", "x")], rows) for op in ("minimum", "maximum")]
    branches += [Branch([merge("b_subtract", "subtract", "row", "x")], rows)]
    ends = [flattened("x_flat", "x", rows), flattened("y_flat", "y", rows)]
    dot = {"name": "dot", "class_name": "Dot", "op": "dot1d", "axes": 1}
    branches += [Branch([*ends, dot | {"inputs": ["x_flat", "y_flat"]}], (1,))]
    branches += [
        Branch([transpose("t2", "x", 1, 0)], (b, a)),
        Branch([transpose("t3", "z", 2, 0, 1)], (b, 2, a)),
        Branch([concatenate("c2_rows", 1, 2, "x", "y")], (2 * a, b)),
        Branch([concatenate("c2_last", -1, 2, "x", "y")], (a, 2 * b)),
        Branch([concatenate("c3_first", -3, 3, "z", "w")], (4, a, b)),
        Branch([concatenate("c3_middle", 2, 3, "z", "w")], (2, 2 * a, b)),
        Branch([concatenate("c3_last", 3, 3, "z", "w")], (2, a, 2 * b)),
    ]
    table = {"class_name": "Embedding", "n_in": 5, "n_out": b, "vocab_size": 7}
    table |= {"embeddings_data": spread(seed + 9, 7, b), "inputs": ["index"]}
    branches += [Branch([{"name": "embedding", **table}], (5, b))]
    shapes = {"x": rows, "y": rows, "row": (1, b), "z": image, "w": image}
    inputs = [
        spread(seed + n, SAMPLES, *shape, low=-7, high=7) for n, shape in enumerate(shapes.values())
    ]
    inputs.append(np.floor(spread(seed + 8, SAMPLES, 5, low=0, high=7)))
    layers = [given(name, *shape) for name, shape in (*shapes.items(), ("index", (5,)))]
    return Sample(side_by_side(layers, branches), inputs)


def softmaxes(seed: int) -> Sample:
    """Every implementation of softmax over all axes, the last and a middle one."""
    classes, image = 4 + seed % 3, (2, 3, 4)
    branches = []
    for name in SOFTMAXES:
        more = {"implementation": name}
        branches += [
            Branch([softmax(name, "v", classes, **more)], (classes,)),
            Branch([softmax(f"{name}_last", "z", 24, **more)], image),
            Branch(
                [softmax(f"{name}_middle", "z", 24, axis=2, n_outer=2, n_inner=4, **more)], image
            ),
        ]
    inputs = [spread(seed, SAMPLES, classes) * 7, spread(seed + 1, SAMPLES, *image) * 7]
    return Sample(side_by_side([given("v", classes), given("z", *image)], branches), inputs)


def recurrent(name: str, kind: str, shape: tuple[int, int, int], **more: Any) -> Layer:
    """LSTM or GRU for (time steps, inputs, states)."""
    steps, n_in, n_state = shape
    seed, width = sum(map(ord, name)), {"LSTM": 4, "GRU": 3}[kind] * n_state
    layer = {
        "name": name,
        "class_name": kind,
        "direction": "forward",
        "return_sequences": False,
        "return_state": False,
        "n_timesteps": steps,
        "n_in": n_in,
        "n_out": n_state,
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
        "weight_data": spread(seed, n_in, width),
        "recurrent_weight_data": spread(seed + 1, n_state, width),
        "bias_data": spread(seed + 2, width),
        "inputs": ["x"],
        "input_shape": [[steps, n_in]],
    }
    if kind == "GRU":
        layer |= {"recurrent_bias_data": spread(seed + 3, width), "apply_reset_gate": "after"}
    return layer | more


def bidirectional(
    name: str, kinds: Sequence[str], shape: tuple[int, int, int], **more: Any
) -> Layer:
    """Both directions, each LSTM or GRU."""
    layer = recurrent(name, kinds[0], shape, **more)
    plain = {key: layer[key] for key in ("name", "n_timesteps", "n_in", "inputs", "input_shape")}
    both = {"class_name": "Bidirectional", "direction": "bidirectional", "merge_mode": "concat"}
    for side, kind in zip(("forward", "backward"), kinds, strict=True):
        cell = recurrent(f"{name}_{side}", kind, shape, **more)
        keys = [key for key in cell if key.endswith(("_data", "activation"))]
        both |= {f"{side}_{key}": cell[key] for key in keys}
        both |= {f"{side}_name": cell["name"], f"{side}_class_name": kind}
        both |= {f"{side}_n_states": shape[2]}
    return plain | both | {"n_out": 2 * shape[2], "return_state": False, **more}


def recurrents(seed: int, n_in: int = 6, n_state: int = 6) -> Sample:
    """LSTM, GRU and both directions, with all states or the last."""
    steps = 2 + seed % 3
    shape = steps, n_in, n_state
    branches = []
    for kind in ("LSTM", "GRU"):
        other = {"activation": "sigmoid", "recurrent_activation": "tanh", "return_sequences": True}
        branches += [
            Branch([recurrent(kind, kind, shape, return_sequences=True)], (steps, n_state)),
            Branch([recurrent(f"{kind}_last", kind, shape, activation="relu")], (n_state,)),
            Branch([recurrent(f"{kind}_other", kind, shape, **other)], (steps, n_state)),
        ]
    mixed = bidirectional("mixed", ("LSTM", "GRU"), shape, return_sequences=True)
    last = bidirectional("both", ("GRU", "LSTM"), shape, return_sequences=False)
    branches += [Branch([mixed], (steps, 2 * n_state)), Branch([last], (2 * n_state,))]
    x = spread(seed, SAMPLES, steps, n_in) * 3
    return Sample(side_by_side([given("x", steps, n_in)], branches), [x])


def einsum_dense(
    name: str, source: str, equation: str, shapes: Sequence[tuple[int, ...]], bias: Any = None
) -> Layer:
    """For the shapes of input, weights and output."""
    seed, (n_in, kernel, n_out) = sum(map(ord, name)), shapes
    layer = {"name": name, "class_name": "EinsumDense", "equation": equation, "inputs": [source]}
    layer |= {"inp_shape": n_in, "out_shape": n_out, "weight_data": spread(seed, *kernel)}
    return layer | {"bias_data": None if bias is None else spread(seed + 1, *bias)}


def einsum(name: str, equation: str, shapes: Sequence[tuple[int, ...]], *inputs: str) -> Layer:
    """For the shapes of both inputs and the output."""
    keys = ("inp0_shape", "inp1_shape", "out_shape")
    kind = {"class_name": "Einsum", "equation": equation, "inputs": list(inputs)}
    return {"name": name, **kind, **dict(zip(keys, shapes, strict=True))}


def normalisation(name: str, rows: int, n: int, **more: Any) -> Layer:
    weights = {"gamma_data": spread(1, n, low=0.5, high=1.5), "beta_data": spread(2, n)}
    size = {"n_in": rows * n, "seq_len": rows, "input_shape": [[rows, n]], "axis": 2}
    kind = {"class_name": "LayerNormalization", "epsilon_power_of_10": 3, "inputs": ["x"]}
    return {"name": name, **kind, **size, **weights, **more}


def sums_of_products(seed: int) -> Sample:
    """Einstein sums."""
    a, b = 3 + seed % 3, 4
    x, z, w = (a, b), (2, a, b), (a, 2, 3)
    shapes = {"x": x, "y": x, "z": z, "w": w}
    inputs = [spread(seed + n, SAMPLES, *s) * 1.5 for n, s in enumerate(shapes.values())]
    layers = [given(name, *s) for name, s in shapes.items()]
    return Sample(side_by_side(layers, _sums_of_products(x, z, w)), inputs)


def _sums_of_products(x: tuple[int, ...], z: tuple[int, ...], w: tuple[int, ...]) -> list[Branch]:
    a, b = x
    return [
        Branch([einsum_dense("rows", "x", "bc,cd->bd", (x, (b, 5), (a, 5)), (5,))], (a, 5)),
        Branch([einsum_dense("turned", "x", "bc,cd->db", (x, (b, 5), (5, a)))], (5, a)),
        Branch(
            [einsum_dense("heads", "z", "abc,acd->bad", (z, (2, b, 3), (a, 2, 3)), (a, 2, 3))],
            (a, 2, 3),
        ),
        Branch([einsum("pairs", "ab,cb->ac", (x, x, (a, a)), "x", "y")], (a, a)),
        Branch([einsum("mixed", "abc,bad->adc", (z, w, (2, 3, b)), "z", "w")], (2, 3, b)),
    ]


def _normalised(x: tuple[int, int]) -> list[Branch]:
    return [
        Branch([normalisation("norm", *x)], x),
        Branch([normalisation("wide", *x, table_range_power2=2, table_size=256)], x),
    ]


def normalisations(seed: int) -> Sample:
    """Layer normalisation."""
    x = (2 + seed % 3, 3 + seed % 4)
    inputs = spread(seed, SAMPLES, *x) * (1 + seed % 3)
    return Sample(side_by_side([given("x", *x)], _normalised(x)), [inputs])


def products(seed: int) -> Sample:
    """Einstein sums and layer normalisation."""
    sums = sums_of_products(seed)
    x = (3 + seed % 3, 4)
    norms = _normalised(x)
    shapes = {"x": x, "y": x, "z": (2, *x), "w": (x[0], 2, 3)}
    layers = [given(name, *s) for name, s in shapes.items()]
    branches = [*_sums_of_products(x, shapes["z"], shapes["w"]), *norms]
    return Sample(side_by_side(layers, branches), sums.inputs)


def pixels(seed: int, rank: int) -> Sample:
    """Layers without products between pixels, on sequences (rank 1) or images (rank 2)."""
    rng = np.random.default_rng(seed)

    def sizes(low: int, high: int) -> tuple[int, ...]:
        return tuple(int(n) for n in rng.integers(low, high + 1, rank))

    def pool(kind: str, padding: str) -> Any:
        sliding = {"size": sizes(2, 3), "stride": sizes(1, 2), "padding": padding}
        return partial(image_layers.pooling, kind=kind, **sliding)

    shape = (*sizes(8, 9), 2)
    steps = [
        partial(image_layers.normalisation, rng=rng),
        pool("Max", "same"),
        pool("Average", "same"),
        partial(image_layers.zero_padding, amounts=((1, 2),) * rank),
        pool("Average", "valid"),
        partial(image_layers.cropping, amounts=((1, 0),) * rank),
        partial(image_layers.upsampling, factors=(2,) * rank),
        pool("Max", "valid"),
        partial(image_layers.global_pooling, kind=("Max", "Average")[seed % 2]),
        partial(image_layers.normalisation, rng=rng),
    ]
    network = random_images.chain(shape, *steps)
    return Sample(network, [random_images.inputs(shape, seed)])
