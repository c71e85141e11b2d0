"""Handler by which hls4ml reads Keras' TimeDistributed.

hls4ml registers a handler when its class is defined, so importing this module is enough.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from hls4ml.converters.keras_v3._base import KerasV3LayerHandler, registry

from backends.modelgraph.layers.rules import unread

_BY_ROWS = (
    "Dense", "QDense", "Activation", "QActivation", "ReLU", "LeakyReLU", "ELU",
    "Dropout",
)  # fmt: skip
"""Layers that compute the same of every row of their input, with or without TimeDistributed."""


class TimeDistributedHandler(KerasV3LayerHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of `keras.layers.TimeDistributed` around layers that go row by row anyway."""

    handles: ClassVar[tuple[str, ...]] = ("keras.src.layers.rnn.time_distributed.TimeDistributed",)

    def handle(
        self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]
    ) -> tuple[dict[str, Any], ...]:
        """Return the entries of the wrapped layer, read as if it stood alone, named as this one.

        Raises:
            EvaluationError: the wrapped layer mixes rows.
        """
        inner = layer.layer
        kind = type(inner)
        handler = registry.get(f"{kind.__module__}.{kind.__name__}")
        if handler is None or kind.__name__ not in _BY_ROWS:
            only = f"TimeDistributed around {', '.join(_BY_ROWS)}"
            raise unread(layer, f"{kind.__name__} inside", only)
        entries = handler(inner, in_tensors, out_tensors)
        return tuple(
            entry | {"name": entry["name"].replace(inner.name, layer.name, 1)} for entry in entries
        )
