"""Handler by which hls4ml reads Keras' batch normalisation.

hls4ml's own one ignores the axis: it always normalises the last one. hls4ml registers a handler
when its class is defined, so importing this module is enough.
"""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from hls4ml.converters.keras_v3._base import KerasV3LayerHandler

from backends.modelgraph.layers.rules import unread


class BatchNormalizationHandler(KerasV3LayerHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of `keras.layers.BatchNormalization` over the last axis."""

    handles: ClassVar[tuple[str, ...]] = (
        "keras.src.layers.normalization.batch_normalization.BatchNormalization",
    )

    def handle(
        self,
        layer: Any,
        in_tensors: Sequence[Any],
        out_tensors: Sequence[Any],  # noqa: ARG002  (the base class passes it)
    ) -> dict[str, Any]:
        """Return the entry of a batch normalisation.

        Raises:
            EvaluationError: the layer normalises another axis than the last.
        """
        shape = in_tensors[0].shape[1:]
        if layer.axis not in {-1, len(shape)}:
            raise unread(layer, f"axis {layer.axis}", "the last axis")
        return {
            "n_in": math.prod(shape),
            "n_out": math.prod(shape),
            "n_filt": shape[-1] if len(shape) > 1 else -1,
            "use_gamma": layer.scale,
            "use_beta": layer.center,
            "gamma_data": self.load_weight(layer, "gamma") if layer.scale else 1,
            "beta_data": self.load_weight(layer, "beta") if layer.center else 0,
            "mean_data": self.load_weight(layer, "moving_mean"),
            "variance_data": self.load_weight(layer, "moving_variance"),
        }
