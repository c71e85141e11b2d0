"""Test sets and settings of the Keras workload; no Keras is needed."""

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest

from dse.contracts.errors import DataError
from dse.contracts.metrics import Fidelity
from dse.contracts.parameters import complete
from dse.contracts.registry import Registry
from dse.study.validate import parse_binding
from workloads.keras import KerasWorkload
from workloads.keras_tuning import loss_for

X, Y = np.ones((6, 3)), np.arange(6)


def write_model(folder: Path, name: str = "model.keras") -> Path:
    """Write a Keras 3 file of a network with one layer, `a`."""
    config = {"config": {"layers": [{"config": {"name": "a"}}]}}
    with ZipFile(folder / name, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", b"")
    return folder / name


def prepare(folder: Path, arrays: dict[str, Any], **given: Any) -> Any:
    np.savez(folder / "test.npz", **arrays)
    write_model(folder)
    (folder / "out").mkdir(exist_ok=True)
    workload = KerasWorkload(folder)
    return workload.prepare(complete(workload.parameters, given), folder / "out", lambda _: None)


def test_inputs_come_in_the_models_order(tmp_path: Path) -> None:
    arrays = {f"x_{i}": np.full((6, 2), i) for i in range(12)}
    prepared = prepare(tmp_path, {**arrays, "y": Y})
    assert [int(array[0, 0]) for array in prepared.inputs] == list(range(12))


def test_every_backend_gets_single_precision(tmp_path: Path) -> None:
    prepared = prepare(tmp_path, {"x": X * 0.1, "y": Y})
    assert prepared.inputs[0].dtype == np.float32


def test_only_the_first_samples(tmp_path: Path) -> None:
    prepared = prepare(tmp_path, {"x": X, "y": Y}, max_samples=4)
    assert len(prepared.inputs[0]) == len(prepared.arrays["targets"]) == 4


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X}, "arrays x"),
        ({"y": Y}, "arrays y"),
        ({"x": X, "y": Y, "x_val": X}, "arrays x, x_val, y"),
        ({"x_0": X, "x_2": X, "y": Y}, "arrays x_0, x_2, y"),
        ({"x": X[:5], "y": Y}, r"has shape \(5, 3\), y has 6 samples"),
        ({"x": X * np.nan, "y": Y}, "not finite real numbers"),
        ({"x": X * 1j, "y": Y}, "not finite real numbers"),
        ({"x": X, "y": np.array(list("abcdef"))}, "not finite real numbers"),
    ],
)
def test_a_wrong_test_set_is_refused(tmp_path: Path, arrays: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        prepare(tmp_path, arrays)


def fingerprint(folder: Path, **given: Any) -> str:
    workload = KerasWorkload(folder)
    return workload.fingerprint(complete(workload.parameters, given))


def test_editing_a_score_or_a_layer_changes_the_fingerprint(tmp_path: Path) -> None:
    prepare(tmp_path, {"x": X, "y": Y})
    for key, value in (("score", "edited_score:f"), ("custom_modules", ["edited_layers"])):
        module = tmp_path / f"{value[0] if isinstance(value, list) else value.split(':')[0]}.py"
        module.write_text("def f(targets, outputs): return 1.0")
        before = fingerprint(tmp_path, **{key: value})
        assert fingerprint(tmp_path, **{key: value}) == before
        module.write_text("def f(targets, outputs): return 2.0")
        assert fingerprint(tmp_path, **{key: value}) != before


def test_a_module_that_is_not_there(tmp_path: Path) -> None:
    prepare(tmp_path, {"x": X, "y": Y})
    with pytest.raises(DataError, match="there is no module 'not_there_at_all'"):
        fingerprint(tmp_path, score="not_there_at_all:f")


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    prepare(tmp_path, {"x": X, "y": Y})
    with pytest.raises(DataError, match=r"workload\.model is a folder, not a file"):
        fingerprint(tmp_path, model=".")


def test_ones_own_score_can_be_an_objective() -> None:
    assert "efficiency" in KerasWorkload.metric_names({"score": "trigger:efficiency"})
    assert KerasWorkload.metric_names({"score": "auc"}) == ("auc",)


def test_further_scores_are_metrics_with_units_and_directions() -> None:
    more = ["top_2", "auc_0", "mae", "trigger:turn_on"]
    settings = {"score": "f1", "more_scores": more, "direction": "minimise", "unit": "GeV"}
    assert KerasWorkload.metric_names(settings) == ("f1", "top_2", "auc_0", "mae", "turn_on")
    found = {info.name: info for info in KerasWorkload.definitions(settings)}
    assert set(found) == {"top_2", "auc_0", "turn_on"}
    assert (found["turn_on"].unit, found["turn_on"].direction) == ("GeV", "minimise")
    assert found["top_2"].title == "top-2 accuracy"


def test_every_score_has_an_interval_around_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 3, 400)
    more = ["top_2", "auc_1", "f1", "rejection_50_of_2"]
    prepared = prepare(tmp_path, {"x": np.ones((400, 2)), "y": labels}, more_scores=more)
    outputs = np.eye(3)[labels] + rng.normal(0, 0.8, (400, 3))
    found = KerasWorkload(tmp_path).score(prepared, outputs, Fidelity.CSIM)
    assert [metric.name for metric in found] == ["accuracy", *more]
    for metric in found:
        assert metric.replicas is not None
        assert metric.low is not None
        assert metric.high is not None
        assert metric.low < metric.value < metric.high


