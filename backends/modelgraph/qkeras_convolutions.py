"""Handlers by which hls4ml reads the convolutions of QKeras.

hls4ml registers a handler when its class is defined, so importing this module is enough.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from backends.modelgraph.layers.convolution_keras import window_of
from backends.modelgraph.qkeras_handlers import QuantisedHandler, quantised_entry


def _folded(layer: Any, kernel: Any) -> tuple[Any, Any]:
    """Return kernel and biases; with its batch normalisation folded in, where a layer has one."""
    if hasattr(layer, "get_folded_weights"):
        kernel, bias = layer.get_folded_weights()
        return kernel, bias
    return kernel, layer.bias if layer.use_bias else None


class QConvHandler(QuantisedHandler):
    """Handler of QKeras' convolutions, and of the one with a folded batch normalisation."""

    handles: ClassVar[tuple[str, ...]] = (
        "qkeras.qconv2d_batchnorm.QConv2DBatchnorm",
        "qkeras.qconvolutional.QConv1D",
        "qkeras.qconvolutional.QConv2D",
    )

    def handle(
        self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]
    ) -> dict[str, Any]:
        """Return the entry of a convolution that declares the types of its weights."""
        window = window_of(layer, in_tensors[0].shape[1:], out_tensors[0].shape[1:])
        class_name = f"Conv{len(layer.kernel_size)}D"
        kernel, bias = _folded(layer, layer.kernel)
        return {**window, "class_name": class_name, **self.quantised(layer, kernel, bias)}


class QDepthwiseConvHandler(QuantisedHandler):
    """Handler of QKeras' depthwise convolutions, folded batch normalisation or not."""

    handles: ClassVar[tuple[str, ...]] = (
        "qkeras.qconvolutional.QDepthwiseConv2D",
        "qkeras.qdepthwiseconv2d_batchnorm.QDepthwiseConv2DBatchnorm",
    )

    def handle(
        self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]
    ) -> dict[str, Any]:
        """Return the entry of a depthwise convolution that declares the types of its weights."""
        window = window_of(layer, in_tensors[0].shape[1:], out_tensors[0].shape[1:])
        kernel, bias = _folded(layer, layer.depthwise_kernel)
        quantiser = layer.depthwise_quantizer_internal
        return {
            **window,
            "class_name": "DepthwiseConv2D",
            "depth_multiplier": layer.depth_multiplier,
            **quantised_entry(layer, kernel, quantiser, bias, "depthwise_data"),
        }


class QSeparableConvHandler(QuantisedHandler):
    """Handler of QKeras' separable convolutions, which become two layers.

    hls4ml's own separable layer has one type for both kernels.
    """

    handles: ClassVar[tuple[str, ...]] = (
        "qkeras.qconvolutional.QSeparableConv1D",
        "qkeras.qconvolutional.QSeparableConv2D",
    )

    def handle(
        self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]
    ) -> tuple[dict[str, Any], ...]:
        """Return the entries of a depthwise and a pointwise convolution, and of an activation."""
        given, made = in_tensors[0].shape[1:], out_tensors[0].shape[1:]
        middle = (*made[:-1], given[-1])
        tensor = f"{out_tensors[0].name}_depthwise"
        window = window_of(layer, given, middle)
        first = {
            **self.default_config,
            **window,
            "name": f"{layer.name}_depthwise",
            "class_name": f"DepthwiseConv{len(layer.kernel_size)}D",
            "output_keras_tensor_names": [tensor],
            "depth_multiplier": layer.depth_multiplier,
            **quantised_entry(
                layer,
                layer.depthwise_kernel,
                layer.depthwise_quantizer_internal,
                None,
                "depthwise_data",
            ),
        }
        second = {
            **self.default_config,
            **_pixelwise(window, made),
            "class_name": f"Conv{len(layer.kernel_size)}D",
            "input_shape": [list(middle)],
            "input_keras_tensor_names": [tensor],
            **quantised_entry(
                layer,
                layer.pointwise_kernel,
                layer.pointwise_quantizer_internal,
                layer.bias if layer.use_bias else None,
            ),
        }
        config, between = self.maybe_get_activation_config(layer, out_tensors)
        if config is None:
            return first, second
        return first, {**second, "output_keras_tensor_names": [between]}, config


def _pixelwise(window: dict[str, Any], made: Sequence[int]) -> dict[str, Any]:
    """Return a window of one pixel over the outputs of another one."""
    ones = {key: 1 for key in window if key.startswith(("filt_", "stride_"))}
    none = {key: 0 for key in window if key.startswith("pad_")}
    sizes = {key.replace("out_", "in_"): window[key] for key in window if key.startswith("out_")}
    channels = {"n_chan": window["n_filt"], "n_filt": made[-1]}
    return {**window, **ones, **none, **sizes, **channels}
