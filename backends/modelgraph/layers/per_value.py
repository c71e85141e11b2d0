"""Value rule of hls4ml's quantiser with a type for every value, as HGQ2 trains it.

Source: the code that hls4ml generates for it, backends/fpga/passes/hgq_proxy_model.py. Types of the
layers between are hls4ml's own: wide enough to lose nothing (its pass ``bit_exact``).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.layers.rules import LayerRules, result_type


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return every value cast to its own type, in the result type; one of 0 bits is 0."""
    (data,), result = inputs, result_type(node)
    flat = data.raw.reshape(len(data.raw), -1)
    made = np.zeros_like(flat)
    for kind, places in _types(node, data.raw.shape[1:]):
        own = counter.cast(Tensor(flat[:, places], data.fractional), kind)
        made[:, places] = counter.cast(own, result).raw
    return Tensor(made.reshape(data.raw.shape), result.fractional)


def _types(node: Any, shape: tuple[int, ...]) -> Iterator[tuple[FixedType, NDArray[np.bool_]]]:
    """Yield the types of a node's values, without those of 0 bits, and where each one is.

    Args:
        node: the quantiser; its masks hold sign, bits and integer bits (sign included).
        shape: of its values, without samples.
    """
    masks = (np.asarray(mask) for mask in node.mask_kbi)
    whole = (m.reshape(m.shape[1:]) if m.ndim > 1 else m for m in masks)
    table = np.stack([np.broadcast_to(mask, shape).ravel() for mask in whole])
    for signed, bits, integer in np.unique(table, axis=1).T.tolist():
        if bits > 0:
            kind = FixedType(bits, integer, bool(signed), node.RND, node.SAT)
            yield kind, np.equal(table.T, [signed, bits, integer]).all(axis=1)


RULES = (LayerRules(class_names=("FixedPointQuantizer",), value=value),)
