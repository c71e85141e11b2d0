"""Types of a layer's rules, and the errors of layers without one.

A walker is a backend that goes through a network layer by layer and asks each layer for its rule.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import Cost
from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.kernel_plan import KernelStep
from backends.modelgraph.names import own_name, own_name_of
from backends.modelgraph.rtl.circuit import Circuit, Rows, Signal
from backends.modelgraph.rtl.stream.front import Front, Positions
from backends.modelgraph.rtl.verilog import Module
from backends.modelgraph.vendor_hls.predicted import Answers
from backends.modelgraph.vendor_hls.tools import Target
from dse.contracts.errors import EvaluationError, FailureKind

ValueRule = Callable[[Any, Sequence[Tensor], CastCounter], Tensor]
"""Computes a layer's output from its node, its inputs (batch, …) and a counter of its casts.

The output equals that of the compiled firmware bit for bit.
"""

CostRule = Callable[[Any], Cost]
"""Computes the resources and cycles of a layer from its node."""

VendorRule = Callable[[Any, Target], Answers]
"""Predicts a vendor's report of a layer from its node, by tool; without numbers where unknown."""

RtlRule = Callable[[Any, "RtlContext"], Signal]
"""Places a layer's instances in the context's circuit and returns its output signal."""

FrontRule = Callable[[Any], Front]
"""Says how a layer reads its input position by position, from its node."""

KernelRule = Callable[[Mapping[str, Any], "KernelContext"], Iterable[KernelStep]]
"""Yields the OpenCL kernels of a layer from its entry in hls4ml's layer list."""


class RtlContext(Protocol):
    """Interface of the walker `open` for RTL rules."""

    circuit: Circuit
    rows: Rows | None
    """How rows share instances of layers without weights; None for one instance per row."""

    def given(self, node: Any, number: int = 0) -> Signal:
        """Return the signal of an input of a node, by the input's number."""

    def converted(self, node: Any, signal: Signal, kind: FixedType) -> Signal:
        """Return a signal cast to another type; the cast counts as a part of the node."""

    def set(self, node: Any, signal: Signal) -> None:
        """Set the output of another node, such as a ReLU that is built into its dense layer."""


class KernelContext(Protocol):
    """Interface of the walker `opencl` for OpenCL rules."""

    def layer(self, name: str) -> Mapping[str, Any]:
        """Return a layer's entry in the layer list."""

    def readers(self, name: str) -> Sequence[str]:
        """Return the names of the layers that read a layer's output."""

    def source(self, name: str) -> str:
        """Return the table that holds a layer's output."""

    def features(self, name: str) -> int:
        """Return the number of columns of a layer's output."""

    def table(self, name: str) -> str:
        """Make the table of a layer's output and return its name."""

    def alias(self, name: str, other: str) -> None:
        """Record that a layer's output is in the table of another layer."""

    def is_alias(self, name: str) -> bool:
        """Whether a layer's output is in the table of another layer, so it needs no kernel."""

    def place(self, name: str) -> tuple[str, int] | None:
        """Return table and first column that a layer is to write; None for its own table."""

    def leaves(self, name: str) -> Iterator[str]:
        """Yield the layers that a concatenation joins, nested concatenations resolved."""

    def is_nested(self, name: str) -> bool:
        """Whether the only reader of a concatenation is another concatenation."""

    def is_index(self, name: str) -> bool:
        """Whether an input holds node numbers."""


@dataclass(frozen=True, kw_only=True)
class KernelRules:
    """Rules of a layer for the OpenCL program.

    Args:
        class_names: class names in hls4ml's layer list; the ModelGraph has other names.
        steps: yields the kernels of the layer.
        features: returns the number of columns of its output.
        refuse: returns what of a layer the program cannot do; empty for nothing.
        rows_from: where its rows come from: ``inputs`` where they are those of its inputs;
            ``edges`` or ``nodes`` where the layer converts one to the other, with the node
            numbers as its second input; ``given`` for an input of the network.
    """

    class_names: tuple[str, ...]
    steps: KernelRule
    features: Callable[[Mapping[str, Any], KernelContext], int]
    refuse: Callable[[Mapping[str, Any]], str] = lambda _: ""
    rows_from: str = "inputs"


