"""Handlers by which hls4ml reads the Keras layers of `dse.layers`.

hls4ml registers a handler when its class is defined, so importing this module is enough.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from hls4ml.converters.keras_v3._base import KerasV3LayerHandler


class EdgeGatherHandler(KerasV3LayerHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of `dse.layers.EdgeGather`."""

    handles: ClassVar[tuple[str, ...]] = ("dse.layers.EdgeGather",)

    def handle(
        self,
        layer: Any,  # noqa: ARG002  (the base class passes it)
        in_tensors: Sequence[Any],
        out_tensors: Sequence[Any],
    ) -> dict[str, Any]:
        """Return the sizes of the graph."""
        _, n_nodes, n_features = in_tensors[0].shape
        n_edges = out_tensors[0].shape[1]
        return {"n_nodes": n_nodes, "n_edges": n_edges, "n_features": n_features}


class ScatterSumHandler(KerasV3LayerHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of `dse.layers.ScatterSum`."""

    handles: ClassVar[tuple[str, ...]] = ("dse.layers.ScatterSum",)

    def handle(
        self,
        layer: Any,
        in_tensors: Sequence[Any],
        out_tensors: Sequence[Any],  # noqa: ARG002  (the base class passes it)
    ) -> dict[str, Any]:
        """Return the sizes of the graph."""
        _, n_edges, n_features = in_tensors[0].shape
        return {"n_nodes": layer.n_nodes, "n_edges": n_edges, "n_features": n_features}
