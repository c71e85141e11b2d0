"""Handler by which hls4ml reads the convolutions of Keras.

hls4ml's own one ignores dilation, groups and the number of channels that a depthwise
convolution makes of one, so that the firmware would compute something else without a word. It
fails on separable convolutions, which have other weights in Keras 3.

hls4ml registers a handler when its class is defined, so importing this module is enough.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from hls4ml.converters.keras_v3._base import KerasV3LayerHandler
from hls4ml.converters.keras_v3.conv import gen_conv_config

from backends.modelgraph.layers.rules import unread


class ConvolutionHandler(KerasV3LayerHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of Keras' convolutions of sequences and images."""

    handles: ClassVar[tuple[str, ...]] = (
        "keras.src.layers.convolutional.conv1d.Conv1D",
        "keras.src.layers.convolutional.conv2d.Conv2D",
        "keras.src.layers.convolutional.depthwise_conv1d.DepthwiseConv1D",
        "keras.src.layers.convolutional.depthwise_conv2d.DepthwiseConv2D",
        "keras.src.layers.convolutional.separable_conv1d.SeparableConv1D",
        "keras.src.layers.convolutional.separable_conv2d.SeparableConv2D",
    )

    def handle(
        self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]
    ) -> dict[str, Any]:
        """Return the entry of a convolution.

        Raises:
            EvaluationError: hls4ml's firmware cannot compute the layer; the message says why.
        """
        window = window_of(layer, in_tensors[0].shape[1:], out_tensors[0].shape[1:])
        bias = self.load_weight(layer, "bias") if layer.use_bias else None
        return {**window, **self._weights(layer), "bias_data": bias}

    def _weights(self, layer: Any) -> dict[str, Any]:
        """Return the kernels under the names that hls4ml has for them."""
        kind = type(layer).__name__
        if kind.startswith("Conv"):
            return {"weight_data": self.load_weight(layer, "kernel")}
        depthwise = {"depth_multiplier": layer.depth_multiplier}
        if kind.startswith("Depthwise"):
            return {"depthwise_data": self.load_weight(layer, "kernel"), **depthwise}
        return {
            "depthwise_data": self.load_weight(layer, "depthwise_kernel"),
            "pointwise_data": self.load_weight(layer, "pointwise_kernel"),
            **depthwise,
        }


def window_of(layer: Any, given: Sequence[int], made: Sequence[int]) -> dict[str, Any]:
    """Return sizes, strides and paddings of a convolution under hls4ml's names.

    Args:
        layer: of Keras or QKeras.
        given: shape of its input, without samples.
        made: shape of its output, without samples.

    Raises:
        EvaluationError: hls4ml's firmware cannot compute the layer; the message says why.
    """
    _refuse_what_the_firmware_lacks(layer)
    window: dict[str, Any] = gen_conv_config(
        in_shape=tuple(given),
        out_shape=tuple(made),
        ker_px_shape=layer.kernel_size,
        strides=layer.strides,
        data_format=layer.data_format,
        padding=layer.padding,
        name=layer.name,
    )
    return window


_ONLY = {
    "dilation_rate": 1,
    "groups": 1,
    "depth_multiplier": 1,
    "data_format": "channels_last",
}
"""Settings of a convolution with the only value that the firmware computes, where it has them."""


def _refuse_what_the_firmware_lacks(layer: Any) -> None:
    for name, only in _ONLY.items():
        value = getattr(layer, name, only)
        if any(part != only for part in (value if isinstance(value, (tuple, list)) else [value])):
            raise unread(layer, f"{name} {value}", f"{name} {only}")
