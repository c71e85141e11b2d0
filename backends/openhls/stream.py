"""Lower hls4ml's ModelGraph to a streamed circuit, layer by layer, by the layers' rules."""

from typing import Any

from hls4ml.model import ModelGraph

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.circuit import Circuit, Rows, Signal
from backends.modelgraph.rtl.modules.elementwise import convert
from backends.modelgraph.rtl.stream import modules
from backends.modelgraph.rtl.stream.circuit import Stage, StreamCircuit
from backends.modelgraph.rtl.stream.front import Positions, Repeat, Scan, Whole
from backends.modelgraph.rtl.verilog import Module
from backends.modelgraph.stream_plan import PlannedStage, plan_stream


def lower_stream(graph: ModelGraph, inferences: int) -> tuple[StreamCircuit, str]:
    """Return the streamed circuit of a network and its Verilog.

    Args:
        graph: a converted model, io_stream.
        inferences: back to back, for which the FIFOs are made.

    Raises:
        EvaluationError: a layer cannot be lowered; the message names it and says why.
    """
    plan = plan_stream(graph, "open")
    circuit = StreamCircuit(inferences, list(plan.inputs))
    circuit.stages += [_stage(graph, planned) for planned in plan.stages]
    return circuit, circuit.finish(*plan.outputs)


def _stage(graph: ModelGraph, planned: PlannedStage) -> Stage:
    """Return the circuit of a layer."""
    module, signals = _front_module(planned)
    circuit = Circuit(planned.interval)
    row = _OneRow(graph, planned.node, circuit, signals)
    rtl = planned.stream.rtl or planned.rules.rtl
    assert rtl is not None  # noqa: S101  (`plan_stream` has checked it)
    output = rtl(planned.node, row)
    flows = [item.flow for item in planned.given]
    name, interval = planned.node.name, planned.interval
    assert row.built is (planned.follower or planned.node)  # noqa: S101
    return Stage(name, flows, planned.front, module, circuit, output, interval)


class _OneRow:
    """The `RtlContext` of a layer's circuit for one position."""

    def __init__(
        self, graph: ModelGraph, node: Any, circuit: Circuit, signals: list[tuple[int, FixedType]]
    ) -> None:
        self.graph, self.circuit, self.built = graph, circuit, node
        self.rows: Rows | None = None
        self._signals = [
            circuit.add_input(str(number), 1, features, kind)
            for number, (features, kind) in enumerate(signals)
        ]

    def given(self, node: Any, number: int = 0) -> Signal:  # noqa: ARG002  (of one layer)
        """Return the signal of an input."""
        return self._signals[number]

    def converted(self, node: Any, signal: Signal, kind: FixedType) -> Signal:
        """Return a signal cast to another type."""
        if signal.type == kind:
            return signal
        module = convert(signal.features, signal.type, kind)
        name = f"{node.name}_{signal.bus}"
        return self.circuit.each_row(name, module, signal, (signal.features, kind))

    def set(self, node: Any, signal: Signal) -> None:  # noqa: ARG002  (that of the circuit)
        """Note that the circuit has built another node too, such as a ReLU."""
        self.built = node


def _front_module(planned: PlannedStage) -> tuple[Module, list[tuple[int, FixedType]]]:
    """Return the Verilog of a front, and features and type of what it gives, by input."""
    front, interval = planned.front, planned.interval
    flows = [item.flow for item in planned.given]
    bits, first = sum(flow.bits for flow in flows), flows[0]
    if isinstance(front, Positions):
        return modules.take(bits, interval), [(flow.features, flow.type) for flow in flows]
    if isinstance(front, Repeat):
        return modules.repeat(bits, front, interval), [(first.features, first.type)]
    if isinstance(front, Scan):
        pixels = front.kernel[0] * front.kernel[1]
        return modules.scan(bits, front, interval), [(first.features * pixels, first.type)]
    assert isinstance(front, Whole)  # noqa: S101  (there are no others)
    if planned.stream.module is not None and not planned.given[0].flat:
        module, kind = planned.stream.module(planned.node, first.type, first.features)
        return module, [(first.features, kind)]
    features = first.features * front.count
    return modules.collect(bits, front.count, interval), [(features, first.type)]
