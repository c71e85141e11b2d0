"""Cost of a streamed network: one position at a time, windows, line buffers and FIFOs.

* A layer has the block of one position, and in front of it registers for what the block reads:
  one position, a window, or a whole image.
* A line buffer is a memory of look-up tables, one a bit for every 64 columns, for every row of the
  kernel but one.
* A FIFO of one slot is registers; a deeper one is a memory with two ports, four look-up tables for
  every 6 bits and 32 slots, or 3 bits and 64 slots, whichever takes fewer.
* Times follow from those of the layers as for circuits (`backends.modelgraph.rtl.stream.schedule`).
"""

import math
from dataclasses import dataclass, replace

from hls4ml.model import ModelGraph

from backends.modelgraph.cost import Cost
from backends.modelgraph.layers.registry import rules_of
from backends.modelgraph.nodes import is_weighted
from backends.modelgraph.rtl.stream.front import Repeat, Scan, Whole
from backends.modelgraph.rtl.stream.schedule import Schedule, Step, schedule
from backends.modelgraph.stream_plan import PlannedStage, StreamPlan, plan_stream

INFERENCES = 4
"""Inferences back to back for which FIFOs are counted: the second already has the depths of all."""

_COUNTER_BITS = 8
"""Flip-flops and look-up tables of a counter of positions, on average."""


@dataclass(frozen=True)
class StreamCost:
    """Cost of a streamed network.

    Args:
        layers: by layer name; all FIFOs are under ``fifo``.
        total: of the network.
        times: of the network.
    """

    layers: dict[str, Cost]
    total: Cost
    times: Schedule


def stream_cost(graph: ModelGraph) -> StreamCost:
    """Return the cost of a streamed network.

    Raises:
        EvaluationError: a layer has no cost rule, or cannot be streamed; the message names it.
    """
    plan = plan_stream(graph, "estimate")
    blocks = {stage.node.name: block(stage) for stage in plan.stages}
    times = _times(plan, blocks)
    costs = {stage.node.name: _sum(blocks[stage.node.name], front(stage)) for stage in plan.stages}
    costs["fifo"] = _fifos(plan, times)
    total = replace(_sum(*costs.values()), depth=times.latency, interval=times.interval)
    return StreamCost(costs, total, times)


def block(stage: PlannedStage) -> Cost:
    """Return the cost of the circuit of one position, with the ReLU that is built in."""
    rules = rules_of(stage.node, "estimate") if stage.stream.cost is None else stage.rules
    rule = stage.stream.cost or rules.cost
    assert rule is not None  # noqa: S101  (rules_of has checked it)
    made = rule(stage.node)
    if stage.stream.cost is None and not is_weighted(stage.node):
        made = _share(made, stage)  # the rule counts all positions in parallel
    if stage.follower is not None:
        cost = rules_of(stage.follower, "estimate").cost
        assert cost is not None  # noqa: S101
        made = _sum(made, _share(cost(stage.follower), stage))
    return replace(made, interval=stage.interval)


def _share(cost: Cost, stage: PlannedStage) -> Cost:
    """Return the cost of one position of a layer that is counted for all."""
    count = stage.output.positions
    return replace(
        cost,
        lut=cost.lut / count,
        ff=cost.ff / count,
        dsp=math.ceil(cost.dsp / count),
        bram_18k=math.ceil(cost.bram_18k / count),
    )


def front(stage: PlannedStage) -> Cost:
    """Return the cost of what takes positions and keeps them for the circuit."""
    bits = sum(given.flow.bits for given in stage.given)
    how = stage.front
    if isinstance(how, Scan):
        rows, columns = how.kernel
        lines = (rows - 1) * bits * math.ceil(how.padded[1] / 64)
        padding = bits if any(map(any, how.pads)) else 0
        return Cost(
            lut=lines + padding + 2 * _COUNTER_BITS, ff=rows * columns * bits + 2 * _COUNTER_BITS
        )
    if isinstance(how, Repeat):
        row = how.size[1] if how.factors[0] > 1 else 1
        return Cost(
            lut=bits * (1 + math.ceil(row / 64)) + 3 * _COUNTER_BITS, ff=bits + 3 * _COUNTER_BITS
        )
    if isinstance(how, Whole):
        kept = bits if stage.stream.module is not None and not stage.given[0].flat else 0
        return Cost(lut=_COUNTER_BITS, ff=(kept or bits * how.count) + _COUNTER_BITS)
    return Cost(lut=2, ff=bits)


def fifo(bits: int, depth: int) -> Cost:
    """Return the cost of a FIFO.

    Args:
        bits: width.
        depth: slots.
    """
    if depth == 1:
        return Cost(lut=2, ff=bits + 2)
    memory = min(
        4 * math.ceil(bits / width) * math.ceil(depth / slots)
        for width, slots in ((6, 32), (3, 64))
    )
    counters = 4 * depth.bit_length()
    choice = bits * math.ceil((math.ceil(depth / 64) - 1) / 3)
    return Cost(lut=memory + choice + counters, ff=counters)


def _times(plan: StreamPlan, blocks: dict[str, Cost]) -> Schedule:
    steps = [
        Step(
            stage.node.name,
            tuple(given.flow.source for given in stage.given),
            stage.front,
            stage.interval,
            blocks[stage.node.name].depth,
        )
        for stage in plan.stages
    ]
    inputs = {flow.source: flow.positions for flow in plan.inputs}
    return schedule(inputs, steps, [flow.source for flow in plan.outputs], INFERENCES)


def _fifos(plan: StreamPlan, times: Schedule) -> Cost:
    flows = {flow.source: flow for flow in plan.inputs}
    flows |= {stage.node.name: stage.output for stage in plan.stages}
    return _sum(*(fifo(flows[source].bits, n) for (source, _, _), n in times.depths.items()))


def _sum(*costs: Cost) -> Cost:
    """Return the resources of several parts; depth and interval of the first."""
    return replace(
        costs[0],
        lut=sum(cost.lut for cost in costs),
        ff=sum(cost.ff for cost in costs),
        dsp=sum(cost.dsp for cost in costs),
        bram_18k=sum(cost.bram_18k for cost in costs),
    )
