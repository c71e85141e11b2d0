"""Formulas for cycles and resources, layer by layer.

Conventions: W bits of a type; E, N rows; multipliers of a weighted layer are
``ceil(nonzero * p / RF)`` with p rows side by side (hls4ml: multiplier_limit).

* A multiplier takes DSP slices where its wider operand has at least 11 and its narrower at
  least 6 bits, else look-up tables: about one per bit of partial product,
  ``a * b``. Slices tile 26 x 17 bits (DSP48E2, sign bits aside).
* At RF 1 weights are constants: zeros and powers of two take no multiplier, zeros no adder
  either, and the width of the others is that of the constant. At RF > 1 a multiplier is as
  wide as the widest weight of the layer and reads it from a table; multipliers that read the
  same inputs in the same order share the multiplexer in front.
* Adders take one LUT per bit; an n:1 multiplexer ``ceil((n - 1) / 3)`` per bit (LUT6).
  Where a multiplier serves several outputs one after the other they share its adder.
* Every adder, accumulator and result is registered: one flip-flop per bit.
* Depth: 1 cycle to choose inputs (at RF > 1), 1 for the product, 1 for each level of the
  adder tree, RF to reuse, RF for every further group of rows, 1 to leave. Interval: RF
  times the groups.

They order designs and show trends. They are not synthesis: every number carries the
fidelity `estimate`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hls4ml.model import ModelGraph

from backends.modelgraph.effective import effective_reuse, weight_matrix
from backends.modelgraph.fixed_point import FixedType, quantise
from dse.contracts.errors import EvaluationError, FailureKind

DSP_WIDE_BITS, DSP_NARROW_BITS = 11, 6
DSP_TILE = (26, 17)
BRAM_18K_BITS = 18 * 1024


@dataclass(frozen=True)
class Cost:
    """Resources of a layer, cycles from its input to its output, and its interval."""

    lut: float = 0.0
    ff: float = 0.0
    dsp: int = 0
    bram_18k: int = 0
    depth: int = 0
    interval: int = 1


def width(variable: Any) -> int:
    """Bits of a variable's type."""
    return int(variable.type.precision.width)


def mux(inputs: int, bits: int) -> float:
    """LUTs of a multiplexer."""
    return math.ceil(max(inputs - 1, 0) / 3) * bits


def dsp_slices(first_bits: int, second_bits: int) -> int:
    """DSP slices of one multiplier; 0 where it is built of look-up tables."""
    wide, narrow = max(first_bits, second_bits), min(first_bits, second_bits)
    if wide < DSP_WIDE_BITS or narrow < DSP_NARROW_BITS:
        return 0
    return min(
        math.ceil((wide - 1) / a) * math.ceil((narrow - 1) / b)
        for a, b in (DSP_TILE, DSP_TILE[::-1])
    )


