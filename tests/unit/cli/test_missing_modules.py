"""Modules that a study names and that are not there."""

from zipfile import ZipFile

import numpy as np
import pytest


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("score: not_there_at_all:f", "workload.score"),
        ("more_scores: [not_there_at_all:f]", "workload.more_scores"),
        ("custom_modules: [not_there_at_all]", "workload.custom_modules"),
    ],
)
def test_a_module_that_is_not_there_is_named_with_its_line(dse, tmp_path, line, key):
    with ZipFile(tmp_path / "model.keras", "w") as file:
        for member in ("config.json", "model.weights.h5"):
            file.writestr(member, "{}")
    np.savez(tmp_path / "test.npz", x=np.zeros((2, 3)), y=np.zeros(2))
    study = tmp_path / "s.yaml"
    study.write_text(
        f"workload:\n  name: keras\n  {line}\n"
        "space: {max_samples: [1, 2]}\nbackends: [cpu]\nobjectives: [latency_ns]\n"
    )
    answer = dse("plan", study)
    assert answer.code == 4, answer.err
    assert f"s.yaml:3 ({key}): there is no module 'not_there_at_all'" in "".join(
        answer.err.splitlines()
    )
