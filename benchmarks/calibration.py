"""Counts of backend `open` beside published Vivado and Vitis HLS counts of the same layers.

    python benchmarks/calibration.py             # all tables of docs/results/calibration.md
    python benchmarks/calibration.py --tables versions routed

On one core the published scans take about ten minutes, counts by version of Yosys two, and routed
layers beside their counts ten. The weights of the published networks are not known, so random ones
are used; their values change the counts by a few per cent.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from calibration_tables import routed, versions

from backends.modelgraph.fixed_point import FixedType, Tensor, quantise
from backends.modelgraph.rtl.modules.dense import DenseSpec, dense
from backends.openhls.yosys import Counts, count, synthesiser

# grheine/IN_hls4ml @0af6f2b, Vivado HLS 2019.2, xczu9eg: an interaction network with 5 nodes
# and 5 edges, layers 9-4-4-3 (edges), 6-4-4-3 (nodes), 9-4-4-1 (edges), <W, W/2>
WIDTHS = {
    8: (0, 38835), 10: (0, 53044), 12: (345, 37521), 14: (480, 36197), 16: (600, 34106),
    18: (690, 35852), 20: (750, 36612), 24: (815, 39117), 28: (855, 43735), 32: (1710, 65496),
}  # fmt: skip
"""(DSP, LUT) by total bits at reuse factor 1."""

REUSE = {1: (600, 34100), 2: (360, 24200), 3: (240, 19200), 4: (240, 19200), 5: (120, 14000)}
"""(DSP, LUT) by reuse factor at 16 bits."""

ACTIVATIONS = {"Vivado HLS 2020.1": (61, 2224), "Vitis HLS 2023.1": (61, 2839)}
"""(DSP, LUT) of Dense(64) over one input with ReLU or PReLU at <16, 6>, RF 1 (hls4ml @ef92ebd)."""

BLOCKS = ((9, 4, 4, 3), (6, 4, 4, 3), (9, 4, 4, 1))
"""Widths of the layers of the three dense blocks, inputs first."""

COPIES = 5
"""Instances of each block: one per node or edge."""


def layer(n_in: int, n_out: int, fixed: FixedType, reuse: int, seed: int) -> DenseSpec:
    """Return a dense layer with random weights in the range that Keras draws (Glorot uniform)."""
    rng = np.random.default_rng(seed)
    limit = np.sqrt(6 / (n_in + n_out))
    weight, _ = quantise(rng.uniform(-limit, limit, (n_in, n_out)), fixed)
    bias = Tensor(np.zeros(n_out, dtype=np.int64), fixed.fractional)
    return DenseSpec(weight, bias, fixed, fixed, fixed, fixed, reuse)


def network(bits: int, reuse: int, rule: str, cache: Path) -> Counts:
    """Return the counts of all dense layers of the interaction network."""
    fixed = FixedType(bits, bits // 2)
    total = Counts()
    for number, block in enumerate(BLOCKS):
        for place, (n_in, n_out) in enumerate(pairwise(block)):
            spec = layer(n_in, n_out, fixed, reuse, seed=10 * number + place)
            total += count(dense(spec), rule, cache) * COPIES
    return total


def row(name: object, published: tuple[int, int], cache: Path, bits: int, reuse: int) -> str:
    """Return a line of a table: published DSP and LUT, then counts and ratios by both DSP rules."""
    cells = [f"{name}", f"{published[0]:,}", f"{published[1]:,}"]
    for rule in ("vivado_hls-2019", "yosys"):
        found = network(bits, reuse, rule, cache)
        dsp = f"{found.dsp / published[0]:.2f}" if published[0] else "-"
        cells += [f"{found.dsp:,} ({dsp})", f"{found.lut:,} ({found.lut / published[1]:.2f})"]
    return f"| {' | '.join(cells)} |"


def published(cache: Path) -> Iterator[str]:
    """Yield the scans over bit width and reuse factor, and the layer with an activation."""
    yield f"{synthesiser()}; in brackets the ratio to the published number\n\n"
    head = "DSP | LUT | DSP, rule `vivado_hls-2019` | LUT | DSP, rule `yosys` | LUT |\n"
    for title, table in (("W", WIDTHS), ("RF", REUSE)):
        yield f"| {title} | {head}{'|---' * 7}|\n"
        for key, counts in table.items():
            bits, reuse = (key, 1) if title == "W" else (16, key)
            yield f"{row(key, counts, cache, bits, reuse)}\n"
        yield "\n"
    fixed = FixedType(16, 6)
    found = count(dense(layer(1, 64, fixed, 1, seed=1)), "vivado_hls-2020.1", cache)
    for tool, (dsp, lut) in ACTIVATIONS.items():
        yield f"Dense(64) + ReLU: {tool} {dsp} DSP, {lut} LUT; open {found.dsp}, {found.lut}\n"


TABLES: dict[str, Callable[[Path], Iterator[str]]] = {
    "published": published,
    "versions": partial(versions, ("yosys", "pyosys")),
    "routed": routed,
}


def main() -> None:
    """Print the tables, line by line as they are measured."""
    parser = argparse.ArgumentParser(description="Tables of docs/results/calibration.md.")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--cache", type=Path, default=Path(".dse/cache"))
    options = parser.parse_args()
    for name in options.tables:
        sys.stdout.write(f"\n{name}\n\n")
        for line in TABLES[name](options.cache):
            sys.stdout.write(line)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
