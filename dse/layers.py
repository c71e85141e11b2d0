"""Keras layers of graph networks: gather node features by edge, sum edge features by node.

Workloads train graph networks with these layers, and the hardware backends implement them.
An index equal to the number of nodes means "no node": gathering from it gives zeros, and edges
scattered to it are dropped. Padded edges use this index, so they never affect a real node and
no separate mask is needed.
"""

from typing import Any

import keras
from keras import ops


def _flat_index(index: Any, rows: int) -> Any:
    """Return the index into (batch * rows, features) for an index into each sample's rows.

    `ops.segment_sum` sums along the first axis only, so that samples have to share one axis.

    Args:
        index: shape (batch, edges).
        rows: rows of each sample.
    """
    batch = ops.shape(index)[0]
    offsets = ops.arange(batch, dtype="int32") * rows
    return ops.cast(index, "int32") + offsets[:, None]


@keras.saving.register_keras_serializable(package="dse")
class EdgeGather(keras.layers.Layer):  # type: ignore[misc]  # keras is untyped
    """Layer that gathers the features of the node at one end of every edge.

    Call it with nodes (batch, nodes, features) and index (batch, edges); it returns
    (batch, edges, features).
    """

    def call(self, nodes: Any, index: Any) -> Any:
        """Gather node features by edge; an index equal to the number of nodes gives zeros."""
        rows, features = nodes.shape[1] + 1, nodes.shape[2]
        # the row of zeros that an index without a node selects
        padded = ops.pad(nodes, [[0, 0], [0, 1], [0, 0]])
        flat = ops.reshape(padded, (-1, features))
        return ops.take(flat, _flat_index(index, rows), axis=0)

    def compute_output_shape(self, nodes_shape: Any, index_shape: Any) -> Any:
        """Return (batch, edges, features)."""
        return (*index_shape, nodes_shape[-1])


@keras.saving.register_keras_serializable(package="dse")
class ScatterSum(keras.layers.Layer):  # type: ignore[misc]  # keras is untyped
    """Layer that sums the features of all edges that end at each node.

    Call it with edges (batch, edges, features) and index (batch, edges); it returns
    (batch, n_nodes, features).

    Args:
        n_nodes: number of nodes of the padded graph.
    """

    def __init__(self, n_nodes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_nodes = n_nodes

    def call(self, edges: Any, index: Any) -> Any:
        """Sum edge features by node; edges of index `n_nodes` are dropped."""
        # one row more than nodes receives the edges without a node, and is cut off at the end
        rows, features = self.n_nodes + 1, edges.shape[2]
        batch = ops.shape(edges)[0]
        flat = ops.reshape(_flat_index(index, rows), (-1,))
        summed = ops.segment_sum(
            ops.reshape(edges, (-1, features)), flat, num_segments=batch * rows
        )
        return ops.reshape(summed, (-1, rows, features))[:, : self.n_nodes]

    def compute_output_shape(self, edges_shape: Any, index_shape: Any) -> Any:
        """Return (batch, n_nodes, features)."""
        return (index_shape[0], self.n_nodes, edges_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, which Keras stores in a model file."""
        return {**super().get_config(), "n_nodes": self.n_nodes}


@keras.saving.register_keras_serializable(package="dse")
class KeepAlive(keras.layers.Layer):  # type: ignore[misc]  # keras is untyped
    """Layer that returns its first input, and keeps in the circuit what computes the second.

    A part of a network that feeds no output is dead code: Keras does not store it, and tools for
    hardware remove it. Call this layer with a tensor that is used and the end of such a part: the
    part stays in the network, and what follows waits for it.
    """

    def call(self, used: Any, unread: Any) -> Any:  # noqa: ARG002  (only to be kept)
        """Return the first tensor."""
        return used

    def compute_output_shape(self, used_shape: Any, unread_shape: Any) -> Any:  # noqa: ARG002
        """Return the shape of the first tensor."""
        return used_shape
