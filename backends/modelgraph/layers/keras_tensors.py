"""What handlers read from the tensors of a Keras model, and say about them."""

import inspect
from typing import Any

INNER_TENSOR = "keras_tensor"
"""Key of an entry in hls4ml's layer list: the symbolic Keras tensor that the entry computes.

Handlers set it where one layer of Keras becomes several, whose tensors are none of the model's, so
that the check of the conversion can compare each of them.
"""


def called_with(made: Any) -> dict[str, Any]:
    """Return what a layer was called with, by name and without None, from a tensor that it made."""
    layer, index, _ = made._keras_history  # noqa: SLF001  (Keras has no public name for it)
    call = layer._inbound_nodes[index].arguments  # noqa: SLF001
    bound = inspect.signature(layer.call).bind(*call.args, **call.kwargs)
    return {name: value for name, value in bound.arguments.items() if value is not None}


def mask_of(tensor: Any) -> Any:
    """Return the mask that a layer before, such as an Embedding, gave a tensor; None without."""
    return getattr(tensor, "_keras_mask", None)
