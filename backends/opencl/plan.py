"""A network as steps on tables: rows are nodes, edges or samples, columns are features."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.network import Network
from dse.contracts.errors import EvaluationError, FailureKind

Kind = Literal["nodes", "edges", "samples"]
Floats = NDArray[np.float32]
ACTIVATIONS = {"linear": 0, "relu": 1, "sigmoid": 2, "tanh": 3}
"""Numbers of the activations in the kernels."""

_SAME_ROWS = ("Dense", "Activation", "Softmax", "Concatenate", "Merge", "Add", "Reshape")
_KNOWN = (*_SAME_ROWS, "InputLayer", "EdgeGather", "ScatterSum")


@dataclass(frozen=True)
class FeatureTable:
    """A table of numbers.

    Args:
        name: of the layer that makes it.
        kind: what its rows are.
        features: its columns.
        per_sample: rows of one sample, where rows are samples.
    """

    name: str
    kind: Kind
    features: int
    per_sample: int = 1


@dataclass(frozen=True)
class KernelStep:
    """One kernel.

    Args:
        kernel: its name.
        inputs: tables it reads.
        output: table it writes.
        column: first column it writes.
        index: input of the network with node numbers, for gather and segment_sum.
        activation: of a dense layer or of `activate`.
        weights: (in, out), of a dense layer.
        bias: (out,).
    """

    kernel: Literal["dense", "gather", "segment_sum", "copy", "add", "activate", "softmax"]
    inputs: tuple[str, ...]
    output: str
    column: int = 0
    index: str = ""
    activation: str = "linear"
    weights: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32), repr=False)
    bias: Floats = field(default_factory=lambda: np.zeros(0, np.float32), repr=False)


@dataclass(frozen=True)
class KernelPlan:
    """All of a network.

    Args:
        tables: by name.
        steps: in order.
        inputs: names of the network's inputs, in the model's order.
        indices: those that hold node numbers; a number of `no_node` means none.
        output: table with the network's output.
        no_node: the number of nodes of a padded graph.
    """

    tables: Mapping[str, FeatureTable]
    steps: Sequence[KernelStep]
    inputs: Sequence[str]
    indices: Sequence[str]
    output: str
    no_node: int

    def flops(self, rows: Mapping[Kind, int]) -> float:
        """Floating-point operations of the dense layers for so many rows."""
        total = 0.0
        for step in self.steps:
            if step.kernel == "dense":
                table = self.tables[step.output]
                total += 2.0 * step.weights.size * rows[table.kind] * table.per_sample
        return total


def make_plan(network: Network) -> KernelPlan:
    """Steps of a network.

    Raises:
        EvaluationError: invalid_point, a layer is not known; names it.
    """
    return _PlanBuilder(network).plan()


class _PlanBuilder:
    def __init__(self, network: Network) -> None:
        self._network = network
        self._layers: dict[str, dict[str, Any]] = {la["name"]: la for la in network.layers}
        for layer in network.layers:
            _check_known(layer)
        self._readers: dict[str, list[str]] = {}
        for layer in network.layers:
            for name in layer["inputs"]:
                self._readers.setdefault(name, []).append(layer["name"])
        self._kinds = self._find_kinds()
        self._alias: dict[str, str] = {}
        self._places: dict[str, tuple[str, int]] = {}
        self._tables: dict[str, FeatureTable] = {}

    def plan(self) -> KernelPlan:
        for name, layer in self._layers.items():
            if layer["class_name"] == "Concatenate" and not self._inside(name):
                self._place(name)
        steps = [step for layer in self._network.layers for step in self._steps(layer)]
        indices = [name for name in self._network.inputs if self._is_index(name)]
        counts = {layer["n_nodes"] for layer in self._layers.values() if "n_nodes" in layer}
        output = self._source(self._network.outputs[0])
        return KernelPlan(
            tables=self._tables,
            steps=steps,
            inputs=self._network.inputs,
            indices=indices,
            output=output,
            no_node=max(counts, default=0),
        )

    def _is_index(self, name: str) -> bool:
        uses = [self._layers[reader] for reader in self._readers.get(name, ())]
        return any(
            use["class_name"] in {"EdgeGather", "ScatterSum"} and use["inputs"][1] == name
            for use in uses
        )

    def _find_kinds(self) -> dict[str, Kind]:
        """What rows are: said by gathers and sums, and passed on by all other layers."""
        kinds: dict[str, Kind] = {}
        for name, layer in self._layers.items():
            if layer["class_name"] in {"EdgeGather", "ScatterSum"}:
                gathers = layer["class_name"] == "EdgeGather"
                kinds[name], kinds[layer["inputs"][1]] = ("edges" if gathers else "nodes"), "edges"
                kinds[layer["inputs"][0]] = "nodes" if gathers else "edges"
        while kinds:
            before = len(kinds)
            for name, layer in self._layers.items():
                if layer["class_name"] in _SAME_ROWS:
                    group = (name, *layer["inputs"])
                    known = next((kinds[n] for n in group if n in kinds), None)
                    if known is not None:
                        kinds |= dict.fromkeys(group, known)
            if len(kinds) == before:
                break
        return {name: kinds.get(name, "samples") for name in self._layers}

    def _source(self, name: str) -> str:
        while name in self._alias:
            name = self._alias[name]
        return name

    def _inside(self, name: str) -> bool:
        """Whether a concatenation is only read by another one."""
        readers = self._readers.get(name, [])
        return len(readers) == 1 and self._layers[readers[0]]["class_name"] == "Concatenate"

    def _leaves(self, name: str) -> Iterator[str]:
        for part in self._layers[name]["inputs"]:
            inner = self._layers[part]["class_name"] == "Concatenate" and self._inside(part)
            yield from self._leaves(part) if inner else (part,)

    def _place(self, name: str) -> None:
        """Let gathers and sums write straight into the concatenation that alone reads them."""
        column = 0
        for leaf in self._leaves(name):
            kind = self._layers[leaf]["class_name"]
            if kind in {"EdgeGather", "ScatterSum"} and len(self._readers[leaf]) == 1:
                self._places[leaf] = (name, column)
            column += self._features(leaf)

    def _features(self, name: str) -> int:
        layer = self._layers[name]
        match layer["class_name"]:
            case "Dense":
                return int(layer["n_out"])
            case "EdgeGather" | "ScatterSum":
                return int(layer["n_features"])
            case "InputLayer":
                return 1 if self._is_index(name) else int(layer["input_shape"][-1])
            case "Concatenate":
                return sum(self._features(part) for part in layer["inputs"])
            case "Reshape":
                return int(layer["target_shape"][-1])
            case _:
                return self._features(layer["inputs"][0])

    def _table(self, name: str) -> str:
        layer, kind = self._layers[name], self._kinds[name]
        rows = self._per_sample(layer) if kind == "samples" else 1
        self._tables[name] = FeatureTable(name, kind, self._features(name), rows)
        return name

    def _per_sample(self, layer: Mapping[str, Any]) -> int:
        """Rows of one sample."""
        shape = layer.get("input_shape")
        if not shape:  # of an activation that was inside a dense layer
            return self._per_sample(self._layers[layer["inputs"][0]])
        first = shape[0] if isinstance(shape[0], list) else shape
        return prod(first[:-1])

    def _steps(self, layer: Mapping[str, Any]) -> Iterator[KernelStep]:
        name, sources = layer["name"], [self._source(source) for source in layer["inputs"]]
        match layer["class_name"]:
            case "InputLayer":
                if not self._is_index(name):
                    self._table(name)
            case "Dense":
                yield from self._dense(layer, sources)
            case "EdgeGather" | "ScatterSum":
                kernel: Any = "gather" if layer["class_name"] == "EdgeGather" else "segment_sum"
                target, column = self._places.get(name, (name, 0))
                self._table(target)
                yield KernelStep(kernel, (sources[0],), target, column, index=sources[1])
            case "Concatenate":
                yield from self._concatenate(name)
            case "Merge" | "Add":
                yield KernelStep("add", tuple(sources), self._table(name))
            case "Reshape":
                self._reshape(layer, sources[0])
            case _:
                yield from self._activation(layer, sources)

    def _reshape(self, layer: Mapping[str, Any], source: str) -> None:
        """Rows may be counted in another way; features stay where they are."""
        if self._features(layer["name"]) != self._features(layer["inputs"][0]):
            raise _unknown(layer, "changes the number of features")
        self._alias[layer["name"]] = source

    def _dense(self, layer: Mapping[str, Any], sources: Sequence[str]) -> Iterator[KernelStep]:
        name, activation = layer["name"], layer.get("activation", "linear") or "linear"
        readers = self._readers.get(name, [])
        following = self._layers[readers[0]] if len(readers) == 1 else {}
        if activation == "linear" and following.get("activation") in ACTIVATIONS:
            activation = following["activation"]
            self._alias[following["name"]] = name
        weights = np.asarray(layer["weight_data"], np.float32)
        bias = layer.get("bias_data")
        given = np.zeros(weights.shape[1]) if bias is None else np.asarray(bias)
        yield KernelStep(
            "dense",
            tuple(sources),
            self._table(name),
            activation=activation,
            weights=weights,
            bias=given.astype(np.float32),
        )

    def _concatenate(self, name: str) -> Iterator[KernelStep]:
        if self._inside(name):
            return
        self._table(name)
        column = 0
        for leaf in self._leaves(name):
            if leaf not in self._places:
                yield KernelStep("copy", (self._source(leaf),), name, column)
            column += self._features(leaf)

    def _activation(self, layer: Mapping[str, Any], sources: Sequence[str]) -> Iterator[KernelStep]:
        if layer["name"] in self._alias:  # the dense layer before does it
            return
        name = self._table(layer["name"])
        if layer["class_name"] == "Softmax":
            yield KernelStep("softmax", tuple(sources), name)
        else:
            yield KernelStep("activate", tuple(sources), name, activation=layer["activation"])


def _check_known(layer: Mapping[str, Any]) -> None:
    kind = layer["class_name"]
    known = kind in _KNOWN and layer.get("activation", "linear") in {*ACTIVATIONS, "softmax", None}
    if kind == "Merge":
        known = str(layer.get("op", "")).lower() == "add"
    if not known:
        raise _unknown(layer, "is not known")
    axis = layer.get("axis", -1)
    if kind == "Concatenate" and axis not in {-1, len(layer.get("output_shape", ()))}:
        raise _unknown(layer, f"joins along axis {axis}, not along features,")


def _unknown(layer: Mapping[str, Any], what: str) -> EvaluationError:
    shown = f"{layer['class_name']} {layer.get('activation') or layer.get('op') or ''}".strip()
    return EvaluationError(
        FailureKind.INVALID_POINT,
        f"layer '{layer['name']}' ({shown}) {what} to the OpenCL program"
        if what.startswith("is ")
        else f"layer '{layer['name']}' ({shown}) {what} which the OpenCL program cannot do",
        hint="dense layers, relu, sigmoid, tanh, softmax, sums, concatenation of features, graphs",
    )
