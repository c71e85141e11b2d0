"""Handlers by which hls4ml reads Keras' upsampling of images and RepeatVector.

hls4ml's own one accepts interpolations that its firmware lacks. hls4ml registers a handler when
its class is defined, so importing this module is enough.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from hls4ml.converters.keras_v3._base import KerasV3LayerHandler

from backends.modelgraph.layers.rules import unread


class UpSampling2DHandler(KerasV3LayerHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of `keras.layers.UpSampling2D` that repeats pixels."""

    handles: ClassVar[tuple[str, ...]] = ("keras.src.layers.reshaping.up_sampling2d.UpSampling2D",)

    def handle(
        self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]
    ) -> dict[str, Any]:
        """Return the sizes of the image.

        Raises:
            EvaluationError: the layer interpolates, or its data have channels first.
        """
        if layer.interpolation != "nearest" or layer.data_format != "channels_last":
            found = f"interpolation {layer.interpolation} and data_format {layer.data_format}"
            raise unread(layer, found, "interpolation nearest and data_format channels_last")
        _, in_height, in_width, channels = in_tensors[0].shape
        _, out_height, out_width, _ = out_tensors[0].shape
        return {
            "algorithm": "nearest",
            "in_height": in_height,
            "in_width": in_width,
            "out_height": out_height,
            "out_width": out_width,
            "n_chan": channels,
            "height_factor": out_height // in_height,
            "width_factor": out_width // in_width,
        }


class RepeatVectorHandler(KerasV3LayerHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of `keras.layers.RepeatVector`, which upsamples a sequence of one step."""

    handles: ClassVar[tuple[str, ...]] = ("keras.src.layers.reshaping.repeat_vector.RepeatVector",)

    def handle(
        self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]
    ) -> tuple[dict[str, Any], ...]:
        """Return the entries of a reshaping to one step, and of the upsampling."""
        features, between = in_tensors[0].shape[-1], f"{out_tensors[0].name}_step"
        step = {
            "name": f"{layer.name}_step",
            "class_name": "Reshape",
            "target_shape": [1, features],
            "input_shape": [[features]],
            "input_keras_tensor_names": [in_tensors[0].name],
            "output_keras_tensor_names": [between],
        }
        repeated = {
            "name": layer.name,
            "class_name": "UpSampling1D",
            "algorithm": "nearest",
            "data_format": "channels_last",
            "in_height": 1,
            "in_width": 1,
            "out_height": 1,
            "out_width": layer.n,
            "n_chan": features,
            "input_shape": [[1, features]],
            "input_keras_tensor_names": [between],
            "output_keras_tensor_names": [out_tensors[0].name],
        }
        return step, repeated