def _weight_bits(node: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Bits of every weight as a constant, trailing zeros dropped; 0 for zero, 1 for 2**n."""
    to = FixedType.of(node.weights["weight"].type.precision)
    raw = np.abs(quantise(weight_matrix(node), to)[0].raw.astype(np.int64))
    odd = np.where(raw == 0, 0, raw // np.maximum(raw & -raw, 1))
    lengths = np.ceil(np.log2(odd + 1.0)).astype(np.int64)
    return np.where(odd > 1, lengths + 1, lengths)


def weighted(node: Any) -> Cost:
    """Dense and PointwiseConv1D."""
    n_in, n_out = weight_matrix(node).shape
    rows = math.prod(node.get_output_variable().shape[:-1])
    reuse = effective_reuse(node)
    parallel = int(node.get_attr("parallelization_factor", 1) or 1) if rows > 1 else 1
    bits = _weight_bits(node)
    data_bits, sum_bits = width(node.get_input_variable()), node.types["accum_t"].precision.width
    one_row = _row_cost(bits, reuse, data_bits)
    terms = np.count_nonzero(bits, axis=0) if reuse == 1 else np.full(n_out, n_in)
    adders = math.ceil(n_out * min(1.0, n_in / reuse)) * max(math.ceil(n_in / reuse), 1)
    if reuse == 1:  # no accumulator behind the tree, and no adder for a zero
        adders = int(np.maximum(terms - 1, 0).sum())
    waiting = max(1.0 - n_in / reuse, 0.0)  # outputs done before the others
    stored = n_out * (1.0 + waiting) * width(node.get_output_variable())
    levels = math.ceil(math.log2(max(terms.max(initial=0) / reuse, 1)))
    groups = math.ceil(rows / parallel)
    interval = reuse * groups
    turns = _turns(node, rows, parallel, groups) if groups > 1 else Cost()
    return Cost(
        lut=parallel * (one_row.lut + adders * sum_bits) + turns.lut,
        ff=parallel * (stored + adders * sum_bits) + turns.ff,
        dsp=parallel * one_row.dsp,
        depth=(1 if reuse == 1 else 3) + levels + interval + turns.depth,
        interval=interval,
    )


def _turns(node: Any, rows: int, parallel: int, groups: int) -> Cost:
    """Choosing the rows of a group, and keeping results until all groups are done."""
    given, made = node.get_input_variable(), node.get_output_variable()
    bits_in, bits_out = (v.size() // rows * width(v) for v in (given, made))
    return Cost(
        lut=parallel * mux(groups, bits_in),
        ff=parallel * bits_in + 2 * rows * bits_out,
        depth=2,
    )


def _row_cost(bits: Any, reuse: int, data_bits: int) -> Cost:
    """The multipliers of one row."""
    if reuse == 1:
        sizes = [int(size) for size in bits.ravel() if size > 1]
        selection = 0.0
    else:
        count = math.ceil(np.count_nonzero(bits) / reuse)
        sizes = [int(bits.max(initial=0))] * count
        n_in = len(bits)
        choices = math.ceil(n_in / reuse) * mux(min(n_in, reuse), data_bits)
        selection = choices + sum(math.ceil(reuse / 64) * size for size in sizes)
    slices = [dsp_slices(data_bits, size) for size in sizes]
    soft = sum(data_bits * size for size, used in zip(sizes, slices, strict=True) if not used)
    return Cost(lut=soft + selection, dsp=sum(slices))


def activation(node: Any) -> Cost:
    """Comparison for ReLU; a table in block RAM for each element for the others."""
    output = node.get_output_variable()
    bits, elements = width(output), output.size()
    name = str(node.get_attr("activation")).lower()
    if name not in {"relu", "linear", "sigmoid", "tanh"}:
        raise _unknown(node, f"activation '{name}'")
    if name in {"relu", "linear"}:
        return Cost(lut=elements * bits)  # before the register of the layer it follows
    table_bits = int(node.get_attr("table_size", 1024)) * node.types["table_t"].precision.width
    tables = math.ceil(table_bits / BRAM_18K_BITS) * elements
    return Cost(lut=elements * bits, ff=elements * bits, bram_18k=tables, depth=3)


def softmax(node: Any) -> Cost:
    """Two tables, a sum and a product per class."""
    output = node.get_output_variable()
    bits, classes = width(output), output.size()
    table_bits = int(node.get_attr("table_size", 1024)) * node.types["exp_table_t"].precision.width
    tables = math.ceil(table_bits / BRAM_18K_BITS) * (math.ceil(classes / 2) + 1)
    return Cost(
        lut=4.0 * classes * bits, ff=4.0 * classes * bits, dsp=classes, bram_18k=tables, depth=6
    )


def edge_gather(node: Any) -> Cost:
    """One multiplexer over all nodes per edge and feature."""
    output = node.get_output_variable()
    bits, n_nodes = width(output), int(node.get_attr("n_nodes"))
    return Cost(
        lut=output.size() * mux(n_nodes, bits) * 4 / 3,  # Yosys packs multiplexers less well
        ff=output.size() * bits * math.ceil(n_nodes / 16),
        depth=max(math.ceil(math.log(n_nodes, 16)), 1),
    )


def scatter_sum(node: Any) -> Cost:
    """One adder tree over all edges per node and feature, terms masked by the index."""
    n_edges = int(node.get_attr("n_edges"))
    output, bits = node.get_output_variable(), node.types["accum_t"].precision.width
    index_bits = width(node.get_input_variable(node.inputs[1]))
    compare = int(node.get_attr("n_nodes")) * n_edges * math.ceil(index_bits / 6)
    return Cost(
        lut=output.size() * n_edges * bits + compare,
        ff=output.size() * bits * 2,
        depth=max(math.ceil(math.log2(n_edges) / 2), 1),
    )


def merge(node: Any) -> Cost:
    """One adder per element."""
    if str(node.get_attr("op")).lower() not in {"add", "subtract"}:
        raise _unknown(node, f"merge '{node.get_attr('op')}'")
    output = node.get_output_variable()
    bits = output.size() * width(output)
    return Cost(lut=bits, ff=bits, depth=1)


def _unknown(node: Any, what: str) -> EvaluationError:
    return EvaluationError(
        FailureKind.INVALID_POINT,
        f"layer '{node.name}': estimate has no formula for {what}",
        hint=f"it knows Dense layers and {', '.join(sorted(FORMULAS))}",
    )


def _wires(node: Any) -> Cost:  # noqa: ARG001  (the same for every node)
    return Cost()


FORMULAS: dict[str, Callable[[Any], Cost]] = {
    "Activation": activation,
    "Concatenate": _wires,
    "HlsEdgeGather": edge_gather,
    "HlsScatterSum": scatter_sum,
    "Input": _wires,
    "Merge": merge,
    "Reshape": _wires,
    "Softmax": softmax,
}


def layer_costs(graph: ModelGraph) -> dict[str, Cost]:
    """Cost of every layer.

    Raises:
        EvaluationError: a layer has no formula; the message names it.
    """
    return {node.name: _cost(node) for node in graph.get_layers()}


def _cost(node: Any) -> Cost:
    if node.class_name in {"Dense", "PointwiseConv1D"}:
        return weighted(node)
    if node.class_name not in FORMULAS:
        raise _unknown(node, node.class_name)
    return FORMULAS[node.class_name](node)


def total(graph: ModelGraph, costs: dict[str, Cost]) -> Cost:
    """Sums of resources, the longest path, and the slowest layer's interval."""
    arrival: dict[str, int] = {}
    for node in graph.get_layers():
        before = max((arrival.get(name, 0) for name in node.inputs), default=0)
        arrival[node.outputs[0]] = before + costs[node.name].depth
    parts = costs.values()
    return Cost(
        lut=sum(cost.lut for cost in parts),
        ff=sum(cost.ff for cost in parts),
        dsp=sum(cost.dsp for cost in parts),
        bram_18k=sum(cost.bram_18k for cost in parts),
        depth=max(arrival.values()),
        interval=max(cost.interval for cost in parts),
    )
