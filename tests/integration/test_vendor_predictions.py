"""Predicted reports of vendor tools against published ones; skipped without them."""

import csv
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from published import Published, attempts, single_layers, trained_layers, trained_softmaxes
from published_networks import Project, projects

from backends.hls4ml.estimate.vendor_network import latency, layer_answers, network_answers
from backends.modelgraph.vendor_hls.buildable import layer_verdict
from backends.modelgraph.vendor_hls.dense import layer_of, predict_layer
from backends.modelgraph.vendor_hls.elementwise import (
    live_outputs,
    read_inputs,
    relu_of,
    softmax_of,
)
from backends.modelgraph.vendor_hls.features import DenseLayer
from backends.modelgraph.vendor_hls.fitted import fits
from backends.modelgraph.vendor_hls.multipliers import VIVADO_2020_1, constant_multipliers
from backends.modelgraph.vendor_hls.predicted import Answer, Answers, Predicted, Unknown
from backends.modelgraph.vendor_hls.stages import PAIRS
from backends.modelgraph.vendor_hls.tools import VITIS_2021, VIVADO, Target
from backends.modelgraph.vendor_hls.transfer import common_features, common_regime
from tests.support.real_data import real_folder


@pytest.fixture(scope="module")
def folder() -> Path:
    return real_folder("synthesis")


RELU_REPORT = {
    "lut": "lut",
    "ff": "ff",
    "latency_cycles": "latency_best_cycles",
    "interval_cycles": "interval_min_cycles",
}

Answered = list[tuple[Published, Answers]]


@pytest.fixture(scope="module")
def single(folder: Path) -> Answered:
    """Single layers of Vivado HLS 2020.1, each with what is predicted of it."""
    return [(row, predict_layer(row.layer, Target(VIVADO))) for row in single_layers(folder)]


@pytest.fixture(scope="module")
def networks(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Project]:
    return projects(folder, tmp_path_factory.mktemp("published"))


def _outcome(answer: Answer, report: float) -> str:
    """How an answer compares: no number, the reported one, in the interval, or outside."""
    if isinstance(answer, Unknown):
        return "unknown"
    if answer.value == report:
        return "exact"
    return "inside" if answer.low <= report <= answer.high else "outside"


def _counts(rows: Answered, quantity: str) -> Counter[str]:
    return Counter(_outcome(found[quantity], row.report[quantity]) for row, found in rows)


def test_slices_of_single_layers(single: Answered) -> None:
    assert _counts(single, "dsp") == {"exact": 48 + 731 + 40}


def test_memories_of_single_layers(single: Answered) -> None:
    """No number for the 46 with more than 1,024 words."""
    assert _counts(single, "bram_18k") == {"exact": 819 - 46, "unknown": 46}


def test_cycles_of_single_layers(single: Answered) -> None:
    """The 40 of the latency strategy at reuse factors above 1 are exact but for four at 2 bits."""
    assert _counts(single, "latency_cycles") == {"exact": 735 + 36, "inside": 44 + 4}
    assert _counts(single, "interval_cycles") == {"exact": 774 + 36, "inside": 5 + 4}


@pytest.mark.parametrize("quantity", ["lut", "ff"])
def test_committed_coefficients_describe_the_data(single: Answered, quantity: str) -> None:
    """In-sample; what the fits say of networks left out is held by the slow test."""
    pairs = [(found[quantity], row) for row, found in single]
    known = [(answer, row) for answer, row in pairs if isinstance(answer, Predicted)]
    inside = [answer.low <= row.report[quantity] <= answer.high for answer, row in known]
    errors = [abs(answer.value / row.report[quantity] - 1) for answer, row in known]
    narrow = 30 if quantity == "ff" else 0  # constants without a slice or an adder
    assert len(known) == 819 - 7 - narrow  # 7 layers with a single multiplier
    assert np.mean(inside) > 0.88
    assert np.median(errors) < 0.01


