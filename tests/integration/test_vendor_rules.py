"""Rules of vendor synthesis against published results; skipped without them."""

import csv
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from published import legal

from backends.modelgraph.vendor_hls.multipliers import (
    VITIS_2021_1_DSP,
    VIVADO_2020_1,
    constant_multipliers,
    limited_multipliers,
    stored_cycles,
    stored_multipliers,
)
from tests.support.real_data import real_folder

MISLABELLED = "jet_tagging/LUT_reuse1"  # the published run says fabric and has DSP slices


@pytest.fixture(scope="module")
def folder() -> Path:
    return real_folder("synthesis")


@pytest.fixture(scope="module")
def single(folder: Path) -> list[tuple[dict[str, str], np.ndarray]]:
    """Rows of the layers that were synthesised, each with its weights."""
    with (folder / "dense_vivado_2020_1.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["hls_synth_success"] == "True"]
    with np.load(folder / "dense_vivado_2020_1_weights.npz") as stored:
        return [(row, stored[row["model_name"]]) for row in rows]


def test_constant_weights(single: list[Any]) -> None:
    rows = [(row, weights) for row, weights in single if row["rf"] == "1"]
    found = [constant_multipliers(weights, 16, VIVADO_2020_1) for _, weights in rows]
    assert len(rows) == 48
    assert found == [float(row["DSP_hls"]) for row, _ in rows]


def test_resource_strategy(single: list[Any]) -> None:
    chosen = [(r, w) for r, w in single if r["rf"] != "1" and r["strategy"] == "resource"]
    later: Counter[float] = Counter()
    for row, weights in chosen:
        reuse = legal(*weights.shape, int(row["rf"]))
        found = stored_multipliers(weights, (int(row["prec"]), 16), reuse, VIVADO_2020_1)
        assert found == float(row["DSP_hls"]), row["model_name"]
        later[stored_cycles([reuse]) - float(row["BestLatency_hls"])] += 1
    assert later == {0: 694, 1: 37}


def test_latency_strategy_with_reuse(single: list[Any]) -> None:
    chosen = [(r, w) for r, w in single if r["rf"] != "1" and r["strategy"] == "latency"]
    more = Counter(
        (r["rf"], float(r["DSP_hls"]) - limited_multipliers(w, 16, int(r["rf"]), VIVADO_2020_1))
        for r, w in chosen
    )
    assert more == {("512", 0): 20, ("1024", 0): 9, ("1024", 1): 11}


def test_trained_networks(folder: Path) -> None:
    projects = json.loads((folder / "mlp_vitis_2021_1.json").read_text())["projects"]
    counts: Counter[bool] = Counter()
    with np.load(folder / "mlp_vitis_2021_1_weights.npz") as stored:
        for name, project in projects.items():
            if project["multipliers"] != "dsp" and name != MISLABELLED:
                continue
            for layer in (each for each in project["layers"] if each["kind"] == "dense"):
                weights = stored[f"{name}/{layer['config']}/weight"]
                reuse = layer["reuse_factor"]
                found = limited_multipliers(weights, 8, reuse, VITIS_2021_1_DSP)
                assert found == layer["csynth"]["dsp"], (name, layer["name"])
                counts[reuse == 1] += 1
    assert counts == {True: 17, False: 26}


def test_stacks(folder: Path) -> None:
    """Slices from 8 bits on: the published rows have no weights, and below 8 bits no slices."""
    with (folder / "dense_stack_vitis_2023_2.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 37
    for row in rows:
        sizes = [int(size) for size in row["layers"].split("-")]
        shapes = list(pairwise(sizes))
        reuse = [legal(*shape, int(row["requested_reuse_factor"])) for shape in shapes]
        assert stored_cycles(reuse) == int(row["best_latency_cycles"])
        products = sum(-(-a * b // factor) for (a, b), factor in zip(shapes, reuse, strict=True))
        assert int(row["dsp"]) == (products if int(row["bits"]) >= 8 else 0)
