"""QKeras' quantisers as fixed-point types of hls4ml."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.declared_types import TYPES

_MOST_BITS = 20


def is_quantiser(activation: Any) -> bool:
    """Whether an activation is one of QKeras' quantisers, not a plain function."""
    return hasattr(activation, "bits")


def quantised_values(variable: Any, quantiser: Any) -> tuple[NDArray[np.float32], str | None]:
    """Weights as the quantiser leaves them, and a type that holds each of them exactly.

    hls4ml 1.3.0 forgets the quantisers of dense layers over rows (PointwiseConv1D), so that
    the values themselves have to be the quantised ones.

    Returns:
        The values, and their type; None for weights that are not quantised.

    Raises:
        ValueError: no type of at most 20 bits holds the values, as with a scale that is no
            power of two.
    """
    import keras

    given = keras.ops.convert_to_numpy(variable)
    if quantiser is None:
        return given, None
    values = np.asarray(keras.ops.convert_to_numpy(quantiser(variable)), dtype=np.float32)
    return values, _declared_type(quantiser) or exact_type(values)


def _declared_type(quantiser: Any) -> str | None:
    """The type a `quantized_bits` names itself."""
    plain = type(quantiser).__name__ == "quantized_bits" and quantiser.bits > 1
    if not plain or not isinstance(quantiser.alpha, (int, float)) or quantiser.alpha != 1:
        return None
    sign = int(bool(quantiser.keep_negative))
    kind = "fixed" if sign else "ufixed"
    return f"{kind}<{int(quantiser.bits)},{int(quantiser.integer) + sign}>"


def exact_type(values: NDArray[np.floating]) -> str:
    """The narrowest signed type that holds all of these values.

    Raises:
        ValueError: there is none of at most 20 bits.
    """
    exact = values.astype(np.float64).ravel()
    for fractional in range(_MOST_BITS):
        raw = exact * 2.0**fractional
        if np.array_equal(raw, np.round(raw)):
            low, high = min(raw.min(initial=0), 0), max(raw.max(initial=0), 0)
            bits = 1 + max(math.ceil(math.log2(-low)) if low else 0, math.ceil(math.log2(high + 1)))
            return f"fixed<{max(bits, fractional, 2)},{max(bits, fractional, 2) - fractional}>"
    raise ValueError("quantised weights with a scale that is no power of two (use alpha=1)")


def activation_config(quantiser: Any) -> dict[str, Any]:
    """hls4ml's activation that does what a quantiser does.

    Raises:
        ValueError: there is none.
    """
    name, bits, integer = type(quantiser).__name__, int(quantiser.bits), int(quantiser.integer)
    if name == "quantized_relu" and not (quantiser.negative_slope or quantiser.use_sigmoid):
        function, kind = "relu", f"ufixed<{bits},{integer},RND_CONV,SAT>"
    elif name == "quantized_bits" and bits > 1 and quantiser.alpha in {1, None}:
        limit = "SAT_SYM" if quantiser.symmetric else "SAT"
        function, kind = "linear", f"fixed<{bits},{integer + 1},RND_CONV,{limit}>"
    else:
        raise ValueError(f"no fixed-point type does what the activation {quantiser} does")
    return {"class_name": "Activation", "activation": function, TYPES: {"result": kind}}
