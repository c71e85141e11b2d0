"""Fit the coefficients of the vendor models to published results, leaving whole networks out.

    python benchmarks/vendor_rules.py            # prints errors and coverage by regime
    python benchmarks/vendor_rules.py --write    # and writes the coefficients into the package

Of every regime

* the error is that of networks (for single layers: of shapes, at all their precisions) that were
  left out of the fit;
* the 90 % interval is the conformal quantile of those errors, |log(report / prediction)|, of
  regimes with few designs together;
* its coverage is counted with the quantile of the errors of the other networks;
* the interval outside the data is the same quantile of the errors at the data's edges, each edge
  (the smallest or the largest inputs, outputs or widths) left out of the fit.
"""

import argparse
import fnmatch
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np
from left_out import Numbers, Samples, fit_across, fit_pool, joined
from published import Published, single_layers, trained_layers, trained_softmaxes
from vendor_pictures import table

from backends.modelgraph.vendor_hls.dense import properties
from backends.modelgraph.vendor_hls.features import (
    SOFTMAX_FF,
    SOFTMAX_LUT,
    Features,
    softmax_parts,
)
from backends.modelgraph.vendor_hls.fitted import FILE, Fit
from backends.modelgraph.vendor_hls.pipelined import COUNTED_FF
from backends.modelgraph.vendor_hls.predicted import Unknown
from backends.modelgraph.vendor_hls.regimes import regime_of
from backends.modelgraph.vendor_hls.tools import (
    RULE_SET,
    TOOLS,
    VITIS_2021,
    VIVADO,
    Target,
    VendorTool,
)
from backends.modelgraph.vendor_hls.transfer import (
    common_features,
    common_properties,
    common_regime,
)

SHARED_INTERVALS = (
    "vitis_hls-2021.1/*/lut",
    "vitis_hls-2021.1/reuse-1/ff",
    "vitis_hls-2021.1/*/ff",
    "vivado_hls-2020.1/constant-*/ff",
)
"""Regimes that share an interval, for they have few designs; every other regime has its own."""

SHARED_COEFFICIENTS = ("vitis_hls-2021.1/reuse-*/lut",)
"""Regimes that share coefficients; every other regime has its own."""

COUNTED = tuple(f"vitis_hls-2021.1/reuse-{reuse}/ff" for reuse in COUNTED_FF)
"""Regimes whose coefficients are 1, and fitted to nothing."""

Properties = dict[str, float]
Design = tuple[float, str, Features, Properties]
"""Report, network, features and properties of a design."""


def target_of(row: Published, tool: VendorTool) -> Target:
    """Return what a published layer was synthesised with."""
    return Target(tool, row.clock_ns, "fabric" if row.multipliers == "fabric" else "dsp")


def dense_designs(rows: Iterator[Published], tool: VendorTool) -> dict[str, Samples]:
    """Return the dense layers by ``tool/regime/quantity``."""
    groups: dict[str, list[Design]] = defaultdict(list)
    for row in rows:
        target = target_of(row, tool)
        regime = regime_of(row.layer, target)
        if isinstance(regime, Unknown) or row.report["latency_cycles"] == 0:
            continue  # without a register inside, the flip-flops are those of the interface
        parts = regime.features(row.layer, target)
        for quantity, names in (("lut", regime.lut), ("ff", regime.ff)):
            if not names:
                continue
            groups[f"{tool.name}/{regime.name}/{quantity}"].append(
                (
                    row.report[quantity],
                    row.network,
                    {name: parts[name] for name in names},
                    properties(row.layer, target),
                )
            )
    return {name: samples_of(name, designs) for name, designs in groups.items()}


def softmaxes() -> dict[str, Samples]:
    """Return the softmax layers of Vitis HLS 2021.1, each distinct report once."""
    groups: dict[str, list[Design]] = defaultdict(list)
    for row in trained_softmaxes():
        elements = int(row["elements"])
        given = {"elements": float(elements), "clock period": float(row["clock"])}
        target = Target(VITIS_2021, float(row["clock"]))
        parts = softmax_parts(elements, row["multipliers"] == "fabric", target.faster)
        for quantity, names in (("lut", SOFTMAX_LUT), ("ff", SOFTMAX_FF)):
            own = {name: parts[name] for name in names}
            design = float(row[quantity]), str(row["network"]), own, given
            groups[f"{VITIS_2021.name}/softmax/{quantity}"].append(design)
    return {name: samples_of(name, designs) for name, designs in groups.items()}


