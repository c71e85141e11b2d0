"""League table of estimators of vendor C synthesis, on published results.

    python benchmarks/estimators.py            # prints the tables
    python benchmarks/estimators.py --write    # and writes docs/results/estimators.md

The splits are frozen by the data: every number of an estimator that is fitted is of a network (for
single layers: of a shape at all its precisions) that had no part in its fit. Estimators:

* ``dse``: `estimate` with the vendor's tool; coefficients fitted anew without the network;
* ``dse, open``: the formulas of ``tool: open``, which were never fitted to these tools, with the
  tool's rule of slices;
* ``rule4ml``: its networks, asked in an environment that `rule4ml_environment` makes;
* ``sizes``: a regression on sizes, widths and reuse factor, fitted without the network: what an
  estimator can know that does not look at the weights;
* ``rules of thumb``: n_in n_out / RF multipliers, in DSP slices from 10 bits on.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import rule4ml_environment as rule4ml
from left_out import Numbers
from published import Published, single_layers, trained_layers
from sklearn.linear_model import RidgeCV
from vendor_rules import across_samples, fitted_together, target_of

from backends.modelgraph.cost import multipliers
from backends.modelgraph.layers.dense import cost
from backends.modelgraph.vendor_hls.dense import predict_layer
from backends.modelgraph.vendor_hls.features import DenseLayer
from backends.modelgraph.vendor_hls.predicted import Answer, Predicted, Unknown
from backends.modelgraph.vendor_hls.regimes import regime_of
from backends.modelgraph.vendor_hls.tools import VITIS_2021, VIVADO, VendorTool
from backends.modelgraph.vendor_hls.transfer import common_features, common_regime

PAGE = Path(__file__).parents[1] / "docs" / "results" / "estimators.md"
QUANTITIES = ("lut", "ff", "dsp", "latency_cycles")
TITLES = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "latency_cycles": "cycles"}

Estimates = dict[str, Numbers]
"""By quantity, numbers of a regime's designs; NaN for none."""


@dataclass(frozen=True)
class Group:
    """Published designs of one regime."""

    name: str
    tool: VendorTool
    rows: list[Published]

    def reports(self, quantity: str) -> Numbers:
        """Return the reported numbers."""
        return np.array([row.report[quantity] for row in self.rows])


def groups() -> Iterator[Group]:
    """Yield the published dense layers by tool and regime."""
    found: dict[tuple[str, str], list[Published]] = defaultdict(list)
    for rows, tool in ((single_layers(), VIVADO), (trained_layers(), VITIS_2021)):
        for row in rows:
            regime = regime_of(row.layer, target_of(row, tool))
            if not isinstance(regime, Unknown) and row.report["latency_cycles"]:
                found[tool.name, regime.name].append(row)
    tools = {tool.name: tool for tool in (VIVADO, VITIS_2021)}
    for (tool_name, regime_name), rows_of in found.items():
        yield Group(regime_name, tools[tool_name], rows_of)


def of_dse(group: Group) -> Estimates:
    """Return the numbers of `estimate`; fitted ones without the network."""
    answers = [predict_layer(row.layer, target_of(row, group.tool)) for row in group.rows]
    found = {
        name: np.array([_number(each[name]) for each in answers])
        for name in ("dsp", "latency_cycles")
    }
    for quantity in ("lut", "ff"):
        errors = errors_left_out()[f"{group.tool.name}/{group.name}/{quantity}"]
        known = np.array([_has_rule(row, group.tool, quantity) for row in group.rows])
        found[quantity] = np.full(len(known), np.nan)
        found[quantity][known] = group.reports(quantity)[known] * np.exp(-errors)
    return found


def _has_rule(row: Published, tool: VendorTool, quantity: str) -> bool:
    """Return whether a layer has a number: flip-flops of narrow constants have none."""
    regime = regime_of(row.layer, target_of(row, tool))
    return not isinstance(regime, Unknown) and bool(regime.lut if quantity == "lut" else regime.ff)


@cache
def errors_left_out() -> dict[str, Numbers]:
    """Return the errors of the fits without a design's network, by regime."""
    found = {}
    for samples in fitted_together():
        errors = samples.by_network(samples.all)
        found |= {name: errors[chosen] for name, chosen in samples.of_regimes()}
    return found


def _number(answer: Answer) -> float:
    return answer.value if isinstance(answer, Predicted) else float("nan")


