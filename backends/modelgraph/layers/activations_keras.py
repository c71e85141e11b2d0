"""Keras' activations as hls4ml's firmware has them, where hls4ml's own reading differs.

hls4ml registers a handler when its class is defined, so importing this module is enough; `mended`
is called on every layer list read from Keras.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from hls4ml.converters.keras_v3.core import ReLUHandler

from backends.modelgraph.layers.rules import unread

_CLIPPED = {1.0: "relu1", 6.0: "relu6"}
"""hls4ml's activation by the largest value of a ReLU."""

_HARD = {"hard_sigmoid": 1 / 6, "hard_tanh": 0.5}
"""Slopes of Keras 3. hls4ml takes that of Keras 2, 0.2, and has no entry for the hard tanh."""


class ClippedReLUHandler(ReLUHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of `keras.layers.ReLU`, also with the largest values 1 and 6."""

    handles: ClassVar[tuple[str, ...]] = ("keras.src.layers.activations.relu.ReLU",)

    def handle(
        self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]
    ) -> tuple[dict[str, Any], ...]:
        """Return the entry of the layer.

        Raises:
            EvaluationError: the firmware has no ReLU with this largest value.
        """
        if layer.max_value in (None, float("inf")):
            found: tuple[dict[str, Any], ...] = super().handle(layer, in_tensors, out_tensors)
            return found
        name = _CLIPPED.get(float(layer.max_value))
        if name is None or layer.negative_slope or layer.threshold:
            shown = f"max_value {layer.max_value:g}, negative_slope {layer.negative_slope:g} and "
            shown += f"threshold {layer.threshold:g}"
            raise unread(layer, shown, "max_value 1 and 6, with slope and threshold 0,")
        return ({**self.default_config, "class_name": "Activation", "activation": name},)


class PReLUHandler(ReLUHandler):  # type: ignore[misc]  # the same
    """Handler of `keras.layers.PReLU`, also where axes share slopes (`shared_axes`)."""

    handles: ClassVar[tuple[str, ...]] = ("keras.src.layers.activations.prelu.PReLU",)

    def handle(
        self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]
    ) -> tuple[dict[str, Any], ...]:
        """Return the entry with a slope for every number; the firmware shares none."""
        (entry,) = super().handle(layer, in_tensors, out_tensors)
        slopes = np.broadcast_to(np.array(layer.alpha), tuple(in_tensors[0].shape[1:]))
        return (entry | {"param_data": slopes.copy()},)


def mended(layers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a layer list in which hard activations have the slopes of Keras 3."""
    return [_mended(layer) for layer in layers]


def _mended(layer: dict[str, Any]) -> dict[str, Any]:
    slope = _HARD.get(str(layer.get("activation")))
    if slope is None or layer["class_name"] not in {"Activation", "HardActivation"}:
        return layer
    return {"slope": slope, "shift": 0.5, **layer, "class_name": "HardActivation"}
