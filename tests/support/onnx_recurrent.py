"""Recurrent networks in ONNX in the forms that both exporters of PyTorch write; needs `onnx`."""

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import ModelProto, helper
from onnx_networks import Maker, dense

STEPS, FEATURES, STATES = 5, 4, 6
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def add_recurrent(
    maker: Maker, kind: str, data: str, n_in: int, *, both: bool = False, **more: Any
) -> tuple[str, str]:
    """Add a recurrent layer of data (time, samples, values) that starts from zeros.

    Returns:
        Its outputs of all steps, (time, directions, samples, states), and of the last one.
    """
    count, rows = 1 + both, GATES[kind] * STATES
    size = maker.op("Shape", data)
    samples = maker.op("Slice", size, maker.constant(np.array([1])), maker.constant(np.array([2])))
    ends = [maker.constant(np.array([length])) for length in (count, STATES)]
    shape = maker.op("Concat", ends[0], samples, ends[1], axis=0)
    zeros = maker.op("Expand", maker.constant(np.zeros((1, 1, 1), np.float32)), shape)
    kernel, recurrent = (maker.random(count, rows, n) for n in (n_in, STATES))
    bias = maker.random(count, 2 * rows)
    states = [zeros] * (2 if kind == "LSTM" else 1)
    outputs = [f"{kind}_{len(maker.nodes)}_{name}" for name in ("all", "last")]
    settings = {"linear_before_reset": 1} if kind == "GRU" else {}
    settings |= {"direction": "bidirectional"} if both else {}
    node = helper.make_node(
        kind,
        [data, kernel, recurrent, bias, "", *states],
        outputs,
        hidden_size=STATES,
        **(settings | more),
    )
    maker.nodes.append(node)
    return outputs[0], outputs[1]


def start(**more: Any) -> tuple[Maker, str]:
    """Return a network with its input, (samples, time, values), transposed to time first."""
    maker = Maker((STEPS, FEATURES), **more)
    return maker, maker.op("Transpose", "x", perm=[1, 0, 2])


def squeezed(maker: Maker, data: str) -> str:
    """Take the axis of directions away, as the exporter by TorchScript does."""
    return maker.op("Squeeze", data, maker.constant(np.array([1])))


def reshaped(maker: Maker, data: str) -> str:
    """Join directions and states, as the exporter by torch.export does; and for both directions."""
    moved = maker.op("Transpose", data, perm=[0, 2, 1, 3])
    return maker.op("Reshape", moved, maker.constant(np.array([0, 0, -1])))


def all_steps(kind: str, *, both: bool = False, old: bool = False) -> Callable[[], ModelProto]:
    """A dense layer for every step."""

    def make() -> ModelProto:
        maker, data = start()
        data = add_recurrent(maker, kind, data, FEATURES, both=both)[0]
        data = squeezed(maker, data) if old else reshaped(maker, data)
        data = maker.op("Transpose", data, perm=[1, 0, 2])
        return maker.model(maker.op("MatMul", data, maker.random(STATES * (1 + both), 3)))

    return make


def last_of_all(kind: str, index: int = -1) -> Callable[[], ModelProto]:
    """A dense layer of one step: the last one, or another."""

    def make() -> ModelProto:
        maker, data = start()
        data = reshaped(maker, add_recurrent(maker, kind, data, FEATURES)[0])
        data = maker.op("Transpose", data, perm=[1, 0, 2])
        data = maker.op("Gather", data, maker.constant(np.array(index)), axis=1)
        return maker.model(dense(maker, data, STATES, 3))

    return make


def state(kind: str, samples: Any = "N") -> Callable[[], ModelProto]:
    """A dense layer of the last state."""

    def make() -> ModelProto:
        maker, data = start()
        data = add_recurrent(maker, kind, data, FEATURES)[1]
        data = maker.op("Gather", data, maker.constant(np.array(-1)), axis=0)
        return maker.model(dense(maker, data, STATES, 3), samples=samples)

    return make


def states_of_both() -> ModelProto:
    """A dense layer of the last states of both directions, joined."""
    maker, data = start()
    data = add_recurrent(maker, "GRU", data, FEATURES, both=True)[1]
    ends = [maker.op("Gather", data, maker.constant(np.array(i)), axis=0) for i in (0, 1)]
    return maker.model(dense(maker, maker.op("Concat", *ends, axis=1), 2 * STATES, 3))


def stacked() -> ModelProto:
    """An LSTM of all steps of another."""
    maker, data = start()
    data = squeezed(maker, add_recurrent(maker, "LSTM", data, FEATURES)[0])
    data = add_recurrent(maker, "LSTM", data, STATES)[1]
    data = maker.op("Squeeze", data, maker.constant(np.array([0])))
    return maker.model(dense(maker, data, STATES, 3))


NETWORKS: dict[str, Callable[[], ModelProto]] = {
    **{f"{kind}, all steps": all_steps(kind) for kind in ("LSTM", "GRU")},
    "GRU, all steps, TorchScript": all_steps("GRU", old=True),
    **{f"{kind}, last step": last_of_all(kind) for kind in ("LSTM", "GRU")},
    "GRU, first step": last_of_all("GRU", 0),
    **{f"{kind}, state": state(kind) for kind in ("LSTM", "GRU")},
    "GRU, one sample": state("GRU", 1),
    **{f"{kind}, both directions": all_steps(kind, both=True) for kind in ("LSTM", "GRU")},
    "GRU, states of both directions": states_of_both,
    "LSTM of LSTM": stacked,
}
"""By name, what makes the network."""