def test_a_further_score_without_a_value_is_left_out(tmp_path: Path) -> None:
    labels = np.arange(40) % 2
    more = ["rejection_50", "f1"]
    prepared = prepare(tmp_path, {"x": np.ones((40, 2)), "y": labels}, more_scores=more)
    perfect = np.eye(2)[labels]
    found = KerasWorkload(tmp_path).score(prepared, perfect, Fidelity.CSIM)
    assert [metric.name for metric in found] == ["accuracy", "f1"]
    alone = prepare(tmp_path, {"x": np.ones((40, 2)), "y": labels}, score="rejection_50")
    with pytest.raises(DataError, match="no background passes"):
        KerasWorkload(tmp_path).score(alone, perfect, Fidelity.CSIM)


def test_two_scores_with_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}_score.py").write_text("def same(targets, outputs): return 1.0")
    scores = {"score": "one_score:same", "more_scores": ["two_score:same"]}
    with pytest.raises(DataError, match="two scores give the metric same"):
        prepare(tmp_path, {"x": X, "y": Y}, **scores)


@pytest.mark.parametrize("name", ["h5", "parquet"])
def test_test_sets_from_other_files(tmp_path: Path, name: str) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["jets"] = X
    pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]}).to_parquet(tmp_path / "d.parquet")
    np.save(tmp_path / "y.npy", Y)
    write_model(tmp_path)
    given = {"test_set": {"h5": "d.h5:/jets", "parquet": "d.parquet"}[name]}
    prepared = prepare(tmp_path, {"x": X, "y": Y}, **given, test_targets="y.npy")
    np.testing.assert_array_equal(prepared.inputs[0], X)
    before = fingerprint(tmp_path, **given, test_targets="y.npy")
    np.save(tmp_path / "y.npy", Y + 1)
    assert fingerprint(tmp_path, **given, test_targets="y.npy") != before


@pytest.mark.parametrize("direction", ["minimise", "maximise"])
def test_ones_own_score_has_the_direction_of_the_study(direction: str) -> None:
    settings = {"score": "trigger:fake_rate", "direction": direction}
    (info,) = KerasWorkload.definitions(settings)
    assert (info.name, info.direction) == ("fake_rate", direction)
    assert KerasWorkload.definitions({"score": "auc"}) == ()


