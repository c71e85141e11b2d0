"""How hls4ml reads QKeras layers; importing this registers them."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from hls4ml.converters.keras_v3._base import KerasV3LayerHandler

from backends.modelgraph.declared_types import TYPES
from backends.modelgraph.qkeras import activation_config, is_quantiser, quantised_values


class QDenseHandler(KerasV3LayerHandler):  # type: ignore[misc]  # hls4ml is untyped
    """QKeras' dense layer: weights as its quantisers leave them, with the types they need."""

    handles: ClassVar[tuple[str, ...]] = ("qkeras.qlayers.QDense",)

    def handle(
        self,
        layer: Any,
        in_tensors: Sequence[Any],  # noqa: ARG002  (the base class passes it)
        out_tensors: Sequence[Any],  # noqa: ARG002
    ) -> dict[str, Any]:
        """A dense layer with types of its own."""
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
        """An activation that is a quantiser becomes a layer of its own."""
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
    """QKeras' activation layer with `quantized_relu` or `quantized_bits`."""

    handles: ClassVar[tuple[str, ...]] = ("qkeras.qlayers.QActivation",)

    def handle(
        self,
        layer: Any,
        in_tensors: Sequence[Any],
        out_tensors: Sequence[Any],  # noqa: ARG002  (the base class passes it)
    ) -> tuple[dict[str, Any], ...]:
        """A ReLU or nothing, cast to the quantiser's type."""
        n_in = math.prod(in_tensors[0].shape[1:])
        return ({**self.default_config, "n_in": n_in, **activation_config(layer.activation)},)
