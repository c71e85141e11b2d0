"""The paper's three edge-classifying interaction networks, as Keras functional models.

All take padded graphs (nodes (N, 3), edges (E, F), receivers (E,), senders (E,)) and return
the probability of every edge to be a true track segment, shape (E, 1).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras
from keras import layers

from dse.layers import EdgeGather, KeepAlive, ScatterSum

Network = Literal["interaction_network", "appendix_a", "opencl"]

NODE_FEATURES = 3
Block = Callable[[Any], Any]


@dataclass(frozen=True)
class Sizes:
    """Widths of the dense layers of each block.

    Args:
        edge: edge block; the last width is that of its output.
        node: node block; the last width is that of its output.
        encoder: encoders of nodes and edges; empty for none.
        decoder: hidden layers of the edge decoder; empty for none.
    """

    edge: tuple[int, ...]
    node: tuple[int, ...]
    encoder: tuple[int, ...] = ()
    decoder: tuple[int, ...] = ()

    def with_hidden(self, width: int) -> "Sizes":
        """Return the same layers with all hidden widths replaced by `width`.

        With a decoder all widths are hidden. Without one the last width of `edge` is that of the
        network's output and the last of `node` the number of node features; these are kept.
        """
        last = len(self.edge), len(self.node)
        if not self.decoder:
            last = last[0] - 1, last[1] - 1
        return Sizes(
            (width,) * last[0] + self.edge[last[0] :],
            (width,) * last[1] + self.node[last[1] :],
            (width,) * len(self.encoder),
            (width,) * len(self.decoder),
        )


SIZES: dict[Network, Sizes] = {
    "interaction_network": Sizes((8, 8), (8, 8), encoder=(8, 8), decoder=(8, 8, 8)),
    "appendix_a": Sizes((8, 8, 8, 1), (8, 8, 3)),
    "opencl": Sizes((250, 250, 250, 1), (200, 200, 3)),
}
"""The paper's widths: Fig. 1, Appendix A and Sec. 4.2 (OpenCL) of arXiv:2012.01563."""


def edge_features(network: Network) -> int:
    """Return the input features per edge: 4 differences for Fig. 1, else one that is zero."""
    return 4 if network == "interaction_network" else 1


def _mlp(name: str, widths: Sequence[int], last: str = "relu") -> Block:
    """Return a block of dense layers with ReLU between them; all its calls share the weights.

    Activations are separate layers, so that the sums that enter them can be penalised in
    training and quantised.
    """
    kinds = ["relu"] * (len(widths) - 1) + [last]
    steps: list[Block] = []
    for i, (width, kind) in enumerate(zip(widths, kinds, strict=True)):
        steps.append(layers.Dense(width, name=f"{name}_{i}"))
        if kind != "linear":
            steps.append(layers.Activation(kind, name=f"{name}_{i}_{kind}"))

    def block(tensor: Any) -> Any:
        for step in steps:
            tensor = step(tensor)
        return tensor

    return block


def _concatenate(first: Any, *others: Any) -> Any:
    """Concatenate two tensors at a time, because hls4ml converts no longer concatenations."""
    for other in others:
        first = layers.Concatenate()([first, other])
    return first


@dataclass(frozen=True)
class _Blocks:
    """The blocks of an interaction network for one padded graph.

    Args:
        edge: edge block.
        node: node block.
        receivers: (E,) indices of the nodes on the outer layer.
        senders: (E,) indices of the nodes on the inner layer.
        n_nodes: nodes of the padded graph.
    """

    edge: Block
    node: Block
    receivers: Any
    senders: Any
    n_nodes: int

    def edges(self, nodes: Any, edges: Any) -> Any:
        """Return edge features updated from each edge and its two nodes."""
        ends = (EdgeGather()(nodes, index) for index in (self.receivers, self.senders))
        return self.edge(_concatenate(edges, *ends))

    def nodes(self, nodes: Any, edges: Any, number: int) -> Any:
        """Return node features updated from each node and the sum of its incoming edges."""
        summed = ScatterSum(self.n_nodes, name=f"scatter_sum_{number}")(edges, self.receivers)
        return self.node(_concatenate(summed, nodes))

    def run(self, nodes: Any, edges: Any, passes: int, *, keep_dead_code: bool) -> Any:
        """Return edge features after `passes` edge updates with node updates between them.

        Args:
            nodes: node features.
            edges: edge features.
            passes: number of edge updates.
            keep_dead_code: append a node update, which nothing reads.
        """
        edges = self.edges(nodes, edges)
        for number in range(passes - 1):
            nodes = self.nodes(nodes, edges, number)
            edges = self.edges(nodes, edges)
        if keep_dead_code:
            last = self.nodes(nodes, edges, passes - 1)
            edges = KeepAlive(name="last_node_update")(edges, last)
        return edges


def build(
    network: Network,
    n_nodes: int,
    n_edges: int,
    *,
    passes: int,
    sizes: Sizes | None = None,
    keep_dead_code: bool = False,
) -> keras.Model:
    """Return an untrained network for graphs padded to `n_nodes` and `n_edges`.

    Args:
        network: which of the paper's networks.
        n_nodes: nodes of a padded graph.
        n_edges: edges of a padded graph.
        passes: number of edge updates. With one, no node update reaches the output, so that
            there is no node block; the paper's OpenCL network has two.
        sizes: widths of the blocks; the paper's by default.
        keep_dead_code: keep a node update after the last edge update, which nothing reads: Fig. 1
            of the paper draws it, and the decoder after it.
    """
    sizes = sizes or SIZES[network]
    nodes = layers.Input((n_nodes, NODE_FEATURES), name="nodes")
    edges = layers.Input((n_edges, edge_features(network)), name="edges")
    receivers = layers.Input((n_edges,), dtype="int32", name="receivers")
    senders = layers.Input((n_edges,), dtype="int32", name="senders")
    last = "relu" if sizes.decoder else "sigmoid"
    node_last = "relu" if sizes.decoder else "linear"
    blocks = _Blocks(
        _mlp("edge_block", sizes.edge, last),
        _mlp("node_block", sizes.node, node_last),
        receivers,
        senders,
        n_nodes,
    )
    latent_nodes = _mlp("node_encoder", sizes.encoder)(nodes) if sizes.encoder else nodes
    latent_edges = _mlp("edge_encoder", sizes.encoder)(edges) if sizes.encoder else edges
    output = blocks.run(latent_nodes, latent_edges, passes, keep_dead_code=keep_dead_code)
    if sizes.decoder:
        output = _mlp("decoder", (*sizes.decoder, 1), "sigmoid")(output)
    return keras.Model([nodes, edges, receivers, senders], output, name=network)
