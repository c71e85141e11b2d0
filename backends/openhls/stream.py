"""Lower hls4ml's ModelGraph to a streamed circuit, layer by layer, by the layers' rules."""

from dataclasses import dataclass, replace
from typing import Any

from hls4ml.model import ModelGraph

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.layers.registry import rules_of
from backends.modelgraph.layers.rules import StreamRules, refused, result_type
from backends.modelgraph.nodes import effective_reuse, is_weighted
from backends.modelgraph.rtl.circuit import Circuit, Rows, Signal
from backends.modelgraph.rtl.modules.elementwise import convert
from backends.modelgraph.rtl.stream import modules
from backends.modelgraph.rtl.stream.circuit import Flow, Stage, StreamCircuit
from backends.modelgraph.rtl.stream.front import Front, Positions, Scan, Whole
from backends.modelgraph.rtl.verilog import Module

_PASSED_ON = ("Clone",)
"""Layers that hand the stream on as it is: every reader has a FIFO of its own."""


@dataclass(frozen=True)
class _Given:
    """What a layer finds at an input.

    Args:
        flow: the stream.
        flat: whether it is a flattened image, to be read as a whole.
        pads: padding (before, after) along both axes that its reader has to insert.
    """

    flow: Flow
    flat: bool = False
    pads: tuple[tuple[int, int], tuple[int, int]] | None = None


def lower_stream(graph: ModelGraph, inferences: int) -> tuple[StreamCircuit, str]:
    """Return the streamed circuit of a network and its Verilog.

    Args:
        graph: a converted model, io_stream, one output.
        inferences: back to back, for which the FIFOs are made.

    Raises:
        EvaluationError: a layer cannot be lowered; the message names it and says why.
    """
    return _StreamLowering(graph, inferences).run()


