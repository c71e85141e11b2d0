"""Fit the coefficients of the vendor models to published results, leaving whole networks out.

    python benchmarks/vendor_rules.py            # prints errors and coverage by regime
    python benchmarks/vendor_rules.py --write    # and writes the coefficients into the package

Coefficients are not negative and minimise relative errors. Of every regime

* the error is that of networks (for single layers: of shapes, at all their precisions) that were
  left out of the fit;
* the 90 % interval is the conformal quantile of those errors, |log(report / prediction)|;
* its coverage is counted with a network left out of both fit and quantile;
* the interval outside the data is the same quantile of the errors at the data's edges, each edge
  (the smallest or the largest inputs, outputs or widths) left out of the fit.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from published import Published, single_layers, trained_layers
from scipy.optimize import nnls

from backends.modelgraph.vendor_hls.dense import properties
from backends.modelgraph.vendor_hls.fitted import FILE, Fit
from backends.modelgraph.vendor_hls.predicted import LEVEL_PERCENT, Unknown
from backends.modelgraph.vendor_hls.regimes import regime_of
from backends.modelgraph.vendor_hls.tools import RULE_SET, VITIS_2021, VIVADO, Target, VendorTool

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Samples:
    """Designs of a regime: features (n, k), reports (n,), networks (n,), properties by name (n,)."""

    names: tuple[str, ...]
    features: Numbers
    reports: Numbers
    networks: NDArray[np.str_]
    properties: dict[str, Numbers]

    def solve(self, chosen: NDArray[np.bool_]) -> Numbers:
        """Return the coefficients that minimise relative errors of the chosen designs."""
        scale = self.reports[chosen]
        found: Numbers = nnls(self.features[chosen] / scale[:, None], np.ones(len(scale)))[0]
        return found

    def errors(self, left_out: NDArray[np.bool_], among: NDArray[np.bool_]) -> Numbers:
        """Return log(report / prediction) of designs left out, fitted to the others of a set."""
        predicted = self.features[left_out] @ self.solve(among & ~left_out)
        return np.log(self.reports[left_out] / np.maximum(predicted, 1e-9))

    def by_network(self, among: NDArray[np.bool_]) -> Numbers:
        """Return the errors of every network of a set, each left out in turn."""
        found = np.zeros(len(self.reports))
        for network in np.unique(self.networks[among]):
            mine = (self.networks == network) & among
            found[mine] = self.errors(mine, among)
        return found[among]


def quantile(errors: Numbers) -> float:
    """Return the conformal quantile of the size of errors."""
    sizes = np.sort(np.abs(errors))
    place = int(np.ceil((len(sizes) + 1) * LEVEL_PERCENT / 100))
    return float(sizes[min(place, len(sizes)) - 1])


def covered(samples: Samples) -> Iterator[float]:
    """Yield whether each report is in its interval; its network had no part in either."""
    for network in np.unique(samples.networks):
        mine = samples.networks == network
        spread = quantile(samples.by_network(~mine))
        yield from np.abs(samples.errors(mine, np.ones_like(mine))) <= spread


def edges(samples: Samples) -> Iterator[float]:
    """Yield the errors of the designs at every edge of the data, left out together."""
    everything = np.ones(len(samples.reports), dtype=bool)
    for values in samples.properties.values():
        for edge in {values.min(), values.max()} if len(np.unique(values)) > 2 else ():
            yield from samples.errors(values == edge, everything)


def fit(samples: Samples, source: str) -> Fit:
    """Return the fit of all designs with its errors on networks left out."""
    everything = np.ones(len(samples.reports), dtype=bool)
    errors = samples.by_network(everything)
    spread = quantile(errors)
    beyond = max(spread, quantile(np.array(list(edges(samples)))))
    coefficients = samples.solve(everything)
    return Fit(
        coefficients={
            name: float(f"{value:.5g}")
            for name, value in zip(samples.names, coefficients, strict=True)
            if value
        },
        spread=round(spread, 4),
        extrapolated_spread=round(beyond, 4),
        ranges={n: (float(v.min()), float(v.max())) for n, v in samples.properties.items()},
        designs=len(errors),
        networks=len(np.unique(samples.networks)),
        median_error=round(float(np.median(np.abs(np.expm1(-errors)))), 4),
        coverage=round(float(np.mean(list(covered(samples)))), 3),
        source=source,
    )


def target_of(row: Published, tool: VendorTool) -> Target:
    """Return what a published layer was synthesised with."""
    return Target(tool, row.clock_ns, "fabric" if row.multipliers == "fabric" else "dsp")


def collect(rows: Iterator[Published], tool: VendorTool) -> dict[str, Samples]:
    """Return the designs by ``tool/regime/quantity``."""
    groups: dict[str, list[tuple[Published, tuple[str, ...], Any]]] = defaultdict(list)
    for row in rows:
        target = target_of(row, tool)
        regime = regime_of(row.layer, target)
        if isinstance(regime, Unknown) or row.report["latency_cycles"] == 0:
            continue  # without a register inside, the flip-flops are those of the interface
        parts = regime.features(row.layer, target)
        for quantity, names in (("lut", regime.lut), ("ff", regime.ff)):
            groups[f"{tool.name}/{regime.name}/{quantity}"].append((row, names, parts))
    return {
        name: Samples(
            names=entries[0][1],
            features=np.array([[parts[n] for n in names] for _, names, parts in entries]),
            reports=np.array([row.report[name.rpartition("/")[2]] for row, _, _ in entries]),
            networks=np.array([row.network for row, _, _ in entries]),
            properties=_columns(
                [properties(row.layer, target_of(row, tool)) for row, _, _ in entries]
            ),
        )
        for name, entries in groups.items()
    }


def _columns(rows: list[dict[str, float]]) -> dict[str, Numbers]:
    return {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}


def fit_all() -> dict[str, Fit]:
    """Return the fits of all published results."""
    found = {}
    for rows, tool in ((single_layers(), VIVADO), (trained_layers(), VITIS_2021)):
        for name, samples in collect(rows, tool).items():
            found[name] = fit(samples, tool.source)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the coefficients")
    found = fit_all()
    print("| regime | designs | networks | median error | 90 % interval | covered | outside |")
    print("|---|---|---|---|---|---|---|")
    for name, one in found.items():
        print(
            f"| {name} | {one.designs} | {one.networks} | {one.median_error:.1%} "
            f"| ×/÷ {np.exp(one.spread):.3f} | {one.coverage:.0%} "
            f"| ×/÷ {np.exp(one.extrapolated_spread):.2f} |"
        )
    if parser.parse_args().write:
        content = {
            "rule_set": RULE_SET,
            "written_by": "benchmarks/vendor_rules.py",
            "fits": {name: asdict(one) for name, one in found.items()},
        }
        FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
