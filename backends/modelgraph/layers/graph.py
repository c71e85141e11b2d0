"""Rules of the graph layers: gather node features by edge, sum edge features by node.

The Keras layers are in `dse.layers`; `graph_hls4ml` registers them with hls4ml. A node number
of n_nodes or more means "no node": it gathers zeros and is summed nowhere (padded edges).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import Cost, mux, network_interval, width
from backends.modelgraph.fixed_point import FixedType, Raw, Tensor, fitting, limit, overflows
from backends.modelgraph.kernel_plan import KernelStep
from backends.modelgraph.layers.graph_hls4ml import register
from backends.modelgraph.layers.rules import (
    KernelContext,
    KernelRules,
    LayerRules,
    RtlContext,
    refused,
    result_type,
    type_of,
)
from backends.modelgraph.rtl.circuit import Circuit, Signal, Tap
from backends.modelgraph.rtl.modules.graph import ScatterSpec, gather, scatter_choose, scatter_sum
from backends.modelgraph.rtl.modules.trees import levels


def _flat_index(index: Raw, n_nodes: int) -> Raw:
    """Return rows of a table of batch * (n_nodes + 1) rows for node numbers (batch, edges).

    The last row of each sample stands for "no node".
    """
    clipped = np.minimum(index.astype(np.int64), n_nodes)
    return clipped + np.arange(len(index))[:, None] * (n_nodes + 1)


def gather_value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the features (batch, edges, f) of the nodes that an index (batch, edges) names."""
    nodes, index = inputs
    cast = counter.cast(nodes, result_type(node))
    batch, n_nodes, features = cast.raw.shape
    padded = np.zeros((batch, n_nodes + 1, features), dtype=cast.raw.dtype)
    padded[:, :n_nodes] = cast.raw
    rows = padded.reshape(-1, features)[_flat_index(index.raw, n_nodes)]
    return Tensor(rows, cast.fractional)


def gather_cost(node: Any) -> Cost:
    """Return the cost: one multiplexer over all nodes per edge and feature.

    A register follows every 16 inputs, as in the circuit (`rtl.modules.graph.MUX_INPUTS`).
    """
    output = node.get_output_variable()
    bits, n_nodes = width(output), int(node.get_attr("n_nodes"))
    return Cost(
        lut=output.size() * mux(n_nodes, bits) * 4 / 3,  # Yosys needs more than `mux` says; fitted
        ff=output.size() * bits * math.ceil(n_nodes / 16),
        depth=max(math.ceil(math.log(n_nodes, 16)), 1),
    )


def gather_rtl(node: Any, context: RtlContext) -> Signal:
    """Place one multiplexer over all nodes for every edge, and return the output."""
    circuit, result = context.circuit, result_type(node)
    nodes, index = circuit.together(context.given(node, 0), context.given(node, 1))
    n_edges = index.rows * index.features
    module = gather(nodes.rows, nodes.features, nodes.type, index.type, result)
    single = circuit.reshaped(index, n_edges, 1)
    output = (nodes.features, result)
    return circuit.each_row(node.name, module, single, output, {"nodes": nodes}, context.rows)


