"""Handlers by which hls4ml reads the recurrent layers of QKeras.

A layer is read as Keras' own of the same kind with the quantised weights. hls4ml registers a
handler when its class is defined, so importing this module is enough.
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from backends.modelgraph.declared_types import TYPES
from backends.modelgraph.layers.recurrent_keras import (
    BothDirectionsHandler,
    RecurrentHandler,
    check,
)
from backends.modelgraph.qkeras import quantised_values, refused

_WEIGHTS = {"kernel": "weight", "recurrent_kernel": "recurrent_weight", "bias": "bias"}
"""hls4ml's names of the types, by the cell's names of the weights."""

_SAME = (
    "units", "activation", "recurrent_activation", "use_bias", "return_sequences", "return_state",
    "go_backwards", "reset_after",
)  # fmt: skip
"""Settings that Keras' layer takes over; `reset_after` is one of a GRU alone."""

_STATE = (
    "state_quantizer rounds the state where the next time step reads it, but not the output; in "
    "hls4ml's firmware both have one type"
)


def _values(layer: Any) -> Iterator[tuple[str, Any, str | None]]:
    """Yield every weight of a layer: its name in the cell, quantised values, and their type.

    Raises:
        EvaluationError: a quantiser has no exact fixed-point type.
    """
    quantisers = {
        "kernel": layer.kernel_quantizer_internal,
        "recurrent_kernel": layer.recurrent_quantizer_internal,
        "bias": layer.bias_quantizer_internal,
    }
    for name, quantiser in quantisers.items():
        if name != "bias" or layer.use_bias:
            yield name, *quantised_values(layer, getattr(layer.cell, name), quantiser)


def _types(layer: Any, prefix: str = "") -> dict[str, str]:
    """Return the types of a layer's weights by hls4ml's names; the biases of the state have one."""
    found = {_WEIGHTS[name]: kind for name, _, kind in _values(layer) if kind is not None}
    if "bias" in found:
        found["recurrent_bias"] = found["bias"]
    return {f"{prefix}{name}": kind for name, kind in found.items()}


def _plain(layer: Any, shape: Sequence[int | None]) -> Any:
    """Return Keras' layer of the same kind and settings, with the quantised weights.

    Args:
        layer: QLSTM or QGRU.
        shape: of its input, (None, time steps, n_in).

    Raises:
        EvaluationError: the layer has a setting that hls4ml's firmware does not have.
    """
    import keras

    check(layer)
    if layer.state_quantizer_internal is not None:
        hint = "use QLSTM and QGRU without state_quantizer; types of the study round the state"
        raise refused(layer, _STATE, hint)
    kind = getattr(keras.layers, type(layer).__name__.removeprefix("Q"))
    settings = {key: getattr(layer, key) for key in _SAME if hasattr(layer, key)}
    made = kind(**settings, name=layer.name)
    made.build(tuple(shape))
    made.set_weights([values for _, values, _ in _values(layer)])
    return made


class QRecurrentHandler(RecurrentHandler):
    """Handler of QKeras' recurrent layers in the direction of time."""

    handles: ClassVar[tuple[str, ...]] = (
        "qkeras.qrecurrent.QGRU",
        "qkeras.qrecurrent.QLSTM",
        "qkeras.qrecurrent.QSimpleRNN",
    )

    def default_class_name(self, layer: Any) -> str:
        """Return the name of Keras' layer of the same kind."""
        return type(layer).__name__.removeprefix("Q")

    def handle(
        self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]
    ) -> tuple[dict[str, Any], ...]:
        """Return the entry of a recurrent layer that declares the types of its weights.

        Raises:
            EvaluationError: hls4ml's firmware has no such layer, or lacks a setting of it.
        """
        plain = _plain(layer, in_tensors[0].shape)
        (entry,) = super().handle(plain, in_tensors, out_tensors)
        return (entry | {TYPES: _types(layer)},)


class QBothDirectionsHandler(BothDirectionsHandler):
    """Handler of QKeras' recurrent layers in both directions."""

    handles: ClassVar[tuple[str, ...]] = ("qkeras.qrecurrent.QBidirectional",)

    def default_class_name(self, layer: Any) -> str:  # noqa: ARG002  (the base class passes it)
        """Return the name of Keras' layer of the same kind."""
        return "Bidirectional"

    def handle(
        self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]
    ) -> dict[str, Any]:
        """Return the entry of a layer in both directions that declares the types of its weights.

        Raises:
            EvaluationError: hls4ml's firmware has no such layer, or lacks a setting of it.
        """
        import keras

        sides = {"forward_": layer.forward_layer, "backward_": layer.backward_layer}
        ahead, back = (_plain(side, in_tensors[0].shape) for side in sides.values())
        plain = keras.layers.Bidirectional(
            ahead, merge_mode=layer.merge_mode, backward_layer=back, name=layer.name
        )
        # Keras makes new layers of both, without weights
        plain.forward_layer, plain.backward_layer = ahead, back
        types = {
            key: kind for name, side in sides.items() for key, kind in _types(side, name).items()
        }
        return super().handle(plain, in_tensors, out_tensors) | {TYPES: types}

    def maybe_get_activation_config(
        self,
        layer: Any,  # noqa: ARG002  (the base class passes it)
        out_tensors: Any,  # noqa: ARG002
    ) -> tuple[None, None]:
        """Return nothing: the activation that QKeras shows is that of the cell."""
        return None, None
