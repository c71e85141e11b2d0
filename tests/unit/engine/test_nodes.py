"""Nodes that have different tools."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from dse.contracts.backend import Probe
from dse.contracts.errors import NoNodeError
from dse.engine.cluster_executor import ClusterExecutor
from dse.engine.nodes import Node, account, agreed


def node(name: str, cpus: float, tool: str) -> Node:
    probe = Probe(bool(tool), tool, "" if tool else "Yosys is missing", "" if tool else "apt")
    return Node(f"id-{name}", name, cpus, 1e9, {"open": probe})


def test_most_cores_decide_on_the_tool_that_is_in_the_key() -> None:
    nodes = [node("a", 2, "yosys 1"), node("b", 4, "yosys 2"), node("c", 1, "yosys 1")]
    assert agreed(nodes, ["open"])["open"] == Probe(True, "yosys 2")
    assert agreed([*nodes, node("d", 2, "yosys 1")], ["open"])["open"].tool == "yosys 1"


def test_nodes_are_counted_and_those_that_differ_are_named() -> None:
    nodes = [node("a", 2, "yosys 1"), node("b", 4, "yosys 2"), node("c", 8, "")]
    said = list(account(nodes, agreed(nodes, ["open"])))
    assert said[0] == "backend open: 1 of 3 nodes can run it (4 cores)"
    assert said[1].startswith("warning: a has yosys 1, others have yosys 2")
    assert len(said) == 2


def test_nodes_without_a_token_that_others_declare_are_not_counted() -> None:
    nodes = [node("a", 2, "yosys 1"), node("b", 4, "yosys 1"), node("c", 1, "yosys 2")]
    limited = replace(nodes[0], tokens={"dse_open": 1})
    assert list(account([limited, *nodes[1:]], {"open": Probe(True, "yosys 1")})) == [
        "backend open: 1 of 3 nodes can run it (2 cores)",
        "warning: b does not declare dse_open, as others do: it gets no work of backend open",
        "warning: c does not declare dse_open, as others do: it gets no work of backend open",
    ]
    other = replace(nodes[0], tokens={"dse_bittrue": 1})
    assert next(account([other, nodes[1]], {"open": Probe(True, "yosys 1")})) == (
        "backend open: 2 of 2 nodes can run it (6 cores)"
    )


def test_what_no_node_has_is_missing_with_the_way_to_install_it() -> None:
    found = agreed([node("a", 2, "")], ["open"])["open"]
    assert not found.available
    assert found.reason == "on no node of the cluster: Yosys is missing"
    assert found.install == "apt"


def test_a_cluster_that_does_not_answer_lacks_no_tool() -> None:
    executor = ClusterExecutor.__new__(ClusterExecutor)
    nodes = SimpleNamespace(ask=lambda _: [], alive={"a": {"CPU": 1.0}})
    vars(executor).update(_backends=set(), _nodes=nodes, _await_nodes=lambda: None)
    with pytest.raises(NoNodeError, match="the cluster has 1 node, and none has answered"):
        executor.probes(["bittrue"])
