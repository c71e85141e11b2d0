"""The published networks of Vitis HLS 2021.1 as ModelGraphs, with the weights that were built."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from golden_designs import activation, dense, given
from hls4ml.model import ModelGraph
from published import MISLABELLED

from backends.modelgraph.builder import build_graph
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings

MODES = re.compile(r"ap_(u?)fixed<(\d+),(-?\d+)(,[A-Z_,]+)?>")


@dataclass(frozen=True)
class Project:
    """A published project: settings, reported totals and the converted network."""

    name: str
    clock_ns: float
    multipliers: str
    total: dict[str, float]
    graph: ModelGraph


def projects(folder: Path, build: Path) -> list[Project]:
    """All but the network with scales of its weights, and the mislabelled run."""
    listed = json.loads((folder / "mlp_vitis_2021_1.json").read_text())["projects"]
    with np.load(folder / "mlp_vitis_2021_1_weights.npz") as weights:
        return [
            Project(
                name,
                float(project["clock_period_ns"]),
                str(project["multipliers"]),
                project["total"],
                _graph(name, project, weights, build),
            )
            for name, project in listed.items()
            if name != MISLABELLED and all(x["kind"] != "normalize" for x in project["layers"])
        ]


def _graph(name: str, project: dict[str, Any], weights: Any, build: Path) -> ModelGraph:
    entries = project["layers"]
    layers = [given("x", entries[0]["n_in"])]
    types: dict[str, dict[str, str]] = {"x": {"result": _type(entries[0]["input_type"])}}
    for entry in entries:
        before = layers[-1]["name"]
        types[entry["name"]] = {"result": _type(entry["output_type"])}
        if entry["kind"] != "dense":
            layers.append(activation(entry["name"], entry["kind"], before))
            continue
        for name_of in ("weight", "bias", "accum"):
            types[entry["name"]][name_of] = _type(entry[f"{name_of}_type"])
        layer = dense(entry["name"], before, entry["n_in"], entry["n_out"])
        for name_of in ("weight", "bias"):
            raw = weights[f"{name}/{entry['config']}/{name_of}"].astype(float)
            step = _step(types[entry["name"]][name_of])
            layer[f"{name_of}_data"] = (raw * step).astype(np.float32)
        layers.append(layer)
    network = Network(layers, ["x"], [layers[-1]["name"]])
    settings = Settings(layer_precision=types, reuse_factor=int(entries[0]["reuse_factor"]))
    clock = float(project["clock_period_ns"])
    graph, _ = build_graph(network, settings, build, clock_period_ns=clock)
    return graph


def _type(text: str) -> str:
    return text.replace("ap_", "").replace("AP_", "")


def _step(kind: str) -> float:
    width, integer = (int(x) for x in re.findall(r"-?\d+", kind)[:2])
    return 2.0 ** (integer - width)
