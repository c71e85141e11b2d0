"""Draw the predictions of vendor reports against the reports, and write the table of their errors.

    python benchmarks/vendor_pictures.py --write

From the published results, with every network (for single layers: every shape) left out of the fit
of its own point. Writes `docs/results/vendor/numbers.json` and what follows from it: the picture
`docs/results/vendor/errors.svg`. A test holds that picture and table of the page belong to the
numbers, and to the coefficients in the package.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from backends.modelgraph.vendor_hls.fitted import Fit
from dse.cli.svg_plot import figure

FOLDER = Path(__file__).parents[1] / "docs" / "results" / "vendor"
NUMBERS, PICTURE = FOLDER / "numbers.json", FOLDER / "errors.svg"
PAGE = FOLDER.with_suffix(".md")

HEAD = """\
| regime | designs | networks | median error | nine of ten within | 90 % interval \
| covered, of its pool | outside the data |
|---|---|---|---|---|---|---|---|""".splitlines()

FAMILIES = {
    "vivado_hls-2020.1/constant": "Vivado 2020.1, RF 1",
    "vivado_hls-2020.1/shared": "Vivado 2020.1, shared",
    "vivado_hls-2020.1/stored": "Vivado 2020.1, resource",
    "vitis_hls-2021.1/reuse": "Vitis 2021.1",
}
"""Regimes by the start of their names, as the picture shows them."""

MOST = 60
"""Points of a family that are drawn: every n-th in order of size."""

Point = tuple[float, float, float]
"""Report, prediction without its network, weight bits."""


def table(fits: Mapping[str, Fit]) -> Iterator[str]:
    """Yield the lines of the table of errors by regime."""
    yield from HEAD
    for name, one in fits.items():
        yield (
            f"| {name} | {one.designs} | {one.networks} | {one.median_error:.1%} "
            f"| {one.ninety_percent_error:.1%} | ×/÷ {np.exp(one.spread):.2f} "
            f"| {one.coverage:.0%}, {one.pool_coverage:.0%} "
            f"| ×/÷ {np.exp(one.extrapolated_spread):.2f} |"
        )


def points(quantity: str) -> dict[str, list[Point]]:
    """Return what is drawn of a quantity by family, from the published results."""
    from vendor_rules import fitted_together

    found: dict[str, list[Point]] = defaultdict(list)
    for one in fitted_together():
        name = str(one.regimes[0])
        family = next((f for start, f in FAMILIES.items() if name.startswith(start)), "")
        if not family or not name.endswith(quantity):
            continue
        predicted = one.reports * np.exp(-one.by_network(one.all))
        bits = one.properties["weight bits"]
        found[family] += [
            (float(r), round(float(p), 1), float(b))
            for r, p, b in zip(one.reports, predicted, bits, strict=True)
        ]
    return {family: _thinned(listed) for family, listed in found.items()}


def _thinned(listed: list[Point]) -> list[Point]:
    """Return at most about `MOST` points, spread over the sizes, and the worst one."""
    ordered = sorted(listed)
    worst = max(ordered, key=lambda p: abs(np.log(p[0] / p[1])))
    kept = ordered[:: max(len(ordered) // MOST, 1)]
    return kept if worst in kept else [*kept, worst]


def panels(numbers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the panels of the picture: predicted against reported, and errors by width."""
    found = []
    for quantity, families in numbers["points"].items():
        title = quantity.upper()
        every = [p for listed in families.values() for p in listed]
        ends = [min(p[0] for p in every), max(p[0] for p in every)]
        found.append(
            {
                "title": f"{title}: predicted, reported",
                "x": "reported",
                "y": "predicted",
                "log": ["x", "y"],
                "missing": "",
                "series": [
                    *_series(families, lambda p: [p[0], p[1]]),
                    {"label": "equal", "kind": "paper", "points": [[e, e] for e in ends]},
                ],
            }
        )
        found.append(
            {
                "title": f"{title}: error by width",
                "x": "bits of a weight",
                "y": "predicted / reported",
                "log": [],
                "missing": "",
                "series": _series(families, lambda p: [p[2], round(p[1] / p[0], 4)]),
            }
        )
    return found


def _series(families: Mapping[str, Iterable[Any]], of: Any) -> list[dict[str, Any]]:
    return [
        {"label": family, "kind": "ours", "joined": False, "points": [of(p) for p in listed]}
        for family, listed in families.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write numbers and picture")
    numbers = {"points": {quantity: points(quantity) for quantity in ("lut", "ff")}}
    if parser.parse_args().write:
        FOLDER.mkdir(exist_ok=True)
        NUMBERS.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
        PICTURE.write_text(figure(panels(numbers)), encoding="utf-8")


if __name__ == "__main__":
    main()
