"""Modules of the graph layers: gather by multiplexers, scatter-sum by masked adder trees.

A scatter-sum reuses its adders R times, as dense layers do their multipliers: in each of R
phases the next ceil(E / R) of E edges are selected once for all nodes, and every node adds
those that end at it.
"""

from dataclasses import dataclass

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.modules.trees import levels, tree_sum
from backends.modelgraph.rtl.number import Number, cast, element, pack
from backends.modelgraph.rtl.path import Path
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder, constant

MUX_INPUTS = 16
"""Inputs of a multiplexer between two registers: two levels of LUT6, each a 4:1 multiplexer."""


def gather(
    n_nodes: int, n_features: int, given: FixedType, index: FixedType, to: FixedType
) -> Module:
    """Return a module that selects the features of a node: `nodes`, node number `x` → `y`.

    Numbers of no node give zeros.
    """
    code = VerilogBuilder()
    numbers = [
        cast(code, element(code, "nodes", i, given), to) for i in range(n_nodes * n_features)
    ]
    width = n_features * to.width
    rows = [
        code.wire(width, pack(numbers[n * n_features : (n + 1) * n_features], to))
        for n in range(n_nodes)
    ]
    value, latency = _choose(code, rows, width, index.width)
    inputs = [Port("nodes", n_nodes * n_features * given.width), Port("x", index.width)]
    return code.module("gather", inputs, (width, value), latency)


def _choose(code: VerilogBuilder, rows: list[str], width: int, index_bits: int) -> tuple[str, int]:
    """Return the row that `x` names, and the cycles that takes.

    A pipelined multiplexer: each stage uses the lowest bits of the index for at most
    `MUX_INPUTS` inputs, and the rest of the index is delayed along with the data.
    """
    index, latency = "x", 0
    while len(rows) > 1 or latency == 0:
        groups = [rows[i : i + MUX_INPUTS] for i in range(0, len(rows), MUX_INPUTS)]
        used = min((MUX_INPUTS - 1).bit_length(), index_bits)
        rows = [multiplexer(code, group, index, used, width) for group in groups]
        latency += 1
        index_bits -= used
        if index_bits > 0:
            rest = code.name("index")
            code.lines.append(f"reg [{index_bits - 1}:0] {rest};")
            code.lines.append(
                f"always @(posedge clk) {rest} <= {index}[{used + index_bits - 1}:{used}];"
            )
            index = rest
    if index_bits > 0:  # an index beyond all groups names no node
        rows = [code.wire(width, f"(|{index}) ? {constant(0, width)} : {rows[0]}")]
    return rows[0], latency


def multiplexer(code: VerilogBuilder, values: list[str], index: str, used: int, width: int) -> str:
    """Return the value that the lowest bits of an index name, registered.

    Written as a tree of 2:1 multiplexers, which Yosys packs into LUT6 as 4:1 multiplexers; for
    an indexed part select it needs three times as many look-up tables.

    Args:
        code: module to write to.
        values: values by index; zero is selected beyond the last.
        index: name of the index.
        used: number of the index's bits that count.
        width: width of a value.
    """
    zero, bits = constant(0, width), (len(values) - 1).bit_length()
    level = [*values, *[zero] * ((1 << bits) - len(values))]
    for bit in range(bits):
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [_either(code, f"{index}[{bit}]", pair, width) for pair in pairs]
    beyond = f"(|{index}[{used - 1}:{bits}]) ? {zero} : " if bits < used else ""
    return code.register(width, f"{beyond}{level[0]}", "m")


def _either(code: VerilogBuilder, select: str, pair: tuple[str, str], width: int) -> str:
    """Return a 2:1 multiplexer; no logic where both values are the same (padding zeros)."""
    low, high = pair
    return low if low == high else code.wire(width, f"{select} ? {high} : {low}")


