"""Keras layers of graph networks: gather node features by edge, sum edge features by node.

These two are the contract between workloads that train graph networks and the hardware
backends that build them. An index equal to the number of nodes means "no node": gathering
from it gives zeros, scattering to it is dropped. Padded edges use it, so they never touch
a real node and no separate mask is needed.
"""

from typing import Any

import keras
from keras import ops


def _flat_index(index: Any, rows: int) -> Any:
    """Index into (batch * rows, features) from an index (batch, edges) into each sample."""
    batch = ops.shape(index)[0]
    offsets = ops.arange(batch, dtype="int32") * rows
    return ops.cast(index, "int32") + offsets[:, None]


@keras.saving.register_keras_serializable(package="dse")
class EdgeGather(keras.layers.Layer):  # type: ignore[misc]  # keras is untyped
    """Node features at one end of every edge.

    Call with nodes (batch, nodes, features) and index (batch, edges); gives
    (batch, edges, features).
    """

    def call(self, nodes: Any, index: Any) -> Any:
        """Gather; rows of index `nodes` are zero."""
        rows, features = nodes.shape[1] + 1, nodes.shape[2]
        padded = ops.pad(nodes, [[0, 0], [0, 1], [0, 0]])
        flat = ops.reshape(padded, (-1, features))
        return ops.take(flat, _flat_index(index, rows), axis=0)

    def compute_output_shape(self, nodes_shape: Any, index_shape: Any) -> Any:
        """(batch, edges, features)."""
        return (*index_shape, nodes_shape[-1])


@keras.saving.register_keras_serializable(package="dse")
class ScatterSum(keras.layers.Layer):  # type: ignore[misc]  # keras is untyped
    """Sum of the features of all edges that end at each node.

    Args:
        n_nodes: number of nodes of the padded graph.

    Call with edges (batch, edges, features) and index (batch, edges); gives
    (batch, n_nodes, features).
    """

    def __init__(self, n_nodes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_nodes = n_nodes

    def call(self, edges: Any, index: Any) -> Any:
        """Sum; edges of index `n_nodes` are dropped."""
        rows, features = self.n_nodes + 1, edges.shape[2]
        batch = ops.shape(edges)[0]
        flat = ops.reshape(_flat_index(index, rows), (-1,))
        summed = ops.segment_sum(
            ops.reshape(edges, (-1, features)), flat, num_segments=batch * rows
        )
        return ops.reshape(summed, (-1, rows, features))[:, : self.n_nodes]

    def compute_output_shape(self, edges_shape: Any, index_shape: Any) -> Any:
        """(batch, n_nodes, features)."""
        return (index_shape[0], self.n_nodes, edges_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Arguments for loading from a file."""
        return {**super().get_config(), "n_nodes": self.n_nodes}
