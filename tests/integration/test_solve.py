"""Budgets of real networks, and settings of single layers against those of all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
JETS = ROOT / "studies" / "jets"
LAYERS = ["input_layer", *(f"dense{n}{k}" for n in ("", "_1", "_2") for k in ("", "_relu"))]
LAYERS += ["dense_3", "dense_3_softmax"]


def dse(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "dse.cli.main", *arguments]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "160"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def asked(*limits: str) -> list[str]:
    network = ["--model", str(JETS / "model.keras"), "--data", str(JETS / "test.npz")]
    return ["solve", *network, "--part", "xc7a100t", *limits]


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (("--lut", "0"), "no circuit has 0 LUT"),
        (("--accuracy", "1.1"), "it is at most 1"),
        (("--latency", "0ns"), "no circuit has a latency of 0 ns"),
        (("--part", "xc7a10"), "capacity not known"),
        (("--optimise", "luts"), "did you mean 'lut'"),
    ],
)
def test_absurd_budgets_are_answered_before_anything_runs(
    tmp_path: Path, limits: tuple[str, ...], says: str
) -> None:
    answer = dse(tmp_path, *asked(*limits))
    assert answer.returncode == 2
    assert says in answer.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_budget_below_the_bounds_is_refused_before_the_search(tmp_path: Path) -> None:
    answer = dse(tmp_path, *asked("--latency", "50ns", "--accuracy", "0.999"))
    assert answer.returncode == 2
    assert "latency at most 50 ns" in answer.stderr
    assert "accuracy at least 0.999" in answer.stderr
    assert not (tmp_path / "dse.db").exists()


STUDIES = ROOT / "studies"
SOLVES = {
    "jets on an Artix": (
        "--model", f"{JETS}/model.keras", "--data", f"{JETS}/test.npz", "--part", "xc7a100t",
        "--latency", "500ns", "--lut", "30%", "--accuracy", "0.97", "--designs", "240",
    ),
    "jets on an ECP5": (
        "--model", f"{JETS}/model.keras", "--data", f"{JETS}/test.npz",
        "--part", "LFE5U-85F-8BG381C", "--clock", "6ns",
        "--latency", "1us", "--accuracy", "0.97", "--designs", "320",
    ),
    "digits": (
        "--study", f"{STUDIES}/digits_cnn.yaml", "--part", "xcku115",
        "--latency", "500ns", "--accuracy", "0.95", "--designs", "200",
    ),
    "tracks": (
        "--study", "tracks.yaml", "--part", "xcku115",
        "--latency", "1us", "--accuracy", "0.99", "--designs", "400",
    ),
}  # fmt: skip
PROOF = {
    "jets on an ECP5": "the routed netlist simulated bit for bit",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SOLVES)
def test_budgets_end_in_a_circuit(tmp_path: Path, name: str) -> None:
    """The answers of docs/how-to/solve.md; each takes up to half an hour."""
    text = (STUDIES / "bitwidth.yaml").read_text()
    rows = "space:\n  parallelization_factor: [1, 2, 4, null]"
    (tmp_path / "tracks.yaml").write_text(text.replace("space:", rows, 1))
    answer = dse(tmp_path, "solve", *SOLVES[name])
    assert answer.returncode == 0, answer.stderr
    assert PROOF.get(name, "simulated in RTL bit for bit and counted") in answer.stdout
    (page,) = tmp_path.glob("*-solve/solution.html")
    assert "<svg" in page.read_text()
    again = dse(tmp_path, "solve", *SOLVES[name])
    assert again.stdout == answer.stdout, "all of it is stored"


@pytest.mark.slow
def test_a_width_of_every_layer_is_the_width_of_all(tmp_path: Path) -> None:
    workload = f"{{name: keras, model: {JETS}/model.keras, test_set: {JETS}/test.npz}}"
    rest = f"workload: {workload}\nbackends: [bittrue, {{name: estimate, tool: open}}]\nspace:\n"
    rest += "  precision: profiled\n  strategy: resource\n"
    own = "".join(f"  layers.{name}.bits: 10\n" for name in LAYERS)
    reuse = "".join(f"  layers.{name}.reuse_factor: 4\n" for name in LAYERS if name[-1] != "u")
    (tmp_path / "all.yaml").write_text(f"{rest}  total_bits: 10\n  reuse_factor: 4\n")
    (tmp_path / "own.yaml").write_text(f"{rest}  total_bits: 16\n{own}{reuse}")
    found = []
    for name in ("all", "own"):
        answer = dse(tmp_path, "run", f"{name}.yaml", "--executor", "serial")
        assert answer.returncode == 0, answer.stderr
        dse(tmp_path, "export", f"{name}.json", "--study", name)
        (row,) = json.loads((tmp_path / f"{name}.json").read_text())
        costs = ("estimate_lut", "estimate_dsp", "estimate_latency_cycles")
        found.append([row[key] for key in ("bittrue_accuracy", *costs)])
    assert found[0] == found[1]
