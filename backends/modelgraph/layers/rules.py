"""What a layer's rules are, and the error of a walker that lacks one."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import Cost
from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.kernel_plan import KernelStep
from backends.modelgraph.rtl.circuit import Circuit, Rows, Signal
from dse.contracts.errors import EvaluationError, FailureKind

ValueRule = Callable[[Any, Sequence[Tensor], CastCounter], Tensor]
"""Output of a layer from its node, its inputs (batch, …) and a counter of its casts; bit for
bit what the compiled firmware gives."""

CostRule = Callable[[Any], Cost]
"""Resources and cycles of a layer from its node."""

RtlRule = Callable[[Any, "RtlContext"], Signal]
"""Output signal of a layer from its node; places instances in the context's circuit."""

KernelRule = Callable[[Mapping[str, Any], "KernelContext"], Iterable[KernelStep]]
"""OpenCL kernels of a layer from its entry in the layer list."""


class RtlContext(Protocol):
    """What an RTL rule may use of the walker (`open`)."""

    circuit: Circuit
    rows: Rows | None
    """How rows share instances of layers without weights; None for one instance per row."""

    def given(self, node: Any, number: int = 0) -> Signal:
        """Return the signal of an input of a node."""

    def converted(self, node: Any, signal: Signal, kind: FixedType) -> Signal:
        """Cast a signal to another type, on behalf of a node."""

    def sole_reader(self, node: Any) -> Any:
        """Return the only node that reads a node's output; None where there are others."""

    def set(self, node: Any, signal: Signal) -> None:
        """Give the output of another node, whose work is done already."""


class KernelContext(Protocol):
    """What an OpenCL rule may use of the walker (`opencl`)."""

    def layer(self, name: str) -> Mapping[str, Any]:
        """Return a layer's entry in the layer list."""

    def readers(self, name: str) -> Sequence[str]:
        """Return names of the layers that read a layer's output."""

    def source(self, name: str) -> str:
        """Return the table that holds a layer's output."""

    def features(self, name: str) -> int:
        """Return the number of columns of a layer's output."""

    def table(self, name: str) -> str:
        """Make the table of a layer's output and return its name."""

    def alias(self, name: str, other: str) -> None:
        """Say that a layer's output is in the table of another layer."""

    def is_alias(self, name: str) -> bool:
        """Whether another layer has done a layer's work already."""

    def place(self, name: str) -> tuple[str, int] | None:
        """Return table and first column where a layer is to write; None for its own table."""

    def leaves(self, name: str) -> Iterator[str]:
        """Yield what a concatenation joins, nested ones resolved."""

    def is_nested(self, name: str) -> bool:
        """Whether a concatenation is read by another concatenation alone."""

    def is_index(self, name: str) -> bool:
        """Whether an input holds numbers of nodes."""


@dataclass(frozen=True, kw_only=True)
class KernelRules:
    """Rules of a layer for the OpenCL program.

    Args:
        class_names: in hls4ml's layer list, which has other names than the ModelGraph.
        steps: kernels of the layer.
        features: columns of its output.
        refuse: says what of a layer the program cannot do, or nothing.
        rows_from: what its rows are: ``inputs`` for those of its inputs; ``edges`` or
            ``nodes`` where the layer moves between them, with the index as second input.
    """

    class_names: tuple[str, ...]
    steps: KernelRule
    features: Callable[[Mapping[str, Any], KernelContext], int]
    refuse: Callable[[Mapping[str, Any]], str] = lambda _: ""
    rows_from: str = "inputs"


@dataclass(frozen=True, kw_only=True)
class LayerRules:
    """All rules of one kind of layer; a rule that is left out is refused by name.

    Args:
        class_names: of its nodes in hls4ml's ModelGraph.
        value: for `bittrue`.
        cost: for `estimate`.
        rtl: for `open`.
        interval: cycles between two inferences that its circuit needs at least.
        kernels: for `opencl`.
        set_up: makes hls4ml know the layer (Extension API); called once, before a conversion.
        keras_handlers: module that teaches hls4ml to read the Keras layer; imported before
            a Keras model is read.
    """

    class_names: tuple[str, ...]
    value: ValueRule | None = None
    cost: CostRule | None = None
    rtl: RtlRule | None = None
    interval: Callable[[Any], int] = lambda _: 1
    kernels: KernelRules | None = None
    set_up: Callable[[], None] | None = None
    keras_handlers: str = ""


WALKERS = {"bittrue": "value", "estimate": "cost", "open": "rtl"}
"""Backends that walk the ModelGraph, with the rule that each needs."""


def refused(node: Any, walker: str, reason: str, hint: str = "") -> EvaluationError:
    """Return the error of a layer that a walker cannot do.

    Args:
        node: of the ModelGraph.
        walker: registered name of the backend.
        reason: what it cannot do.
        hint: what to do; by default, to use csim.
    """
    return EvaluationError(
        FailureKind.INVALID_POINT,
        f"layer '{node.name}' ({node.class_name}): {walker} {reason}",
        hint=hint or "csim takes whatever hls4ml takes; or express the layer by others",
    )


def refused_kernel(layer: Mapping[str, Any], reason: str) -> EvaluationError:
    """Return the error of a layer that the OpenCL program cannot do, with what it can."""
    shown = f"{layer['class_name']} {layer.get('activation') or layer.get('op') or ''}".strip()
    return EvaluationError(
        FailureKind.INVALID_POINT,
        f"layer '{layer['name']}' ({shown}): the OpenCL program {reason}",
        hint="dense layers, relu, sigmoid, tanh, softmax, sums, concatenation of features, graphs",
    )


def result_type(node: Any) -> FixedType:
    """Return the type of a node's output."""
    return FixedType.of(node.types["result_t"].precision)


def type_of(node: Any, name: str) -> FixedType:
    """Return a type of a node, such as ``accum_t``."""
    return FixedType.of(node.types[name].precision)
