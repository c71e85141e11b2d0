"""Recurrent layers of ONNX: LSTM and GRU, in the direction of time or in both.

Source: https://onnx.ai/onnx/operators (LSTM, GRU). The data are (time, samples, values), the
outputs (time, directions, samples, states) and, of the last step, (directions, samples, states).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.layers.recurrent_weights import ACTIVATIONS
from backends.modelgraph.onnx.graph import Node
from backends.modelgraph.onnx.walk import Place, Walk

_GATES = {"LSTM": (0, 2, 3, 1), "GRU": (0, 1, 2)}
"""Places in ONNX of the gates in hls4ml's order; an LSTM has i, o, f, c there, i, f, c, o here."""

_FUNCTIONS = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh")}
_NAMES = {"Sigmoid": "sigmoid", "Tanh": "tanh", "Relu": "relu"}

_IGNORED = {"LSTM": (4, 7), "GRU": (4,)}
"""Inputs that hls4ml has no place for: lengths of the samples, peepholes."""


def recurrent(walk: Walk, node: Node) -> None:
    """Add an LSTM or a GRU.

    Raises:
        EvaluationError: hls4ml has no firmware for a setting; the message names it.
    """
    place = walk.anywhere(node)
    sequences = _check(walk, node, place)
    place = walk.ordered(place)
    directions = [_direction(walk, node, number) for number in range(_directions(node))]
    states = int(node.attributes["hidden_size"])
    entry = {
        "return_sequences": sequences,
        "return_state": False,
        "time_major": False,
        "n_timesteps": place.shape[0],
        "n_in": place.shape[1],
        "n_out": states * len(directions),
    }
    class_name = node.op if len(directions) == 1 else "Bidirectional"
    name = walk.add(node.name, class_name, [place], **entry, **_joined(node, directions, states))
    _put(walk, node, name, states, sequences=sequences)


def _put(walk: Walk, node: Node, name: str, states: int, *, sequences: bool) -> None:
    """Note where the output is; both directions of hls4ml are one after the other."""
    count, steps = _directions(node), walk.graph.shapes[node.inputs[0]][0]
    tensor = node.outputs[0 if sequences else 1]
    shape = (steps, count, states) if sequences else (count, states)
    samples = len(shape) - 1
    if count == 1:
        order = tuple(axis for axis in range(len(shape)) if axis != samples - 1)
        walk.put(Place(tensor, name, shape, order, samples=samples))
        return
    made = Place(tensor, name, shape, tuple(range(len(shape))), samples=samples)
    walk.note(made)
    flat = replace(made, shape=(*shape[:-2], count * states), order=made.order[:-1])
    apart = walk.add(f"{name}_reshape", "Reshape", [flat], target_shape=list(shape))
    walk.put(replace(made, layer=apart))


def _check(walk: Walk, node: Node, place: Place) -> bool:
    """Return whether the output of every step is read; refuse what hls4ml's firmware lacks."""
    if place.samples != 1 or node.attributes.get("layout", 0):
        hint = "batch_first=True in PyTorch, and the samples as the first axis of the input"
        raise node.refused("the samples are not along the second axis of its input", hint)
    _check_settings(node)
    for number in _IGNORED[node.op]:
        if len(node.inputs) > number and node.inputs[number]:
            raise node.refused(f"hls4ml has no input {number} ('{node.inputs[number]}') of it")
    for number in (5, 6):
        state = walk.weights(node.inputs[number]) if len(node.inputs) > number else None
        given = len(node.inputs) > number and node.inputs[number]
        if given and (state is None or np.any(state.values)):
            raise node.refused("it does not start from zeros", "leave the first state out")
    read = [n for n, name in enumerate(node.outputs) if name and _is_read(walk, name)]
    if len(read) != 1 or read[0] > 1:
        shown = " and ".join(("all steps", "the last state", "the last cell")[n] for n in read)
        hint = "use the outputs of all steps, or the state after the last one"
        raise node.refused(f"the network reads {shown}, hls4ml gives one output", hint)
    return read[0] == 0


def _check_settings(node: Node) -> None:
    """Refuse settings that hls4ml's firmware does not have."""
    if node.attributes.get("direction", "forward") == "reverse":
        raise node.refused("hls4ml has no layer against the direction of time alone")
    if node.op == "GRU" and not node.attributes.get("linear_before_reset", 0):
        hint = "set linear_before_reset=1, as PyTorch does"
        raise node.refused("hls4ml's reset gate comes after the product", hint)
    if node.attributes.get("clip") or node.attributes.get("input_forget"):
        raise node.refused("hls4ml has no clip and no input_forget")


