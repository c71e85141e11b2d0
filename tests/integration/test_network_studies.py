"""Studies of networks of other kinds, and studies that dse writes for a network."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
STUDIES = ROOT / "studies"

FLOAT = {
    "anomaly_autoencoder": ("anomaly_auc", 0.93104),
    "digits_cnn": ("accuracy", 0.96327),
    "jet_bn": ("accuracy", 0.991),
    "deepsets_jets": ("auc", 0.84696),
    "diabetes": ("mse", 0.54202),
    "gru_sequence": ("accuracy", 0.93322),
}
"""Figure of merit of each study and its value by Keras."""

ONE_DESIGN = {"anomaly_autoencoder": ()}
"""Studies that run outside of slow tests, with settings that leave a part out."""


def dse(folder: Path, *arguments: str) -> str:
    """Return what a command prints; its database and its cache are in the folder."""
    command = [sys.executable, "-m", "dse.cli.main", *arguments]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path}
    answer = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def rows(folder: Path, study: Path, *settings: str) -> list[dict[str, Any]]:
    """Run a study at one width, and return its points."""
    options = [part for setting in settings for part in ("--set", setting)]
    dse(folder, "run", str(study), "--executor", "serial", *options)
    dse(folder, "export", "points.json")
    found: list[dict[str, Any]] = json.loads((folder / "points.json").read_text())
    return found


@pytest.mark.parametrize(
    "name",
    [n if n in ONE_DESIGN else pytest.param(n, marks=pytest.mark.slow) for n in FLOAT],
)
def test_a_study_gives_accuracy_latency_and_resources_in_one_row(tmp_path: Path, name: str) -> None:
    metric, wanted = FLOAT[name]
    few = ("space.total_bits.values=[18]", *ONE_DESIGN.get(name, ()))
    found = rows(tmp_path, STUDIES / f"{name}.yaml", *few)
    cost = "open" if name == "diabetes" else "estimate"
    assert found
    for row in found:
        assert row[f"bittrue_{metric}"] == pytest.approx(wanted, abs=0.01)
        assert row[f"{cost}_latency_ns"] > 0
        assert row[f"{cost}_lut"] > 0


@pytest.mark.parametrize(
    ("model", "data", "score"),
    [
        ("digits/cnn.keras", "digits/cnn_test", "accuracy"),
        ("breast_cancer/model.onnx", "breast_cancer/test", "auc"),
        pytest.param("jets/bn.keras", "jets/test", "accuracy", marks=pytest.mark.slow),
        pytest.param("deepsets/model.keras", "deepsets/test", "auc", marks=pytest.mark.slow),
    ],
)
def test_the_study_written_for_a_network_runs(
    tmp_path: Path, model: str, data: str, score: str
) -> None:
    file = f"my{Path(model).suffix}"
    for source, target in ((model, file), (f"{data}.npz", "test.npz")):
        (tmp_path / target).write_bytes((STUDIES / source).read_bytes())
    dse(tmp_path, "init", "--model", file, "--data", "test.npz")
    text = (tmp_path / "my.yaml").read_text()
    assert f"score: {score}" in text
    assert "precision: profiled" in text
    assert "legal reuse factors" in text
    few = ("space.total_bits.values=[16]", "space.reuse_factor.values=[1]")
    (row,) = rows(tmp_path, tmp_path / "my.yaml", *few)
    assert row[f"bittrue_{score}"] > 0.8
