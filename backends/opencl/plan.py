"""Conversion of a network, as hls4ml's layer list, to a kernel plan."""

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

from backends.modelgraph.kernel_plan import FeatureTable, KernelPlan, Kind
from backends.modelgraph.layers.registry import broken_plugins, kernel_rules
from backends.modelgraph.layers.rules import KernelRules, refused_kernel
from backends.modelgraph.network import Network


def make_plan(network: Network) -> KernelPlan:
    """Return the kernel plan of a network.

    Raises:
        EvaluationError: invalid_point, where a layer has no kernel; the message names it.
    """
    return _PlanBuilder(network).plan()


def _rules(layer: Mapping[str, Any]) -> KernelRules:
    """Return a layer's kernel rules; raise EvaluationError where its class has none."""
    rules = kernel_rules().get(layer["class_name"])
    if rules is None:
        raise refused_kernel(layer, "; ".join(("has no kernel for this layer", *broken_plugins())))
    return rules


class _PlanBuilder:
    """Walk over the layers; rules use it as `backends.modelgraph.layers.rules.KernelContext`."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._layers: dict[str, dict[str, Any]] = {la["name"]: la for la in network.layers}
        for layer in network.layers:
            if reason := _rules(layer).refuse(layer):
                raise refused_kernel(layer, reason)
        self._readers: dict[str, list[str]] = {}
        for layer in network.layers:
            for name in layer["inputs"]:
                self._readers.setdefault(name, []).append(layer["name"])
        self._kinds = self._find_kinds()
        self._alias: dict[str, str] = {}
        self._places: dict[str, tuple[str, int]] = {}
        self._tables: dict[str, FeatureTable] = {}

    def plan(self) -> KernelPlan:
        """Return the plan: steps in the order of the layers, with their tables."""
        for name, layer in self._layers.items():
            if layer["class_name"] == "Concatenate" and not self.is_nested(name):
                self._place_parts(name)
        layers = self._network.layers
        steps = [step for layer in layers for step in _rules(layer).steps(layer, self)]
        indices = [name for name in self._network.inputs if self.is_index(name)]
        counts = {layer["n_nodes"] for layer in self._layers.values() if "n_nodes" in layer}
        return KernelPlan(
            tables=self._tables,
            steps=steps,
            inputs=self._network.inputs,
            indices=indices,
            output=self.source(self._network.outputs[0]),
            no_node=max(counts, default=0),
        )

    def layer(self, name: str) -> Mapping[str, Any]:
        """Return a layer's entry in the layer list."""
        return self._layers[name]

    def readers(self, name: str) -> Sequence[str]:
        """Return names of the layers that read a layer's output."""
        return self._readers.get(name, ())

    def source(self, name: str) -> str:
        """Return the table that holds a layer's output."""
        while name in self._alias:
            name = self._alias[name]
        return name

    def features(self, name: str) -> int:
        """Return the number of columns of a layer's output."""
        layer = self._layers[name]
        return _rules(layer).features(layer, self)

    def table(self, name: str) -> str:
        """Make the table of a layer's output and return its name."""
        layer, kind = self._layers[name], self._kinds[name]
        rows = self._rows_per_sample(layer) if kind == "samples" else 1
        self._tables[name] = FeatureTable(name, kind, self.features(name), rows)
        return name

    def alias(self, name: str, other: str) -> None:
        """Record that a layer's output is in the table of another layer."""
        self._alias[name] = other

    def is_alias(self, name: str) -> bool:
        """Whether a layer needs no kernel, because its output is in another layer's table."""
        return name in self._alias

    def place(self, name: str) -> tuple[str, int] | None:
        """Return table and first column that a layer must write to; None for its own table."""
        return self._places.get(name)

    def leaves(self, name: str) -> Iterator[str]:
        """Yield the layers that a concatenation joins, those of nested ones included."""
        for part in self._layers[name]["inputs"]:
            inner = self._layers[part]["class_name"] == "Concatenate" and self.is_nested(part)
            yield from self.leaves(part) if inner else (part,)

    def is_nested(self, name: str) -> bool:
        """Whether another concatenation is the only reader of a layer."""
        readers = self.readers(name)
        return len(readers) == 1 and self._layers[readers[0]]["class_name"] == "Concatenate"

    def is_index(self, name: str) -> bool:
        """Whether an input holds node numbers: a gather or sum reads it as its second input."""
        uses = (self._layers[reader] for reader in self.readers(name))
        return any(self._moves(use) and use["inputs"][1] == name for use in uses)

    @staticmethod
    def _moves(layer: Mapping[str, Any]) -> bool:
        """Whether a layer goes from nodes to edges or back (gather, sum)."""
        return _rules(layer).rows_from in {"edges", "nodes"}

    def _find_kinds(self) -> dict[str, Kind]:
        """Return what the rows of every layer are: nodes, edges or samples.

        A gather reads nodes and gives edges, a sum the other way round; all other layers have the
        rows of their inputs. A network without either has samples.
        """
        kinds: dict[str, Kind] = {}
        for name, layer in self._layers.items():
            ends: tuple[Kind, Kind] = ("nodes", "edges")
            rows_from = _rules(layer).rows_from
            if rows_from in ends:
                nodes_or_edges, index = layer["inputs"]
                other = ends[ends.index(rows_from) - 1]
                kinds |= {name: ends[ends.index(rows_from)], nodes_or_edges: other, index: "edges"}
        while kinds and self._pass_on(kinds):
            pass
        return {name: kinds.get(name, "samples") for name in self._layers}

    def _pass_on(self, kinds: dict[str, Kind]) -> bool:
        """Copy known kinds between layers and their inputs; return whether any was new."""
        before = len(kinds)
        for name, layer in self._layers.items():
            if _rules(layer).rows_from == "inputs":
                group = (name, *layer["inputs"])
                known = next((kinds[n] for n in group if n in kinds), None)
                if known is not None:
                    kinds |= dict.fromkeys(group, known)
        return len(kinds) > before

    def _place_parts(self, name: str) -> None:
        """Let gathers and sums write into a concatenation directly, if it alone reads them."""
        column = 0
        for leaf in self.leaves(name):
            if self._moves(self._layers[leaf]) and len(self._readers[leaf]) == 1:
                self._places[leaf] = (name, column)
            column += self.features(leaf)

    def _rows_per_sample(self, layer: Mapping[str, Any]) -> int:
        """Return the product of a layer's dimensions before the features."""
        shape = layer.get("input_shape")
        if not shape:  # an activation split off a dense layer has no shape of its own
            return self._rows_per_sample(self._layers[layer["inputs"][0]])
        first = shape[0] if isinstance(shape[0], list) else shape
        return prod(first[:-1])