def test_the_auc_keeps_what_ties_are_told_by(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    targets = rng.integers(0, 2, 300)
    prepared = prepare(tmp_path, {"x": np.ones((300, 2)), "y": targets}, score="auc")
    outputs = targets + rng.normal(0, 1, 300)
    workload = KerasWorkload(tmp_path)
    better, worse = (
        workload.score(prepared, (outputs + shift).reshape(-1, 1), Fidelity.FLOAT)[0]
        for shift in (0, rng.normal(0, 0.05, 300))
    )
    assert better.replicas is not None
    assert worse.replicas is not None
    # replica i drew the same samples for both, so their difference varies less than either
    assert np.std(better.replicas - worse.replicas) < 0.5 * np.std(better.replicas)


TUNED = {"training": "qat", "train_set": "train.npz"}


def test_what_only_a_training_needs_does_not_matter_without_one(tmp_path: Path) -> None:
    prepare(tmp_path, {"x": X, "y": Y})
    plain = fingerprint(tmp_path)
    for name, value in (("weight_bits", 3), ("train_set", "no.npz"), ("seed", 5), ("loss", "mse")):
        assert fingerprint(tmp_path, **{name: value}) == plain, name


def test_a_training_depends_on_all_it_reads(tmp_path: Path) -> None:
    prepare(tmp_path, {"x": X, "y": Y})
    np.savez(tmp_path / "train.npz", x=X, y=Y)
    first = fingerprint(tmp_path, **TUNED)
    assert first != fingerprint(tmp_path)
    others = ({"weight_bits": 3}, {"seed": 5}, {"layer_bits": {"a": 4}}, {"sparsity": 0.5})
    assert len({first, *(fingerprint(tmp_path, **TUNED, **other) for other in others)}) == 5
    np.savez(tmp_path / "train.npz", x=X + 1, y=Y)
    assert fingerprint(tmp_path, **TUNED) != first


def test_without_a_training_only_its_data_matter(tmp_path: Path) -> None:
    """Post-training quantisation chooses formats by the train set."""
    prepare(tmp_path, {"x": X, "y": Y})
    np.savez(tmp_path / "train.npz", x=X, y=Y)
    rounded = {**TUNED, "training": "ptq"}
    first = fingerprint(tmp_path, **rounded)
    idle = {"seed": 5, "patience": 3, "batch_size": 8, "loss": "mse", "finetune_epochs": 5}
    for name, value in idle.items():
        assert fingerprint(tmp_path, **rounded, **{name: value}) == first, name
    assert fingerprint(tmp_path, **rounded, weight_bits=3) != first
    np.savez(tmp_path / "train.npz", x=X + 1, y=Y)
    assert fingerprint(tmp_path, **rounded) != first


def test_only_a_training_is_expected_to_take_long(tmp_path: Path) -> None:
    workload = KerasWorkload(tmp_path)
    takes = [
        workload.expected_prepare_s(complete(workload.parameters, {"training": training}))
        for training in ("float", "ptq", "qat")
    ]
    assert takes[0] == takes[1] < takes[2]


@pytest.mark.parametrize("given", [{"training": "qat"}, {"sparsity": 0.5}])
def test_a_training_without_data_says_what_to_give(tmp_path: Path, given: Any) -> None:
    prepare(tmp_path, {"x": X, "y": Y})
    with pytest.raises(DataError, match="need a train_set") as caught:
        fingerprint(tmp_path, **given)
    assert "workload.train_set" in caught.value.hint


@pytest.mark.parametrize(
    "bits", [{"a": 0}, {"a": 17}, {"a": "4"}, {"a": {}}, {"a": {"bits": 3}}, {"a": True}]
)
def test_wrong_bits_of_layers_are_refused(bits: Any) -> None:
    with pytest.raises(ValueError, match="a: give 1 to 16 bits"):
        complete(KerasWorkload.parameters, {"layer_bits": bits})


@pytest.mark.parametrize(
    ("score", "targets", "loss"),
    [
        ("auc", Y, "binary_crossentropy"),
        ("accuracy", Y, "sparse_categorical_crossentropy"),
        ("accuracy", np.eye(3), "categorical_crossentropy"),
        ("mse", Y, "mean_squared_error"),
        ("r2", Y, "mean_squared_error"),
        ("mae", Y, "mean_absolute_error"),
        ("rejection_50", np.eye(3), "categorical_crossentropy"),
    ],
)
def test_the_loss_fits_the_score(
    score: str, targets: Any, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Keras would check the name; TensorFlow in a process ends later tests that load PoCL.
    monkeypatch.setattr("workloads.keras_tuning._checked_loss", str)
    assert loss_for({"score": score, "loss": None}, targets) == loss
    assert loss_for({"score": score, "loss": "huber"}, targets) == "huber"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"some text", b"\x93NUMPY\x01\x00"])
