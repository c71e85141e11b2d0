"""Rules of recurrent layers: LSTM, GRU, and both directions of one.

Source: hls4ml, nnet_recurrent.h. All intermediate arrays have the accumulator type, the states
the result type. The firmware keeps the states of a GRU after its reset gate (``reset_after``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from backends.modelgraph.activation_functions import TableOptions, activated
from backends.modelgraph.activation_tables import TABLES
from backends.modelgraph.arithmetic import add, integer, multiply, subtract
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.layers import recurrent_circuit, recurrent_hls4ml
from backends.modelgraph.layers.activation_circuits import table_options
from backends.modelgraph.layers.recurrent_weights import activation_of, matrix
from backends.modelgraph.layers.rules import LayerRules, refused, result_type, type_of
from backends.modelgraph.layers.weighted_sum import WeightedSum


@dataclass(frozen=True)
class RecurrentCell:
    """Weights, types and functions of a recurrent layer in one direction.

    Args:
        kernel: of the inputs, (n_in, gates * n_state).
        recurrent: of the state, (n_state, gates * n_state).
        activation: function of the new values and of the state.
        gate: function of the gates.
        accum: type of intermediate arrays.
        result: type of the states.
        counter: counts all casts.
    """

    kernel: WeightedSum
    recurrent: WeightedSum
    activation: Callable[[Tensor], Tensor]
    gate: Callable[[Tensor], Tensor]
    accum: FixedType
    result: FixedType
    counter: CastCounter

    def summed(self, *terms: Tensor) -> Tensor:
        """Return a sum in the accumulator type."""
        return self.counter.cast(add(*terms), self.accum)

    def state(self, exact: Tensor) -> Tensor:
        """Return values in the states' type."""
        return self.counter.cast(exact, self.result)


State = tuple[Tensor, ...]
"""The output (batch, n_state), and for an LSTM the cell state."""


def _lstm(cell: RecurrentCell, data: Tensor, state: State) -> State:
    """Return the next states of an LSTM; its gates are i, f, c, o."""
    hidden, memory = state
    from_input = _split(cell.kernel.totals(data, cell.counter), 4)
    from_state = _split(cell.recurrent.totals(hidden, cell.counter), 4)
    sums = [cell.summed(*pair) for pair in zip(from_input, from_state, strict=True)]
    enter, forget, leave = (cell.gate(sums[number]) for number in (0, 1, 3))
    new = cell.activation(sums[2])
    memory = cell.state(add(multiply(new, enter), multiply(memory, forget)))
    return cell.state(multiply(leave, cell.activation(memory))), memory


def _gru(cell: RecurrentCell, data: Tensor, state: State) -> State:
    """Return the next state of a GRU; its gates are z, r, h."""
    (hidden,) = state
    from_input = _split(cell.kernel.totals(data, cell.counter), 3)
    from_state = _split(cell.recurrent.totals(hidden, cell.counter), 3)
    update, reset = (cell.gate(cell.summed(from_input[n], from_state[n])) for n in (0, 1))
    kept = cell.counter.cast(multiply(reset, from_state[2]), cell.accum)
    new = cell.activation(cell.summed(from_input[2], kept))
    changed = multiply(new, subtract(integer(1), update))
    return (cell.state(add(changed, multiply(hidden, update))),)


_STEPS = {"LSTM": (_lstm, 2), "GRU": (_gru, 1)}
"""Function of one time step, and number of states."""


def _split(data: Tensor, parts: int) -> list[Tensor]:
    """Return the parts of a tensor along its last axis."""
    return [Tensor(raw, data.fractional) for raw in np.split(data.raw, parts, axis=1)]


def _function(
    node: Any, attribute: str, counter: CastCounter, options: TableOptions
) -> Callable[[Tensor], Tensor]:
    """Return an activation whose result has the accumulator type.

    Raises:
        EvaluationError: hls4ml has no such activation for recurrent layers.
    """
    name, accum = activation_of(node, attribute, "bittrue"), type_of(node, "accum_t")

    def function(data: Tensor) -> Tensor:
        if name in TABLES:
            counter.looked_up(name, TABLES[name].coarse(data, options.size))
        return counter.cast(activated(name, data, options), accum)

    return function


