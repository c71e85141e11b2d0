"""Handler by which hls4ml reads Keras' softmax.

hls4ml's own one fails on several axes, and ignores a mask that is no tensor. hls4ml registers a
handler when its class is defined, so importing this module is enough.
"""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from hls4ml.converters.keras_v3._base import KerasV3LayerHandler

from backends.modelgraph.layers.keras_tensors import called_with, mask_of
from backends.modelgraph.layers.rules import unread


class SoftmaxHandler(KerasV3LayerHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of `keras.layers.Softmax` over one axis, or over several that are neighbours."""

    handles: ClassVar[tuple[str, ...]] = ("keras.src.layers.activations.softmax.Softmax",)

    def handle(
        self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]
    ) -> dict[str, Any]:
        """Return the entry of the layer.

        Raises:
            EvaluationError: the layer has a mask, or its axes are not neighbours.
        """
        given = called_with(out_tensors[0])
        if "mask" in given or mask_of(in_tensors[0]) is not None:
            raise unread(layer, "a mask", "softmax without masks")
        shape = in_tensors[0].shape
        axes = _axes(layer.axis, len(shape))
        first, last = axes[0], axes[-1]
        if last - first != len(axes) - 1:
            raise unread(layer, f"axis {axes}", "softmax over axes that are neighbours")
        return {
            # only with -1 does hls4ml take it for a softmax of rows, and stream it
            "axis": -1 if first == len(shape) - 1 else first,
            "activation": "softmax",
            "n_outer": math.prod(shape[1:first]),
            "n_inner": math.prod(shape[last + 1 :]),
        }


def _axes(given: Any, rank: int) -> list[int]:
    """Return the axes of a softmax in ascending order, the axis of samples counted as 0."""
    several = given if isinstance(given, (list, tuple)) else [given]
    return sorted(int(axis) % rank for axis in several)