def of_another_tool(group: Group) -> Estimates:
    """Return look-up tables by the coefficients of the other tool; no number elsewhere."""
    none = np.full(len(group.rows), np.nan)
    found = across_samples()
    names = [common_regime(row.layer, target_of(row, group.tool)) for row in group.rows]
    lut = none.copy()
    for place, (row, name) in enumerate(zip(group.rows, names, strict=True)):
        if name:
            samples, tools = found[f"any/{name}/lut"]
            parts = common_features(row.layer, target_of(row, group.tool))
            solved = samples.solve(tools != group.tool.name)
            lut[place] = solved @ np.array([parts[feature] for feature in samples.names])
    return {"lut": lut, "ff": none, "dsp": none, "latency_cycles": none}


def of_open(group: Group) -> Estimates:
    """Return the numbers of the formulas of ``tool: open``."""
    with multipliers(group.tool.name):
        costs = [cost(_node(row.layer)) for row in group.rows]
    return {
        "lut": np.array([each.lut for each in costs]),
        "ff": np.array([each.ff for each in costs]),
        "dsp": np.array([float(each.dsp) for each in costs]),
        "latency_cycles": np.array([float(each.depth) for each in costs]),
    }


def _node(layer: DenseLayer) -> Any:
    """Return as much of a node of the ModelGraph as the formulas read."""
    kind = SimpleNamespace
    scale = 2.0 ** (1 - layer.weight_bits)
    precision = _precision(layer.weight_bits, 1)
    data = kind(precision=_precision(layer.data_bits, layer.data_bits))
    sums = kind(precision=_precision(layer.sum_bits, layer.sum_bits))
    attributes = {"reuse_factor": layer.reuse, "_weights_transposed": False}
    config = kind(get_config_value=lambda _: "io_parallel")
    return kind(
        model=kind(config=config),
        weights={"weight": kind(data=layer.weights * scale, type=kind(precision=precision))},
        types={"accum_t": sums},
        get_attr=lambda name, default=None: attributes.get(name, default),
        get_input_variable=lambda: kind(type=data, shape=[layer.n_in], size=lambda: layer.n_in),
        get_output_variable=lambda: kind(type=sums, shape=[layer.n_out], size=lambda: layer.n_out),
    )


def _precision(width: int, integer: int) -> Any:
    from hls4ml.model.types import FixedPrecisionType

    return FixedPrecisionType(width, integer)


def of_sizes(group: Group) -> Estimates:
    """Return a regression of logarithms on logarithms of sizes, without the network."""
    given = np.log2([_sizes(row) for row in group.rows])
    features = np.hstack([given, given**2])
    networks = np.array([row.network for row in group.rows])
    return {name: _regressed(features, group.reports(name), networks) for name in QUANTITIES}


def _sizes(row: Published) -> list[float]:
    layer = row.layer
    return [layer.n_in, layer.n_out, layer.weight_bits, layer.reuse, row.clock_ns]


def _regressed(features: Numbers, reports: Numbers, networks: Any) -> Numbers:
    found = np.zeros(len(reports))
    for network in np.unique(networks):
        mine = networks == network
        model = RidgeCV(np.logspace(-4, 2, 13)).fit(features[~mine], np.log1p(reports[~mine]))
        found[mine] = np.expm1(model.predict(features[mine]))
    return found


def of_thumb(group: Group) -> Estimates:
    """Return what people write on a napkin."""
    layers = [row.layer for row in group.rows]
    shared = np.array([float(layer.multipliers) for layer in layers])
    bits = np.array([float(layer.weight_bits) for layer in layers])
    sums = np.array([float(layer.sum_bits) for layer in layers])
    soft = bits < 10
    return {
        "lut": shared * (sums + soft * bits * [layer.data_bits for layer in layers]),
        "ff": shared * sums,
        "dsp": shared * ~soft,
        "latency_cycles": np.array([la.reuse + np.ceil(np.log2(la.n_in)) for la in layers]),
    }


def of_rule4ml(group: Group) -> Estimates:
    """Return the numbers of the networks that rule4ml ships."""
    answers = rule4ml_answers()[group.tool.name, group.name]
    return {name: np.array([each[name] for each in answers]) for name in QUANTITIES}


@cache
def rule4ml_answers() -> dict[tuple[str, str], list[dict[str, float]]]:
    """Return rule4ml's answers by tool and regime, of one run: its packages load for a minute."""
    asked = list(groups())
    answers = iter(rule4ml.answers([_design(row, g.tool) for g in asked for row in g.rows]))
    return {(g.tool.name, g.name): [next(answers) for _ in g.rows] for g in asked}


