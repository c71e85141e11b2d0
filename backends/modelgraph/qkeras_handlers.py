"""Handlers by which hls4ml reads QKeras layers.

hls4ml registers a handler when its class is defined, so importing this module is enough. Layers
of QKeras without a handler are refused: hls4ml's own handlers of Keras 2 do not read all
attributes of quantisers.
"""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from hls4ml.converters.keras_v3._base import KerasV3LayerHandler

from backends.modelgraph.declared_types import TYPES
from backends.modelgraph.qkeras import (
    activation_config,
    is_quantiser,
    quantised_values,
    refused,
)


def quantised_entry(
    layer: Any, kernel: Any, quantiser: Any, bias: Any, name: str = "weight_data"
) -> dict[str, Any]:
    """Return weights and biases as quantised, and the types that hold them.

    Args:
        layer: the Keras layer; supplies the quantiser of the biases.
        kernel: weights before quantisation.
        quantiser: what quantises them; None for nothing.
        bias: biases before quantisation; None without.
        name: hls4ml's name of the weights.
    """
    weights, weight_type = quantised_values(layer, kernel, quantiser)
    types = {} if weight_type is None else {"weight": weight_type}
    biases = None
    if bias is not None:
        biases, bias_type = quantised_values(layer, bias, layer.bias_quantizer_internal)
        types |= {} if bias_type is None else {"bias": bias_type}
    return {name: weights, "bias_data": biases, TYPES: types}


class QuantisedHandler(KerasV3LayerHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Base of handlers for layers with quantised weights and a quantiser as activation."""

    def quantised(self, layer: Any, kernel: Any, bias: Any) -> dict[str, Any]:
        """Return weights and biases as quantised, and the types that hold them.

        Args:
            layer: the Keras layer; supplies the quantisers.
            kernel: its weights before quantisation.
            bias: its biases before quantisation; None without.
        """
        return quantised_entry(layer, kernel, layer.kernel_quantizer_internal, bias)

    def maybe_get_activation_config(self, layer: Any, out_tensors: Any) -> Any:
        """Return the entry of an activation, as a layer of its own where it is a quantiser.

        The second value is the name of the tensor between the layer and its activation.
        """
        if not is_quantiser(layer.activation):
            return super().maybe_get_activation_config(layer, out_tensors)
        between = f"{out_tensors[0].name}_activation"
        config = activation_config(layer, layer.activation) | {
            "name": f"{layer.name}_activation",
            "n_in": math.prod(out_tensors[0].shape[1:]),
            "input_keras_tensor_names": [between],
            "output_keras_tensor_names": [out_tensors[0].name],
        }
        return config, between


class QDenseHandler(QuantisedHandler):
    """Handler of QKeras' dense layer, and of the one with a folded batch normalisation."""

    handles: ClassVar[tuple[str, ...]] = (
        "qkeras.qlayers.QDense",
        "qkeras.qdense_batchnorm.QDenseBatchnorm",
    )

    def handle(
        self,
        layer: Any,
        in_tensors: Sequence[Any],  # noqa: ARG002  (the base class passes it)
        out_tensors: Sequence[Any],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Return the entry of a dense layer that declares the types of its weights."""
        if hasattr(layer, "get_folded_weights"):
            kernel, bias = layer.get_folded_weights()
        else:
            kernel, bias = layer.kernel, layer.bias if layer.use_bias else None
        n_in, n_out = kernel.shape
        return {
            "class_name": "Dense",
            "data_format": "channels_last",
            "n_out": n_out,
            "n_in": n_in,
            **self.quantised(layer, kernel, bias),
        }


class QActivationHandler(KerasV3LayerHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of QKeras' activation layer."""

    handles: ClassVar[tuple[str, ...]] = ("qkeras.qlayers.QActivation",)

    def handle(
        self,
        layer: Any,
        in_tensors: Sequence[Any],
        out_tensors: Sequence[Any],  # noqa: ARG002  (the base class passes it)
    ) -> tuple[dict[str, Any], ...]:
        """Return the entry of a ReLU or a linear activation with the quantiser's type."""
        n_in = math.prod(in_tensors[0].shape[1:])
        return (
            {**self.default_config, "n_in": n_in, **activation_config(layer, layer.activation)},
        )


class RefusedHandler(KerasV3LayerHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of the layers of QKeras that have no exact conversion."""

    handles: ClassVar[tuple[str, ...]] = (
        "qkeras.qconvolutional.QConv2DTranspose",
        "qkeras.qdepthwise_conv2d_transpose.QDepthwiseConv2DTranspose",
        "qkeras.qlayers.QAdaptiveActivation",
        "qkeras.qmac.QScaleShift",
        "qkeras.qnormalization.QBatchNormalization",
        "qkeras.qpooling.QAveragePooling2D",
        "qkeras.qpooling.QGlobalAveragePooling2D",
        "qkeras.qseparable_conv2d_transpose.QSeparableConv2DTranspose",
    )

    def handle(
        self,
        layer: Any,
        in_tensors: Sequence[Any],  # noqa: ARG002  (the base class passes it)
        out_tensors: Sequence[Any],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Refuse the layer by name.

        Raises:
            EvaluationError: always.
        """
        hint = "use QDense, QActivation and QKeras' convolutions, and layers of Keras for the rest"
        raise refused(layer, "dse has no exact conversion of this layer of QKeras", hint)
