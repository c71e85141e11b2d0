"""Small networks whose layers stream, each with inputs for an input called ``x``."""

from collections.abc import Callable
from functools import partial
from typing import Any

import image_layers as layers
import layer_samples
import numpy as np
from golden_designs import given, reshape
from image_layers import Layer, Shape
from numpy.typing import NDArray

from backends.modelgraph.network import Network

Made = tuple[Network, NDArray[np.float32]]
Step = Callable[[str, str, Shape], Any]


def _inputs(shape: Shape, samples: int = 30) -> NDArray[np.float32]:
    return np.random.default_rng(7).uniform(-3, 3, (samples, *shape)).astype(np.float32)


def _chain(shape: Shape, **steps: Step) -> Network:
    found: list[Layer] = [given("x", *shape)]
    source = "x"
    for name, step in steps.items():
        made = step(name, source, shape)
        layer, shape = made if isinstance(made, tuple) else (made, shape)
        found.append(layer)
        source = name
    return Network(found, ["x"], [source])


def _convolution(seed: int, **more: Any) -> Step:
    return partial(layers.convolution, rng=np.random.default_rng(seed), **more)


def _dense(seed: int, n_out: int) -> Step:
    def step(name: str, source: str, shape: Shape) -> tuple[Layer, Shape]:
        rng = np.random.default_rng(seed)
        return layers.dense(name, source, shape, rng, n_out), (*shape[:-1], n_out)

    return step


def _activation(name: str, source: str, shape: Shape, function: str = "relu") -> Layer:
    kind = "Softmax" if function == "softmax" else "Activation"
    return {"name": name, "class_name": kind, "activation": function, "axis": -1,
            "n_in": int(np.prod(shape)), "inputs": [source],
            "input_shape": [list(shape)]}  # fmt: skip


def _flat(name: str, source: str, shape: Shape) -> tuple[Layer, Shape]:
    size = int(np.prod(shape))
    return reshape(name, source, list(shape), [size]), (size,)


def cnn() -> Made:
    """Convolutions with and without padding, a strided one, pooling, dense layers, softmax."""
    shape = (8, 7, 2)
    network = _chain(
        shape,
        c1=_convolution(1, n_filt=3, size=(3, 2), padding="same"),
        r1=_activation,
        p1=partial(layers.pooling, size=(2, 2)),
        c2=_convolution(2, n_filt=2, size=(2, 2), stride=(1, 2), padding="same"),
        flat=_flat,
        d1=_dense(3, 5),
        r2=_activation,
        d2=_dense(4, 3),
        s=partial(_activation, function="softmax"),
    )
    return network, _inputs(shape)


def sequence() -> Made:
    shape = (12, 2)
    network = _chain(
        shape,
        c1=_convolution(1, n_filt=3, size=(3,), stride=(1,), padding="causal"),
        t=partial(_activation, function="tanh"),
        p1=partial(layers.pooling, size=(2,), stride=(2,)),
        d1=_dense(3, 2),
    )
    return network, _inputs(shape)


def separable() -> Made:
    shape = (6, 5, 3)
    network = _chain(
        shape,
        c1=_convolution(1, kind="SeparableConv", n_filt=2, padding="same"),
        c2=_convolution(2, kind="DepthwiseConv", size=(2, 2), stride=(2, 2)),
        c3=_convolution(2, n_filt=3, size=(1, 1)),
    )
    return network, _inputs(shape)


def pools() -> Made:
    shape = (7, 9, 2)
    network = _chain(
        shape,
        p1=partial(layers.pooling, kind="Average", size=(2, 3), stride=(2, 3)),
        p2=partial(layers.pooling, kind="Max", size=(3, 1), stride=(3, 1)),
    )
    return network, _inputs(shape)


def whole() -> Made:
    shape = (3, 5, 2)
    network = _chain(shape, p1=partial(layers.global_pooling, kind="Average"))
    return network, _inputs(shape)


def skip() -> Made:
    """A convolution and its input are added: the input has to wait."""
    shape = (5, 6, 2)
    made = layers.convolution("c", "x", shape, np.random.default_rng(1), padding="same")
    add = {"name": "m", "class_name": "Merge", "op": "add", "inputs": ["c", "x"]}
    return Network([given("x", *shape), made[0], add], ["x"], ["m"]), _inputs(shape)


def decoder() -> Made:
    """Images that grow: every pixel twice down and three times across, and then across alone."""
    shape = (3, 4, 2)
    network = _chain(
        shape,
        u1=partial(layers.upsampling, factors=(2, 3)),
        c1=_convolution(1, n_filt=3, size=(2, 2), padding="same"),
        u2=partial(layers.upsampling, factors=(1, 2)),
        u3=partial(layers.upsampling, factors=(2, 1)),
    )
    return network, _inputs(shape)


def longer() -> Made:
    shape = (5, 2)
    network = _chain(shape, u1=partial(layers.upsampling, factors=(3,)), d1=_dense(3, 2))
    return network, _inputs(shape)


def _states(kind: str) -> Step:
    def step(name: str, source: str, shape: Shape) -> tuple[Layer, Shape]:
        made = layer_samples.recurrent(name, kind, (*shape, 3))
        return made | {"inputs": [source]}, (3,)

    return step


def remembered(kind: str) -> Made:
    """A convolution's positions are the time steps of an LSTM or GRU."""
    shape = (6, 2)
    steps = _chain(shape, c1=_convolution(1, n_filt=3, size=(2,), stride=(1,)),
                   r1=_states(kind), d1=_dense(3, 2))  # fmt: skip
    return steps, _inputs(shape)


NETWORKS: dict[str, Callable[[], Made]] = {
    "cnn": cnn,
    "sequence": sequence,
    "separable": separable,
    "pools": pools,
    "whole": whole,
    "skip": skip,
    "decoder": decoder,
    "longer": longer,
    "lstm": partial(remembered, "LSTM"),
    "gru": partial(remembered, "GRU"),
}


def overlapping_pools() -> Network:
    return _chain((6, 6, 1), p=partial(layers.pooling, size=(3, 3), stride=(1, 1)))


def reshaped() -> Network:
    step = partial(reshape, before=[4, 2], after=[2, 4])
    return _chain(
        (4, 2),
        r=lambda name, source, _: (step(name, source), (2, 4)),
        d=_dense(1, 2),
    )