@dataclass(frozen=True, kw_only=True)
class StreamRules:
    """Rules of a layer for streamed circuits (`io_type: io_stream`).

    The layer's circuit is that of one position: `RtlContext.given` has one row, with all numbers
    that the front gives.

    Args:
        front: how the layer reads its input; a flattened image is read as a whole instead.
        rtl: circuit of one position; None for the layer's own RTL rule.
        module: Verilog of the front, and the type of what it gives (as many numbers as it
            reads), from the node and the type and number of what it reads; None for the module
            of the front's kind.
        cost: of one position; None for the layer's own rule, which counts all of them.
    """

    front: FrontRule
    rtl: RtlRule | None = None
    module: Callable[[Any, FixedType, int], tuple[Module, FixedType]] | None = None
    cost: CostRule | None = None


@dataclass(frozen=True, kw_only=True)
class LayerRules:
    """Rules of one kind of layer.

    A backend whose rule is left out refuses networks with the layer, by an error that names it.

    Args:
        class_names: class names of its nodes in hls4ml's ModelGraph.
        value: rule for `bittrue`.
        cost: rule for `estimate`, tool ``open``.
        vendor: rule for `estimate`, the vendors' tools.
        rtl: rule for `open`.
        stream: rules for `open` with `io_type: io_stream`.
        same_in_streams: whether hls4ml's firmware computes the values of the value rule in a
            stream too, for a layer without rules for streams.
        interval: returns the cycles that its circuit needs between two inferences.
        kernels: rules for `opencl`.
        set_up: registers the layer with hls4ml (Extension API); called once, before the first
            conversion.
        keras_handlers: name of the module with hls4ml's handler of the Keras layer; imported
            before a Keras model is read.
    """

    class_names: tuple[str, ...]
    value: ValueRule | None = None
    cost: CostRule | None = None
    vendor: VendorRule | None = None
    rtl: RtlRule | None = None
    stream: StreamRules | None = None
    same_in_streams: bool = False
    interval: Callable[[Any], int] = lambda _: 1
    kernels: KernelRules | None = None
    set_up: Callable[[], None] | None = None
    keras_handlers: str = ""


WALKERS = {"bittrue": "value", "estimate": "cost", "open": "rtl"}
"""Backends that walk the ModelGraph, each with the name of the rule that it needs."""


def refused(node: Any, walker: str, reason: str, hint: str = "") -> EvaluationError:
    """Return the error for a layer that a walker cannot handle.

    Args:
        node: node of the ModelGraph.
        walker: registered name of the backend.
        reason: what the backend cannot do, as a predicate: "has no rule for …".
        hint: what the user can do; by default, use csim or other layers.
    """
    return EvaluationError(
        FailureKind.INVALID_POINT,
        f"layer '{own_name(node)}' ({node.class_name}): {walker} {reason}",
        hint=hint or "use csim, which takes every layer that hls4ml converts, or other layers",
    )


def unread(layer: Any, setting: str, only: str) -> EvaluationError:
    """Return the error for a Keras layer with a setting that hls4ml's firmware does not have.

    Args:
        layer: the Keras layer.
        setting: what it has: "dilation_rate 2".
        only: what the firmware has instead.
    """
    return EvaluationError(
        FailureKind.INVALID_POINT,
        f"layer '{layer.name}' ({type(layer).__name__}) has {setting}",
        hint=f"hls4ml's firmware computes {only} only, and would ignore the setting",
    )


def refused_kernel(layer: Mapping[str, Any], reason: str) -> EvaluationError:
    """Return the error for a layer that the OpenCL program cannot handle.

    Args:
        layer: entry in hls4ml's layer list.
        reason: what the program cannot do, as a predicate: "cannot join …".
    """
    shown = f"{layer['class_name']} {layer.get('activation') or layer.get('op') or ''}".strip()
    return EvaluationError(
        FailureKind.INVALID_POINT,
        f"layer '{own_name_of(layer)}' ({shown}): the OpenCL program {reason}",
        hint="there are kernels for dense layers, relu, sigmoid, tanh, softmax, sums, "
        "concatenation of features, EdgeGather and ScatterSum",
    )


def every_position(node: Any) -> Front:
    """Return the front of a layer that computes every position from itself alone."""
    return Positions(math.prod(node.get_input_variable().shape[:-1]))


BY_POSITION = StreamRules(front=every_position)
"""Rules of layers that compute every position from itself alone."""


def is_streamed(node: Any) -> bool:
    """Whether the network's tensors flow position by position."""
    return str(node.model.config.get_config_value("IOType")) == "io_stream"


def result_type(node: Any) -> FixedType:
    """Return the type of a node's output."""
    return FixedType.of(node.types["result_t"].precision)


def type_of(node: Any, name: str) -> FixedType:
    """Return a type of a node by hls4ml's name, such as ``accum_t``."""
    return FixedType.of(node.types[name].precision)
