"""Handlers by which hls4ml reads Keras' recurrent layers.

hls4ml's own ones ignore settings that its firmware lacks, and lose one of the two biases of a GRU
in both directions. hls4ml registers a handler when its class is defined, so importing this
module is enough.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from hls4ml.converters.keras_v3.recurrent import BidirectionalHandler, RecurentHandler

from backends.modelgraph.layers.recurrent_weights import ACTIVATIONS
from backends.modelgraph.layers.rules import unread
from dse.contracts.errors import EvaluationError, FailureKind


def check(layer: Any) -> None:
    """Refuse a layer with settings that hls4ml's firmware does not have.

    Raises:
        EvaluationError: it is a SimpleRNN, the reset gate is applied before the product, an
            activation is one that the firmware lacks, or a state is given.
    """
    prefix = "Q" * type(layer).__name__.startswith("Q")  # of QKeras
    if type(layer).__name__ not in (f"{prefix}LSTM", f"{prefix}GRU"):
        raise EvaluationError(
            FailureKind.CONVERSION,
            f"layer '{layer.name}' ({type(layer).__name__}): hls4ml reads it, but has no firmware "
            "for it, so that its output would be whatever is in memory",
            hint=f"use {prefix}LSTM or {prefix}GRU",
        )
    for kind in ("activation", "recurrent_activation"):
        if (name := _name(getattr(layer, kind))) not in ACTIVATIONS:
            raise unread(layer, f"{kind} {name}", ", ".join(ACTIVATIONS))
    if not getattr(layer, "reset_after", True):
        raise unread(layer, "reset_after=False", "reset_after=True")
    if layer.stateful:
        raise unread(layer, "stateful=True", "stateful=False")


def _name(activation: Any) -> str:
    """Return the name of a function, or of a quantiser of QKeras."""
    return str(getattr(activation, "__name__", None) or type(activation).__name__)


class RecurrentHandler(RecurentHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of `keras.layers.LSTM`, `GRU` and `SimpleRNN` in the direction of time."""

    handles: ClassVar[tuple[str, ...]] = RecurentHandler.handles

    def handle(
        self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]
    ) -> tuple[dict[str, Any], ...]:
        """Return the entry of a recurrent layer.

        Raises:
            EvaluationError: the layer has a setting that the firmware ignores.
        """
        check(layer)
        if layer.go_backwards:
            raise unread(layer, "go_backwards=True", "go_backwards=False")
        made: tuple[dict[str, Any], ...] = super().handle(layer, in_tensors, out_tensors)
        return made


class BothDirectionsHandler(BidirectionalHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of `keras.layers.Bidirectional` that joins both directions."""

    handles: ClassVar[tuple[str, ...]] = BidirectionalHandler.handles

    def handle(
        self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]
    ) -> dict[str, Any]:
        """Return the entry of a layer in both directions.

        Raises:
            EvaluationError: the layer has a setting that the firmware ignores.
        """
        if layer.merge_mode != "concat":
            raise unread(layer, f"merge_mode {layer.merge_mode}", "merge_mode concat")
        for direction in (layer.forward_layer, layer.backward_layer):
            check(direction)
        made: dict[str, Any] = super().handle(layer, in_tensors, out_tensors)
        return made | _gru_biases(made)


def _gru_biases(layer: dict[str, Any]) -> dict[str, Any]:
    """Return the biases of the inputs and of the states, which Keras keeps in one array."""
    found: dict[str, Any] = {}
    for side in ("forward", "backward"):
        bias = layer[f"{side}_bias_data"]
        if layer[f"{side}_class_name"] == "GRU":
            of_input, of_state = bias if bias.ndim > 1 else (bias, bias)  # zeros without biases
            found |= {f"{side}_bias_data": of_input, f"{side}_recurrent_bias_data": of_state}
    return found
