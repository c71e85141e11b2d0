"""Convert QKeras quantisers to fixed-point types of hls4ml."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.declared_types import TYPES

_FRACTIONAL_BITS = range(20)
"""Tried in turn; weights that fit none are taken to have a scale that is no power of two."""


def is_quantiser(activation: Any) -> bool:
    """Whether an activation is a QKeras quantiser, not a plain function."""
    return hasattr(activation, "bits")


def quantised_values(variable: Any, quantiser: Any) -> tuple[NDArray[np.float32], str | None]:
    """Return quantised weights, and a type that represents each of them exactly.

    hls4ml 1.3.0 drops the weight quantisers of dense layers over rows (PointwiseConv1D), so
    the values handed to it have to be the quantised ones.

    Returns:
        The values, and their type as hls4ml writes it; None without a quantiser.

    Raises:
        ValueError: no type holds the values exactly, because their scale is no power of two.
    """
    import keras  # here, because it loads TensorFlow (10 s), which only this conversion needs

    given = keras.ops.convert_to_numpy(variable)
    if quantiser is None:
        return given, None
    values = np.asarray(keras.ops.convert_to_numpy(quantiser(variable)), dtype=np.float32)
    return values, _declared_type(quantiser) or exact_type(values)


def _declared_type(quantiser: Any) -> str | None:
    """Return the type that a `quantized_bits` declares; None where its values have to tell.

    With `alpha` other than 1 the values are scaled, so its bits do not give the type. QKeras
    counts integer bits without the sign, ap_fixed with it.
    """
    plain = type(quantiser).__name__ == "quantized_bits" and quantiser.bits > 1
    if not plain or not isinstance(quantiser.alpha, (int, float)) or quantiser.alpha != 1:
        return None
    sign = int(bool(quantiser.keep_negative))
    kind = "fixed" if sign else "ufixed"
    return f"{kind}<{int(quantiser.bits)},{int(quantiser.integer) + sign}>"


def exact_type(values: NDArray[np.floating]) -> str:
    """Return the signed type with the fewest bits that represents all values exactly.

    Raises:
        ValueError: no type with fewer than 20 fractional bits does.
    """
    exact = values.astype(np.float64).ravel()
    for fractional in _FRACTIONAL_BITS:
        raw = exact * 2.0**fractional
        if np.array_equal(raw, np.round(raw)):
            low, high = min(raw.min(initial=0), 0), max(raw.max(initial=0), 0)
            # -2**n takes n bits besides the sign, but 2**n takes n + 1
            bits = 1 + max(math.ceil(math.log2(-low)) if low else 0, math.ceil(math.log2(high + 1)))
            return f"fixed<{max(bits, fractional, 2)},{max(bits, fractional, 2) - fractional}>"
    raise ValueError("quantised weights with a scale that is no power of two (use alpha=1)")


def activation_config(quantiser: Any) -> dict[str, Any]:
    """Return the hls4ml activation layer that computes what a quantiser does.

    QKeras rounds half to even and saturates: modes RND_CONV and SAT.

    Raises:
        ValueError: no fixed-point type matches the quantiser.
    """
    name, bits, integer = type(quantiser).__name__, int(quantiser.bits), int(quantiser.integer)
    if name == "quantized_relu" and not (quantiser.negative_slope or quantiser.use_sigmoid):
        function, kind = "relu", f"ufixed<{bits},{integer},RND_CONV,SAT>"
    elif name == "quantized_bits" and bits > 1 and quantiser.alpha in {1, None}:
        limit = "SAT_SYM" if quantiser.symmetric else "SAT"
        function, kind = "linear", f"fixed<{bits},{integer + 1},RND_CONV,{limit}>"
    else:
        raise ValueError(
            f"no fixed-point type matches the activation {quantiser}; use quantized_relu without "
            "slope and sigmoid, or quantized_bits with alpha=1"
        )
    return {"class_name": "Activation", "activation": function, TYPES: {"result": kind}}
