"""Number formats: how tables and weights are kept on the device.

* 32: float.
* 16: half in memory; arithmetic in half where the device has it, else in float.
* 8: signed char. Every table has one scale, its largest magnitude on the calibration events
  divided by 127; every neuron's weights have their own. Sums are 32-bit integers; bias and
  activation are float. Zero is exact; there is no offset.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.kernel_plan import KernelPlan
from backends.opencl.events import DeviceEvent
from backends.opencl.reference import forward

STORED: Mapping[int, Any] = {32: np.float32, 16: np.float16, 8: np.int8}
"""Type of a stored number, by bits."""

_LARGEST = 127
Floats = NDArray[np.float32]


def describe(bits: int, *, half: bool) -> str:
    """What a precision means on a device."""
    sixteen = "half" if half else "half in memory, arithmetic in float (the device has no half)"
    return {32: "float", 16: sixteen, 8: "signed char with scales, sums in int"}[bits]


def table_scales(plan: KernelPlan, events: Iterable[DeviceEvent], bits: int) -> dict[str, float]:
    """Scale of every table: a stored number times its scale is the number meant."""
    scales = dict.fromkeys(plan.tables, 1.0)
    if bits != 8:
        return scales
    largest = dict.fromkeys(plan.tables, 0.0)
    for event in events:
        for name, table in forward(plan, event).items():
            largest[name] = max(largest[name], float(np.abs(table).max(initial=0.0)))
    return {name: (most or 1.0) / _LARGEST for name, most in largest.items()}


def stored(table: Floats, scale: float, bits: int) -> NDArray[Any]:
    """A table as it is kept."""
    if bits != 8:
        other: NDArray[Any] = table.astype(STORED[bits])
        return other
    # in double precision: a scale below the smallest float32 would be a division by zero
    steps = np.rint(table.astype(np.float64) / scale)
    kept: NDArray[np.int8] = np.clip(steps, -_LARGEST, _LARGEST).astype(np.int8)
    return kept


def real(table: NDArray[Any], scale: float) -> Floats:
    """The numbers meant by a stored table."""
    return table.astype(np.float32) * np.float32(scale)


def stored_weights(weights: Floats, in_scale: float, bits: int) -> tuple[NDArray[Any], Floats]:
    """Weights as they are kept, (in, out), and the factor of every neuron's sum, (out,)."""
    if bits != 8:
        return weights.astype(STORED[bits]), np.ones(weights.shape[1], np.float32)
    scales = np.maximum(np.abs(weights).max(axis=0, initial=0.0), 1e-30) / _LARGEST
    kept = np.rint(weights / scales).astype(np.int8)
    return kept, (scales * in_scale).astype(np.float32)
