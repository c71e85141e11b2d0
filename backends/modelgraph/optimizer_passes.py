"""Optimiser passes of hls4ml that keep what a network or a study fixes.

hls4ml 1.3.0 merges a linear activation into the layer before it where that layer's output type
is not given, and folds a batch normalisation into the weights before it. Both drop types: the
first the activation's own, which is all that a quantiser is, the second that of the weights, in
which the folded ones do not fit. The passes here leave such layers in place. One more mends the
softmax of rows.
"""

import math
from functools import cache
from typing import Any

from hls4ml.model.flow import get_flow
from hls4ml.model.flow.flow import flow_map
from hls4ml.model.optimizer import OptimizerPass, optimize_model, register_pass
from hls4ml.model.optimizer.passes.bn_fuse import FuseBatchNormalization
from hls4ml.model.optimizer.passes.linear import MergeLinearActivation

from backends.modelgraph.distributed_hls4ml import WRITTEN_LATER

TYPED = "typed"
"""Attribute of a linear activation whose output type is given, so that it is a cast."""

QUANTISED = "quantised"
"""Attribute of a layer whose weights are quantised by the network."""


class MergeUntypedLinearActivation(MergeLinearActivation):  # type: ignore[misc]  # hls4ml is untyped
    """Merge linear activations that are no casts."""

    def match(self, node: Any) -> bool:
        """Whether a node is removed."""
        return not node.get_attr(TYPED, False) and bool(super().match(node))


class FuseFloatBatchNormalization(FuseBatchNormalization):  # type: ignore[misc]  # hls4ml is untyped
    """Fold batch normalisations into weights that the network does not quantise."""

    def match(self, node: Any) -> bool:
        """Whether a node is folded into the one before it."""
        return bool(super().match(node)) and not node.get_input_node().get_attr(QUANTISED, False)


class SoftmaxOfRows(OptimizerPass):  # type: ignore[misc]  # hls4ml is untyped
    """Say how many rows a softmax over the last axis has.

    hls4ml's handlers of `Activation("softmax")` and `Dense(activation="softmax")` do not, so
    that the sum would go over all rows.
    """

    def match(self, node: Any) -> bool:
        """Whether the softmax of a node has more rows than it says."""
        is_last = node.class_name == "Softmax" and node.get_attr("axis") == -1
        return is_last and int(node.get_attr("n_outer")) != self._rows(node)

    def transform(self, model: Any, node: Any) -> bool:  # noqa: ARG002  (hls4ml passes it)
        """Set the number of rows; the graph does not change."""
        node.set_attr("n_outer", self._rows(node))
        return False

    @staticmethod
    def _rows(node: Any) -> int:
        return math.prod(node.get_input_variable().shape[:-1])


_WINDOWS = "vivado:generate_conv_im2col"
"""Pass that writes the C++ of the windows of convolutions."""

_REPLACED = {
    "merge_linear_activation": MergeUntypedLinearActivation,
    "fuse_batch_normalization": FuseFloatBatchNormalization,
}


@cache
def replace_passes() -> None:
    """Put these passes into hls4ml's flow, for all conversions of this process."""
    passes = get_flow("convert").optimizers
    for name, replacement in _REPLACED.items():
        register_pass(f"dse_{name}", replacement)
        passes[passes.index(name)] = f"dse_{name}"
    register_pass("dse_softmax_of_rows", SoftmaxOfRows)
    passes.append("dse_softmax_of_rows")
    leave_out(*WRITTEN_LATER, _WINDOWS)


def leave_out(*names: str) -> None:
    """Take passes out of hls4ml's flows."""
    for flow in flow_map.values():
        for name in names:
            if name in flow.optimizers:
                flow.optimizers.remove(name)


def windows_written(graph: Any) -> None:
    """Give the convolutions of a graph the C++ of their windows."""
    optimize_model(graph, [_WINDOWS])