@dataclass(frozen=True)
class ScatterSpec:
    """Sizes and types of a scatter-sum.

    Args:
        n_nodes: nodes.
        n_edges: edges.
        n_features: features of an edge.
        given: type of the features.
        index: type of the node numbers, unsigned.
        accum: type that features are cast to and summed in.
        result: type that the sums are cast to.
        reuse: cycles over which the edges are added.
    """

    n_nodes: int
    n_edges: int
    n_features: int
    given: FixedType
    index: FixedType
    accum: FixedType
    result: FixedType
    reuse: int

    @property
    def slots(self) -> int:
        """Edges added per cycle."""
        return -(-self.n_edges // self.reuse)


def scatter_choose(spec: ScatterSpec) -> Module:
    """Return a module that selects the current edges: `edges`, `index` → `y`, two cycles later.

    `y` holds, from the lowest bit: slots x features values of type accum, then nodes x slots
    hits. A hit is one bit: the edge in the slot ends at the node.
    """
    code = VerilogBuilder()
    values = _slot_values(code, spec)
    hits = _slot_hits(code, spec)
    width = spec.accum.width
    bits = spec.slots * spec.n_features * width + spec.n_nodes * spec.slots
    packed = ", ".join([*reversed(hits), *reversed(values)])
    y = code.wire(bits, f"{{{packed}}}")
    inputs = [
        Port("edges", spec.n_edges * spec.n_features * spec.given.width),
        Port("index", spec.n_edges * spec.index.width),
    ]
    phase_bits = (spec.reuse - 1).bit_length()
    return code.module("scatter_choose", inputs, (bits, y), 2, phase_bits=phase_bits)


def _edges_by_phase(spec: ScatterSpec, slot: int) -> list[int | None]:
    """Return the edges of a slot by phase; None where none is left in the last phase."""
    edges = [phase * spec.slots + slot for phase in range(spec.reuse)]
    return [edge if edge < spec.n_edges else None for edge in edges]


def _by_phase(code: VerilogBuilder, values: list[str], bits: int) -> str:
    """Return the value of the current phase, registered."""
    if len(values) == 1:
        return code.register(bits, values[0], "t")
    name = code.name("t")
    cases = " ".join(f"{i}: {name} <= {value};" for i, value in enumerate(values[:-1]))
    code.lines.append(f"reg signed [{bits - 1}:0] {name};")
    code.lines.append(
        f"always @(posedge clk) case (phase) {cases} default: {name} <= {values[-1]}; endcase"
    )
    return name


def _slot_values(code: VerilogBuilder, spec: ScatterSpec) -> list[str]:
    """Return the features of the edge in every slot, in the accumulator's type."""
    found = []
    for slot in range(spec.slots):
        for feature in range(spec.n_features):
            numbers = [
                constant(0, spec.accum.width)
                if edge is None
                else cast(
                    code,
                    element(code, "edges", edge * spec.n_features + feature, spec.given),
                    spec.accum,
                ).name
                for edge in _edges_by_phase(spec, slot)
            ]
            chosen = _by_phase(code, numbers, spec.accum.width)
            found.append(code.register(spec.accum.width, chosen, "t"))
    return found


def _slot_hits(code: VerilogBuilder, spec: ScatterSpec) -> list[str]:
    """Return for every node and slot, node by node, whether the slot's edge ends at the node."""
    bits = spec.index.width
    ends = [
        _by_phase(
            code,
            [
                constant(-1, bits)  # all ones: the number of no node
                if edge is None
                else f"index[{(edge + 1) * bits - 1}:{edge * bits}]"
                for edge in _edges_by_phase(spec, slot)
            ],
            bits,
        )
        for slot in range(spec.slots)
    ]
    return [
        code.register(1, f"{end} == {constant(node, bits)}", "hit")
        for node in range(spec.n_nodes)
        for end in ends
    ]


def scatter_sum(spec: ScatterSpec) -> Module:
    """Return a module that sums one feature at one node: `values`, `hits` (slots) → `y`.

    Its inputs come from `scatter_choose`: the first two cycles after the layer's inputs, then
    a new set of slots every cycle.
    """
    code, width = VerilogBuilder(), spec.accum.width
    terms = [
        code.wire(
            width,
            f"hits[{slot}] ? values[{(slot + 1) * width - 1}:{slot * width}]"
            f" : {constant(0, width)}",
        )
        for slot in range(spec.slots)
    ]
    depth = levels(spec.slots)
    total = tree_sum(code, terms, width, depth)
    latency, enables = depth + 1, dict[str, int]()
    if spec.reuse > 1:
        name = code.name("acc")
        code.lines.append(f"reg signed [{width - 1}:0] {name};")
        zero = constant(0, width)
        code.lines.append(f"always @(posedge clk) {name} <= (load ? {zero} : {name}) + {total};")
        latency += spec.reuse
        enables, total = {"load": depth}, name
    path = Path(code)
    result = path.cast(Number(total, width, spec.accum.fractional), spec.result)
    latency += path.cycles
    if enables:
        enables["done"] = latency - 1
    y = code.register(
        spec.result.width, pack([result], spec.result), "y", "done" if enables else ""
    )
    inputs = [Port("values", spec.slots * width), Port("hits", spec.slots)]
    return code.module("scatter_sum", inputs, (spec.result.width, y), latency, enables)
