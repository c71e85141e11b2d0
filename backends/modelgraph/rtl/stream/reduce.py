"""Front of global pooling: reads all positions of an inference and keeps one number per channel."""

import math

from backends.modelgraph.rtl.modules.stream_pooling import PoolSpec
from backends.modelgraph.rtl.number import Number, cast, element, pack
from backends.modelgraph.rtl.path import Path
from backends.modelgraph.rtl.pipeline import Pipeline
from backends.modelgraph.rtl.stream.modules import FrontBuilder
from backends.modelgraph.rtl.verilog import Module


def reduce(spec: PoolSpec, channels: int) -> Module:
    """Return the front: `x` (channels) → `y` (channels numbers of type accum)."""
    front = FrontBuilder(channels * spec.given.width, 1)
    code = front.code
    last = front.counter("position", spec.count, "go")
    front.when("", last)
    code.lines.append("reg first = 1;")
    code.lines.append(f"always @(posedge clk) if (rst) first <= 1; else if (go) first <= {last};")
    numbers = []
    for channel in range(channels):
        new = cast(code, element(code, "x", channel, spec.given), spec.accum)
        name = code.name("acc")
        code.lines.append(f"reg signed [{new.bits - 1}:0] {name};")
        # one cycle, whatever it takes: the next number may follow at once
        loop = Path(code, Pipeline(budget=math.inf))
        both = spec.combined(loop, Number(name, new.bits, new.fractional), new)
        code.lines.append(
            f"always @(posedge clk) if (go) {name} <= first ? {new.name} : {both.name};"
        )
        numbers.append(Number(name, new.bits, new.fractional))
    return front.module("reduce", (channels * spec.accum.width, pack(numbers, spec.accum)))
