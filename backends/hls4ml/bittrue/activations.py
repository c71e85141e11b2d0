"""Activation functions as hls4ml builds them: comparisons and look-up tables."""

from collections.abc import Callable
from typing import Any

import numpy as np

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.fixed_point import FixedType, Raw, Tensor, cast, quantise

Rule = Callable[[Any, Tensor, CastCounter], Tensor]


def _result(node: Any) -> FixedType:
    return FixedType.of(node.types["result_t"].precision)


def linear(node: Any, data: Tensor, counter: CastCounter) -> Tensor:
    """A cast."""
    return counter.cast(data, _result(node))


def relu(node: Any, data: Tensor, counter: CastCounter) -> Tensor:
    """Negative values become zero, the others are cast."""
    return counter.cast(Tensor(np.maximum(data.raw, 0), data.fractional), _result(node))


def _sigmoid_float(x: np.ndarray[Any, np.dtype[np.float32]]) -> Raw:
    """``1.0 / (1 + exp(-x))`` with the firmware's single and double steps."""
    exponential = np.exp(-x.astype(np.float64)).astype(np.float32)
    return np.asarray(1.0 / (np.float32(1) + exponential).astype(np.float64), dtype=np.float32)


def _tanh_float(x: np.ndarray[Any, np.dtype[np.float32]]) -> Raw:
    return np.asarray(np.tanh(x.astype(np.float64)), dtype=np.float32)


TABLES: dict[str, tuple[Callable[[Any], Raw], int]] = {
    "sigmoid": (_sigmoid_float, 8),
    "tanh": (_tanh_float, 4),
}
"""Functions by table over [-range, range) (nnet_activation.h, sigmoid and tanh)."""


def _table(node: Any, function: Callable[[Any], Raw], half_range: int) -> tuple[Tensor, int]:
    """Entries over [-half_range, half_range) in the table's type, and their number."""
    size = int(node.get_attr("table_size"))
    index = np.arange(size, dtype=np.float64)
    inputs = (2 * half_range * (index - size / 2) / size).astype(np.float32)
    table, _ = quantise(function(inputs), FixedType.of(node.types["table_t"].precision))
    return table, size


def _index(data: Tensor, per_unit: int, size: int) -> Raw:
    """Table index: the scaled value, truncated towards zero as C++ converts to int."""
    wide = data.raw.astype(object if data.magnitude > 2**40 else np.int64)
    if data.fractional <= 0:
        scaled = wide * (per_unit << -data.fractional)
    else:
        magnitude = np.abs(wide) * per_unit >> data.fractional
        scaled = np.where(wide < 0, -magnitude, magnitude)
    return np.asarray(np.clip(scaled + size // 2, 0, size - 1), dtype=np.int64)


def by_table(node: Any, data: Tensor, counter: CastCounter) -> Tensor:
    """One of `TABLES`."""
    function, half_range = TABLES[str(node.get_attr("activation")).lower()]
    table, size = _table(node, function, half_range)
    index = _index(data, size // (2 * half_range), size)
    return counter.cast(Tensor(table.raw[index], table.fractional), _result(node))


def table_contents(node: Any) -> tuple[list[int], int]:
    """Raw outputs of a table activation by index, and entries per unit of its input."""
    function, half_range = TABLES[str(node.get_attr("activation")).lower()]
    table, size = _table(node, function, half_range)
    outputs, _ = cast(table, _result(node))
    return [int(value) for value in outputs.raw], size // (2 * half_range)


FUNCTIONS: dict[str, Rule] = {"linear": linear, "relu": relu, **dict.fromkeys(TABLES, by_table)}
