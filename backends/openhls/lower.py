"""hls4ml's ModelGraph to a circuit: the same walk as the bit-true evaluation, in hardware."""

import math
from collections.abc import Callable
from typing import Any

from hls4ml.model import ModelGraph

from backends.hls4ml.bittrue import activations
from backends.hls4ml.bittrue.dense import Matrix
from backends.hls4ml.bittrue.softmax import exp_table, inverse_table
from backends.modelgraph.effective import effective_reuse, is_weighted
from backends.modelgraph.fixed_point import FixedType
from backends.openhls.circuit import Circuit, Rows, Signal, Tap
from backends.openhls.modules.dense import DenseSpec, dense
from backends.openhls.modules.elementwise import add, convert
from backends.openhls.modules.graph import (
    ScatterSpec,
    gather,
    scatter_choose,
    scatter_sum,
)
from backends.openhls.modules.softmax import SoftmaxSpec, softmax
from backends.openhls.modules.tables import table_activation
from dse.contracts.errors import EvaluationError, FailureKind


def cannot_lower(node: Any, reason: str, hint: str = "") -> EvaluationError:
    """The typed error of a layer this flow does not build."""
    return EvaluationError(
        FailureKind.INVALID_POINT, f"layer '{node.name}' cannot be lowered: {reason}", hint=hint
    )


def result_type(node: Any) -> FixedType:
    """Type of a layer's output."""
    return FixedType.of(node.types["result_t"].precision)


def lower(graph: ModelGraph, rows_at_once: int | None = None) -> tuple[Circuit, str]:
    """The circuit of a network and its Verilog.

    Args:
        graph: a converted model, io_parallel, one output.
        rows_at_once: nodes or edges that layers without weights handle side by side; all
            without. Layers with weights say it themselves (parallelization_factor).

    Raises:
        EvaluationError: a layer cannot be lowered; the message names it and says why.
    """
    intervals = [_interval(node) for node in graph.get_layers()]
    lowering = _Lowering(graph, Circuit(max(intervals)), rows_at_once)
    text = lowering.circuit.finish(lowering.run())
    return lowering.circuit, text


def _interval(node: Any) -> int:
    """Cycles from one inference to the next that a layer needs at least."""
    if not is_weighted(node):
        return 1
    rows = math.prod(node.get_output_variable().shape[:-1])
    shared = _at_once(node)
    groups = shared.groups(rows) if shared else 1
    return effective_reuse(node) * groups


def _at_once(node: Any) -> Rows | None:
    """How the rows of a layer with weights share instances."""
    factor = node.get_attr("parallelization_factor")
    return Rows(int(factor), effective_reuse(node)) if factor else None