def _design(row: Published, tool: VendorTool) -> rule4ml.Design:
    layer = row.layer
    return rule4ml.Design(
        n_in=layer.n_in,
        n_out=layer.n_out,
        bits=layer.weight_bits,
        reuse=layer.reuse,
        strategy=layer.strategy,
        board=BOARDS[tool.device],
        tool=tool.name.rpartition("-")[2],
    )


BOARDS = {"xcu250": "alveo-u250", "xc7z007s": "pynq-z2"}
"""The board of rule4ml with the part, or with the nearest larger one of its family."""

ESTIMATORS: dict[str, Callable[[Group], Estimates]] = {
    "dse": of_dse,
    "rule4ml": of_rule4ml,
    "dse, across tools": of_another_tool,
    "dse, open": of_open,
    "sizes": of_sizes,
    "rules of thumb": of_thumb,
}


def cell(found: Numbers, reports: Numbers) -> str:
    """Return median and 90 % quantile of the relative error; the share of designs with a number."""
    known = np.isfinite(found)
    if not known.any():
        return "no number"
    errors = np.abs(found[known] - reports[known]) / np.maximum(reports[known], 1.0)
    partly = "" if known.all() else f" ({known.sum()} of {len(known)})"
    return f"{_percent(np.median(errors))}, {_percent(np.quantile(errors, 0.9))}{partly}"


def _percent(share: float) -> str:
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def table(quantity: str, found: Sequence[tuple[Group, dict[str, Estimates]]]) -> Iterator[str]:
    """Yield the lines of a table: regimes by estimators."""
    yield f"| regime | designs | {' | '.join(ESTIMATORS)} |"
    yield "|" + "---|" * (2 + len(ESTIMATORS))
    for group, estimates in found:
        reports = group.reports(quantity)
        cells = (cell(estimates[name][quantity], reports) for name in ESTIMATORS)
        yield f"| {group.tool.name}, {group.name} | {len(reports)} | {' | '.join(cells)} |"


HEAD = """# League table of estimators

Estimators of a dense layer's report by vendor C synthesis, on published results with the weights
that were built. Each cell has the median of the relative error and what nine of ten designs stay
below. `python benchmarks/estimators.py --write` makes this page.

* **dse**: [`estimate`](../backends/estimate.md) with the vendor's tool. Coefficients of LUT and FF
  were fitted anew without the network (for single layers: the shape at all its precisions) of each
  row; the rules of DSP and cycles were [read off these rows](vendor.md#rules).
* **dse, open**: the formulas of `tool: open`, which describe circuits of dse and were not fitted to
  these tools, with the tool's rule of slices (`multipliers`).
* **dse, across tools**: look-up tables by coefficients of the *other* tool, for constant weights:
  what stands in for a tool that nobody published.
* **sizes**: a ridge regression on logarithms of sizes, widths, reuse factor and clock period, and
  their squares, fitted without the network: it does not look at the weights.
* **rules of thumb**: ⌈n_in n_out / RF⌉ multipliers, in DSP slices from 10 bits on, with an adder
  each; RF + log2(n_in) cycles.
* **rule4ml**: the graph networks that [rule4ml](https://github.com/IMPETUS-UdeS/rule4ml) 0.2.0
  ships, asked for the same shape, strategy, reuse factor and tool version, in an environment of
  its own (it is GPL, and no dependency). They know one width for a network, here that of the
  weights, and not how much of it the weights' values fill; four boards, here the Alveo U250, and
  for xc7z007s the PYNQ-Z2 of the same family; no clock period, and no `config_op`. They were not
  trained on these rows, and are asked for single layers here.

Not here: networks of wa-hls4ml, which were not run. Rows without a cycle of latency are left
out. Origins of the data: [A vendor's report, predicted](vendor.md).
"""


def page() -> str:
    """Return the page."""
    found = [(g, {name: of(g) for name, of in ESTIMATORS.items()}) for g in groups()]
    parts = [HEAD]
    for quantity in QUANTITIES:
        lines = "\n".join(table(quantity, found))
        parts.append(f"## {TITLES[quantity]}\n\n{lines}\n")
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the page of the documentation")
    text = page()
    print(text)
    if parser.parse_args().write:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