def _is_read(walk: Walk, tensor: str) -> bool:
    return tensor in walk.graph.outputs or bool(walk.graph.readers(tensor))


def _directions(node: Node) -> int:
    return 2 if node.attributes.get("direction", "forward") == "bidirectional" else 1


def _direction(walk: Walk, node: Node, number: int) -> dict[str, Any]:
    """Return weights, biases and functions of one direction."""
    kernel, recurrent_kernel, biases = (
        None if len(node.inputs) <= n or not node.inputs[n] else walk.weights(node.inputs[n])
        for n in (1, 2, 3)
    )
    if kernel is None or recurrent_kernel is None or (len(node.inputs) > 3 and biases is None):
        raise node.refused("its weights are computed")
    gates = _GATES[node.op]
    zeros = np.zeros((number + 1, 2 * len(kernel.values[number])))
    of_input, of_state = np.split((zeros if biases is None else biases.values)[number], 2)
    entry = {
        "weight_data": _gates(kernel.values[number], gates).T,
        "recurrent_weight_data": _gates(recurrent_kernel.values[number], gates).T,
        **_functions(node, number),
    }
    if node.op == "LSTM":
        return entry | {"bias_data": _gates(of_input + of_state, gates)}
    more = {"bias_data": _gates(of_input, gates), "recurrent_bias_data": _gates(of_state, gates)}
    return entry | more | {"apply_reset_gate": "after"}


def _gates(values: NDArray[Any], order: Sequence[int]) -> NDArray[np.float32]:
    """Return values with the parts of the gates, along the first axis, in another order."""
    parts = np.split(np.asarray(values, np.float32), len(order))
    return np.concatenate([parts[gate] for gate in order])


def _functions(node: Node, number: int) -> dict[str, str]:
    """Return the activations of a direction.

    Raises:
        EvaluationError: the firmware lacks one, or has one for both uses in an LSTM.
    """
    default = _FUNCTIONS[node.op]
    given = node.attributes.get("activations") or [*default] * _directions(node)
    names = [n.decode() if isinstance(n, bytes) else n for n in given]
    gate, *others = names[number * len(default) : (number + 1) * len(default)]
    found = {_NAMES.get(name, name) for name in others}
    if len(found) != 1 or not {*found, _NAMES.get(gate, gate)} <= {*ACTIVATIONS}:
        raise node.refused(f"hls4ml has no such activations: {gate}, {', '.join(others)}")
    return {"activation": found.pop(), "recurrent_activation": _NAMES.get(gate, gate)}


def _joined(node: Node, directions: Sequence[dict[str, Any]], states: int) -> dict[str, Any]:
    """Return the keys of one direction, or of both with their prefixes."""
    if len(directions) == 1:
        return {"direction": "forward", **directions[0]}
    return {
        "direction": "bidirectional",
        "merge_mode": "concat",
        **dict(_of_both(node, directions, states)),
    }


def _of_both(
    node: Node, directions: Sequence[dict[str, Any]], states: int
) -> Iterator[tuple[str, Any]]:
    for side, entry in zip(("forward", "backward"), directions, strict=True):
        yield f"{side}_name", f"{node.name}_{side}"
        yield f"{side}_class_name", node.op
        yield f"{side}_n_states", states
        yield f"{side}_use_bias", True
        for key, value in entry.items():
            yield f"{side}_{key}", value


def last_step(walk: Walk, node: Node, place: Place) -> bool:
    """Let a recurrent layer give its last step only, where nothing else reads its output.

    Args:
        walk: the walk.
        node: the operation that takes the last step.
        place: its input.

    Returns:
        Whether it is so; not where the input is not the output of one direction.
    """
    made = next(entry for entry in walk.layers if entry["name"] == place.layer)
    if made["class_name"] not in _GATES or not made["return_sequences"]:
        return False
    tensor, source = node.inputs[0], walk.given[place.layer].tensor
    while walk.graph.sole_reader(tensor) is not None and tensor != source:
        tensor = walk.graph.producers[tensor].inputs[0]
    if walk.graph.sole_reader(source) is None or tensor != source:
        return False
    made["return_sequences"] = False
    return True


OPERATIONS = dict.fromkeys(_GATES, recurrent)
