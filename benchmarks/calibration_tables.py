"""Two tables for docs/results/calibration.md: counts by version of Yosys, routed beside counted."""

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.rtl.circuit import Circuit
from backends.modelgraph.rtl.modules.dense import DenseSpec, dense
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.openhls import toolchain
from backends.openhls.pnr import timing
from backends.openhls.pnr.families import named_target
from backends.openhls.pnr.flow import mapped
from backends.openhls.pnr.route import route
from backends.openhls.yosys import count, synthesiser

N_IN, N_OUT = 16, 8
PART, PERIOD_NS, SEEDS = "LFE5U-45F-8BG381C", 5.0, (1, 2)


def layer(bits: int, reuse: int, pipeline: Pipeline = DSP48E1) -> DenseSpec:
    """Return a dense layer with a ReLU whose weights all differ, at <bits, 6>."""
    rng = np.random.default_rng(3)
    distinct = rng.permutation(N_IN * N_OUT).reshape(N_IN, N_OUT) * 2 + (3 << 8) + 1
    weight = Tensor(rng.choice([-1, 1], (N_IN, N_OUT)) * distinct, 10)
    bias = Tensor(rng.integers(-99, 99, N_OUT), 10)
    fixed = FixedType(bits, 6)
    return DenseSpec(weight, bias, fixed, fixed, fixed, fixed, reuse, pipeline=pipeline)


def _line(cells: list[Any]) -> str:
    shown = [f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells]
    return f"| {' | '.join(shown)} |\n"


def _head(*titles: str) -> str:
    return _line(list(titles)) + "|" + "---|" * len(titles) + "\n"


def versions(names: tuple[str, ...], cache: Path) -> Iterator[str]:
    """Yield a table of the counts of dense layers by every Yosys that `DSE_YOSYS` may name."""
    before = os.environ.get(toolchain.YOSYS_VARIABLE)
    counts = {}
    for name in names:
        os.environ[toolchain.YOSYS_VARIABLE] = name
        toolchain.forget()
        said = synthesiser()
        for bits, reuse in product((8, 16, 24), (1, 8, 32)):
            counts[said, bits, reuse] = count(dense(layer(bits, reuse)), "yosys", cache)
    if before is None:
        del os.environ[toolchain.YOSYS_VARIABLE]
    else:
        os.environ[toolchain.YOSYS_VARIABLE] = before
    toolchain.forget()
    tools = list(dict.fromkeys(tool for tool, _, _ in counts))
    yield _head(
        "W", "RF", *(f"{what}, {tool}" for tool in tools for what in ("LUT", "FF", "DSP", "levels"))
    )
    for bits, reuse in product((8, 16, 24), (1, 8, 32)):
        found = [counts[tool, bits, reuse] for tool in tools]
        yield _line(
            [bits, reuse, *(n for c in found for n in (c.lut + c.srl, c.ff, c.dsp, c.levels))]
        )


def routed(cache: Path) -> Iterator[str]:
    """Yield a table of dense layers counted and routed, with the clock against the levels."""
    target = named_target(PART)
    pipeline = timing.pipeline(target, PERIOD_NS)
    counted = ("LUT4 counted", "routed", "FF counted", "routed")
    yield _head("W", "RF", *counted, "levels", "logic, ns", "routing, ns", "MHz")
    for bits, reuse in product((8, 12, 16, 24), (8, 32)):
        circuit, text = network(layer(bits, reuse, pipeline), bits)
        design = mapped(circuit, text, target, cache)
        runs = [route(design.netlist, target, PERIOD_NS, seed, cache) for seed in SEEDS]
        best = max(runs, key=lambda run: run.fmax_mhz)
        clocks = sorted(run.fmax_mhz for run in runs)
        cells = [bits, reuse]
        for name in ("lut4", "ff"):
            after = best.counts[name]
            cells += [design.counts[name], f"{after:,} ({after / design.counts[name]:.2f})"]
        logic = sum(best.path.get(part, 0.0) for part in ("logic", "clk-to-q", "setup"))
        nets = best.path.get("routing", 0.0)
        spread = f"{best.fmax_mhz:.0f} ({clocks[0]:.0f} … {clocks[-1]:.0f})"
        yield _line([*cells, best.levels, f"{logic:.2f}", f"{nets:.2f}", spread])


def network(spec: DenseSpec, bits: int) -> tuple[Circuit, str]:
    """Return a circuit of one layer, and its Verilog."""
    circuit, fixed = Circuit(spec.reuse, spec.pipeline), FixedType(bits, 6)
    given = circuit.add_input("x", 1, N_IN, fixed)
    made = circuit.each_row("layer", dense(spec), given, (N_OUT, fixed))
    return circuit, circuit.finish(made)
