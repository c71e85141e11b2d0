"""Plan of a network as OpenCL kernels on tables.

Rows of a table are nodes, edges or samples; columns are features.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["nodes", "edges", "samples"]
"""What a row of a table stands for."""

Floats = NDArray[np.float32]
ACTIVATIONS = {"linear": 0, "relu": 1, "sigmoid": 2, "tanh": 3}
"""Activations by name, with the numbers that the kernels know them by."""


@dataclass(frozen=True)
class FeatureTable:
    """A table of numbers.

    Args:
        name: layer whose output it holds.
        kind: what its rows stand for.
        features: number of columns.
        per_sample: rows per sample, where rows are samples.
    """

    name: str
    kind: Kind
    features: int
    per_sample: int = 1


@dataclass(frozen=True)
class KernelStep:
    """One launch of a kernel.

    Args:
        kernel: name of the kernel.
        inputs: names of the tables it reads.
        output: name of the table it writes.
        column: first column it writes; above 0 where it fills a part of a concatenation.
        index: network input with node numbers, for ``gather`` and ``segment_sum``.
        activation: a key of `ACTIVATIONS`, for ``dense`` and ``activate``.
        weights: (n_in, n_out), for ``dense``.
        bias: (n_out,), for ``dense``.
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
    """Tables and kernel launches of a network.

    Args:
        tables: tables by name.
        steps: launches in order.
        inputs: names of the network's inputs, in the model's order.
        indices: inputs that hold node numbers; the number `no_node` means "no node".
        output: name of the table with the network's output.
        no_node: number of nodes of a padded graph.
    """

    tables: Mapping[str, FeatureTable]
    steps: Sequence[KernelStep]
    inputs: Sequence[str]
    indices: Sequence[str]
    output: str
    no_node: int

    def flops(self, rows: Mapping[Kind, int]) -> float:
        """Return the floating-point operations of the dense layers.

        A product and a sum per weight and row; the other kernels move data and are not counted.

        Args:
            rows: number of rows by kind of table.
        """
        total = 0.0
        for step in self.steps:
            if step.kernel == "dense":
                table = self.tables[step.output]
                total += 2.0 * step.weights.size * rows[table.kind] * table.per_sample
        return total
