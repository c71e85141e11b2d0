"""Lower hls4ml's ModelGraph to a circuit, layer by layer, by the layers' RTL rules."""

from typing import Any

from hls4ml.model import ModelGraph

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.layers.registry import rules_of
from backends.modelgraph.rtl.circuit import Circuit, Rows, Signal
from backends.modelgraph.rtl.modules.elementwise import convert
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline


def lower(
    graph: ModelGraph, rows_at_once: int | None = None, pipeline: Pipeline = DSP48E1
) -> tuple[Circuit, str]:
    """Return the circuit of a network and its Verilog.

    Args:
        graph: a converted model, io_parallel.
        rows_at_once: rows (nodes, edges) that layers without weights compute at a time; None
            for all of them. Layers with weights have their own `parallelization_factor`.
        pipeline: where the family wants registers.

    Raises:
        EvaluationError: a layer cannot be lowered; the message names it and says why.
    """
    nodes = list(graph.get_layers())
    # every layer works at the pace of the slowest
    interval = max(rules_of(node, "open").interval(node) for node in nodes)
    lowering = Lowering(graph, Circuit(interval, pipeline), rows_at_once)
    text = lowering.circuit.finish(*lowering.run())
    return lowering.circuit, text


class Lowering:
    """Walk over a ModelGraph; the `RtlContext` of the layers' RTL rules.

    Args:
        graph: a converted model.
        circuit: empty circuit, to be filled.
        rows_at_once: as for `lower`.
    """

    def __init__(self, graph: ModelGraph, circuit: Circuit, rows_at_once: int | None) -> None:
        self.graph, self.circuit = graph, circuit
        self.rows = Rows(rows_at_once, 1) if rows_at_once else None
        self._signals: dict[str, Signal] = {}

    def run(self) -> list[Signal]:
        """Lower every layer and return the outputs, the scored one first."""
        for node in self.graph.get_layers():
            if node.outputs[0] in self._signals:
                continue  # done by another layer's rule, such as a ReLU by its dense layer's
            rtl = rules_of(node, "open").rtl
            assert rtl is not None  # noqa: S101  (rules_of has checked it)
            self._signals[node.outputs[0]] = rtl(node, self)
        return [self._signals[name] for name in self.graph.outputs]

    def given(self, node: Any, number: int = 0) -> Signal:
        """Return the signal of an input of a node, by the input's number."""
        return self._signals[node.inputs[number]]

    def set(self, node: Any, signal: Signal) -> None:
        """Set the output of a node that another node's rule has built, such as a ReLU."""
        self._signals[node.outputs[0]] = signal

    def converted(self, node: Any, signal: Signal, kind: FixedType) -> Signal:
        """Return a signal cast to another type; the cast is counted under the node's name."""
        if signal.type == kind:
            return signal
        module = convert(signal.features, signal.type, kind, pipeline=self.circuit.pipeline)
        name = f"{node.name}_{signal.bus}"
        return self.circuit.each_row(name, module, signal, (signal.features, kind))
