"""RTL and cost rules of recurrent layers: one cell for all time steps (`rtl.recurrence`)."""

import math
from typing import Any

import numpy as np

from backends.modelgraph.activation_functions import TableOptions
from backends.modelgraph.activation_tables import TABLES, entries
from backends.modelgraph.cost import BRAM_18K_BITS, Cost, constant_bits, dsp_slices, mux
from backends.modelgraph.fixed_point import FixedType, cast
from backends.modelgraph.layers.activation_circuits import table_options
from backends.modelgraph.layers.dense import block_cost
from backends.modelgraph.layers.recurrent_weights import activation_of, matrix
from backends.modelgraph.layers.rules import RtlContext, StreamRules, refused, result_type, type_of
from backends.modelgraph.nodes import effective_reuse_factors
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.modules.dense import DenseSpec
from backends.modelgraph.rtl.modules.elementwise import convert
from backends.modelgraph.rtl.modules.tables import TableSpec, table_activation
from backends.modelgraph.rtl.recurrence import GATES, CellSpec, Recurrence
from backends.modelgraph.rtl.stream.front import Front, Whole
from backends.modelgraph.rtl.verilog import Module
from backends.modelgraph.rtl.wiring import numbers

_SIDES = ("forward_", "backward_")


def cell(node: Any, prefix: str, walker: str) -> CellSpec:
    """Return the cell of a layer in one direction.

    Args:
        node: the layer.
        prefix: of the attributes of the direction, such as ``backward_``; else empty.
        walker: backend that asks, for the error.

    Raises:
        EvaluationError: the states come from another layer, or there is no rule for an activation.
    """
    if len(node.inputs) != 1:
        raise refused(node, walker, "has no rule for states that another layer gives")
    accum, state = type_of(node, "accum_t"), result_type(node)
    given = FixedType.of(node.get_input_variable().type.precision)
    names = [
        activation_of(node, f"{prefix}{part}activation", walker) for part in ("recurrent_", "")
    ]
    return CellSpec(
        kind=str(node.get_attr(f"{prefix}class_name")) if prefix else node.class_name,
        steps=int(node.get_input_variable().shape[0]),
        kernel=_product(node, prefix, given),
        recurrent=_product(node, f"{prefix}recurrent_", state),
        gate=_function(node, names[0], accum),
        activation=_function(node, names[1], accum),
        of_memory=_function(node, names[1], state),
        state=state,
    )


def _product(node: Any, prefix: str, given: FixedType) -> DenseSpec:
    """Return a product; its sums are in the accumulator's type."""
    weights = matrix(node, prefix)
    reuse = effective_reuse_factors(node)[f"{prefix}reuse_factor"]
    accum = weights.accum
    return DenseSpec(weights.weight, weights.bias, given, accum, accum, None, reuse)


def _function(node: Any, name: str, given: FixedType) -> Module:
    """Return the module of an activation of one number, with results in the accumulator's type."""
    accum, options = type_of(node, "accum_t"), table_options(node)
    if name not in TABLES:
        return convert(1, given, accum, rectify=True)
    contents, _ = cast(entries(name, options.size, options.kind), accum)
    per_unit = options.size // (2 * int(TABLES[name].half_range or 0))
    raw = [int(value) for value in contents.raw]
    return table_activation(name, TableSpec(given, accum, raw, per_unit))


def interval(node: Any) -> int:
    """Return the cycles between two inferences: time steps times those of a cell."""
    return max(cell(node, prefix, "open").interval for prefix in _directions(node))


def _directions(node: Any) -> tuple[str, ...]:
    return _SIDES if node.class_name == "Bidirectional" else ("",)


def rtl(node: Any, context: RtlContext) -> Signal:
    """Place a layer in the direction of time and return its output.

    Raises:
        EvaluationError: see `_placed`.
    """
    given = context.given(node)
    states = _placed(node, context, "", given)
    return _joined(node, context, [states])


def bidirectional_rtl(node: Any, context: RtlContext) -> Signal:
    """Place a cell for each direction and return the outputs of both, joined.

    Those of the backward direction stand at the time step of their input.

    Raises:
        EvaluationError: see `_placed`.
    """
    circuit, given = context.circuit, context.given(node)
    ahead = _sequence(node, context, given)
    order = numbers((ahead.rows, ahead.features))[::-1]
    back = circuit.wired(f"{node.name}_turned", [ahead], order)
    forward, backward = (
        _placed(node, context, side, signal)
        for side, signal in zip(_SIDES, (ahead, back), strict=True)
    )
    return _joined(node, context, [forward, backward[::-1]])


def _sequence(node: Any, context: RtlContext, given: Signal) -> Signal:
    """Return the input with a row for each time step."""
    steps, n_in = node.get_input_variable().shape
    return context.circuit.reshaped(given, int(steps), int(n_in))


