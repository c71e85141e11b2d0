"""Convert QKeras quantisers to fixed-point types of hls4ml, or refuse them by name.

Every attribute of a quantiser is honoured or refused: the conversion check would find a value
that is computed otherwise, but only the name of the attribute tells what to change.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.declared_types import TYPES
from dse.contracts.errors import EvaluationError, FailureKind

_FRACTIONAL_BITS = range(20)
"""Tried in turn; weights that fit none are taken to have a scale that is no power of two."""

_USE = "quantized_bits or quantized_relu, with alpha=1"


def refused(layer: Any, reason: str, hint: str = "") -> EvaluationError:
    """Return the error for a QKeras layer that has no exact conversion.

    Args:
        layer: the Keras layer.
        reason: what is wrong, as a sentence without a capital letter.
        hint: what to use instead.
    """
    message = f"layer '{layer.name}' ({type(layer).__name__}): {reason}"
    return EvaluationError(FailureKind.INVALID_POINT, message, hint=hint or f"use {_USE}")


def is_quantiser(activation: Any) -> bool:
    """Whether an activation is a QKeras quantiser, not a plain function."""
    return hasattr(activation, "bits")


def quantised_values(
    layer: Any, variable: Any, quantiser: Any
) -> tuple[NDArray[np.float32], str | None]:
    """Return quantised weights, and a type that represents each of them exactly.

    hls4ml 1.3.0 drops the weight quantisers of dense layers over rows (PointwiseConv1D), so
    the values handed to it have to be the quantised ones.

    Args:
        layer: the Keras layer, for errors.
        variable: its weights.
        quantiser: what quantises them; None for nothing.

    Returns:
        The values, and their type as hls4ml writes it; None without a quantiser.

    Raises:
        EvaluationError: no type holds the values exactly, because their scale is no power of
            two, or they are drawn at random.
    """
    import keras  # here, because it loads TensorFlow (10 s), which only this conversion needs

    given = keras.ops.convert_to_numpy(variable)
    if quantiser is None:
        return given, None
    _check_training_noise(layer, quantiser)
    values = np.asarray(keras.ops.convert_to_numpy(quantiser(variable)), dtype=np.float32)
    try:
        return values, _declared_type(quantiser) or exact_type(values)
    except ValueError as error:
        raise refused(layer, str(error), "use alpha=1 or alpha='auto_po2'") from error


def _check_training_noise(layer: Any, quantiser: Any) -> None:
    """Refuse quantisers whose values are drawn at random, or only partly quantised."""
    name = type(quantiser).__name__
    if name.startswith(("stochastic", "bernoulli")) or getattr(
        quantiser, "use_stochastic_rounding", False
    ):
        raise refused(layer, f"{name} rounds at random", "quantise without stochastic rounding")
    noise = getattr(quantiser, "qnoise_factor", 1.0)
    if float(noise) != 1.0:
        hint = "set qnoise_factor=1 before the network is saved"
        raise refused(layer, f"{name} with qnoise_factor={noise} quantises in part", hint)


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
    raise ValueError("its quantised weights have a scale that is no power of two")


def activation_config(layer: Any, activation: Any) -> dict[str, Any]:
    """Return the hls4ml activation layer that computes what a QKeras activation does.

    QKeras rounds half to even and saturates: modes RND_CONV and SAT.

    Args:
        layer: the Keras layer, for errors.
        activation: its quantiser.

    Raises:
        EvaluationError: no fixed-point type matches the quantiser; the message names what does
            not.
    """
    _check_training_noise(layer, activation)
    convert = _ACTIVATIONS.get(type(activation).__name__)
    if convert is None:
        name = getattr(activation, "__name__", None) or type(activation).__name__
        raise refused(layer, f"no fixed-point type matches the activation {name}")
    function, kind = convert(layer, activation)
    return {"class_name": "Activation", "activation": function, TYPES: {"result": kind}}


def _relu(layer: Any, quantiser: Any) -> tuple[str, str]:
    for name in ("negative_slope", "use_sigmoid"):
        if getattr(quantiser, name):
            hint = f"use quantized_relu without {name}"
            raise refused(layer, f"quantized_relu with {name} is no cast", hint)
    if not quantiser.is_quantized_clip and quantiser.relu_upper_bound is not None:
        hint = "leave the bound to bits and integer: is_quantized_clip=True"
        raise refused(layer, "quantized_relu with relu_upper_bound is no cast", hint)
    return "relu", f"ufixed<{int(quantiser.bits)},{int(quantiser.integer)},RND_CONV,SAT>"


def _bits(layer: Any, quantiser: Any) -> tuple[str, str]:
    name, alpha = type(quantiser).__name__, quantiser.alpha
    if isinstance(alpha, str) or (alpha is not None and np.any(np.asarray(alpha) != 1)):
        hint = f"use {name} with alpha=1"
        raise refused(layer, f"{name} with alpha={alpha} scales its values", hint)
    bits, integer = int(quantiser.bits), int(quantiser.integer)
    sign = int(bool(quantiser.keep_negative))
    if bits <= sign:
        raise refused(layer, f"{name} with {bits} bit is a sign, no cast", "use 2 bits or more")
    limit = "SAT_SYM" if quantiser.symmetric and sign else "SAT"
    return "linear", f"{'' if sign else 'u'}fixed<{bits},{integer + sign},RND_CONV,{limit}>"


def _tanh(layer: Any, quantiser: Any) -> tuple[str, str]:
    """Return the cast that the piecewise linear tanh of QKeras, clip(x, -1, 1), is."""
    if quantiser.use_real_tanh or not _piecewise_linear_sigmoid():
        hint = "use quantized_tanh without use_real_tanh, or tanh and then quantized_bits"
        raise refused(layer, "quantized_tanh of the real tanh is no cast", hint)
    limit = "SAT_SYM" if quantiser.symmetric else "SAT"
    return "linear", f"fixed<{int(quantiser.bits)},1,RND_CONV,{limit}>"


def _sign(layer: Any, quantiser: Any) -> tuple[str, str]:
    name = type(quantiser).__name__
    hint = "use quantized_bits with 2 bits or more, or quantized_relu"
    raise refused(layer, f"the activation {name} is a comparison, no cast", hint)


def _sigmoid(layer: Any, quantiser: Any) -> tuple[str, str]:
    name = type(quantiser).__name__
    hint = "use Activation('sigmoid') and then quantized_bits with keep_negative=0"
    raise refused(layer, f"the activation {name} is no cast", hint)


_ACTIVATIONS = {
    "quantized_relu": _relu,
    "quantized_bits": _bits,
    "quantized_linear": _bits,
    "quantized_tanh": _tanh,
    "quantized_sigmoid": _sigmoid,
    "binary": _sign,
    "ternary": _sign,
}


def _piecewise_linear_sigmoid() -> bool:
    """Whether QKeras' sigmoid, which `set_internal_sigmoid` changes, is clip(0.5 + x / 2, 0, 1)."""
    import keras
    from qkeras import quantizers

    points = np.array([-3.0, -0.5, 0.0, 0.25, 3.0], np.float32)
    given = keras.ops.convert_to_numpy(quantizers._sigmoid(points))  # noqa: SLF001
    return bool(np.allclose(given, np.clip(0.5 + points / 2, 0, 1), atol=1e-6))
