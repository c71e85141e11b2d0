"""Networks of HGQ2, every weight and value with its own number of bits; needs HGQ2."""

from typing import Any

import keras
import numpy as np
from hgq.config import QuantizerConfigScope
from hgq.layers import QConv2D, QDense
from hgq.utils import trace_minmax
from numpy.typing import NDArray

from backends.modelgraph.extraction import checked_network

__all__ = ["checked_network"]


def dense() -> tuple[Any, NDArray[np.float32]]:
    return _network((6,), lambda: [QDense(8, activation="relu"), QDense(3)])


def convolution() -> tuple[Any, NDArray[np.float32]]:
    def made() -> list[Any]:
        return [QConv2D(3, (3, 2), activation="relu"), keras.layers.Flatten(), QDense(2)]

    return _network((5, 4, 2), made)


def _network(shape: tuple[int, ...], make: Any) -> tuple[Any, NDArray[np.float32]]:
    keras.utils.set_random_seed(4)
    weights = {"default_q_type": "kbi", "b0": 5, "i0": 2, "overflow_mode": "SAT"}
    values = {"default_q_type": "kif", "f0": 4, "i0": 3, "overflow_mode": "WRAP"}
    with (
        QuantizerConfigScope(place="all", **weights),
        QuantizerConfigScope(place="datalane", **values),
    ):
        model = keras.Sequential([keras.Input(shape), *make()])
    random = np.random.default_rng(5)
    inputs = np.asarray(np.round(random.normal(0, 1, (200, *shape)) * 64) / 64, np.float32)
    for layer in model.layers:
        for variable in layer.variables:
            if variable.path.rpartition("/")[2] in {"b", "f"}:  # bits, and fractional bits
                moved = np.asarray(variable) + random.integers(-3, 4, variable.shape)
                variable.assign(np.clip(moved, 0, 8))
    trace_minmax(model, inputs, verbose=False)
    return model, inputs


def kernel_bits(model: Any) -> list[NDArray[Any]]:
    """Bits of every weight, by layer."""
    layers = (layer for layer in model.layers if hasattr(layer, "kq"))
    return [np.asarray(layer.kq.bits) for layer in layers]


def kernels(model: Any) -> list[NDArray[np.float32]]:
    """Weights as quantised, by layer."""
    layers = (layer for layer in model.layers if hasattr(layer, "kq"))
    return [keras.ops.convert_to_numpy(layer.qkernel) for layer in layers]
