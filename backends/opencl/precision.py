"""Number formats of tables and weights on the device.

* 32: float.
* 16: half in memory; arithmetic in half where the device has cl_khr_fp16, else in float.
* 8: signed char. Every table has one scale, its largest magnitude on the calibration batches
  divided by 127; every neuron's weights have a scale of their own. Sums are 32-bit integers;
  bias and activation are computed in float. The format is symmetric: zero is exact.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.kernel_plan import KernelPlan
from backends.opencl.events import DeviceEvent
from backends.opencl.reference import forward

STORED: Mapping[int, Any] = {32: np.float32, 16: np.float16, 8: np.int8}
"""numpy's type of a stored number, by bits."""

_LARGEST = 127  # -128 is not used, so that the range is symmetric
Floats = NDArray[np.float32]


def describe(bits: int, *, half: bool) -> str:
    """Return a precision in words, as it is computed on a device with or without half."""
    sixteen = "half" if half else "half in memory, arithmetic in float (the device has no half)"
    return {32: "float", 16: sixteen, 8: "signed char with scales, sums in int"}[bits]


def table_scales(plan: KernelPlan, events: Iterable[DeviceEvent], bits: int) -> dict[str, float]:
    """Return the scale of every table; a stored number times the scale is its value.

    Args:
        plan: the network.
        events: calibration batches, evaluated in float; read for 8 bits only.
        bits: 32, 16 or 8; scales of 32 and 16 bits are 1.
    """
    scales = dict.fromkeys(plan.tables, 1.0)
    if bits != 8:
        return scales
    largest = dict.fromkeys(plan.tables, 0.0)
    for event in events:
        for name, table in forward(plan, event).items():
            largest[name] = max(largest[name], float(np.abs(table).max(initial=0.0)))
    return {name: float(step(most or 1.0)) for name, most in largest.items()}


def step(largest: float | Floats) -> Any:
    """Return the scale of 8-bit numbers up to a largest absolute value.

    It is at least 1e-30 / 127: a table of zeros must not divide by zero, and float32 holds
    smaller numbers with few digits.
    """
    return np.maximum(largest, 1e-30) / _LARGEST


def stored(table: Floats, scale: float, bits: int) -> NDArray[Any]:
    """Return a table in the stored format; 8-bit values beyond the range saturate."""
    if bits != 8:
        other: NDArray[Any] = table.astype(STORED[bits])
        return other
    kept: NDArray[np.int8] = np.clip(np.rint(table / scale), -_LARGEST, _LARGEST).astype(np.int8)
    return kept


def real(table: NDArray[Any], scale: float) -> Floats:
    """Return the values of a stored table in float32."""
    return table.astype(np.float32) * np.float32(scale)


def stored_weights(weights: Floats, in_scale: float, bits: int) -> tuple[NDArray[Any], Floats]:
    """Return stored weights, (in, out), and the factor of every neuron's sum, (out,).

    A sum of products of stored numbers times its factor is the sum of the products of values.

    Args:
        weights: (in, out).
        in_scale: scale of the layer's input table.
        bits: 32, 16 or 8.
    """
    if bits != 8:
        return weights.astype(STORED[bits]), np.ones(weights.shape[1], np.float32)
    scales = step(np.abs(weights).max(axis=0, initial=0.0))
    kept = np.rint(weights / scales).astype(np.int8)
    return kept, (scales * in_scale).astype(np.float32)
