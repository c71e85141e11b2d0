"""A kernel plan in numpy: ranges for the scales of 8-bit numbers, and expected results in tests."""

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.kernel_plan import KernelPlan, KernelStep
from backends.opencl.events import DeviceEvent

Floats = NDArray[np.float32]


def forward(plan: KernelPlan, event: DeviceEvent) -> dict[str, Floats]:
    """Return every table of one batch by name, (rows, features) each, in float32.

    Args:
        plan: the network.
        event: the batch; its `features` are the input tables.
    """
    tables: dict[str, Floats] = dict(event.features)
    for step in plan.steps:
        table = plan.tables[step.output]
        rows = event.rows[table.kind] * table.per_sample
        result = _result_of(step, tables, event, rows)
        # Several steps may write columns of one table: the parts of a concatenation.
        if step.output not in tables:
            tables[step.output] = np.zeros((rows, table.features), np.float32)
        tables[step.output][:, step.column : step.column + result.shape[1]] = result
    return tables


def _result_of(
    step: KernelStep, tables: dict[str, Floats], event: DeviceEvent, rows: int
) -> Floats:
    """Return the columns that one step writes, (rows, features of the step)."""
    first = tables[step.inputs[0]]
    result = first  # for the kernel `copy`
    match step.kernel:
        case "dense":
            result = activated(first @ step.weights + step.bias, step.activation)
        case "gather":
            # The index behind the last node means no node: a row of zeros.
            padded = np.vstack([first, np.zeros((1, first.shape[1]), np.float32)])
            result = padded[event.index[step.index]]
        case "segment_sum":
            sums = np.zeros((rows + 1, first.shape[1]), np.float32)
            np.add.at(sums, event.index[step.index], first)
            result = sums[:rows]
        case "add":
            result = first + tables[step.inputs[1]]
        case "softmax":
            powers = np.exp(first - first.max(axis=1, keepdims=True))
            result = np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
        case "activate":
            result = activated(first, step.activation)
    return result


def activated(x: Floats, kind: str) -> Floats:
    """Return an activation's values; any kind but relu, sigmoid and tanh is linear."""
    match kind:
        case "relu":
            return np.maximum(x, 0)
        case "sigmoid":
            return np.asarray(1 / (1 + np.exp(-x)), np.float32)
        case "tanh":
            return np.tanh(x)
        case _:
            return x