def _sequence(
    node: Any, kind: str, prefix: str, data: Tensor, counter: CastCounter
) -> list[Tensor]:
    """Return the outputs (batch, n_state) of all time steps, in order.

    Args:
        node: the layer.
        kind: ``LSTM`` or ``GRU``.
        prefix: of the attributes of one direction, such as ``backward_``; else empty.
        data: (batch, time steps, n_in).
        counter: counts the casts.
    """
    function = partial(_function, node, counter=counter, options=table_options(node))
    step, states = _STEPS[kind]
    cell = RecurrentCell(
        matrix(node, prefix),
        matrix(node, f"{prefix}recurrent_"),
        function(f"{prefix}activation"),
        function(f"{prefix}recurrent_activation"),
        type_of(node, "accum_t"),
        result_type(node),
        counter,
    )
    n_state = len(cell.recurrent.weight.raw)
    zero = Tensor(np.zeros((len(data.raw), n_state), dtype=np.int64), cell.result.fractional)
    state, outputs = (zero,) * states, []
    for time in range(data.raw.shape[1]):
        state = step(cell, Tensor(data.raw[:, time], data.fractional), state)
        outputs.append(state[0])
    return outputs


def _joined(node: Any, outputs: Sequence[Tensor]) -> Tensor:
    """Return all outputs, or the last one, as the layer gives them."""
    if not node.get_attr("return_sequences"):
        return outputs[-1]
    return Tensor(np.stack([o.raw for o in outputs], axis=1), outputs[0].fractional)


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the outputs (batch, n_state), or (batch, time steps, n_state) with sequences.

    Raises:
        EvaluationError: an activation has no rule, or the states come from another layer.
    """
    if len(inputs) != 1:
        raise refused(node, "bittrue", "has no rule for states that another layer gives")
    return _joined(node, _sequence(node, node.class_name, "", inputs[0], counter))


def bidirectional(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the outputs of both directions, joined along the last axis.

    Those of the backward direction stand at the time step of their input.

    Raises:
        EvaluationError: an activation has no rule, or the layer merges the directions otherwise;
            the firmware then writes beyond its output.
    """
    (data,) = inputs
    states = sum(int(node.get_attr(f"{side}_n_states")) for side in ("forward", "backward"))
    if node.get_output_variable().shape[-1] != states:
        reason = "has no rule for directions that are not joined (merge_mode)"
        raise refused(node, "bittrue", reason, "hls4ml has merge_mode='concat' alone")
    reverse = Tensor(data.raw[:, ::-1], data.fractional)
    kinds = (str(node.get_attr(f"{side}_class_name")) for side in ("forward", "backward"))
    forward, backward = (
        _joined(node, _sequence(node, kind, f"{side}_", given, counter))
        for kind, side, given in zip(kinds, ("forward", "backward"), (data, reverse), strict=True)
    )
    late = backward.raw[:, ::-1] if node.get_attr("return_sequences") else backward.raw
    return Tensor(np.concatenate([forward.raw, late], axis=-1), forward.fractional)


RULES = (
    LayerRules(
        class_names=("LSTM", "GRU"),
        value=value,
        cost=recurrent_circuit.cost,
        rtl=recurrent_circuit.rtl,
        interval=recurrent_circuit.interval,
        stream=recurrent_circuit.STREAM,
        set_up=recurrent_hls4ml.register,
        keras_handlers="backends.modelgraph.layers.recurrent_keras",
    ),
    LayerRules(
        class_names=("Bidirectional",),
        value=bidirectional,
        cost=recurrent_circuit.cost,
        rtl=recurrent_circuit.bidirectional_rtl,
        interval=recurrent_circuit.interval,
        keras_handlers="backends.modelgraph.qkeras_recurrent",
    ),
)
