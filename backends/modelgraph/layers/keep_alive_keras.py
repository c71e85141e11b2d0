"""Handler by which hls4ml reads `dse.layers.KeepAlive`.

hls4ml registers a handler when its class is defined, so importing this module is enough.
"""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from hls4ml.converters.keras_v3._base import KerasV3LayerHandler


class KeepAliveHandler(KerasV3LayerHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of `dse.layers.KeepAlive`."""

    handles: ClassVar[tuple[str, ...]] = ("dse.layers.KeepAlive",)

    def handle(
        self,
        layer: Any,  # noqa: ARG002  (the base class passes it)
        in_tensors: Sequence[Any],
        out_tensors: Sequence[Any],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Return the shape that goes through, and the numbers that are only computed."""
        first, second = (tensor.shape[1:] for tensor in in_tensors)
        return {"kept_shape": list(first), "n_unread": math.prod(second)}
