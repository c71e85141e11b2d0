"""Handlers by which hls4ml reads QKeras layers.

hls4ml registers a handler when its class is defined, so importing this module is enough.
"""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from hls4ml.converters.keras_v3._base import KerasV3LayerHandler

from backends.modelgraph.declared_types import TYPES
from backends.modelgraph.qkeras import activation_config, is_quantiser, quantised_values


class QDenseHandler(KerasV3LayerHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of QKeras' dense layer: quantised weights and the types that hold them."""

    handles: ClassVar[tuple[str, ...]] = ("qkeras.qlayers.QDense",)

    def handle(
        self,
        layer: Any,
        in_tensors: Sequence[Any],  # noqa: ARG002  (the base class passes it)
        out_tensors: Sequence[Any],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Return the entry of a dense layer that declares the types of its weights."""
        kernel, weight_type = quantised_values(layer.kernel, layer.kernel_quantizer_internal)
        n_in, n_out = kernel.shape
        types = {} if weight_type is None else {"weight": weight_type}
        bias = None
        if layer.use_bias:
            bias, bias_type = quantised_values(layer.bias, layer.bias_quantizer_internal)
            types |= {} if bias_type is None else {"bias": bias_type}
        return {
            "class_name": "Dense",
            "data_format": "channels_last",
            "weight_data": kernel,
            "bias_data": bias,
            "n_out": n_out,
            "n_in": n_in,
            TYPES: types,
        }

    def maybe_get_activation_config(self, layer: Any, out_tensors: Any) -> Any:
        """Return the entry of an activation, as a layer of its own where it is a quantiser.

        The second value is the name of the tensor between the dense layer and its activation.
        """
        if not is_quantiser(layer.activation):
            return super().maybe_get_activation_config(layer, out_tensors)
        between = f"{out_tensors[0].name}_activation"
        config = activation_config(layer.activation) | {
            "name": f"{layer.name}_activation",
            "n_in": math.prod(out_tensors[0].shape[1:]),
            "input_keras_tensor_names": [between],
            "output_keras_tensor_names": [out_tensors[0].name],
        }
        return config, between


class QActivationHandler(KerasV3LayerHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of QKeras' activation layer with `quantized_relu` or `quantized_bits`."""

    handles: ClassVar[tuple[str, ...]] = ("qkeras.qlayers.QActivation",)

    def handle(
        self,
        layer: Any,
        in_tensors: Sequence[Any],
        out_tensors: Sequence[Any],  # noqa: ARG002  (the base class passes it)
    ) -> tuple[dict[str, Any], ...]:
        """Return the entry of a ReLU or a linear activation with the quantiser's type."""
        n_in = math.prod(in_tensors[0].shape[1:])
        return ({**self.default_config, "n_in": n_in, **activation_config(layer.activation)},)
