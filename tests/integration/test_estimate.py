"""Estimated cycles against the circuits of `open`, which simulation confirms."""

from pathlib import Path

import pytest

from backends.hls4ml.estimate.network_cost import layer_costs, total
from backends.modelgraph.builder import build_graph
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from backends.openhls.lower import lower
from dse.contracts.errors import EvaluationError

NETWORKS = ("one_pass", "two_passes", "appendix_a", "mlp")


def _most_products(network: Network) -> int:
    dense = [layer for layer in network.layers if layer["class_name"] == "Dense"]
    return max(int(layer["n_in"] * layer["n_out"]) for layer in dense)


@pytest.mark.parametrize("reuse", [1, 2, 4, 8, 16, 64, 5000])
@pytest.mark.parametrize("network", NETWORKS)
def test_latency_and_interval(
    networks: dict[str, Network], network: str, reuse: int, tmp_path: Path
) -> None:
    graph, _ = build_graph(networks[network], Settings(reuse_factor=reuse), tmp_path)
    circuit, _ = lower(graph)
    cost = total(graph, layer_costs(graph))
    # the tables of the MLP's softmax are a stage more or less
    assert cost.depth == pytest.approx(circuit.latency, rel=0.2 if network == "mlp" else 0)
    assert cost.interval == circuit.interval == min(reuse, _most_products(networks[network]))


@pytest.mark.parametrize("reuse", [1, 8])
def test_products_of_several_slices_take_more_cycles(
    networks: dict[str, Network], reuse: int, tmp_path: Path
) -> None:
    found = []
    for bits in (16, 26, 40):
        settings = Settings(bits, 6, reuse_factor=reuse)
        graph, _ = build_graph(networks["two_passes"], settings, tmp_path)
        found.append(total(graph, layer_costs(graph)).depth)
        assert found[-1] == lower(graph)[0].latency
    assert found == sorted(set(found))


@pytest.mark.parametrize("rows", [1, 4, 5])
def test_rows_in_turns(networks: dict[str, Network], rows: int, tmp_path: Path) -> None:
    """Two thirds of the nodes or edges wait for others: latency must show it."""
    settings = Settings(reuse_factor=4, parallelization_factor=rows)
    graph, _ = build_graph(networks["one_pass"], settings, tmp_path)
    circuit, _ = lower(graph, rows)
    cost = total(graph, layer_costs(graph))
    assert cost.interval == circuit.interval == 4 * -(-17 // rows)
    assert cost.depth == pytest.approx(circuit.latency, rel=0.15)


def test_more_reuse_takes_longer_and_fewer_slices(
    networks: dict[str, Network], tmp_path: Path
) -> None:
    found = []
    for reuse in (1, 2, 4, 8, 16, 32):
        graph, _ = build_graph(networks["mlp"], Settings(reuse_factor=reuse), tmp_path)
        found.append(total(graph, layer_costs(graph)))
    depths, slices = [cost.depth for cost in found], [cost.dsp for cost in found]
    assert depths == sorted(set(depths))
    assert slices == sorted(set(slices), reverse=True)


def test_more_rows_than_there_are_change_nothing(
    networks: dict[str, Network], tmp_path: Path
) -> None:
    costs = []
    for rows in (None, 17, 500):
        settings = Settings(reuse_factor=4, parallelization_factor=rows)
        graph, _ = build_graph(networks["one_pass"], settings, tmp_path)
        costs.append(total(graph, layer_costs(graph)))
    assert costs[0] == costs[1] == costs[2]


def test_a_layer_without_a_formula_is_named(networks: dict[str, Network], tmp_path: Path) -> None:
    graph, _ = build_graph(networks["mlp"], Settings(), tmp_path)
    node = next(node for node in graph.get_layers() if node.class_name == "Activation")
    node.set_attr("activation", "gelu")
    with pytest.raises(EvaluationError, match=f"'{node.name}'.*: estimate has no rule .*gelu"):
        layer_costs(graph)
