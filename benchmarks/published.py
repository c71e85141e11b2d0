"""Published results of vendor synthesis with their weights, as layers; see tests/support/real_data.

The results are no part of the project. `DSE_SHARED` names the folder that holds them; by default
the folder `shared` beside the checkout.
"""

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import hls4ml
import numpy as np

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.vendor_hls.features import DenseLayer

FOLDER = Path(os.environ.get("DSE_SHARED") or Path(__file__).parents[2] / "shared")
SYNTHESIS = FOLDER / "data" / "synthesis"

MISLABELLED = "jet_tagging/LUT_reuse1"
"""A project that is listed with multipliers in look-up tables, and has DSP slices."""


@dataclass(frozen=True, eq=False)
class Published:
    """A layer that was synthesised.

    Args:
        network: what is left out together: a network, or a shape at all its precisions.
        project: of Vitis HLS 2021.1; empty for single layers.
        layer: the layer.
        report: numbers of its report by metric.
        clock_ns: requested period.
        multipliers: what ``config_op mul -impl`` said; empty for nothing.
    """

    network: str
    project: str
    layer: DenseLayer
    report: dict[str, float]
    clock_ns: float
    multipliers: str


def legal(n_in: int, n_out: int, reuse: int) -> int:
    """Return the reuse factor that hls4ml takes for a requested one, resource strategy."""
    backend = hls4ml.backends.get_backend("Vitis")
    return int(backend.get_closest_reuse_factor(_factors(n_in, n_out), reuse))


@cache
def _factors(n_in: int, n_out: int) -> list[int]:
    found: list[int] = hls4ml.backends.get_backend("Vitis").get_valid_reuse_factors(n_in, n_out)
    return found


def attempts(folder: Path = SYNTHESIS) -> list[dict[str, str]]:
    """Return all rows of the single layers, the failed ones among them."""
    with (folder / "dense_vivado_2020_1.csv").open() as file:
        return list(csv.DictReader(file))


def single_layers(folder: Path = SYNTHESIS) -> Iterator[Published]:
    """Yield the dense layers that Vivado HLS 2020.1 built; a network is a shape."""
    with np.load(folder / "dense_vivado_2020_1_weights.npz") as weights:
        for row in attempts(folder):
            if row["hls_synth_success"] != "True":
                continue
            n_in, n_out, reuse = int(row["d_in"]), int(row["d_out"]), int(row["rf"])
            if row["strategy"] == "resource" and reuse > 1:
                reuse = legal(n_in, n_out, reuse)
            layer = DenseLayer(
                weights[row["model_name"]].astype(np.int64), int(row["prec"]), 16, 16, reuse,
                row["strategy"],
            )  # fmt: skip
            report = {
                "lut": float(row["LUT_hls"]),
                "ff": float(row["FF_hls"]),
                "dsp": float(row["DSP_hls"]),
                "bram_18k": float(row["BRAM_18K_hls"]),
                "latency_cycles": float(row["BestLatency_hls"]),
                "interval_cycles": float(row["IntervalMin_hls"]),
            }
            yield Published(f"{n_in}x{n_out}", "", layer, report, 5.0, "")


def trained_layers(folder: Path = SYNTHESIS) -> Iterator[Published]:
    """Yield the dense layers of four networks that Vitis HLS 2021.1 built."""
    projects = json.loads((folder / "mlp_vitis_2021_1.json").read_text())["projects"]
    with np.load(folder / "mlp_vitis_2021_1_weights.npz") as weights:
        for name, project in projects.items():
            if name == MISLABELLED:  # the same run as jet_tagging/DSP_reuse1
                continue
            for entry in project["layers"]:
                if entry["kind"] != "dense":
                    continue
                raw = weights[f"{name}/{entry['config']}/weight"].astype(np.int64)
                bias = weights[f"{name}/{entry['config']}/bias"].astype(np.int64)
                data, sums, weight, biased = (
                    _type(entry[f"{each}_type"]) for each in ("input", "accum", "weight", "bias")
                )
                layer = DenseLayer(
                    raw, weight.width, data.width, sums.width, int(entry["reuse_factor"]),
                    entry["strategy"],
                    max(data.fractional + weight.fractional - sums.fractional, 0),
                    data.signed,
                    bias << (sums.fractional - biased.fractional),
                )  # fmt: skip
                given = entry["csynth"]
                report = {
                    "lut": float(given["lut"]),
                    "ff": float(given["ff"]),
                    "dsp": float(given["dsp"]),
                    "bram_18k": float(given["bram_18k"]),
                    "latency_cycles": float(given["latency_best_cycles"]),
                    "interval_cycles": float(given["interval_min_cycles"]),
                }
                yield Published(
                    name.split("/")[0], name, layer, report, float(project["clock_period_ns"]),
                    str(project["multipliers"]),
                )  # fmt: skip


def _type(written: str) -> FixedType:
    """Return a type as hls4ml writes it, ``ap_ufixed<8,1,…>``."""
    width, integer = written.partition("<")[2].rstrip(">").split(",")[:2]
    return FixedType(int(width), int(integer), not written.startswith("ap_u"))


def trained_softmaxes(folder: Path = SYNTHESIS) -> Iterator[dict[str, str | float]]:
    """Yield the distinct reports of the softmax layers of four networks."""
    seen = set()
    projects = json.loads((folder / "mlp_vitis_2021_1.json").read_text())["projects"]
    for name, project in projects.items():
        for entry in project["layers"]:
            report = (name.split("/")[0], project["multipliers"], *entry["csynth"].values())
            if entry["kind"] == "softmax" and name != MISLABELLED and report not in seen:
                seen.add(report)
                yield {
                    "network": name.split("/")[0],
                    "multipliers": project["multipliers"],
                    "clock": project["clock_period_ns"],
                    "elements": entry["n_in"],
                    **{k: entry["csynth"][k] for k in ("lut", "ff", "dsp", "bram_18k")},
                }
