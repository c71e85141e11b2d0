"""A network as kernels on tables: rows are nodes, edges or samples, columns are features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["nodes", "edges", "samples"]
"""What the rows of a table are."""

Floats = NDArray[np.float32]
ACTIVATIONS = {"linear": 0, "relu": 1, "sigmoid": 2, "tanh": 3}
"""Numbers of the activations in the kernels."""


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
