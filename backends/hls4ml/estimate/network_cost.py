"""Cost of a network from the costs of its layers."""

from hls4ml.model import ModelGraph

from backends.modelgraph.cost import Cost, pace
from backends.modelgraph.layers.registry import rules_of


def layer_costs(graph: ModelGraph) -> dict[str, Cost]:
    """Return the cost of every layer, by layer name.

    Raises:
        EvaluationError: a layer has no cost rule; the message names it.
    """
    rules = {node: rules_of(node, "estimate") for node in graph.get_layers()}
    # every layer works at the pace of the slowest, as in circuits of `open`
    with pace(max(rule.interval(node) for node, rule in rules.items())):
        return {node.name: rule.cost(node) for node, rule in rules.items()}  # type: ignore[misc]


def total(graph: ModelGraph, costs: dict[str, Cost]) -> Cost:
    """Return the cost of the whole network.

    Resources are summed. The depth is that of the longest path through the graph, in cycles; the
    interval is that of the slowest layer, because layers work on different samples at a time.

    Args:
        graph: the converted model.
        costs: of its layers, by layer name.
    """
    arrival: dict[str, int] = {}
    for node in graph.get_layers():
        before = max((arrival.get(name, 0) for name in node.inputs), default=0)
        arrival[node.outputs[0]] = before + costs[node.name].depth
    parts = costs.values()
    return Cost(
        lut=sum(cost.lut for cost in parts),
        ff=sum(cost.ff for cost in parts),
        dsp=sum(cost.dsp for cost in parts),
        bram_18k=sum(cost.bram_18k for cost in parts),
        depth=max(arrival.values()),
        interval=max(cost.interval for cost in parts),
    )
