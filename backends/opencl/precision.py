"""Number formats of tables and weights on the device.

* 32: float.
* 16: half in memory and arithmetic, where the device has cl_khr_fp16; else short with scales.
* 8: unsigned char with scales for outputs of ReLU and sigmoid between layers; short for the other
  tables: the network's inputs and outputs, and what only moves or sums values. A step of an angle
  in 8 bits is wider than the difference of two hits' that decides about an edge.

Every column of a table has a scale: its largest magnitude on the calibration batches becomes the
largest stored number. Every neuron's weights have a scale of their own, into which those of the
columns go: chars for tables of chars, else shorts. Sums of products are 32-bit integers, and the
scales keep them from overflowing whatever the inputs are; bias and activation are computed in
float. Zero is exact.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from math import ceil, log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.kernel_plan import KernelPlan
from backends.opencl.events import DeviceEvent
from backends.opencl.reference import forward

Floats = NDArray[np.float32]

_SUM_MOST = 2**31 - 1
_TINY = 1e-30  # a column of zeros must not divide by zero; float32 holds smaller with few digits


class Format(IntEnum):
    """Format of a table; the number is that of `IN_FORMAT` in `kernels/types.cl`."""

    FLOAT = 32
    HALF = 16
    SHORT = 15
    UCHAR = 8

    @property
    def type(self) -> Any:
        """Numpy's type of a stored number."""
        return _TYPES[self]

    @property
    def weight_type(self) -> Any:
        """Numpy's type of the weights of a layer that reads the table."""
        return np.int8 if self is Format.UCHAR else _TYPES[self]

    @property
    def group(self) -> int:
        """Numbers that the matrix kernel reads together, as one int."""
        return {Format.SHORT: 2, Format.UCHAR: 4}.get(self, 1)


_TYPES = {
    Format.FLOAT: np.float32,
    Format.HALF: np.float16,
    Format.SHORT: np.int16,
    Format.UCHAR: np.uint8,
}


@dataclass(frozen=True)
class Stored:
    """How a table is stored.

    Args:
        format: of its numbers.
        scales: (features,), a stored number times the scale of its column is its value; ones for
            float and half.
        largest: magnitude up to which integers are used; 0 for float and half.
    """

    format: Format
    scales: Floats
    largest: int = 0

    def of(self, table: Floats) -> NDArray[Any]:
        """Return a table, (rows, features), as stored; integers beyond the range saturate."""
        if not self.largest:
            other: NDArray[Any] = table.astype(self.format.type)
            return other
        lowest = 0 if self.format is Format.UCHAR else -self.largest
        inverses = 1 / self.scales  # as the kernels do it
        kept: NDArray[Any] = np.clip(np.rint(table * inverses), lowest, self.largest)
        return kept.astype(self.format.type)

    def real(self, table: NDArray[Any]) -> Floats:
        """Return the values of a stored table in float32."""
        return table.astype(np.float32) * self.scales if self.largest else table.astype(np.float32)


def describe(bits: int, *, half: bool) -> str:
    """Return a precision in words, as it is computed on a device with or without half."""
    sixteen = "half" if half else "short with scales, sums in int (the device has no half)"
    eight = "unsigned char with scales behind ReLU and sigmoid, short elsewhere, sums in int"
    return {32: "float", 16: sixteen, 8: eight}[bits]


def formats(
    plan: KernelPlan, events: Iterable[DeviceEvent], bits: int, *, half: bool = False
) -> dict[str, Stored]:
    """Return how every table is stored, by name.

    Args:
        plan: the network.
        events: calibration batches, evaluated in float; read for integers only.
        bits: 32, 16 or 8.
        half: whether the device computes in half precision.
    """
    if bits == 32 or (bits == 16 and half):
        kind = Format.FLOAT if bits == 32 else Format.HALF
        return {n: Stored(kind, np.ones(t.features, np.float32)) for n, t in plan.tables.items()}
    chars = _of_chars(plan) if bits == 8 else set()
    largest = _largest(plan, events)
    return {name: _integers(most, chars=name in chars) for name, most in largest.items()}


def _of_chars(plan: KernelPlan) -> set[str]:
    """Return the tables between layers whose values are not negative."""
    dense = [step for step in plan.steps if step.kernel == "dense"]
    kept = {step.output for step in dense if step.activation in {"relu", "sigmoid"}}
    return kept - {plan.output}


def _largest(plan: KernelPlan, events: Iterable[DeviceEvent]) -> dict[str, Floats]:
    """Return the largest magnitudes of the columns of every table."""
    largest = {name: np.zeros(table.features, np.float32) for name, table in plan.tables.items()}
    for event in events:
        for name, table in forward(plan, event).items():
            np.maximum(largest[name], np.abs(table).max(axis=0, initial=0.0), out=largest[name])
    # what no batch has a number for is taken to be of the order of one
    return {name: np.where(most > 0, most, 1).astype(np.float32) for name, most in largest.items()}


def _integers(most: Floats, *, chars: bool) -> Stored:
    """Return the format of a table from the largest magnitudes of its columns.

    The bits of a sum are shared between a table of shorts and its weights: wide layers have
    fewer for the table, so that the rounding of both is alike.
    """
    if chars:
        return Stored(Format.UCHAR, step(most, 255), 255)
    bits = 15 - max(0, ceil(log2(len(most) / 16) / 2))
    return Stored(Format.SHORT, step(most, 2**bits - 1), 2**bits - 1)


def step(largest: Floats, count: int) -> Floats:
    """Return the scales with which `largest` becomes the integer `count`."""
    made: Floats = (np.maximum(largest, _TINY) / count).astype(np.float32)
    return made


def stored_weights(weights: Floats, given: Stored) -> tuple[NDArray[Any], Floats]:
    """Return stored weights, (in, out), and the factor of every neuron's sum, (out,).

    A sum of products of stored numbers times its factor is the sum of the products of values.

    Args:
        weights: (in, out).
        given: how the layer's input is stored.
    """
    kind = given.format.weight_type
    if not given.largest:
        return weights.astype(kind), np.ones(weights.shape[1], np.float32)
    scaled = weights.astype(np.float64) * given.scales[:, None]
    size = np.abs(scaled)
    # rounding adds at most a half to each of the integers, whose sum is what the budget is for
    budget = _SUM_MOST / given.largest - len(weights) / 2
    least = size.sum(axis=0) / budget
    scales = np.maximum(size.max(axis=0, initial=_TINY**2) / np.iinfo(kind).max, least)
    return np.rint(scaled / scales).astype(kind), scales.astype(np.float32)


def grouped(weights: NDArray[Any], group: int) -> NDArray[Any]:
    """Return weights, (depth, columns), with the `group` numbers of an int beside each other.

    Args:
        weights: depth is a multiple of `group`.
        group: numbers that the kernel reads together.
    """
    depth, columns = weights.shape
    return np.ascontiguousarray(weights.reshape(depth // group, group, columns).swapaxes(1, 2))


Formats = Mapping[str, Stored]
