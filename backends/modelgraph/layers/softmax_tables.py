"""Tables of softmax, and how the firmware cuts its input into slices.

Source: hls4ml, nnet_activation.h and core_templates.py.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.c_math import Floats, expf
from backends.modelgraph.fixed_point import FixedType, Tensor, quantise
from backends.modelgraph.lookup_table import LookupTable

_MODEL_DEFAULT = "model_default_t"
"""Name of hls4ml's type for "not set by the user"."""

_BEYOND_EVERY_TYPE = 2.0**62


def inner_size(node: Any) -> int:
    """Return the number of elements per step along the axis of the sum."""
    return int(node.get_attr("n_inner", 1))


def slice_size(node: Any) -> int:
    """Return the number of classes; all elements where hls4ml's handler names no outer axes."""
    size = int(node.get_output_variable().size())
    return size // inner_size(node) // int(node.get_attr("n_outer", 1))


def exp_table(node: Any) -> LookupTable:
    """Return the first table: exp(-distance) for ``stable``, exp(x) for ``latency``.

    Distances are not negative, so ``stable`` addresses by the input type without its sign
    (``inp_norm_t``), and has at most one entry for every distance (hls4ml, core_templates.py).
    """
    given = FixedType.of(node.get_input_variable().type.precision)
    size = int(node.get_attr("table_size"))
    if str(node.get_attr("implementation")) == "latency":
        return _table(node, given, size, "exp_table_t", expf)
    sign = int(given.signed)
    address = FixedType(given.width - sign, given.integer - sign, signed=False)
    if given.signed:
        size = min(size, 2**address.width)
    return _table(node, address, size, "exp_table_t", lambda x: expf(-x))


def inverse_table(node: Any) -> LookupTable:
    """Return the second table: 1 / sum.

    hls4ml addresses it by the first table's type unless `inv_inp_t` is set.
    """
    named = node.types["inv_inp_t"]
    kind = node.types["exp_table_t"] if named.name == _MODEL_DEFAULT else named
    address = FixedType.of(kind.precision)
    return _table(node, address, int(node.get_attr("table_size")), "inv_table_t", np.reciprocal)


def _table(
    node: Any,
    address: FixedType,
    size: int,
    table_type: str,
    function: Callable[[Floats], Floats],
) -> LookupTable:
    """Return the table of a function, its entries computed as in softmax_real_val_from_idx.

    Args:
        node: the layer.
        address: type of the addresses; an entry's index is their top bits.
        size: number of entries.
        table_type: name of the entries' type.
        function: the function.
    """
    bits = (size - 1).bit_length()
    rest = address.width - bits
    index = np.arange(size, dtype=np.int64)
    # the upper half of the indices are negative addresses, where the type has any
    signed = np.where(index << rest > address.high, index - (1 << bits), index)
    inputs = (signed * 2.0 ** (rest - address.fractional)).astype(np.float32)
    with np.errstate(divide="ignore", over="ignore"):
        outputs = function(inputs)
    kind = FixedType.of(node.types[table_type].precision)
    return LookupTable(address, quantise(_finite(outputs), kind)[0], kind)


def _finite(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return values with 1 / 0 replaced by a number that no type holds.

    Cast to the table's type, it saturates, or has only zeros in the bits that wrapping keeps.
    """
    return np.where(np.isfinite(values), values, _BEYOND_EVERY_TYPE)


LEGACY_TYPE = FixedType(18, 8)
"""Type of tables and sums of `legacy`; hls4ml's configuration does not reach them."""


def legacy_inverses(size: int) -> Tensor:
    """Return the inverse table of `legacy`; its first entry, for 0, is 0."""
    inputs = (LEGACY_SUMS * np.arange(size, dtype=np.float64) / size).astype(np.float32)
    inverses = np.zeros(size)
    np.divide(1.0, inputs, out=inverses, where=inputs > 0, dtype=np.float64)
    return quantise(inverses, LEGACY_TYPE)[0]


LEGACY_SUMS = 64
"""The inverse table of `legacy` covers sums in [0, 64)."""
