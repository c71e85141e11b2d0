"""What a streamed network consists of, before any circuit: which layer reads what, and how."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hls4ml.model import ModelGraph

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.layers.registry import rules_of
from backends.modelgraph.layers.rules import LayerRules, StreamRules, refused, result_type
from backends.modelgraph.names import own_name
from backends.modelgraph.nodes import effective_reuse, is_weighted, relu_behind, sole_reader
from backends.modelgraph.rtl.stream.circuit import Flow
from backends.modelgraph.rtl.stream.front import Front, Scan, Whole
from backends.modelgraph.rtl.stream.schedule import Edge
from dse.contracts.parameters import Value

_PASSED_ON = ("Clone",)
"""Layers that hand the stream on as it is: every reader has a FIFO of its own."""

_PARALLEL = "use io_type: io_parallel, or csim, which streams what hls4ml does"


@dataclass(frozen=True)
class Given:
    """What a layer finds at an input.

    Args:
        flow: the stream.
        flat: whether it is a flattened image, to be read as a whole.
        pads: padding (before, after) along both axes that its reader has to insert.
    """

    flow: Flow
    flat: bool = False
    pads: tuple[tuple[int, int], tuple[int, int]] | None = None


@dataclass(frozen=True)
class PlannedStage:
    """A layer of a streamed network.

    Args:
        node: of the ModelGraph.
        rules: of the layer.
        stream: those for streams.
        given: what it reads.
        front: how it reads.
        follower: ReLU that is built into the layer's circuit; None without one.
    """

    node: Any
    rules: LayerRules
    stream: StreamRules
    given: Sequence[Given]
    front: Front
    follower: Any = None

    @property
    def interval(self) -> int:
        """Cycles from one start of the layer's circuit to the next."""
        node = self.node
        return effective_reuse(node) if is_weighted(node) else self.rules.interval(node)

    @property
    def output(self) -> Flow:
        """What leaves the layer."""
        last = self.follower or self.node
        features = int(last.get_output_variable().shape[-1])
        return Flow(self.node.name, int(self.front.fires.sum()), features, result_type(last))


@dataclass
class StreamPlan:
    """A streamed network.

    Args:
        inputs: what flows into it.
        stages: layers in the order of the data.
        outputs: what leaves it, the scored output first.
    """

    inputs: list[Flow] = field(default_factory=list)
    stages: list[PlannedStage] = field(default_factory=list)
    outputs: list[Flow] = field(default_factory=list)


def plan_stream(graph: ModelGraph, walker: str) -> StreamPlan:
    """Return what a streamed network consists of.

    Args:
        graph: a converted model, io_stream.
        walker: backend that asks, for the errors.

    Raises:
        EvaluationError: a layer cannot be streamed; the message names it and says why.
    """
    return _Planner(graph, walker).run()


class _Planner:
    """Walk over a ModelGraph."""

    def __init__(self, graph: ModelGraph, walker: str) -> None:
        self.graph, self.walker = graph, walker
        self.plan = StreamPlan()
        self._tensors: dict[str, Given] = {}

    def run(self) -> StreamPlan:
        """Plan every layer."""
        for node in self.graph.get_layers():
            if node.outputs[0] not in self._tensors:  # else built in by the layer before it
                self._place(node)
        self.plan.outputs = [self._tensors[name].flow for name in self.graph.outputs]
        return self.plan

    def _place(self, node: Any) -> None:
        """Add the stage of a layer, or only a name for the tensor it hands on."""
        shape = [int(size) for size in node.get_output_variable().shape]
        if node.class_name == "Input":
            flow = Flow(node.name, math.prod(shape[:-1]), shape[-1], result_type(node))
            self.plan.inputs.append(flow)
            self._set(node, Given(flow))
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

    def _set(self, node: Any, given: Given) -> None:
        self._tensors |= dict.fromkeys(node.outputs, given)

    def _flattened(self, node: Any, given: Given, shape: list[int]) -> Given:
        """Return a flattened stream: the same positions, to be read as a whole."""
        if len(shape) > 1:
            hint = f"it can flatten one; {_PARALLEL}"
            raise refused(node, self.walker, "cannot reshape a stream", hint)
        return replace(given, flat=given.flow.positions > 1)

    def _reader_pads(self, node: Any, given: Given) -> bool:
        """Whether the only reader of a padding layer is a convolution, which pads as it reads."""
        reader = sole_reader(node)
        same = FixedType.of(node.get_input_variable().type.precision) == result_type(node)
        return same and given.pads is None and reader is not None and is_weighted(reader)

    def _stage(self, node: Any, given: list[Given]) -> None:
        """Add the stage of a layer."""
        rules = rules_of(node, "bittrue")  # a layer may have rules for streams alone
        if rules.stream is None or (rules.stream.rtl or rules.rtl) is None:
            raise refused(node, self.walker, "has no rule for the layer in a stream", _PARALLEL)
        front = self._front(node, rules.stream, given)
        follower = relu_behind(node) if is_weighted(node) else None
        stage = PlannedStage(node, rules, rules.stream, given, front, follower)
        self.plan.stages.append(stage)
        self._set(follower or node, Given(stage.output))
        self._set(node, Given(stage.output))

    def _front(self, node: Any, stream: StreamRules, given: list[Given]) -> Front:
        """Return how a layer reads its input."""
        counts = {item.flow.positions for item in given}
        if len(counts) > 1:
            raise refused(node, self.walker, "cannot join streams of different lengths")
        if any(item.flat for item in given):
            if len(given) > 1:
                raise refused(node, self.walker, "cannot join flattened streams")
            return Whole(*counts)
        front = stream.front(node)
        if given[0].pads is None:
            return front
        assert isinstance(front, Scan)  # noqa: S101  (`_reader_pads` has chosen the reader)
        height, width = (n - sum(p) for n, p in zip(front.size, given[0].pads, strict=True))
        return replace(front, size=(height, width), pads=given[0].pads)


def fifo_depths(graph: ModelGraph, depths: Mapping[Edge, int]) -> dict[str, Value]:
    """Return the depths of FIFOs by the layer that reads them, then by the one that writes them.

    Args:
        graph: gives the layers' own names.
        depths: see `Schedule`; the reader ``out`` stands for what is behind the network.
    """
    names = {node.name: own_name(node) for node in graph.get_layers()}
    found: dict[str, dict[str, Value]] = {}
    for (source, reader, _), depth in depths.items():
        found.setdefault(names.get(reader, reader), {})[names[source]] = depth
    return dict(found)


def with_depths(
    rows: Mapping[str, Mapping[str, Value]], depths: Mapping[Edge, int]
) -> dict[str, Value]:
    """Return rows of numbers by layer, with the depth of the deepest FIFO in front of each layer.

    Args:
        rows: by the layers' names in the ModelGraph.
        depths: see `Schedule`; empty without a stream.
    """
    deepest: dict[str, int] = {}
    for (_, reader, _), depth in depths.items():
        deepest[reader] = max(deepest.get(reader, 0), depth)
    return {
        name: {**row, **({"fifo_depth": deepest[name]} if name in deepest else {})}
        for name, row in rows.items()
    }


def _pads(node: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the padding of a layer (before, after): above and below, left and right."""
    top, bottom, left, right = (
        int(node.get_attr(f"pad_{side}", 0) or 0) for side in ("top", "bottom", "left", "right")
    )
    return (top, bottom), (left, right)