class _Lowering:
    def __init__(self, graph: ModelGraph, circuit: Circuit, rows_at_once: int | None) -> None:
        self.graph, self.circuit = graph, circuit
        self.rows = Rows(rows_at_once, 1) if rows_at_once else None
        self.signals: dict[str, Signal] = {}
        self.rules: dict[str, Callable[[Any], Signal]] = {
            "Activation": self.activation,
            "Concatenate": self.concatenate,
            "Dense": self.dense,
            "HlsEdgeGather": self.edge_gather,
            "HlsScatterSum": self.scatter_sum,
            "Input": self.input,
            "Merge": self.merge,
            "PointwiseConv1D": self.dense,
            "Reshape": self.reshape,
            "Softmax": self.softmax,
        }

    def run(self) -> Signal:
        for node in self.graph.get_layers():
            if node.outputs[0] in self.signals:
                continue  # an activation that its dense layer has done already
            rule = self.rules.get(node.class_name)
            if rule is None:
                known = ", ".join(sorted(self.rules))
                raise cannot_lower(
                    node, f"there is no rule for {node.class_name}", f"it knows {known}"
                )
            self.signals[node.outputs[0]] = rule(node)
        return self.signals[self.graph.outputs[0]]

    def given(self, node: Any, number: int = 0) -> Signal:
        return self.signals[node.inputs[number]]

    def input(self, node: Any) -> Signal:
        shape = [int(size) for size in node.get_output_variable().shape]
        rows, features = (shape[0], shape[1]) if len(shape) > 1 else (1, shape[0])
        return self.circuit.add_input(node.name, rows, features, result_type(node))

    def dense(self, node: Any) -> Signal:
        given = self.given(node)
        matrix = Matrix.of(node)
        n_in, n_out = matrix.weight.raw.shape
        follower = self._relu_after(node)
        result = result_type(node)
        rectified = result_type(follower) if follower is not None else None
        spec = DenseSpec(
            matrix.weight, matrix.bias, given.type, matrix.accum, result, rectified,
            effective_reuse(node),
        )  # fmt: skip
        if matrix.accum.overflow != "WRAP" and spec.may_overflow:
            raise cannot_lower(
                node,
                f"its accumulator {node.types['accum_t'].precision} may saturate, so the order of "
                "additions matters",
                "granularity: name gives accumulators that are wide enough",
            )
        rows = self.circuit.reshaped(given, given.rows * given.features // n_in, n_in)
        output = (n_out, rectified or result)
        made = self.circuit.each_row(node.name, dense(spec), rows, output, rows=_at_once(node))
        if follower is not None:
            self.signals[follower.outputs[0]] = made
        return made

    def _relu_after(self, node: Any) -> Any:
        """The ReLU that is the only reader of a layer's output, if it is one."""
        readers = [n for n in self.graph.get_layers() if node.outputs[0] in n.inputs]
        if len(readers) != 1 or node.outputs[0] in self.graph.outputs:
            return None
        (reader,) = readers
        is_relu = reader.class_name == "Activation" and reader.get_attr("activation") == "relu"
        return reader if is_relu else None

    def activation(self, node: Any) -> Signal:
        given, name = self.given(node), str(node.get_attr("activation")).lower()
        result = result_type(node)
        if name in {"linear", "relu"}:
            module = convert(given.features, given.type, result, rectify=name == "relu")
            return self.circuit.each_row(node.name, module, given, (given.features, result))
        if name not in activations.TABLES:
            raise cannot_lower(node, f"there is no rule for the activation '{name}'")
        contents, per_unit = activations.table_contents(node)
        module = table_activation(name, given.type, result, contents, per_unit)
        single = self.circuit.reshaped(given, given.rows * given.features, 1)
        made = self.circuit.each_row(node.name, module, single, (1, result), rows=self.rows)
        return self.circuit.reshaped(made, given.rows, given.features)

    def softmax(self, node: Any) -> Signal:
        given, result = self.given(node), result_type(node)
        implementation = str(node.get_attr("implementation"))
        if implementation not in {"stable", "latency"}:
            raise cannot_lower(node, f"there is no rule for softmax '{implementation}'")
        spec = SoftmaxSpec(
            given.features, given.type, implementation == "stable", exp_table(node),
            FixedType.of(node.types["accum_t"].precision), inverse_table(node), result,
        )  # fmt: skip
        return self.circuit.each_row(node.name, softmax(spec), given, (given.features, result))

    def concatenate(self, node: Any) -> Signal:
        first, second = (self.given(node, number) for number in (0, 1))
        axis = int(node.get_attr("axis"))
        rank = len(node.get_output_variable().shape)
        if axis not in {-1, rank}:
            raise cannot_lower(node, f"it joins along axis {axis}, not the last")
        result = result_type(node)
        parts = self.circuit.together(*(self._as(node, s, result) for s in (first, second)))
        return self.circuit.rows_of(node.name, parts)

    def _as(self, node: Any, signal: Signal, kind: FixedType) -> Signal:
        if signal.type == kind:
            return signal
        module = convert(signal.features, signal.type, kind)
        name = f"{node.name}_{signal.bus}"
        return self.circuit.each_row(name, module, signal, (signal.features, kind))

    def reshape(self, node: Any) -> Signal:
        given = self.given(node)
        shape = [int(size) for size in node.get_output_variable().shape]
        rows = math.prod(shape[:-1]) if len(shape) > 1 else 1
        return self.circuit.reshaped(given, rows, shape[-1])

    def merge(self, node: Any) -> Signal:
        if str(node.get_attr("op")).lower() != "add":
            raise cannot_lower(node, f"there is no rule for merge '{node.get_attr('op')}'")
        a, b = self.circuit.together(self.given(node, 0), self.given(node, 1))
        result = result_type(node)
        module = add(a.features, a.type, b.type, result)
        made = self.circuit.wires(node.name, a.rows, a.features, result, a.time + module.latency)
        for row in range(a.rows):
            wires = {"a": a.row(row), "b": b.row(row)}
            self.circuit.instance(node.name, module, wires, made.row(row), Tap(a.time))
        return made

    def edge_gather(self, node: Any) -> Signal:
        nodes, index = self.circuit.together(self.given(node, 0), self.given(node, 1))
        result, n_edges = result_type(node), index.rows * index.features
        module = gather(nodes.rows, nodes.features, nodes.type, index.type, result)
        single = self.circuit.reshaped(index, n_edges, 1)
        output = (nodes.features, result)
        return self.circuit.each_row(node.name, module, single, output, {"nodes": nodes}, self.rows)

    def scatter_sum(self, node: Any) -> Signal:
        edges, index = self.circuit.together(self.given(node, 0), self.given(node, 1))
        accum = FixedType.of(node.types["accum_t"].precision)
        spec = ScatterSpec(
            int(node.get_attr("n_nodes")), edges.rows, edges.features, edges.type, index.type,
            accum, result_type(node), min(self.circuit.interval, edges.rows),
        )  # fmt: skip
        if accum.overflow != "WRAP" and not _sum_fits(spec):
            raise cannot_lower(
                node, "its accumulator may saturate, so the order of additions matters",
                "set layer_precision for its accum type",
            )  # fmt: skip
        return self._scattered(node, spec, edges, index)

    def _scattered(self, node: Any, spec: ScatterSpec, edges: Signal, index: Signal) -> Signal:
        choose, add_up = scatter_choose(spec), scatter_sum(spec)
        n_values = spec.slots * spec.n_features
        bits = n_values * spec.accum.width + spec.n_nodes * spec.slots
        time = edges.time + choose.latency
        bus = self.circuit.wires(
            f"{node.name}_chosen", 1, bits, FixedType(1, 1, signed=False), time
        )
        wires = {"edges": edges.bus, "index": index.bus}
        self.circuit.instance(node.name, choose, wires, bus.bus, Tap(edges.time))
        made = self.circuit.wires(
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
            self.circuit.instance(node.name, add_up, inputs, output, Tap(time))
        return made


def _strided(bus: str, feature: int, spec: ScatterSpec) -> str:
    """One feature of every slot."""
    width = spec.accum.width
    starts = [(slot * spec.n_features + feature) * width for slot in range(spec.slots)]
    return "{" + ", ".join(f"{bus}[{s + width - 1}:{s}]" for s in reversed(starts)) + "}"


def _hits(bus: str, node: int, spec: ScatterSpec) -> str:
    start = spec.slots * spec.n_features * spec.accum.width + node * spec.slots
    return f"{bus}[{start + spec.slots - 1}:{start}]"


def _sum_fits(spec: ScatterSpec) -> bool:
    """Whether all edges at one node cannot overflow the accumulator."""
    largest = max(-spec.given.low, spec.given.high) * 2.0**-spec.given.fractional
    return spec.n_edges * largest <= spec.accum.high * 2.0**-spec.accum.fractional