def test_a_file_that_is_no_npz_is_named(tmp_path: Path, content: bytes) -> None:
    prepare(tmp_path, {"x": X, "y": Y})
    (tmp_path / "test.npz").write_bytes(content)
    workload = KerasWorkload(tmp_path)
    with pytest.raises(DataError, match=r"workload\.test_set is .*, not an npz file") as caught:
        workload.fingerprint(complete(workload.parameters, {}))
    assert caught.value.where.endswith("test.npz")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("model.h5", b"\x89HDF\r\n\x1a\n and more", "is an HDF5 file of weights without"),
        ("test.npz", None, "is an npz file"),
        ("model.yaml", b"a: 1", "is another file"),
        ("empty.keras", b"", "is an empty file"),
    ],
)
def test_a_file_that_is_no_keras_network_is_refused_before_anything_runs(
    tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    prepare(tmp_path, {"x": X, "y": Y})
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"workload\.model {says}") as caught:
        fingerprint(tmp_path, model=name)
    assert caught.value.where == str(tmp_path / name)
    assert "model.save('model.keras')" in caught.value.hint


@pytest.mark.parametrize("name", ["model.onnx", "torch.keras", "old.pt"])
def test_networks_of_pytorch_are_told_the_way_in(tmp_path: Path, name: str) -> None:
    prepare(tmp_path, {"x": X, "y": Y})
    (tmp_path / name).write_bytes(b"\x80\x02 pickled" if name == "old.pt" else b"\x08\x09")
    if name == "torch.keras":
        with ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("archive/data.pkl", b"")
    with pytest.raises(DataError, match=r"workload\.model is (an ONNX|a PyTorch) file") as caught:
        fingerprint(tmp_path, model=name)
    assert "workload onnx" in caught.value.hint


def test_a_network_is_no_test_set(tmp_path: Path) -> None:
    prepare(tmp_path, {"x": X, "y": Y})
    with pytest.raises(DataError, match=r"workload\.test_set is a Keras file, not an npz"):
        fingerprint(tmp_path, test_set="model.keras")


def test_bits_of_a_layer_that_is_not_there_are_refused_before_the_training(tmp_path: Path) -> None:
    prepare(tmp_path, {"x": X, "y": Y})
    np.savez(tmp_path / "train.npz", x=X, y=Y)
    with pytest.raises(DataError, match="no layer matches 'nolayer'") as caught:
        fingerprint(tmp_path, **TUNED, layer_bits={"nolayer": 3})
    assert caught.value.hint == "legal: a"


@pytest.mark.parametrize("score", ["nope", "", ":f", "module:", "a b:c"])
def test_a_score_that_cannot_be_one_is_refused(score: str) -> None:
    with pytest.raises(ValueError, match="there is no such score"):
        complete(KerasWorkload.parameters, {"score": score})


def test_an_array_is_no_npz_file(tmp_path: Path) -> None:
    prepare(tmp_path, {"x": X, "y": Y})
    with (tmp_path / "test.npz").open("wb") as file:
        np.save(file, X)
    workload = KerasWorkload(tmp_path)
    with pytest.raises(DataError, match="is another file, not an npz file"):
        workload.fingerprint(complete(workload.parameters, {}))


def test_targets_without_samples_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is one number, not an array of samples"):
        prepare(tmp_path, {"x": X, "y": np.array(3)})
    with pytest.raises(DataError, match="has no samples"):
        prepare(tmp_path, {"x": X[:0], "y": np.zeros(0)})


def test_a_score_of_ones_own_needs_a_loss() -> None:
    with pytest.raises(DataError, match="no default loss"):
        loss_for({"score": "own:score", "loss": None}, Y)


@pytest.mark.parametrize(
    ("workload", "space", "expected"),
    [
        ("{name: keras, score: 'm:ae_auc'}", "{}", "maximise"),
        ("{name: keras, score: 'm:ae_auc', direction: minimise}", "{}", "minimise"),
        ("{name: keras}", "{score: ['m:other', 'm:ae_auc']}", "maximise"),
        ("{name: keras, direction: minimise}", "{score: ['m:ae_auc']}", "minimise"),
    ],
)
def test_an_objective_takes_the_direction_of_a_score(
    workload: str, space: str, expected: str
) -> None:
    text = f"workload: {workload}\nspace: {space}\nbackends: [cpu]\nobjectives: [ae_auc]\n"
    binding = parse_binding(text, Path("s.yaml"), Registry.installed())
    assert binding.objectives == {"ae_auc": expected}