def test_softmax(folder: Path) -> None:
    for row in trained_softmaxes(folder):
        impl = "fabric" if row["multipliers"] == "fabric" else "dsp"
        found = softmax_of(int(row["elements"]), Target(VITIS_2021, float(row["clock"]), impl))
        assert [_outcome(found[name], float(row[name])) for name in ("dsp", "bram_18k")] == [
            "exact",
            "exact",
        ]
        for name in ("lut", "ff"):
            assert _outcome(found[name], float(row[name])) in {"exact", "inside"}


def test_relu(folder: Path) -> None:
    """Of elements that depend on an input and have a weight in the next dense layer."""
    listed = json.loads((folder / "mlp_vitis_2021_1.json").read_text())["projects"]
    n_exact = 0
    with np.load(folder / "mlp_vitis_2021_1_weights.npz") as weights:
        for name, project in listed.items():
            dense = [x["config"] for x in project["layers"] if x["kind"] == "dense"]
            raw = [weights[f"{name}/{config}/weight"] for config in dense]
            live = np.ones(len(raw[0]), dtype=bool)
            relus = [x["csynth"] for x in project["layers"] if x["kind"] == "relu"]
            for report, (before, after) in zip(relus, pairwise(raw), strict=True):
                live = live_outputs(before, live)
                elements = int(np.count_nonzero(live & read_inputs(after)))
                found = relu_of(elements, float(project["clock_period_ns"]))
                for quantity, key in RELU_REPORT.items():
                    assert _outcome(found[quantity], float(report[key])) == "exact", name
                n_exact += 1
    assert n_exact == 54


def test_trained_layers(folder: Path) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for row in trained_layers(folder):
        impl = "fabric" if row.multipliers == "fabric" else "dsp"
        found = predict_layer(row.layer, Target(VITIS_2021, row.clock_ns, impl))
        for name in ("dsp", "bram_18k", "latency_cycles", "interval_cycles"):
            counts[name, _outcome(found[name], row.report[name])] += 1
    assert counts["dsp", "exact"] == counts["bram_18k", "exact"] == 74
    assert counts["latency_cycles", "exact"] == 54
    assert counts["latency_cycles", "inside"] == 6
    assert counts["interval_cycles", "exact"] == 68
    assert not [name for name, outcome in counts if outcome == "outside"]


def test_whole_networks(networks: list[Project]) -> None:
    """The three networks without scales, in 17 projects: exact slices and block RAMs."""
    assert len(networks) == 17
    errors = []
    for project in networks:
        impl = "fabric" if project.multipliers == "fabric" else "dsp"
        target = Target(VITIS_2021, project.clock_ns, impl)
        found = network_answers(layer_answers(project.graph, target), target)
        for name in ("dsp", "bram_18k"):
            assert _outcome(found[name], project.total[name]) == "exact", (project.name, name)
        wide = project.name.startswith("HAR/")  # 561 inputs: no flip-flops, and LUTs of all tools
        for name in ("lut", "ff"):
            expected = "unknown" if wide and name == "ff" else "inside"
            assert _outcome(found[name], project.total[name]) == expected, (project.name, name)
        lut = found["lut"]
        assert isinstance(lut, Predicted)
        errors.append(abs(lut.value / project.total["lut"] - 1))
    assert np.median(errors) < 0.05


def test_layers_of_a_graph_are_the_published_ones(networks: list[Project], folder: Path) -> None:
    """Types, signs and biases that widths follow from, read from the ModelGraph."""
    published: dict[str, list[DenseLayer]] = {}
    for row in trained_layers(folder):
        published.setdefault(row.project, []).append(row.layer)
    for project in networks:
        nodes = [n for n in project.graph.get_layers() if n.class_name == "Dense"]
        for node, expected in zip(nodes, published[project.name], strict=True):
            found = layer_of(node)
            assert found.tree == expected.tree, (project.name, node.name)
            assert (found.dropped, found.data_signed) == (expected.dropped, expected.data_signed)