class _StreamLowering:
    """Walk over a ModelGraph."""

    def __init__(self, graph: ModelGraph, inferences: int) -> None:
        self.graph = graph
        self.circuit = StreamCircuit(inferences)
        self._tensors: dict[str, _Given] = {}

    def run(self) -> tuple[StreamCircuit, str]:
        for node in self.graph.get_layers():
            if node.outputs[0] not in self._tensors:  # else built by the layer before it
                self._place(node)
        output = self._tensors[self.graph.outputs[0]]
        return self.circuit, self.circuit.finish(output.flow)

    def _place(self, node: Any) -> None:
        """Add the stage of a layer, or only a name for the tensor it hands on."""
        shape = [int(size) for size in node.get_output_variable().shape]
        if node.class_name == "Input":
            count = _positions(shape)
            flow = Flow(node.name, count, shape[-1], result_type(node))
            self.circuit.inputs.append(flow)
            self._set(node, _Given(flow))
            return
        given = [self._tensors[name] for name in node.inputs]
        if node.class_name in _PASSED_ON:
            self._set(node, given[0])
        elif node.class_name in {"Reshape", "Repack"}:
            self._set(node, self._flattened(node, given[0], shape))
        elif node.class_name.startswith("ZeroPadding") and self._reader_pads(node, given[0]):
            self._set(node, replace(given[0], pads=_pads(node)))
        else:
            self._stage(node, given)

    def _set(self, node: Any, given: _Given) -> None:
        for name in node.outputs:
            self._tensors[name] = given

    def _flattened(self, node: Any, given: _Given, shape: list[int]) -> _Given:
        """Return a flattened stream: the same positions, to be read as a whole."""
        if len(shape) > 1:
            raise refused(node, "open", "cannot reshape a stream", "it can flatten one")
        return replace(given, flat=given.flow.positions > 1)

    def _reader_pads(self, node: Any, given: _Given) -> bool:
        """Whether the only reader of a padding layer is a convolution, which pads as it reads."""
        reader = sole_reader(self.graph, node)
        same = FixedType.of(node.get_input_variable().type.precision) == result_type(node)
        return same and given.pads is None and reader is not None and is_weighted(reader)

    def _stage(self, node: Any, given: list[_Given]) -> None:
        """Add the stage of a layer."""
        rules = rules_of(node, "bittrue")  # a layer may have rules for streams alone
        stream = rules.stream
        if stream is None or (stream.rtl or rules.rtl) is None:
            raise refused(node, "open", "has no rule for the layer with io_type io_stream")
        front = self._front(node, stream, given)
        interval = effective_reuse(node) if is_weighted(node) else rules.interval(node)
        module, signals = _front_module(node, stream, front, given, interval)
        circuit = Circuit(interval)
        row = _OneRow(self.graph, node, circuit, signals)
        rtl = stream.rtl or rules.rtl
        assert rtl is not None  # noqa: S101  (checked above)
        output = rtl(node, row)
        flows = [item.flow for item in given]
        self.circuit.stages.append(
            Stage(node.name, flows, front, module, circuit, output, interval)
        )
        made = Flow(node.name, int(front.fires.sum()), output.features, output.type)
        self._set(row.built, _Given(made))
        self._set(node, _Given(made))

    def _front(self, node: Any, stream: StreamRules, given: list[_Given]) -> Front:
        """Return how a layer reads its input."""
        counts = {item.flow.positions for item in given}
        if len(counts) > 1:
            raise refused(node, "open", "cannot join streams of different lengths")
        if any(item.flat for item in given):
            if len(given) > 1:
                raise refused(node, "open", "cannot join flattened streams")
            return Whole(*counts)
        front = stream.front(node)
        if given[0].pads is None:
            return front
        assert isinstance(front, Scan)  # noqa: S101  (`_reader_pads` has chosen the reader)
        height, width = (n - sum(p) for n, p in zip(front.size, given[0].pads, strict=True))
        return replace(front, size=(height, width), pads=given[0].pads)


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

    def sole_reader(self, node: Any) -> Any:
        """Return the only node that reads a node's output; None where there are others."""
        return sole_reader(self.graph, node)

    def set(self, node: Any, signal: Signal) -> None:  # noqa: ARG002  (that of the circuit)
        """Note that the circuit has built another node too, such as a ReLU."""
        self.built = node


def sole_reader(graph: ModelGraph, node: Any) -> Any:
    """Return the only node that reads a node's output; None where there are others."""
    readers = [n for n in graph.get_layers() if node.outputs[0] in n.inputs]
    return readers[0] if len(readers) == 1 and node.outputs[0] not in graph.outputs else None


def _positions(shape: list[int]) -> int:
    count = 1
    for size in shape[:-1]:
        count *= size
    return count


def _pads(node: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the padding of a layer (before, after): above and below, left and right."""
    top, bottom, left, right = (
        int(node.get_attr(f"pad_{side}", 0) or 0) for side in ("top", "bottom", "left", "right")
    )
    return (top, bottom), (left, right)


def _front_module(
    node: Any, stream: StreamRules, front: Front, given: list[_Given], interval: int
) -> tuple[Module, list[tuple[int, FixedType]]]:
    """Return the Verilog of a front, and features and type of what it gives, by input."""
    flows = [item.flow for item in given]
    bits = sum(flow.bits for flow in flows)
    first = flows[0]
    if isinstance(front, Positions):
        return modules.take(bits, interval), [(flow.features, flow.type) for flow in flows]
    if isinstance(front, Scan):
        pixels = front.kernel[0] * front.kernel[1]
        return modules.scan(bits, front, interval), [(first.features * pixels, first.type)]
    assert isinstance(front, Whole)  # noqa: S101  (there are no others)
    if stream.module is not None and not given[0].flat:
        module, kind = stream.module(node, first.type, first.features)
        return module, [(first.features, kind)]
    features = first.features * front.count
    return modules.collect(bits, front.count, interval), [(features, first.type)]