def across_tools() -> dict[str, Fit]:
    """Return the fits that tools share: look-up tables of constant weights."""
    source = f"{VIVADO.source}; {VITIS_2021.source}"
    return {
        name: fit_across(samples, tools, source)
        for name, (samples, tools) in across_samples().items()
    }


@cache
def across_samples() -> dict[str, tuple[Samples, np.ndarray[Any, Any]]]:
    """Return the layers of all tools by common regime, and the tool of each."""
    groups: dict[str, list[tuple[Design, str]]] = defaultdict(list)
    for rows, tool in ((single_layers(), VIVADO), (trained_layers(), VITIS_2021)):
        for row in rows:
            target = target_of(row, tool)
            if not row.report["latency_cycles"]:
                continue
            for regime in _common_regimes(row, target):
                design = (
                    row.report["lut"],
                    f"{tool.name} {row.network}",
                    common_features(row.layer, target),
                    common_properties(row.layer, row.clock_ns),
                )
                groups[f"any/{regime}/lut"].append((design, tool.name))
    return {
        name: (samples_of(name, [one for one, _ in both]), np.array([tool for _, tool in both]))
        for name, both in groups.items()
    }


def _common_regimes(row: Published, target: Target) -> list[str]:
    """Return the regimes that a layer is data of: soft products need those in slices too."""
    name = common_regime(row.layer, target)
    return [] if not name else ["constant", "soft"] if name == "constant" else [name]


def samples_of(regime: str, designs: list[Design]) -> Samples:
    """Return the designs of a regime as arrays."""
    reports, networks, parts, given = zip(*designs, strict=True)
    return Samples(
        names=tuple(parts[0]),
        features=np.array([list(each.values()) for each in parts]),
        reports=np.array(reports),
        networks=np.array(networks),
        regimes=np.array([regime] * len(designs)),
        properties=_columns(given),
        counted=regime in COUNTED,
    )


def _columns(rows: Any) -> dict[str, Numbers]:
    return {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}


@cache
def fitted_together() -> tuple[Samples, ...]:
    """Return all published designs, those together whose regimes share coefficients."""
    samples = dense_designs(single_layers(), VIVADO)
    samples |= softmaxes() | dense_designs(trained_layers(), VITIS_2021)
    return tuple(joined(group) for group in grouped(samples, SHARED_COEFFICIENTS).values())


def grouped(samples: Mapping[str, Samples], patterns: Iterable[str]) -> dict[str, list[Samples]]:
    """Return samples by the first pattern that fits their name; by the name where none does."""
    found: dict[str, list[Samples]] = defaultdict(list)
    for name, each in samples.items():
        found[next((p for p in patterns if fnmatch.fnmatch(name, p)), name)].append(each)
    return found


def fit_all() -> dict[str, Fit]:
    """Return the fits of all published results."""
    samples = {str(each.regimes[0]): each for each in fitted_together()}
    found: dict[str, Fit] = {}
    for name, pool in grouped(samples, SHARED_INTERVALS).items():
        found |= fit_pool(pool, TOOLS[name.partition("/")[0]].source)
    return found | across_tools()


def write(found: dict[str, Fit]) -> None:
    """Write the coefficients into the package, a fit in a line."""
    lines = ",\n".join(f'  "{name}": {json.dumps(asdict(one))}' for name, one in found.items())
    head = f'"rule_set": {RULE_SET},\n "written_by": "benchmarks/vendor_rules.py"'
    FILE.write_text(f'{{\n {head},\n "fits": {{\n{lines}\n }}\n}}\n', encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the coefficients")
    chosen = parser.parse_args()
    found = fit_all()
    print("\n".join(table(found)))
    if chosen.write:
        write(found)


if __name__ == "__main__":
    main()
