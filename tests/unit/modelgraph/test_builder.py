"""Conversion to hls4ml's ModelGraph, from layer lists and without Keras."""

from pathlib import Path

import golden_designs

from backends.modelgraph.builder import build_graph
from backends.modelgraph.nodes import types_of
from backends.modelgraph.settings import Settings


def test_a_network_can_be_converted_again(tmp_path: Path) -> None:
    """A worker keeps its network; hls4ml must not rewire it while it drops a linear layer."""
    network = golden_designs.quantised()
    found = []
    for _ in range(2):
        graph, _ = build_graph(network, Settings(16, 6), tmp_path)
        found.append({node.name: types_of(node) for node in graph.get_layers()})
    assert found[0] == found[1]
    assert found[0]["x"]["result"].startswith("fixed<8,3")
