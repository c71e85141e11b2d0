"""The study that `dse init --model` writes from what was found out about a network."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dse.cli import network_study
from dse.cli.network_facts import Facts, Request, labels_problem, proposed, score_for
from dse.contracts.inspection import LayerSummary
from dse.contracts.registry import Registry
from dse.study.validate import parse_binding

LAYERS = (
    LayerSummary("input", "Input", (8, 8, 1), 0, (), 1),
    LayerSummary("conv", "Conv2D", (6, 6, 6), 60, (1, 3, 9), 3),
    LayerSummary("digit", "Dense", (10,), 190, (1, 2, 3, 9, 18), 5),
)
SMALL = {"lut": 2e4, "ff": 1e4, "dsp": 50.0, "bram_18k": 4.0, "latency_ns": 100.0}
BIG = {**SMALL, "dsp": 3000.0}


def facts(**changed: Any) -> Facts:
    known: dict[str, Any] = {
        "score": "accuracy",
        "labels": "",
        "layers": LAYERS,
        "refusals": dict.fromkeys(("bittrue", "estimate", "open", "csim"), "")
        | {"opencl": "layer 'conv' (Conv2D): the OpenCL program has no kernel for it"},
        "missing": {"open": "a tool is not installed"},
        "reuse_factors": (1, 9),
        "sizes": {1: BIG, 9: SMALL},
    }
    return Facts(**{**known, **changed})


def written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, found: Facts, **given: Any
) -> tuple[str, Any]:
    """Write a study; return its text and what dse reads in it."""
    monkeypatch.setattr(network_study, "facts_of", lambda *_: found)
    asked = Request(**{"model": "my net.keras", "data": "test.h5:/x", "targets": None, **given})
    file = folder / "my.yaml"
    network_study.write_network_study(file, asked, force=False, cache=folder)
    text = file.read_text()
    return text, parse_binding(text, file, Registry.installed())


def test_it_is_a_study_with_the_space_of_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, binding = written(tmp_path, monkeypatch, facts(), targets="test.h5:/y")
    settings = binding.study.workload.settings
    assert settings["model"] == "my net.keras"
    assert (settings["test_set"], settings["test_targets"]) == ("test.h5:/x", "test.h5:/y")
    assert list(binding.backends) == ["bittrue", "estimate"]
    assert list(binding.objectives) == ["accuracy", "estimate.latency_ns", "lut_pct"]
    points = list(binding.space.points())
    assert {point["reuse_factor"] for point in points} == {1, 9}
    assert {point["precision"] for point in points} == {"profiled"}
    assert "conv   Conv2D  6x6x6   60       3             1 3 9" in text


def test_it_says_who_cannot_take_the_network_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, _ = written(tmp_path, monkeypatch, facts())
    assert "#   opencl: layer 'conv' (Conv2D): the OpenCL program has no kernel" in text
    assert "# - name: open" in text
    assert "not on this machine: a tool is not installed" in text


def test_the_part_is_the_smallest_that_a_design_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, binding = written(tmp_path, monkeypatch, facts())
    assert next(b for b in binding.study.backends if b.name == "estimate").settings == {
        "part": "xc7z020"
    }
    assert "reuse factor 1: 20000 LUT, 10000 FF, 3000 DSP: does not fit" in text
    assert "reuse factor 9: 20000 LUT, 10000 FF, 50 DSP: fits" in text
    huge: Mapping[int, Any] = {1: {**BIG, "lut": 1e9}}
    assert "No design of 16 bits fits" in network_study.part_of(huge)[1][0]


def test_without_bittrue_and_estimate_csim_gives_the_accuracy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = tuple(LayerSummary(x.name, x.kind, x.shape, x.weights, (), None) for x in LAYERS)
    refusals = {"bittrue": "no rule", "estimate": "no rule", "csim": ""}
    found = facts(layers=layers, refusals=refusals, missing={}, reuse_factors=(), sizes={})
    text, binding = written(tmp_path, monkeypatch, found)
    assert list(binding.backends) == ["csim"]
    assert list(binding.objectives) == ["accuracy"]
    assert "precision: profiled" not in text


def test_reuse_factors_are_legal_in_most_layers() -> None:
    assert proposed(LAYERS) == [1, 3, 9]
    assert proposed(LAYERS[:1]) == []


@pytest.mark.parametrize(
    ("targets", "shape", "score"),
    [
        (np.arange(12) % 3, (3,), "accuracy"),
        (np.eye(3)[np.arange(12) % 3], (3,), "accuracy"),
        (np.arange(12) % 2, (1,), "auc"),
        (np.linspace(0, 1, 12), (1,), "mse"),
        (np.linspace(0, 1, 36).reshape(12, 3), (3,), "mse"),
        (np.arange(48).reshape(12, 4) % 3, (4, 3), "accuracy"),
        (np.arange(12) % 5, (3,), "mse"),
    ],
)
def test_the_score_fits_targets_and_outputs(targets: Any, shape: Any, score: str) -> None:
    assert score_for(targets, shape) == score


@pytest.mark.parametrize("option", [("--model", "a.keras"), ("--data", "a.npz")])
def test_model_and_data_go_together(dse: Any, option: tuple[str, str]) -> None:
    answer = dse("init", *option)
    assert answer.code == 2
    assert "--model and --data go together" in answer.err


def test_output_and_modules_are_those_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").touch()
    _, binding = written(tmp_path, monkeypatch, facts(), output="b", modules=("mine",))
    settings = binding.study.workload.settings
    assert settings["output"] == "b"
    assert settings["custom_modules"] == ["mine"]


def test_it_says_why_labels_are_no_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = labels_problem(np.array([1, 2, 3]), (3,))
    assert problem == "classes would be the numbers 0 to 2; the targets are 1 to 3"
    assert not labels_problem(np.array([0.5, 2.0]), (3,))
    assert not labels_problem(np.zeros((4, 3)), (3,))
    assert not labels_problem(np.array([1, 5]), (1,))
    text, _ = written(tmp_path, monkeypatch, facts(score="mse", labels=problem))
    assert f"  score: mse\n  # no accuracy: {problem}\n" in text