def test_latency_of_whole_networks(folder: Path) -> None:
    """From the reported cycles of their layers: exact but for one network, a cycle less."""
    listed = json.loads((folder / "mlp_vitis_2021_1.json").read_text())["projects"]
    short = Counter()
    for name, project in listed.items():
        own = [layer["csynth"]["latency_best_cycles"] for layer in project["layers"]]
        pipelined = sum(
            layer["kind"] == "dense" and layer["reuse_factor"] == 1 and cycles > 1
            for layer, cycles in zip(project["layers"], own, strict=True)
        )
        found = latency([Predicted.exact(each) for each in own], Target(VITIS_2021), pipelined)
        assert isinstance(found, Predicted)
        short[name.split("/")[0], found.value - project["total"]["latency_best_cycles"]] += 1
    assert {network for (network, less), _ in short.items() if less} == {"Breast_cancer"}
    assert sum(short.values()) == 24


def test_verdicts_on_all_attempts(folder: Path) -> None:
    """What will not be built never was, and what will be was but for 24 of 755 with memories."""
    counts: Counter[tuple[bool | None, str]] = Counter()
    for row in attempts(folder):
        weights = int(row["d_in"]) * int(row["d_out"])
        verdict = layer_verdict(weights, int(row["rf"]), row["strategy"])
        counts[verdict.builds, row["hls_synth_success"]] += 1
    assert counts == {
        (False, "False"): 1400,
        (None, "False"): 24,
        (None, "True"): 18,
        (True, "False"): 24,
        (True, "True"): 801,
    }


def test_routed_jet_taggers(folder: Path) -> None:
    """Slices and look-up tables that were routed, of what the rules say of C synthesis."""
    with (folder / "jet_bn_vivado_2019_1_routed.csv").open() as file:
        rows = {int(r["W"]): r for r in csv.DictReader(file) if "final" in r["name"]}
    ratios: dict[str, list[float]] = {"lut": [], "dsp": []}
    with np.load(folder / "jet_bn_vivado_2019_1_weights.npz") as stored:
        for bits in (4, 7, 10, 13, 16, 19, 22, 25):
            report = rows[bits]
            lut, dsp = _jet_tagger(stored, bits, int(report["I"]))
            ratios["lut"].append(round(float(report["lut"]) / lut, 3))
            if bits > 10:
                ratios["dsp"].append(round(float(report["dsp"]) / dsp, 3))
            else:
                assert dsp - SOFTMAX_SLICES == 0
    assert ratios["lut"] == pytest.approx(PAIRS["routed", "lut"].ratios, abs=2e-3)
    assert ratios["dsp"] == pytest.approx(PAIRS["routed", "dsp"].ratios, abs=2e-3)


SOFTMAX_SLICES = 5


def _jet_tagger(stored: Any, bits: int, integer: int) -> tuple[float, int]:
    """Look-up tables of the dense layers, and slices with those of scales and softmax."""
    scale = 2.0 ** (bits - integer)
    lut, dsp = 0.0, SOFTMAX_SLICES
    for name in ("fc1.fc1", "fc2.fc2", "fc3.fc3", "output.output"):
        weights = np.floor(stored[f"{name}.kernel"] * scale).astype(np.int64)
        layer = DenseLayer(weights, bits, bits, bits, 1, "latency")
        fit = fits()[f"any/{common_regime(layer, Target(VIVADO))}/lut"]
        parts = common_features(layer, Target(VIVADO))
        lut += sum(value * parts[feature] for feature, value in fit.coefficients.items())
        dsp += constant_multipliers(weights, bits, VIVADO_2020_1)
    for number in (1, 2, 3):
        norm = f"batch_norm{number}.batch_norm{number}"
        scales = stored[f"{norm}.gamma"] / np.sqrt(stored[f"{norm}.moving_variance"] + 1e-3)
        raw = np.floor(scales * scale).astype(np.int64)[:, None]
        dsp += constant_multipliers(raw, bits, VIVADO_2020_1)
    return lut, dsp