def scatter_value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the sums (batch, nodes, f) of edge features (batch, edges, f) by node.

    Terms are cast to the accumulator type and added in the order of the edges, as in the
    firmware (nnet_graph.h).
    """
    edges, index = inputs
    accum = type_of(node, "accum_t")
    terms = counter.cast(edges, accum)
    total = _sum_by_node(terms, index.raw, int(node.get_attr("n_nodes")), accum, counter)
    return counter.cast(Tensor(total, accum.fractional), result_type(node))


def _sum_by_node(
    terms: Tensor, index: Raw, n_nodes: int, accum: FixedType, counter: CastCounter
) -> Raw:
    batch, n_edges, features = terms.raw.shape
    rows = _flat_index(index, n_nodes)
    raw = fitting(terms.raw, terms.magnitude * (n_edges + 1))
    total = np.zeros((batch * (n_nodes + 1), features), dtype=raw.dtype)
    if accum.overflow == "WRAP":  # the order does not matter, and wrapping once at the end will do
        np.add.at(total, rows.ravel(), raw.reshape(-1, features))
        total = _limited(total, accum, counter)
    else:
        for edge in range(n_edges):
            total[rows[:, edge]] = _limited(total[rows[:, edge]] + raw[:, edge], accum, counter)
    return total.reshape(batch, n_nodes + 1, features)[:, :n_nodes]


def _limited(raw: Raw, to: FixedType, counter: CastCounter) -> Raw:
    """Return raw values brought into the range of a type, and count the overflows."""
    lost = overflows(raw, to)
    counter.add(raw.size, lost, to)
    return limit(raw, to) if lost else raw


def scatter_cost(node: Any) -> Cost:
    """Return the cost: an adder tree per node and feature, masked by the index.

    The tree takes as many edges a cycle as the network's interval asks for, as in the circuit
    (`rtl.modules.graph`): 2 cycles to select them, one per level, one per group of edges to
    accumulate where there are several, and one for the result.
    """
    n_edges, n_nodes = int(node.get_attr("n_edges")), int(node.get_attr("n_nodes"))
    reuse = min(network_interval(), n_edges)
    slots, turns = math.ceil(n_edges / reuse), reuse if reuse > 1 else 0
    output, bits = node.get_output_variable(), node.types["accum_t"].precision.width
    index_bits = width(node.get_input_variable(node.inputs[1]))
    chosen = slots * (output.size() // n_nodes * bits + index_bits)  # features and ends of edges
    compare = n_nodes * slots * math.ceil(index_bits / 6)
    depth, accumulators = levels(slots), 1 if turns else 0
    # a LUT6 masks two bits of terms; an adder takes one per bit
    adders = slots - 1 + accumulators + slots / 2
    registers = sum(math.ceil(slots / 2**level) for level in range(1, depth + 1)) + accumulators
    return Cost(
        lut=output.size() * bits * adders + mux(reuse, chosen) + compare,
        ff=output.size() * (bits * registers + width(output)) + 2 * chosen + n_nodes * slots,
        depth=3 + depth + turns,
    )


def scatter_rtl(node: Any, context: RtlContext) -> Signal:
    """Place adders per node and feature that take a group of edges a cycle; return the output.

    Raises:
        EvaluationError: the accumulator may saturate, so that the order of additions, which is
            another in a tree than in the firmware, would change the result.
    """
    circuit = context.circuit
    edges, index = circuit.together(context.given(node, 0), context.given(node, 1))
    spec = ScatterSpec(
        int(node.get_attr("n_nodes")), edges.rows, edges.features, edges.type, index.type,
        type_of(node, "accum_t"), result_type(node), min(circuit.interval, edges.rows),
    )  # fmt: skip
    if spec.accum.overflow != "WRAP" and not _sum_fits(spec):
        reason = "cannot build its accumulator, which may saturate"
        raise refused(node, "open", reason, "set a wider accum type in layer_precision")
    return _scattered(node, spec, edges, index, circuit)


def _scattered(
    node: Any, spec: ScatterSpec, edges: Signal, index: Signal, circuit: Circuit
) -> Signal:
    """Place one module that selects edges and one that adds for every node and feature."""
    choose, add_up = scatter_choose(spec), scatter_sum(spec)
    n_values = spec.slots * spec.n_features
    bits = n_values * spec.accum.width + spec.n_nodes * spec.slots
    time = edges.time + choose.latency
    # values and hits differ in width: the bus counts single bits
    bus = circuit.wires(f"{node.name}_chosen", 1, bits, FixedType(1, 1, signed=False), time)
    wires = {"edges": edges.bus, "index": index.bus}
    circuit.instance(node.name, choose, wires, bus.bus, Tap(edges.time))
    made = circuit.wires(
        node.name, spec.n_nodes, spec.n_features, spec.result, time + add_up.latency
    )
    for number in range(spec.n_nodes * spec.n_features):
        target, feature = divmod(number, spec.n_features)
        inputs = {
            "values": _strided(bus.bus, feature, spec),
            "hits": _hits(bus.bus, target, spec),
        }
        width = spec.result.width
        output = f"{made.bus}[{(number + 1) * width - 1}:{number * width}]"
        circuit.instance(node.name, add_up, inputs, output, Tap(time))
    return made


def _strided(bus: str, feature: int, spec: ScatterSpec) -> str:
    """Return the wires of one feature of every slot, from the bus of `scatter_choose`."""
    width = spec.accum.width
    starts = [(slot * spec.n_features + feature) * width for slot in range(spec.slots)]
    return "{" + ", ".join(f"{bus}[{s + width - 1}:{s}]" for s in reversed(starts)) + "}"


def _hits(bus: str, node: int, spec: ScatterSpec) -> str:
    """Return the wires that say which slots' edges end at a node."""
    start = spec.slots * spec.n_features * spec.accum.width + node * spec.slots
    return f"{bus}[{start + spec.slots - 1}:{start}]"


def _sum_fits(spec: ScatterSpec) -> bool:
    """Whether the accumulator holds the sum even if all edges end at one node."""
    largest = max(-spec.given.low, spec.given.high) * 2.0**-spec.given.fractional
    return spec.n_edges * largest <= spec.accum.high * 2.0**-spec.accum.fractional


def _kernels(kernel: str) -> Any:
    """Return the rule that yields one kernel of this name."""

    def steps(layer: Any, context: KernelContext) -> Iterator[KernelStep]:
        """Yield the kernel; it writes into the concatenation that is its only reader, if any."""
        table, column = context.place(layer["name"]) or (layer["name"], 0)
        context.table(table)
        source, index = (context.source(name) for name in layer["inputs"])
        yield KernelStep(kernel, (source,), table, column, index=index)  # type: ignore[arg-type]

    return steps


def _features(layer: Mapping[str, Any], _: KernelContext) -> int:
    return int(layer["n_features"])


_HANDLERS = "backends.modelgraph.layers.graph_keras"

RULES = (
    LayerRules(
        class_names=("HlsEdgeGather",),
        value=gather_value,
        cost=gather_cost,
        rtl=gather_rtl,
        set_up=register,
        keras_handlers=_HANDLERS,
        kernels=KernelRules(
            class_names=("EdgeGather",),
            steps=_kernels("gather"),
            features=_features,
            rows_from="edges",
        ),
    ),
    LayerRules(
        class_names=("HlsScatterSum",),
        value=scatter_value,
        cost=scatter_cost,
        rtl=scatter_rtl,
        set_up=register,
        keras_handlers=_HANDLERS,
        kernels=KernelRules(
            class_names=("ScatterSum",),
            steps=_kernels("segment_sum"),
            features=_features,
            rows_from="nodes",
        ),
    ),
)