def _placed(node: Any, context: RtlContext, prefix: str, given: Signal) -> list[Signal]:
    """Place the cell of one direction; return the states that the layer gives, in its order.

    Raises:
        EvaluationError: there is no rule for an activation, or an accumulator may saturate, so
            that the order of additions, which is another in a tree, would change the result.
    """
    spec = cell(node, prefix, "open")
    for product in (spec.kernel, spec.recurrent):
        if product.accum.overflow != "WRAP" and product.may_overflow:
            reason = f"cannot build its accumulator {node.types['accum_t'].precision}, which may"
            hint = f"give it more integer bits: layer_precision: {{{node.name}: {{accum: …}}}}"
            raise refused(node, "open", f"{reason} saturate", hint)
    name = f"{node.name}_{prefix}".rstrip("_")
    placed = Recurrence(context.circuit, node.name, name, spec, _sequence(node, context, given))
    return placed.outputs(sequences=bool(node.get_attr("return_sequences")))


def _joined(node: Any, context: RtlContext, directions: list[list[Signal]]) -> Signal:
    """Return the states of all directions, time step by time step, as one signal."""
    states = [state for states in directions for state in states]
    first, wanted = 1, []
    for found in directions:
        wanted.append(numbers((len(found), found[0].features), first))
        first += len(found) * found[0].features
    parts = context.circuit.together(*states)
    return context.circuit.wired(node.name, parts, np.concatenate(wanted, axis=1))


def cost(node: Any) -> Cost:
    """Return the cost: products, gates, states and outputs of a cell for each direction.

    Raises:
        EvaluationError: see `cell`.
    """
    cells = [cell(node, prefix, "estimate") for prefix in _directions(node)]
    parts = [_cell_cost(node, spec) for spec in cells]
    return Cost(
        lut=sum(part.lut for part in parts),
        ff=sum(part.ff for part in parts),
        dsp=sum(part.dsp for part in parts),
        bram_18k=sum(part.bram_18k for part in parts),
        depth=max(part.depth for part in parts),
        interval=max(part.interval for part in parts),
    )


def _cell_cost(node: Any, spec: CellSpec) -> Cost:
    """Return the cost of one direction; see `rtl.recurrence` for its structure."""
    products = [_product_cost(product) for product in (spec.kernel, spec.recurrent)]
    behind = _elementwise_cost(spec, table_options(node))
    x_bits = len(spec.kernel.weight.raw) * spec.kernel.given.width
    state_bits = spec.n_state * spec.state.width
    kept = spec.steps if node.get_attr("return_sequences") else 1
    states = 2 if spec.kind == "LSTM" else 1
    outputs = (2 * kept - 1) * state_bits  # all but the last are held until the last is there
    parts = (*products, behind)
    return Cost(
        # the selection of a step's inputs, and the zero of the first step
        lut=sum(part.lut for part in parts) + mux(spec.steps, x_bits) + states * state_bits,
        ff=sum(part.ff for part in parts) + x_bits + states * state_bits + outputs,
        dsp=sum(part.dsp for part in parts),
        bram_18k=behind.bram_18k,
        depth=spec.ahead + spec.interval,
        interval=spec.interval,
    )


def _product_cost(product: DenseSpec) -> Cost:
    bits = constant_bits(product.weight.raw)
    widths = product.given.width, product.accum.width, product.accum.width
    return block_cost(bits, product.reuse, widths, shared=True)


def _elementwise_cost(spec: CellSpec, table: TableOptions) -> Cost:
    """Return the cost of gates, tables and the products of gates and states."""
    n, accum, state = spec.n_state, spec.accum.width, spec.state.width
    pairs = {
        "LSTM": ((accum, accum), (state, accum), (accum, accum)),
        "GRU": ((accum, accum), (accum, accum), (state, accum)),
    }[spec.kind]
    slices = [dsp_slices(*pair) for pair in pairs]
    soft = sum(a * b for (a, b), used in zip(pairs, slices, strict=True) if not used)
    sums = GATES[spec.kind] * accum
    functions = [spec.gate] * (GATES[spec.kind] - 1) + [spec.activation]
    if spec.kind == "LSTM":
        functions.append(spec.of_memory)
    tables = sum(function.latency > 0 for function in functions)
    # a slice has the register of its product inside
    registered = sum(a + b for (a, b), used in zip(pairs, slices, strict=True) if not used)
    return Cost(
        lut=n * (soft + sums + 2 * (accum + state) + tables * accum),
        ff=n * (registered + sums + tables * accum + state),
        dsp=n * sum(slices),
        bram_18k=n * tables * math.ceil(table.size * table.kind.width / BRAM_18K_BITS),
    )


def _sequence_front(node: Any) -> Front:
    """Return the front of a layer, which waits for its whole sequence.

    Raises:
        EvaluationError: the layer gives a state for each time step.
    """
    if node.get_attr("return_sequences"):
        hint = "use return_sequences=False on the last one of a network, or io_type: io_parallel"
        raise refused(node, "open", "cannot give a sequence as a stream", hint)
    return Whole(int(node.get_input_variable().shape[0]))


STREAM = StreamRules(front=_sequence_front)
"""The whole sequence is read, then the cell goes over it; only the last state leaves."""
