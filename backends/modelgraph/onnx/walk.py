"""Walk through an ONNX graph: which layer of hls4ml's list holds each tensor, in which order.

ONNX has the channels of images first, hls4ml last. A tensor's values may thus be in another order
in hardware than in ONNX; it is noted with the tensor, and a transposition is built only where an
operation needs the order of ONNX.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.onnx.graph import Graph, Node
from backends.modelgraph.onnx.quantisers import Weights, weights_of

Layer = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where the values of a tensor are.

    Args:
        tensor: name of the tensor.
        layer: name of the layer that gives them.
        shape: shape in ONNX, without samples.
        order: axes of ONNX in the order in which the layer has them; those it lacks have length 1.
        scattered: for each value of the layer, its number in ONNX' tensor, where an order of axes
            does not say it; else None.
        samples: number of the axis of samples in ONNX; recurrent layers have it behind that of
            time.
    """

    tensor: str
    layer: str
    shape: tuple[int, ...]
    order: tuple[int, ...]
    scattered: NDArray[np.int64] | None = None
    samples: int = 0

    @property
    def full(self) -> tuple[int, ...]:
        """Shape in ONNX, with the axis of samples, of which there is one."""
        return (*self.shape[: self.samples], 1, *self.shape[self.samples :])

    @property
    def built(self) -> list[int]:
        """Shape in hardware."""
        return [self.shape[axis] for axis in self.order]

    def arranged(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values of the tensor in ONNX, samples first, in the order of the layer."""
        if self.scattered is not None:
            return values.reshape(len(values), -1)[:, self.scattered]
        axes = values.reshape(len(values), *self.shape)
        left = [axis for axis in range(len(self.shape)) if axis not in self.order]
        moved = axes.transpose(0, *(axis + 1 for axis in (*self.order, *left)))
        return moved.reshape(moved.shape[: moved.ndim - len(left)])


@dataclass
class Walk:
    """State of a walk.

    Args:
        graph: the network.
        layers: the layers made so far.
        places: places of tensors by name.
        given: by name of a layer, the place of the tensor that it gives.
        done: names of nodes that are part of a layer already.
    """

    graph: Graph
    layers: list[Layer] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    given: dict[str, Place] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    def add(self, name: str, class_name: str, inputs: Sequence[Place], **more: Any) -> str:
        """Add a layer under a name that no other layer has; return that name."""
        used = {layer["name"] for layer in self.layers}
        free, number = name, 1
        while free in used:
            number += 1
            free = f"{name}_{number}"
        shapes = [place.built for place in inputs]
        entry = {"name": free, "class_name": class_name, "inputs": [p.layer for p in inputs]}
        self.layers.append({**entry, **({"input_shape": shapes} if shapes else {}), **more})
        return free

    def give(self, tensor: str, layer: str, like: Place | None = None) -> Place:
        """Note that a layer gives a tensor, in the order of another place or that of ONNX."""
        shape = self.shape(tensor)
        order = tuple(range(len(shape))) if like is None else like.order
        scattered = None if like is None else like.scattered
        return self.put(Place(tensor, layer, shape, order, scattered))

    def put(self, place: Place) -> Place:
        """Note where a tensor is: its layer gives it."""
        self.places[place.tensor] = self.given[place.layer] = place
        return place

    def shape(self, tensor: str) -> tuple[int, ...]:
        """Return the shape of a tensor without samples."""
        return self.graph.shapes[tensor][1:]

    def place(self, node: Node, number: int = 0) -> Place:
        """Return where an input of a node is.

        Raises:
            EvaluationError: the input is a constant, where hls4ml has only tensors, or its first
                axis is not that of samples.
        """
        found = self.anywhere(node, number)
        if found.samples:
            reason = f"its input '{found.tensor}' has the samples along axis {found.samples}"
            raise node.refused(reason, "put the samples first: batch_first=True in PyTorch")
        return found

    def anywhere(self, node: Node, number: int = 0) -> Place:
        """Return where an input of a node is, wherever its axis of samples is.

        Raises:
            EvaluationError: the input is a constant, where hls4ml has only tensors.
        """
        found = self.places.get(node.inputs[number])
        if found is None:
            raise node.refused(f"its input {number} ('{node.inputs[number]}') is a constant")
        return found

    def constant(self, node: Node, number: int) -> NDArray[Any] | None:
        """Return an input of a node that is a constant, not quantised; None if it is left out.

        Raises:
            EvaluationError: it is not a constant.
        """
        if number >= len(node.inputs) or not node.inputs[number]:
            return None
        found = self.graph.constants.get(node.inputs[number])
        if found is None:
            raise node.refused(f"its input {number} ('{node.inputs[number]}') is not a constant")
        return found

    def limit(self, node: Node, number: int, name: str) -> float:
        """Return a limit of a node: an input, or an attribute in old versions; else ±infinity."""
        found = self.constant(node, number)
        if found is not None:
            return float(found.item())
        return float(node.attributes.get(name, math.inf if name == "max" else -math.inf))

    def weights(self, tensor: str) -> Weights | None:
        """Return a constant, quantised or not, with the type that holds it; None for others."""
        return weights_of(self.graph, tensor)

    def bias(self, node: Node) -> Weights | None:
        """Return the third input of a node, its bias; None if it is left out.

        Raises:
            EvaluationError: it is not a constant.
        """
        named = node.inputs[2] if len(node.inputs) > 2 else ""
        found = self.weights(named) if named else None
        if named and found is None:
            raise node.refused(f"its bias '{named}' is not a constant")
        return found

    def ordered(self, place: Place, order: Sequence[int] | None = None) -> Place:
        """Return a place that has the axes in a certain order, that of ONNX by default.

        A transposition is built where values move.
        """
        wanted = tuple(range(len(place.shape)) if order is None else order)
        if place.order == wanted and place.scattered is None:
            return place
        kept = tuple(axis for axis in wanted if axis in place.order)
        perm = [place.order.index(axis) for axis in kept]
        long = [axis for axis in perm if place.built[axis] > 1]
        if long != sorted(long):
            name = self.add(f"{place.layer}_transpose", "Transpose", [place], perm=perm)
            place = self.note(replace(place, layer=name, order=kept))
        if place.order == wanted and place.scattered is None:
            return place
        made = replace(place, order=wanted)  # only axes of length 1 move, come or go
        name = self.add(f"{place.layer}_reshape", "Reshape", [place], target_shape=made.built)
        return self.note(replace(made, layer=name))

    def note(self, place: Place) -> Place:
        """Note that the layer of a place gives its tensor, so that both are compared.

        A part of a tensor that ONNX does not have, with an empty name, is not.
        """
        if place.tensor:
            self.given[place.layer] = place
        return place

    def reshaped(self, name: str, layer: str, given: Sequence[int], wanted: Sequence[int]) -> str:
        """Add a reshaping of a layer's output where it has another shape; return the last layer."""
        if list(given) == list(wanted):
            return layer
        return self.add(name, "Reshape", [bare(layer, given)], target_shape=list(wanted))

    def channels_last(self, place: Place) -> Place:
        """Return a place with the channels, ONNX' first axis, last."""
        return self.ordered(place, (*range(1, len(place.shape)), 0))


def bare(layer: str, shape: Sequence[int]) -> Place:
    """Return the place of a tensor that ONNX does not have."""
    return Place("", layer, tuple(shape), tuple(range(len(shape))))


def size(shape: Sequence[int]) -> int:
    """Return the number of values of a shape."""
    return math.prod(shape)
