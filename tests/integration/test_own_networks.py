"""Networks of seven kinds, brought as a user does: `dse init --model`, then `dse run`."""

from pathlib import Path

import pytest
from test_network_studies import dse, rows

from dse.runtime import isolated

SCORES = {
    "jet_tagger": "accuracy",
    "digits_cnn": "accuracy",
    "autoencoder": "mse",
    "gru": "accuracy",
    "qkeras_mlp": "accuracy",
    "deep_sets": "accuracy",
    "transformer": "accuracy",
}
"""Figure of merit that `dse init` finds for each."""


LEAST = {"transformer": 0.85}
"""Accuracy at least, of networks with labels that are not their own outputs; Keras has 0.88."""


@pytest.mark.slow
@pytest.mark.parametrize("name", SCORES)
def test_accuracy_and_cost_in_one_row(name: str, tmp_path: Path) -> None:
    folders = [Path(__file__).parent]
    isolated.call("own_networks:write", tmp_path, name, log=tmp_path / "log", folders=folders)
    dse(tmp_path, "init", "--model", f"{name}.keras", "--data", "test.npz")
    text = (tmp_path / f"{name}.yaml").read_text()
    assert f"score: {SCORES[name]}" in text
    assert "- name: open" in text
    found = rows(tmp_path, tmp_path / f"{name}.yaml", "space.total_bits.values=[16]")
    assert found
    for row in found:
        score = row[f"bittrue_{SCORES[name]}"]
        assert (score < 0.01) if SCORES[name] == "mse" else (score > LEAST.get(name, 0.9))
        assert row["estimate_lut"] > 0
        assert row["estimate_latency_ns"] > 0
